"""The tabs of a workbook: shown, hidden, taken out with the parts that only they use."""

from __future__ import annotations

from collections.abc import Iterable

from qforms.office import parts
from qforms.office.book import fault
from qforms.office.workbook import Place, Workbook


def show(book: Workbook, place: Place, visible: bool) -> None:
    """Shows or hides a sheet; the last one that can be seen stays."""
    if place.visible == visible or (not visible and sum(p.visible for p in book.places) < 2):
        return
    book.dirty = True
    if visible:
        place.entry.attrib.pop("state", None)
        return
    place.entry.set("state", "hidden")
    seen = next(i for i, p in enumerate(book.places) if p.visible)
    hidden = next(i for i, p in enumerate(book.places) if p.entry is place.entry)
    for view in book.root.iter(book.ns + "workbookView"):
        if int(view.get("activeTab", "0")) == hidden:
            view.set("activeTab", str(seen))


def drop(book: Workbook, titles: Iterable[str]) -> None:
    """Takes sheets out, with what only they use. Raises OfficeFault when none would be left."""
    for title in titles:
        place = next((p for p in book.places if p.title == title), None)
        if place is None:
            continue
        if not any(p.visible for p in book.places if p.title != title):
            raise fault("book_no_sheet", title, name=title)
        index = [p.title for p in book.places].index(title)
        _forget_names(book, index, title)
        remove(book, place)
        renumber(book, index, -1)


def _forget_names(book: Workbook, index: int, title: str) -> None:
    for name in book.defined:
        own = name.get("localSheetId") == str(index)
        quoted = "'" + title.replace("'", "''") + "'!"
        if own or (name.text or "").startswith((quoted, f"{title}!")):
            name.getparent().remove(name)


def renumber(book: Workbook, index: int, by: int) -> None:
    """What counts tabs, after one was put in at `index` (by 1) or taken out (by -1)."""
    for name in book.defined:
        local = name.get("localSheetId")
        if local is not None and int(local) >= index:
            name.set("localSheetId", str(int(local) + by))
    for view in book.root.iter(book.ns + "workbookView"):
        for what in ("activeTab", "firstSheet"):
            if int(view.get(what, "0")) >= max(index, 1):
                view.set(what, str(max(int(view.get(what, "0")) + by, 0)))
    book.dirty = True


def remove(book: Workbook, place: Place) -> None:
    """A sheet's entry, part and relationships, and the parts that nothing else refers to."""
    place.entry.getparent().remove(place.entry)
    rels = book.actual(parts.rels_of(book.main))
    root = parts.load(book.part(rels) or b"", rels)
    gone = next(k for k, (_, t) in book.links.items() if t == place.part)
    for element in list(root):
        if element.get("Id") == gone:
            root.remove(element)
    book.changes[rels] = parts.dump(root)
    del book.links[gone]
    for part in _below(book, place.part) - _reached(book):
        for name in (part, book.actual(parts.rels_of(part))):
            if book.part(name) is not None:
                book.changes[name] = None
        _undeclare(book, part)
    book.dirty = True


def _below(book: Workbook, part: str) -> set[str]:
    """A part and all that hangs on it."""
    found: set[str] = set()
    todo = [part]
    while todo:
        name = todo.pop()
        if name not in found and book.part(name) is not None and name != book.main:
            found.add(name)
            todo += [t for _, t in book.relations(name).values()]
    return found


def _reached(book: Workbook) -> set[str]:
    """All parts that the workbook still refers to."""
    found: set[str] = set()
    for _, target in book.links.values():
        if target not in found:
            found |= _below(book, target)
    return found


def _undeclare(book: Workbook, part: str) -> None:
    name = book.actual(parts.CONTENT_TYPES)
    root = parts.load(book.part(name) or b"", name)
    for element in list(root):
        if element.get("PartName", "").lstrip("/").casefold() == part.casefold():
            root.remove(element)
            book.changes[name] = parts.dump(root)
