"""Random interleavings of what the office and the program do to the book, on a model of file and ledger: no edit is
lost, none is applied twice, and at rest ledger and sheet agree. The parts between are the real ones: matching,
comparing, merging, settling, and what is to be written."""

from __future__ import annotations

import dataclasses as dc
import json
import random
from collections import Counter
from typing import Any

import support_workbook as sample
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from qforms.model import Text
from qforms.workbook import layout
from qforms.workbook.book import ID, REVISION, Picture, Place, Seen
from qforms.workbook.changes import changes, shown
from qforms.workbook.edits import Edits, Saved, compare, row_of, settled
from qforms.workbook.maker import Maker
from qforms.workbook.rows import Held
from qforms.workbook.view import Sheet

NOW = sample.NOW.replace(tzinfo=None)
HEAD = 3
VIEW = sample.view()
SAVED = Saved("master.xlsx", "master.xlsx", "林晓岚", sample.NOW)


class World(sample.Ledger):
    """A sheet as rows of texts over a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []  # by column key, with the hidden id and revision
        self.known: dict[str, Held] = {}
        self.columns: dict[str, int] = {}
        self.serial = 0
        self.typed: dict[tuple[int, str], str] = {}  # (row object, field) -> what the office wrote there last
        self.mixed = False  # a row bears the hidden id of another one, from which it was copied or filled down
        self.dirty = False
        for _ in range(4):
            self.open()
        self.look()
        self.publish()

    def sheet(self) -> Sheet:
        view = dc.replace(VIEW, records={"complaint": tuple(self.records.values())}, clocks=(), rates={})
        made = Maker(view, sample.CATALOGUE, "zh").form_sheet("complaint", layout.COMPLAINT, Text("投诉台账", ""))
        assert made is not None
        return made

    def place(self) -> Place:
        if not self.columns:
            keys = [*(c.key for c in self.sheet().columns), ID, REVISION]
            self.columns = {k: i for i, k in enumerate(keys, start=1)}
        return Place("投诉台账", HEAD, HEAD + len(self.rows), self.columns)

    def publish(self) -> None:
        """Writes, unless somebody has saved since the last look."""
        if self.dirty:
            return
        sheet, place = self.sheet(), self.place()
        keys = {c: k for k, c in place.columns.items()}
        made = changes(sheet, place, self.known, "zh", NOW)
        for at, edit in made.edit.rows.items():
            self.write(self.rows[at - HEAD - 1], {keys[c]: v for c, v in edit.values.items()})
        gone = {at - HEAD - 1 for at in made.edit.gone}
        self.rows = [row for i, row in enumerate(self.rows) if i not in gone]
        known = {i: h for i, h in {**self.known, **made.rows}.items() if i not in made.gone or i in made.rows}
        assert not gone
        for id_, edit in zip(made.new, made.edit.new, strict=True):
            self.rows.append({})
            self.write(self.rows[-1], {keys[c]: v for c, v in edit.values.items()})
            known[id_] = dc.replace(known[id_], at=HEAD + len(self.rows))
        self.known, self.mixed = known, False
        self.serial += 1

    def write(self, row: dict[str, str], values: dict[str, Any]) -> None:
        for key, value in values.items():
            row[key] = shown(value)
            if not row[key]:
                del row[key]

    def look(self) -> Edits:
        """Reads the sheet and takes in what was written, as the register does."""
        sheet = self.sheet()
        seen = [
            Seen(
                at,
                row.get(ID, ""),
                int(row.get(REVISION, "0")),
                {k: v for k, v in row.items() if k not in (ID, REVISION)},
            )
            for at, row in enumerate(self.rows, start=HEAD + 1)
            if row
        ]
        picture = Picture("林晓岚", self.serial, {"complaint": (self.place(), tuple(seen))})
        found = compare(picture, SAVED, (sheet,), self.known, self.known)
        known = dict(found.known)
        for delivery in found.deliveries:
            said, id_ = json.loads(delivery.raw), row_of(delivery)
            known[id_] = settled(self.known.get(id_, Held()), known[id_], delivery, self.take(said))
        self.known, self.dirty = known, False
        fates = {text for *_, text in self.applied} | self.kept
        assert set(self.typed.values()) <= fates, (self.typed, fates)
        self.typed.clear()
        return found

    # ---- the office

    def mine(self, which: int) -> dict[str, str]:
        self.dirty = True
        return self.rows[which % len(self.rows)]

    def edit(self, which: int, field: str) -> None:
        row = self.mine(which)
        row[field] = self.typed[id(row), field] = self.text("办")

    def overwrite(self, which: int) -> None:
        self.mine(which)["status"] = "已关闭"

    def delete(self, which: int) -> None:
        if len(self.rows) > 1 and not self.mixed:
            row = self.mine(which)
            self.rows.remove(row)
            self.forget(row)

    def forget(self, row: dict[str, str]) -> None:
        self.typed = {k: v for k, v in self.typed.items() if k[0] != id(row)}

    def sort(self, seed: int) -> None:
        if not self.mixed:
            self.dirty = True
            random.Random(seed).shuffle(self.rows)

    def copy(self, which: int) -> None:
        """A row copied to the end, with the hidden columns, and changed."""
        row = dict(self.mine(which))
        row["remarks"] = self.typed[id(row), "remarks"] = self.text("抄")
        self.rows.append(row)
        self.mixed = True

    def type(self) -> None:
        row = {"customer_name": self.text("新客户"), "remarks": self.text("新")}
        self.dirty = True
        self.rows.append(row)
        self.typed[id(row), "customer_name"] = row["customer_name"]
        self.typed[id(row), "remarks"] = row["remarks"]

    def fill_down(self, which: int) -> None:
        """From 备注 to the hidden columns over the row below: nobody sees that the ids go with it."""
        at = which % len(self.rows)
        if at + 1 < len(self.rows) and not self.mixed and self.rows[at].get(ID) and self.rows[at + 1].get(ID):
            self.dirty = self.mixed = True
            above, below = self.rows[at], self.rows[at + 1]
            below[ID], below[REVISION] = above[ID], above[REVISION]
            below["remarks"] = self.typed[id(below), "remarks"] = self.text("填")
            above["remarks"] = below["remarks"]
            self.typed[id(above), "remarks"] = below["remarks"]

    # ---- at rest

    def settle(self) -> None:
        for _ in range(3):
            self.look()
            self.publish()
        assert self.look().deliveries == ()
        held = [row for row in self.rows if row.get(ID)]
        assert Counter(row[ID] for row in held) == Counter(f"complaint/{n}" for n in self.records)
        for row in held:
            record = self.records[row["number"]]
            assert row[ID] == f"complaint/{record.number}" and row["status"] == "处理中"
            assert row["customer_name"] == record.values["customer_name"]
            for field in sample.BOTH:
                mark = self.known[row[ID]].marks.get(field)
                if mark is None or not mark.stays:
                    assert row.get(field, "") == str(record.values.get(field) or "")
        twice = {what: n for what, n in self.applied.items() if n > 1}
        assert not twice


WHICH = st.integers(0, 40)
STEPS = st.one_of(
    st.tuples(st.just("edit"), WHICH, st.sampled_from(sample.BOTH)),
    st.tuples(st.just("edit"), WHICH, st.sampled_from(sample.BOTH)),
    st.tuples(st.just("revise"), WHICH, st.sampled_from(sample.BOTH)),
    st.tuples(st.sampled_from(("overwrite", "delete", "sort", "copy", "fill_down")), WHICH),
    st.tuples(st.sampled_from(("type", "open", "look", "publish", "look", "publish"))),
)


@hypothesis_settings(max_examples=2000, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=25))
@example([("copy", 0), ("look",), ("copy", 0), ("edit", 10, "owner"), ("edit", 28, "remarks")])
def test_no_edit_is_lost_and_none_applied_twice(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for name, *more in steps:
        getattr(world, name)(*more)
    world.settle()
