"""Marking faulty cells in the very file that came back: those cells, a note beside each, a red box at the top.

Everything else stays as it was, byte for byte where a part is not concerned. Marks of an earlier return are taken
away, so that a file that comes back again shows only what is wrong now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qforms.model import Lang
from qforms.office import parts
from qforms.office.book import fault


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell to be marked: its address as `find` gives it (「反馈表!B7」, 「表2第3行第2格」), what is wrong with it in
    one or more sentences, and the label of its field for the box."""

    where: str
    text: str
    label: str = ""


def mark(data: bytes, marks: Sequence[Mark], lines: Sequence[str] = (), lang: Lang = "zh") -> bytes:
    """The same file with `marks` shown in it and a red box at the top that holds `lines`; without lines, one sentence
    on what to do and one line a mark. Without marks and lines, earlier marks are only taken away.

    Raises OfficeFault `cannot_mark` for formats other than .xlsx, .xlsm, .docx and .docm."""
    if data[:2] == b"PK":
        names = parts.names(data)
        said = tuple(lines) or box_lines(marks, lang)
        if any(n.startswith("xl/") and n.endswith(".xml") for n in names):
            from qforms.office import excel_mark

            return excel_mark.mark(data, marks, said, lang)
        if any(n.startswith("word/") for n in names):
            from qforms.office import word_mark

            return word_mark.mark(data, marks, said)
    raise fault("cannot_mark", format="?" if data[:2] == b"PK" else "xls, .doc")


def box_lines(marks: Sequence[Mark], lang: Lang) -> tuple[str, ...]:
    """What the red box says: one sentence, and a line for each cell with its address."""
    if not marks:
        return ()
    count = len(marks)
    if lang == "zh":
        head = f"请改好下面 {count} 个红格，存盘后回复原邮件。其余内容已收下，不用重填。"
    else:
        cells = "the red cell" if count == 1 else f"the {count} red cells"
        head = f"Please correct {cells} below, save the file and answer our mail with it. All else has been taken."
    return (head, *(_line(m, lang) for m in marks))


def _line(m: Mark, lang: Lang) -> str:
    place = m.where.rpartition("!")[2]
    colon = "：" if lang == "zh" else ": "
    return f"{place}  {m.label}{colon if m.label else ''}{' '.join(m.text.split())}"


def sentences(text: str) -> str:
    """A note's text, one sentence a line."""
    return re.sub(r"。(?=\S)", "。\n", text.strip())
