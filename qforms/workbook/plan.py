"""The present book brought up to what is to be shown: which cells, rows, sheets and names change, and the patch."""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from pathlib import Path

from qforms.sheetpatch import Graft, Plan, Report, RowEdit, SheetEdit, Value, patch, verify
from qforms.workbook import charts, dashboard, draw, first
from qforms.workbook.book import ID, LISTS, REVISION, Place, sheet_of
from qforms.workbook.changes import Changes, changes, shown
from qforms.workbook.rows import Held
from qforms.workbook.standing import Published, Standing
from qforms.workbook.view import Sheet, Shown


def change(source: Path, target: Path, shown: Shown, standing: Standing) -> Published:
    """Writes `target`, unless nothing has changed. Raises OfficeFault when the book is one that cannot be patched."""
    work = _Work(shown, standing)
    wanted = work.plan()
    if wanted is None:
        return Published(standing, written=False)
    report = patch(source, target, wanted)
    verify(target, wanted, report)
    return work.done(report)


class _Work:
    """One publication."""

    def __init__(self, shown: Shown, standing: Standing) -> None:
        self.shown, self.standing = shown, standing
        self.serial = standing.serial + 1
        self.places: dict[str, Place] = dict(standing.places)
        self.changes: dict[str, Changes] = {}
        self.rows: dict[str, Held] = {}
        self.grafts: list[Graft] = []
        self.names: dict[str, str] = {}
        self.added = 0
        self._by_sheet: dict[str, dict[str, Held]] = defaultdict(dict)
        for id_, held in standing.known.items():
            self._by_sheet[sheet_of(id_)][id_] = held

    def plan(self) -> Plan | None:
        """What is to be done; None when nothing but the time has changed."""
        edits = [edit for sheet in self.shown.sheets if (edit := self._sheet(sheet)) is not None]
        board = self._board()
        lists = self._lists()
        if not (edits or board or lists or self.grafts):
            return None
        lists = dc.replace(lists or SheetEdit(LISTS), rows={**(lists.rows if lists else {})})
        first_row = lists.rows.get(1, RowEdit())
        marked = dc.replace(first_row, values={**first_row.values, 1: self.serial})
        lists = dc.replace(lists, rows={**lists.rows, 1: marked})
        return Plan((*edits, *board, lists), tuple(self.grafts), names=self.names)

    # ------------------------------------------------------------ sheets

    def _sheet(self, sheet: Sheet) -> SheetEdit | None:
        place = self.places.get(sheet.key)
        if place is None:
            if sheet.rows or not sheet.passing:
                self._graft(sheet)
            return None
        heads = {}
        if ID not in place.columns:  # somebody took the hidden columns out: they come back at the right
            heads = {place.width + 1: ID, place.width + 2: REVISION}
            place = dc.replace(place, columns={**place.columns, **{k: c for c, k in heads.items()}}, width=max(heads))
            self.places[sheet.key] = place
        made = changes(sheet, place, self._by_sheet[sheet.key], self.shown.lang, self.shown.as_of, self.standing.shown)
        self.changes[sheet.key] = made
        hidden = self._hidden(sheet, place)
        if not made.any and hidden is None:
            return None
        edit = made.edit
        if heads:
            edit = dc.replace(edit, rows={place.head: RowEdit(heads), **edit.rows})
        if place.head > 1:
            told = RowEdit({1: draw.told(sheet, self.shown.lang, self.shown.as_of)})
            edit = dc.replace(edit, rows={place.head - 1: told, **edit.rows})
        return dc.replace(edit, hidden=hidden)

    def _hidden(self, sheet: Sheet, place: Place) -> bool | None:
        """Sheets that come and go are shown while they hold something; what the office hides stays hidden."""
        if not sheet.passing or bool(sheet.rows) == place.shown:
            return None
        self.places[sheet.key] = dc.replace(place, shown=bool(sheet.rows))
        return not sheet.rows

    def _graft(self, sheet: Sheet) -> None:
        taken = {p.title.casefold() for p in self.places.values()} | {LISTS}
        title = draw.free(sheet.title[self.shown.lang], taken)
        data, place, known = first.donor(sheet, self.shown, title)
        keys = [s.key for s in self.shown.sheets]
        after = keys[keys.index(sheet.key) + 1 :]
        before = next((self.places[k].title for k in after if k in self.standing.places), "")
        self.grafts.append(Graft(title, data, before))
        self.places[sheet.key] = place
        self.rows |= known
        self.added += len(known)

    # ------------------------------------------------------------ 看板 and the drop-downs

    def _board(self) -> tuple[SheetEdit, ...]:
        """The cells of 看板 that say something else than before, and its charts' words; the whole sheet when somebody
        took it out."""
        if self.shown.figures is None:
            return ()
        now = first.board_rows(self.shown)
        anchors, known = self.standing.anchors, self.standing.known
        self.rows |= {k: h for k, h in now.items() if known.get(k) != h}
        if not anchors:
            title = dashboard.TITLE[self.shown.lang]
            self.grafts.append(Graft(title, first.board_donor(self.shown, title)))
            return ()
        rows: dict[int, dict[int, Value]] = defaultdict(dict)
        for spot in dashboard.spots(self.shown.view, self.shown.figures, self.shown.lang):
            place = anchors.get(dashboard.anchor(spot.part))
            was = known.get(f"board/{spot.part}", Held()).texts.get(f"{spot.row}.{spot.first}")
            if place is not None and was != shown(spot.value):
                row, column = dashboard.PARTS[spot.part]
                rows[spot.row - row + place[1]][spot.first - column + place[2]] = spot.value
        pieces = self._charts(known.get("board/charts"), now["board/charts"])
        told_only = {place[1] for name, place in anchors.items() if name == dashboard.anchor("top")}
        if not pieces and not rows.keys() - told_only:  # nothing but the time
            return ()
        title = next(iter(anchors.values()))[0]
        return (SheetEdit(title, {at: RowEdit(values) for at, values in rows.items()}, charts=pieces),)

    def _charts(self, was: Held | None, now: Held) -> dict[str, str]:
        old, new = (charts.revive(held.texts) if held and held.texts else None for held in (was, now))
        left = self.standing.anchors.get(dashboard.anchor("left"))
        if old is None or new is None or left is None:
            return {}
        return charts.pieces(old, new, left[1] + dashboard.FIRST - dashboard.PARTS["left"][0])

    def _lists(self) -> SheetEdit | None:
        """Departments and persons change: so do the words that are offered."""
        known = self.standing.known
        last = max((h.at for i, h in known.items() if i.startswith("list/")), default=1)
        rows: dict[int, dict[int, Value]] = defaultdict(dict)
        for name, offered in first.words(self.shown).items():
            was = known.get(f"list/{name}")
            text = "\n".join(offered)
            if was is not None and was.texts.get("words") == text:
                continue
            if was is None:
                last += 1
            at = was.at if was else last
            before = len(was.texts.get("words", "").split("\n")) if was else 0
            for row in range(max(before, len(offered))):
                rows[row + 1][at] = offered[row] if row < len(offered) else None
            self.names[name] = first.list_area(at, offered)
            self.rows[f"list/{name}"] = Held(texts={"words": text}, at=at)
        return SheetEdit(LISTS, {at: RowEdit(values) for at, values in rows.items()}) if rows else None

    # ------------------------------------------------------------ afterwards

    def done(self, report: Report) -> Published:
        """What the book holds now."""
        known = dict(self.standing.known)
        put, gone, restored = dict(self.rows), set(), []
        changed = removed = 0
        for key, made in self.changes.items():
            place = self.places[key]
            moved = self._moved(key, made, report, place.title)
            put |= moved
            gone |= made.gone
            restored += made.restored
            changed += made.changed
            self.added += len(made.new)
            removed += len(made.edit.gone)
            last = max([place.head, *(h.at for i, h in {**self._by_sheet[key], **moved}.items() if i not in made.gone)])
            self.places[key] = dc.replace(place, last=last)
        gone -= put.keys()
        known = {i: h for i, h in {**known, **put}.items() if i not in gone}
        rows = {r.id: r for s in self.shown.sheets for r in s.rows}
        standing = dc.replace(self.standing, serial=self.serial, places=self.places, known=known, shown=rows)
        return Published(standing, put, frozenset(gone), self.added, changed, removed, tuple(restored))

    def _moved(self, key: str, made: Changes, report: Report, title: str) -> dict[str, Held]:
        """The rows of a sheet whose place or content is another one now."""
        rows = dict(made.rows)
        if report.gone.get(title):
            rows = {**{i: h for i, h in self._by_sheet[key].items() if i not in made.gone}, **rows}
            rows = {i: h.standing(report.now(title, h.at) or 0) if h.at else h for i, h in rows.items()}
        for id_, at in zip(made.new, report.new.get(title, ()), strict=True):
            rows[id_] = rows[id_].standing(at)
        return rows
