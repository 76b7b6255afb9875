"""Random lists and random changes, one after another, against a model that is a list of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_package import TITLE, compressed, figure, package, part, row, sound, table, text, worksheet

from qforms.sheetpatch import Plan, Reader, RowEdit, SheetEdit, patch, verify
from qforms.sheetpatch.refs import Moves, corners, filled_down, letters, moved, number, range_of

WORDS = st.text(alphabet="甲乙丙=<&x ", min_size=1, max_size=4).filter(lambda t: t.strip() == t)
SHEET = "xl/worksheets/sheet1.xml"


@dataclass
class Shape:
    """How the book is written."""

    rows: int
    head: int
    with_table: bool
    totals: bool
    below: int  # rows between the list and a note below it; 0: no note
    addresses: bool
    prefix: str


SHAPES = st.builds(
    Shape,
    st.integers(1, 8), st.integers(1, 3), st.booleans(), st.booleans(), st.integers(0, 3), st.booleans(),
    st.sampled_from(["", "x:"]),
)  # fmt: skip


@dataclass
class Step:
    """One plan: cells that change, rows taken out, rows appended; numbers are taken modulo the rows there are."""

    cells: dict[int, str]
    gone: set[int]
    new: list[str] = field(default_factory=list)


STEPS = st.builds(
    Step, st.dictionaries(st.integers(0, 20), WORDS, max_size=3), st.sets(st.integers(0, 20), max_size=3),
    st.lists(WORDS, max_size=4),
)  # fmt: skip


def written(path: Path, shape: Shape) -> Path:
    head, last = shape.head, shape.head + shape.rows
    totals = shape.totals and shape.with_table
    data = row(head, text(f"A{head}", "编号"), text(f"B{head}", "行"))
    for n in range(1, shape.rows + 1):
        at = head + n
        data += row(at, text(f"A{at}", f"第{n}"), f'<c r="B{at}"><f>ROW(A{at})+$A${head}</f><v>{at}</v></c>')
    end = last + totals
    if totals:
        data += row(end, text(f"A{end}", "合计"), figure(f"B{end}", 1))
    if shape.below:
        data += row(end + shape.below, text(f"A{end + shape.below}", "制表"))
    content = worksheet(data, f'<conditionalFormatting sqref="A{head + 1}:B{last}"/>')
    tables = {}
    if shape.with_table:
        content = content.replace(
            "</worksheet>", '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts></worksheet>'
        )
        about = ' totalsRowCount="1"' if totals else ""
        tables = {TITLE: [table(1, f"A{head}:B{end}", ("编号", "行"), about=about)]}
    if not shape.addresses and head == 1 and not shape.below:
        content = re.sub(r'(<(?:row|c)) r="[A-Z]*\d+"', r"\1", content)
    if shape.prefix:
        content = re.sub(r"<(/?)(?!\?)([\w.]+)", rf"<\1{shape.prefix}\2", content).replace("xmlns=", "xmlns:x=")
    return package(path, {TITLE: content, "别的": worksheet(row(1, text("A1", "不动")))}, tables=tables)


@settings(max_examples=150, deadline=None)
@given(SHAPES, st.lists(STEPS, min_size=1, max_size=3))
def test_any_changes_of_any_list(tmp_path_factory: pytest.TempPathFactory, shape: Shape, steps: list[Step]) -> None:
    folder = tmp_path_factory.mktemp("laws")
    source = written(folder / "0.xlsx", shape)
    first = compressed(source)
    names = [f"第{n}" for n in range(1, shape.rows + 1)]
    head = shape.head
    for i, step in enumerate(steps, 1):
        last = head + len(names)
        gone = {head + 1 + g % len(names) for g in step.gone} if names else set()
        cells = {head + 1 + k % len(names): v for k, v in step.cells.items()} if names else {}
        cells = {at: v for at, v in cells.items() if at not in gone}
        edit = SheetEdit(
            TITLE, {at: RowEdit({1: v}) for at, v in cells.items()}, tuple(RowEdit({1: v}) for v in step.new),
            frozenset(gone), head, last,
        )  # fmt: skip
        target = folder / f"{i}.xlsx"
        report = patch(source, target, Plan((edit,)))
        verify(target, Plan((edit,)), report)
        kept = [(cells.get(head + 1 + n, v), n) for n, v in enumerate(names) if head + 1 + n not in gone]
        assert [report.now(TITLE, head + 1 + n) for _, n in kept] == [head + 1 + n for n in range(len(kept))]
        names = [v for v, _ in kept] + step.new
        assert report.new.get(TITLE, ()) == tuple(range(head + 1 + len(kept), head + 1 + len(names)))
        sound(target)
        source = target
        _agrees(target, shape, names)
    after = compressed(source)
    assert after["xl/worksheets/sheet2.xml"] == first["xl/worksheets/sheet2.xml"]


def _agrees(path: Path, shape: Shape, names: list[str]) -> None:
    head, last = shape.head, shape.head + len(names)
    with Reader(path) as book:
        cells = book.cells(TITLE)
    assert [cells.text(head + 1 + n, 1) for n in range(len(names))] == names
    for at in range(head + 1, last + 1):
        told = cells.faults.get((at, 2))
        assert told in (None, f"=ROW(A{at})+$A${head}"), (at, told)
    below = [cells.text(n, 1) for n in range(last + 1, cells.last + 1) if cells.text(n, 1)]
    totals = shape.totals and shape.with_table
    assert below == ["合计"] * totals + ["制表"] * bool(shape.below)
    ranges = re.search(r'conditionalFormatting sqref="([^"]*)"', part(path, SHEET))
    end = max(last, head + 1)
    if shape.with_table:
        about = part(path, "xl/tables/table1.xml")
        assert f' ref="A{head}:B{end + totals}"' in about
        assert f'autoFilter ref="A{head}:B{end}"' in about
        if totals:
            assert cells.text(end + 1, 1) == "合计"
        assert ranges is not None
        assert ranges[1] == f"A{head + 1}:B{end}"


REFS = st.tuples(st.integers(1, 30), st.integers(1, 30)).map(lambda p: (min(p), max(p)))


@given(st.integers(1, 20), st.integers(1, 10), st.sets(st.integers(1, 30)), st.integers(0, 5), st.booleans(), REFS)
def test_ranges_hold_the_rows_that_they_held(
    first: int, length: int, gone: set[int], new: int, below: bool, ref: tuple[int, int]
) -> None:
    end = first + length - 1
    out = tuple(sorted(g for g in gone if first <= g <= end))
    moves = Moves(first, end, max(end - len(out) + new, first), frozenset({end}), out, below)
    held = {moves.row(n) for n in range(ref[0], ref[1] + 1)} - {None}
    now = corners(moved(range_of(ref[0], 2, ref[1], 3), moves, grow=False) or "A1")
    if not held:
        assert moved(range_of(ref[0], 2, ref[1], 3), moves, grow=False) == ""
    elif ref[1] <= end or ref[0] > end or below:
        assert now is not None
        assert (now[0], now[2]) == (min(h for h in held if h), max(h for h in held if h))
    places = [p for n in range(1, 60) if (p := moves.row(n)) is not None]
    assert len(places) == len(set(places)) or (not below and out)


@given(st.integers(1, 16_384), st.integers(1, 500), st.integers(-400, 400))
def test_columns_and_filling_down(column: int, at: int, by: int) -> None:
    assert number(letters(column)) == column
    formula = f'SUM($A{at}:B${at})&"A{at}"&T[[#This Row],[A{at}]]&LOG10(C{at})'
    down = filled_down(formula, by)
    if at + by >= 1:
        assert filled_down(down, -by) == formula
        assert f"C{at + by})" in down
        assert f"B${at})" in down
        assert f'"A{at}"&T[[#This Row],[A{at}]]' in down
