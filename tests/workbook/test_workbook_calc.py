"""Thirty rounds through LibreOffice: people and program change the same book, and it never writes under them."""

from __future__ import annotations

import dataclasses as dc
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
import support_workbook as sample
from support_calc import Calc

from qforms.model import Later
from qforms.sheetpatch import fingerprint
from qforms.workbook.edits import row_of, settled
from qforms.workbook.rows import Held
from qforms.workbook.view import View

SHEET, SHEET_KEY = "投诉台账", "complaint"
ROUNDS = 30
_CHANGING = ("xl/worksheets/", "xl/tables/", "xl/workbook.xml", "xl/comments", "xl/drawings/", "xl/charts/",
             "xl/styles.xml", "[Content_Types].xml", "xl/_rels/", "docProps/")  # fmt: skip


class Office(sample.Ledger):
    """The ledger of the sample's complaints, its book, and what the office writes in it through LibreOffice."""

    def __init__(self, book: sample.Book, seed: int) -> None:
        super().__init__()
        self.book, self.random = book, random.Random(seed)
        self.records = {r.number: r for r in sample.view().records["complaint"]}
        self.expected: set[str] = set()

    def view(self) -> View:
        view = sample.view()
        return dc.replace(view, records={**view.records, "complaint": tuple(self.records.values())})

    def read(self) -> int:
        book, found = self.book, self.book.look()
        known = dict(found.known)
        for delivery in found.deliveries:
            id_, said = row_of(delivery), json.loads(delivery.raw)
            known[id_] = settled(book.standing.known.get(id_, Held()), known[id_], delivery, self.take(said))
        known |= {i: Held() for i in known if i.startswith("board/") and i != "board/charts"}
        book.standing = dc.replace(
            book.standing,
            fingerprint=fingerprint(book.path),
            places=found.places,
            known=known,
            anchors=found.anchors,
            shown={},
        )
        assert self.expected <= {text for *_, text in self.applied} | self.kept
        return len(found.deliveries)

    def left(self) -> list[Any]:
        """What a look finds after the publication: nothing."""
        self.expected = set()
        return [json.loads(d.raw) for d in self.book.look().deliveries]

    def acts(self) -> list[str]:
        """A few things that somebody does before saving."""
        place = self.book.standing.places[SHEET_KEY]
        rows = [h.at for i, h in self.book.standing.known.items() if i.startswith("complaint/") and h.at]
        rows = [at for at in rows if at <= place.last]
        acts: list[str] = []
        written: dict[tuple[int, str], str] = {}
        for _ in range(self.random.randint(1, 3)):
            at, field = self.random.choice(rows), self.random.choice(sample.BOTH)
            written[at, field] = self.text("办")
            acts.append(f"set\t{SHEET}\t{at}\t{place.columns[field]}\t{written[at, field]}")
        kind = self.random.choice(("", "sort", "delete", "copy", "type", "overwrite"))
        if kind == "sort":
            way = self.random.choice(("up", "down"))
            key = place.columns[self.random.choice(("number", "product_model", "remarks"))]
            acts.append(f"sort\t{SHEET}\t{place.head + 1}\t{place.last}\t{max(place.columns.values())}\t{key}\t{way}")
        elif kind == "delete":
            at = self.random.choice(rows)
            acts.append(f"delete\t{SHEET}\t{at}")
            written = {k: v for k, v in written.items() if k[0] != at}
        elif kind == "copy":
            at, end, text = self.random.choice(rows), place.last + 1, self.text("抄")
            acts.append(f"copy\t{SHEET}\t{at}\t{end}\t{max(place.columns.values())}")
            acts.append(f"set\t{SHEET}\t{end}\t{place.columns['remarks']}\t{text}")
            written[end, "remarks"] = text
        elif kind == "type":
            text = self.text("新客户")
            acts.append(f"set\t{SHEET}\t{place.last + 1}\t{place.columns['customer_name']}\t{text}")
            written[place.last + 1, "customer_name"] = text
        elif kind == "overwrite":
            acts.append(f"set\t{SHEET}\t{self.random.choice(rows)}\t{place.columns['status']}\t已关闭")
        self.expected = set(written.values())
        return acts

    def program(self) -> None:
        for _ in range(self.random.randint(0, 2)):
            self.revise(self.random.randint(0, 99), self.random.choice(sample.BOTH))

    def agrees(self) -> None:
        known = self.book.standing.known
        rows = {i.partition("/")[2]: h for i, h in known.items() if i.startswith("complaint/") and h.at}
        assert rows.keys() == self.records.keys()
        for number, row in rows.items():
            for field in sample.BOTH:
                mark = row.marks.get(field)
                if mark is None or not mark.stays:
                    assert row.texts.get(field, "") == str(self.records[number].values.get(field) or "")
            assert row.texts["status"] == "处理中"


def parts(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as package:
        return {i.filename: i.CRC for i in package.infolist() if not i.filename.startswith(_CHANGING)}


@pytest.mark.office
def test_thirty_rounds_of_people_and_program(tmp_path: Path) -> None:
    book = sample.first_book(tmp_path / "master.xlsx")
    office: Any = Office(book, 20260514)
    calc_home = tmp_path / "calc"
    calc_home.mkdir()
    with Calc(calc_home) as calc:
        for _ in range(ROUNDS):
            calc.do(f"open\t{book.path}", *office.acts(), "store")
            office.program()  # while the book is open: what is saved is read, nothing is written
            office.read()
            saved = book.path.read_bytes()
            assert isinstance(book.try_to_publish(office.view()), Later) and book.path.read_bytes() == saved
            calc.do("close")
            before = parts(book.path)
            book.publish(office.view())
            assert parts(book.path) == before  # what is not ours stays byte for byte
            assert office.left() == []
            office.agrees()
    assert not {what: n for what, n in office.applied.items() if n > 1}
    assert sum(office.applied.values()) > ROUNDS
