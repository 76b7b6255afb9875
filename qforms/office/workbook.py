"""The small parts of a workbook that are being changed: workbook.xml, relationships, content types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from qforms.office import parts

_TYPE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Place:
    """A sheet of the workbook: its title, the kind and name of its part, and its entry in workbook.xml."""

    title: str
    kind: str
    part: str
    entry: Any

    @property
    def visible(self) -> bool:
        return bool(self.entry.get("state", "visible") == "visible")


class Workbook:
    """A workbook whose parts are read on demand (`read`); what changes is gathered in `changes` (None: taken out).

    Raises OfficeFault for parts that cannot be understood."""

    def __init__(self, names: Iterable[str], read: Callable[[str], bytes]) -> None:
        self._known = {n.casefold(): n for n in names}
        self._read = read
        self.changes: dict[str, bytes | None] = {}
        self.dirty = False  # workbook.xml itself has changed
        top = parts.relations(self.part("_rels/.rels"), "")
        self.main = self.actual(next((t for kind, t in top.values() if kind == "officeDocument"), "xl/workbook.xml"))
        self.root = parts.load(self.part(self.main) or b"", self.main)
        self.ns = parts.space(self.root)
        self.links = self.relations(self.main)

    def actual(self, name: str) -> str:
        """The name of a part as the package has it: names do not differ by case alone."""
        return self._known.get(name.casefold(), name)

    def part(self, name: str) -> bytes | None:
        """A part as it will be; None when there is none."""
        if name in self.changes:
            return self.changes[name]
        return self._read(self._known[name.casefold()]) if name.casefold() in self._known else None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """id -> (kind, part) of what a part refers to inside the package."""
        found = parts.relations(self.part(self.actual(parts.rels_of(part))), part)
        return {key: (kind, self.actual(target)) for key, (kind, target) in found.items()}

    @property
    def places(self) -> list[Place]:
        """The sheets in the order of their tabs."""
        found = []
        for entry in self.root.iter(self.ns + "sheet"):
            key = next((v for k, v in entry.attrib.items() if k.endswith("}id")), "")
            kind, target = self.links.get(key, ("", ""))
            found.append(Place(entry.get("name", ""), kind, target, entry))
        return found

    @property
    def from_1904(self) -> bool:
        """Whether days count from 1904."""
        return any(e.get("date1904") in ("1", "true") for e in self.root.iter(self.ns + "workbookPr"))

    @property
    def defined(self) -> list[Any]:
        """The defined names, as elements."""
        return list(self.root.iter(self.ns + "definedName"))

    def define(self, name: str, refers_to: str, sheet: int | None = None) -> None:
        """Sets a defined name, of the whole book or (index of a tab) of one sheet."""
        local = None if sheet is None else str(sheet)
        group = self.root.find(self.ns + "definedNames")
        if group is None:
            group = self.root.makeelement(self.ns + "definedNames", {})
            before = ("sheets", "functionGroups", "externalReferences")
            at = max(i for i, e in enumerate(self.root) if parts.local(e) in before)
            self.root.insert(at + 1, group)
        wanted = name.casefold()
        made = next(
            (n for n in group if n.get("name", "").casefold() == wanted and n.get("localSheetId") == local), None
        )
        if made is None:
            made = group.makeelement(self.ns + "definedName", {"name": name})
            if local is not None:
                made.set("localSheetId", local)
            at = next((i for i, n in enumerate(group) if n.get("name", "").casefold() > wanted), len(group))
            group.insert(at, made)
        if made.text != refers_to:
            made.text = refers_to
            self.dirty = True

    def relation(self, kind: str) -> str:
        """The full type of a relationship: strict documents have another root."""
        strict = "purl.oclc.org" in self.ns
        base = "http://purl.oclc.org/ooxml" if strict else "http://schemas.openxmlformats.org"
        middle = "/officeDocument/relationships/" if strict else "/officeDocument/2006/relationships/"
        return base + middle + kind

    def free(self, stem: str, suffix: str) -> str:
        """A name for a new part: xl/<stem><n>.<suffix>."""
        taken = {*self._known, *(n.casefold() for n in self.changes)}
        return next(p for n in range(1, len(taken) + 2) if (p := f"xl/{stem}{n}.{suffix}").casefold() not in taken)

    def attach(self, owner: str, kind: str, stem: str, content: bytes) -> str:
        """A new part that belongs to another; the id of the relationship."""
        drawn = kind == "vmlDrawing"
        part = self.free(stem, "vml" if drawn else "xml")
        self.changes[part] = content
        name = self.actual(parts.CONTENT_TYPES)
        types = self.part(name) or b""
        if drawn:
            types = parts.declare(types, kind=_TYPE + "vmlDrawing", extension="vml")
        else:
            types = parts.declare(types, part, f"{_TYPE}spreadsheetml.{kind}+xml")
        self.changes[name] = types
        return self.relate(owner, kind, part)

    def relate(self, owner: str, kind: str, part: str) -> str:
        """A relationship to a part of the package; its id."""
        rels = self.actual(parts.rels_of(owner))
        self.changes[rels], key = parts.relate(self.part(rels), self.relation(kind), f"/{part}")
        return key
