"""Every workbook of a folder of real and hostile files (QFORMS_CORPUS) is changed in place, or refused with a reason:
the other parts stay the same bytes, what is read back is what was there and what was written. Without a folder, the
books that the other tests are made of."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from support_office import libreoffice
from support_package import TITLE, compressed, listing, package, worksheet
from support_rich_book import rich

from qforms.office.archive import Archive
from qforms.office.book import OfficeFault, fault
from qforms.office.workbook import Workbook
from qforms.problems import CATALOGUE
from qforms.sheetpatch import Cells, Plan, Reader, Report, RowEdit, SheetEdit, lists, patch, verify

FOLDER = os.environ.get("QFORMS_CORPUS", "")
OPENED = int(os.environ.get("QFORMS_CORPUS_LIBREOFFICE", "0"))  # so many of the results are opened by LibreOffice


def books(folder: Path) -> list[Path]:
    if FOLDER:
        return sorted(p for p in Path(FOLDER).rglob("*") if p.suffix.lower() in (".xlsx", ".xlsm"))
    plain = package(folder / "plain.xlsx", {TITLE: worksheet(listing(3))})
    return [plain, rich(folder / "rich.xlsx"), rich(folder / "rich.xlsm"), rich(folder / "totals.xlsx", totals=True)]


def plan_for(source: Path) -> Plan:
    """A row changed and one appended in the first table of the first sheet, or in the list that begins in row 1."""
    with source.open("rb") as file:
        archive = Archive(file)
        book = Workbook(archive.names, archive.read)
        place = next((p for p in book.places if p.kind == "worksheet"), None)
        if place is None:
            raise fault("book_no_sheet", source.name)
        known = lists.tables(book, place.part)
    head = known[0].top if known else 1
    column = known[0].left if known else 1
    edit = SheetEdit(
        place.title, {head: RowEdit({column + 40: "改 <&>"})}, (RowEdit({column: "=新", column + 1: 3}),), head=head
    )
    return Plan((edit,))


def cells(path: Path, title: str) -> Cells:
    with Reader(path) as book:
        return book.cells(title)


def test_every_book_is_changed_in_place_or_refused_with_a_reason(tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    target = tmp_path / "target.xlsx"
    for source in books(tmp_path):
        try:
            plan = plan_for(source)
            report = patch(source, target, plan)
        except OfficeFault as why:
            assert why.problem.code in CATALOGUE, source
            assert not target.exists(), source
            told["refused"] += 1
            told[f"refused: {why.problem.code}"] += 1
            print(source.name, why.problem.code, dict(why.problem.context))
            continue
        verify(target, plan, report)
        told["changed"] += 1
        told["other parts equal"] += same_parts(source, target, report)
        told["re-read equal"] += same_cells(source, target, plan, report)
        if told["opened by LibreOffice"] < OPENED:
            libreoffice(target.read_bytes(), "xlsx", "xlsx", tmp_path)
            told["opened by LibreOffice"] += 1
        target.unlink()
    print(dict(told))
    assert told["changed"]
    assert told["other parts equal"] == told["changed"]
    assert told["re-read equal"] == told["changed"]


def same_parts(source: Path, target: Path, report: Report) -> bool:
    before, after = compressed(source), compressed(target)
    return {n for n in before if before[n] != after.get(n)} == report.changed | report.removed


def same_cells(source: Path, target: Path, plan: Plan, report: Report) -> bool:
    """Everything that stood in the sheet stands there still, where it went; calculated values are left out."""
    edit = plan.sheets[0]
    try:
        before = cells(source, edit.sheet)
    except OfficeFault:
        return True  # nothing to compare with: a part elsewhere that calamine refuses
    after = cells(target, edit.sheet)
    at = report.new[edit.sheet][0]
    ours = {(n, c) for n, row in edit.rows.items() for c in row.values}
    below = 0 if before.last < at or after.last <= before.last else after.last - before.last
    for n, values in enumerate(before.values, 1):
        for c, value in enumerate(values, 1):
            if value in ("", None) or before.fault(n, c) or (n, c) in ours:
                continue
            if after.value(n + below if n >= at else n, c) != value:
                print(source.name, n, c, value, after.value(n + below if n >= at else n, c))
                return False
    return after.text(at, min(edit.new[0].values)) == "=新"
