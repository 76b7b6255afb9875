"""Changing a large master workbook: `python -m tests.benchmarks.workbook --rows 100000`, from the root of the checkout.

openpyxl (load, change, save) and our whole publication (fingerprint, patch beside, fingerprint again, kept version,
replace, read back, fingerprint) in turn, each in a process of its own on a fresh copy of the book, for one changed cell
and one appended row, and for a thousand of each. CPU seconds without imports, median of the rounds; the floor is
inflating and deflating the one sheet part with the same codec. Prints one line of JSON.

`--read`: instead, reading the book after LibreOffice has saved it, against what calamine takes merely to read it."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tests.benchmarks.master_book import SHEET, make

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3


def changes(rows: int, count: int) -> tuple[dict[int, str], list[list[object]]]:
    """Cells of the second column that change, and rows that are appended."""
    chance = random.Random(3)
    cells = {row: f"改过 {row}" for row in sorted(chance.sample(range(2, rows + 2), count))}
    at = datetime.fromisoformat("2026-05-06T14:20")
    texts = [f"文本 {i}" for i in range(14)]
    return cells, [[f"QF-N{i:07d}", *texts, *range(5), *(n / 8 for n in range(5)), *[at] * 5] for i in range(count)]


def with_openpyxl(path: Path, rows: int, count: int) -> Callable[[], None]:
    from openpyxl import load_workbook

    cells, new = changes(rows, count)

    def run() -> None:
        book = load_workbook(path)
        sheet = book[SHEET]
        for row, text in cells.items():
            sheet.cell(row, 2).value = text
        for values in new:
            sheet.append(values)
        book.save(path)

    return run


def with_ours(path: Path, rows: int, count: int) -> Callable[[], None]:
    from qforms.sheetpatch import Plan, RowEdit, SheetEdit, fingerprint, keep, patch, verify

    cells, new = changes(rows, count)
    edits = {row: RowEdit({2: text}) for row, text in cells.items()}
    added = tuple(RowEdit(dict(enumerate(values, 1))) for values in new)  # type: ignore[arg-type]
    plan = Plan((SheetEdit(SHEET, edits, added, head=1),))
    beside, kept = path.with_suffix(".tmp"), path.with_name(f"kept-{path.name}")
    time.sleep(2.5)  # a book that nobody has saved in the last two seconds, as it is between two publications

    def run() -> None:
        before = fingerprint(path)
        report = patch(path, beside, plan)
        assert fingerprint(path) == before
        keep(path, kept)
        beside.replace(path)
        verify(path, plan, report)
        assert fingerprint(path) != before

    return run


def floor(path: Path, _rows: int, _count: int) -> Callable[[], None]:
    import io

    from qforms.office.archive import Archive, Writer

    def run() -> None:
        with path.open("rb") as file:
            archive = Archive(file)
            part = archive.info("xl/worksheets/sheet1.xml")
            with Writer(io.BytesIO()) as out:
                out.stream(part, archive.chunks(part.filename))

    return run


def by_calamine(path: Path, rows: int, _count: int) -> Callable[[], None]:
    from python_calamine import CalamineWorkbook

    def run() -> None:
        read = sum(1 for _ in CalamineWorkbook.from_path(str(path)).get_sheet_by_name(SHEET).iter_rows())
        assert read == rows + 1

    return run


def by_reader(path: Path, rows: int, _count: int) -> Callable[[], None]:
    import python_calamine  # noqa: F401

    from qforms.sheetpatch import Reader

    def run() -> None:
        with Reader(path) as book:
            cells = book.cells(SHEET)
        assert (cells.last, cells.text(2, 1)) == (rows + 1, "QF-00000001")

    return run


KINDS = {"openpyxl": with_openpyxl, "ours": with_ours, "floor": floor, "calamine": by_calamine, "reader": by_reader}


def measure(kind: str, book: Path, rows: int, count: int) -> dict[str, float]:
    """One run in a process of its own, on a copy of the book: CPU seconds, peak memory in MB."""
    copy = book.with_name(f"{kind}-{os.getpid()}.xlsx")
    shutil.copy2(book, copy)
    command = [sys.executable, "-m", __spec__.name, "--child", kind, str(copy), str(rows), str(count)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=True)
    finally:
        copy.unlink()
        copy.with_name(f"kept-{copy.name}").unlink(missing_ok=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def child(kind: str, path: str, rows: str, count: str) -> None:
    import resource

    run = KINDS[kind](Path(path), int(rows), int(count))
    begun = time.process_time()
    run()
    spent = time.process_time() - begun
    print(json.dumps({"s": spent, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--openpyxl-rounds", type=int, default=0, help="fewer rounds of the slow one (default: as many)")
    asked.add_argument("--read", action="store_true", help="measure reading instead; needs LibreOffice")
    asked.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.child:
        child(*given.child)
        return
    folder = Path(tempfile.mkdtemp(prefix="qforms-bench-"))
    try:
        book = folder / "master.xlsx"
        make(book, given.rows)
        if given.read:
            print(json.dumps(reading(book, given.rows, given.rounds)))
            return
        runs: dict[tuple[str, int], list[dict[str, float]]] = {}
        for i in range(given.rounds):
            for kind, count in [("openpyxl", 1), ("ours", 1), ("floor", 0), ("openpyxl", 1000), ("ours", 1000)]:
                if kind != "openpyxl" or i < (given.openpyxl_rounds or given.rounds):
                    runs.setdefault((kind, count), []).append(measure(kind, book, given.rows, min(count, given.rows)))
        print(json.dumps(report(given.rows, runs)))
    finally:
        shutil.rmtree(folder)


def reading(book: Path, rows: int, rounds: int) -> dict[str, float]:
    """Seconds for calamine and for us, in turn, on the book as LibreOffice saves it."""
    profile = f"-env:UserInstallation={(book.parent / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(book.parent / "out"),
        str(book),
    ]
    subprocess.run(command, check=True, timeout=1200, capture_output=True)
    saved = book.parent / "out" / book.name
    runs = [{kind: measure(kind, saved, rows, 0)["s"] for kind in ("calamine", "reader")} for _ in range(rounds)]
    ours, theirs = (statistics.median(r[kind] for r in runs) for kind in ("reader", "calamine"))
    return {"rows": rows, "calamine_s": round(theirs, 3), "reader_s": round(ours, 3), "ratio": round(ours / theirs, 2)}


def report(rows: int, runs: dict[tuple[str, int], list[dict[str, float]]]) -> dict[str, float]:
    """The figures of all runs."""
    middle = {key: statistics.median(r["s"] for r in of) for key, of in runs.items()}
    ours, bottom = middle["ours", 1], middle["floor", 0]
    return {
        "rows": rows,
        "openpyxl_s": round(middle["openpyxl", 1], 2),
        "qforms_s": round(ours, 3),
        "ratio": round(middle["openpyxl", 1] / ours, 1),
        "qforms_peak_mb": round(max(r["mb"] for key, of in runs.items() if key[0] == "ours" for r in of), 1),
        "floor_s": round(bottom, 3),
        "over_floor": round(ours / bottom, 2),
        "ratio_1000": round(middle["openpyxl", 1000] / middle["ours", 1000], 1),
    }


if __name__ == "__main__":
    main()
