"""A workbook changed in place: only what changes is written, every other part is copied byte for byte.

    report = patch(source, target, Plan(sheets=(SheetEdit("投诉台账", head=3, last=57, rows={7: RowEdit({5: "A65"})},
                                                          new=(RowEdit({1: "TS-202605-0007", 2: at}),)),)))

`patch` is a function of a file and a `Plan`: it writes `target` (never `source`) and gives a `Report`, or raises
OfficeFault with the reason, and then there is no `target`. Rows and columns are those of the source, from 1.

    with Reader(path) as book:               # titles, defined names, who saved it last
        cells = book.cells("投诉台账")        # .value(row, column), .text(row, column), .fault(row, column), .last

`fingerprint` tells whether a file is still the same; `verify` proves that a file holds what a plan wrote."""

from qforms.sheetpatch.plan import Graft, Look, Plan, Report, RowEdit, SheetEdit, Value
from qforms.sheetpatch.read import Cells, Reader
from qforms.sheetpatch.run import patch
from qforms.sheetpatch.written import fingerprint, keep, verify

__all__ = ["Cells", "Graft", "Look", "Plan", "Reader", "Report", "RowEdit", "SheetEdit", "Value"]
__all__ += ["fingerprint", "keep", "patch", "verify"]
