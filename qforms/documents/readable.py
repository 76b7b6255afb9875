"""Whether a blank form that the office drew itself can still be read back: each field's cell has to be found again."""

from __future__ import annotations

from collections.abc import Iterator

from qforms.forms.labels import Labels
from qforms.model import Field, Form, Lang, Told
from qforms.office import reader
from qforms.office.book import OfficeFault
from qforms.office.find import Found, find
from qforms.problems import say
from qforms.settings import Limits

_FAR_TOO_BIG = 5 << 20  # bytes: a form goes out with every letter about it


def unreadable(data: bytes, form: Form, lang: Lang, limits: Limits, where: str) -> Iterator[Told]:
    """What would be lost of a filled copy of the blank at `where`: required fields without a cell; and a file that is
    none, or too big to go along with each letter."""
    if len(data) > _FAR_TOO_BIG:
        mb = len(data) >> 20
        yield Told(
            f"有 {mb} MB；它随每封信发出，请把标志和图片缩小到合计 5 MB 以下",
            f"is {mb} MB and goes out with each letter: make its logo and pictures smaller, 5 MB in all",
            where,
        )
    try:
        book = reader.read(data, limits.inflated_mb << 20, limits.cells)
    except OfficeFault as fault:
        yield Told(say(fault.problem, "zh"), say(fault.problem, "en"), where)
        return
    found = find(book, form, Labels(form))
    for fld in form.fields:
        if fld.blank and fld.required and not fld.calc and not _stands(fld, found):
            label = fld.label[lang]
            yield Told(
                f"找不到必填项「{label}」的格子：在格子左边写上「{label}」，或把格子命名为 qf_{fld.name}",
                f"no cell for the required “{label}”: write “{label}” left of it, or name the cell qf_{fld.name}",
                where,
            )


def _stands(fld: Field, found: Found) -> bool:
    if fld.fields:
        return fld.name in found.rows or any(name.startswith(f"{fld.name}[") for name in found.targets)
    return fld.name in found.targets
