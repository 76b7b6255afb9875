"""Customers' own forms (P44): the office writes {{字段}} into the customer's .xlsx or .docx and puts the file into
`form_templates/<form>/customers/`; it is filled in from a record with nothing else in it changed.

    data = own.fill(path, words, photos)     # raises QformsError, in both languages, for a template of no use
    own.lacking(path, words)                 # what is wanted and not known: (where, label)
    own.faults(path, words)                  # for `qforms check`"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from qforms.documents.own import papers, sheets
from qforms.documents.own.tags import Tag, tags, unreadable
from qforms.documents.own.words import Words
from qforms.forms.parts import complete, later
from qforms.model import QformsError, Told
from qforms.office.book import OfficeFault
from qforms.problems import say

FOLDER = "customers"
KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_MARGIN = re.compile(r"header|footer|footnotes|endnotes")
_PARTS = {"header": "页眉", "footer": "页脚", "footnotes": "脚注", "endnotes": "尾注"}
_FILL: Mapping[str, Callable[[bytes, Words, Mapping[str, bytes]], bytes]] = {".xlsx": sheets.fill, ".docx": papers.fill}
_LARGEST = 5 << 20  # bytes: it goes out with a letter

__all__ = ["FOLDER", "KINDS", "Words", "faults", "fill", "lacking", "path_of", "unplaced"]


def path_of(root: Path, form: str, name: str) -> Path:
    """Where a customer's own form lies; `root` is form_templates. Raises QformsError for a name that leads elsewhere
    or a file that is not there."""
    folder = root / form / FOLDER
    path = folder / name
    if Path(name).name != name or name.startswith(".") or not path.is_file():
        zh, en = f"没有文件「{name}」，请放进 {folder}", f"there is no file “{name}”: put it into {folder}"
        raise QformsError(Told(zh, en))
    return path


def fill(path: Path, words: Words, photos: Mapping[str, bytes]) -> bytes:
    """The file filled in. Raises QformsError that says where and why it cannot be."""
    data = _bytes(path)
    wrong = next(_wrong(path, data, words), None)
    if wrong is not None:
        raise QformsError(wrong)
    try:
        return _FILL[path.suffix.lower()](data, words, photos)
    except OfficeFault as fault:
        raise QformsError(_told(fault, path)) from None


def faults(path: Path, words: Words) -> Iterator[Told]:
    """What is wrong in a template, each with its cell; and required fields that it has no place for."""
    try:
        yield from _wrong(path, _bytes(path), words)
    except QformsError as fault:
        yield fault.text if isinstance(fault.text, Told) else Told(fault.text, fault.text)


def unplaced(path: Path, words: Words) -> list[str]:
    """The names of required fields that the template has no place for. Raises QformsError."""
    placed = {tag.name for _, text in _places(path, _bytes(path)) for tag in tags(text)}
    return [
        f.name
        for section in words.form.sections
        if section.reply
        for f in section.fields
        if f.required and f.name not in placed and not f.private
    ]


def lacking(path: Path, words: Words) -> list[tuple[str, str]]:
    """The places (「8D!C12」) whose value is wanted and not known, with what they are called; of steps that are not due
    yet none. Raises QformsError."""
    record = words.record
    undue = frozenset() if record is None else _undue(words)
    found = []
    for where, text in _places(path, _bytes(path)):
        for tag in tags(text):
            fld = words.form.field(tag.name)
            if fld and tag.name not in undue and words.wanted(tag) and not _known(words, tag):
                found.append((where, fld.label[words.lang]))
    return found


def _undue(words: Words) -> frozenset[str]:
    """The fields of steps beyond the stage that is being worked on."""
    form, values = words.form, words.record.values if words.record else {}
    open_ = [s.name for s in form.sections if s.reply and not complete(form, s, values, words.catalogue)]
    beyond = later(form, open_)
    return frozenset(f.name for s in form.sections if s.name in beyond for f in s.fields)


def _known(words: Words, tag: Tag) -> bool:
    shown = words.pictures(tag)
    if shown is not None:
        return bool(shown)
    rows = max(1, len(words.rows(tag.name))) if tag.repeats else 1
    return all(words.text(tag, row) for row in range(rows))


def _bytes(path: Path) -> bytes:
    """The file, if it is one that can be filled in. Raises QformsError."""
    where = f"{path}: "
    if path.suffix.lower() not in KINDS:
        zh, en = (
            "只能填 .xlsx 和 .docx：请另存为其中之一",
            "only .xlsx and .docx can be filled in: save it as one of them",
        )
        raise QformsError(Told(zh, en, where))
    if (size := path.stat().st_size) > _LARGEST:
        zh, en = (
            f"有 {size >> 20} MB，最多 5 MB：请把图片缩小",
            f"is {size >> 20} MB, at most 5 MB: make its pictures smaller",
        )
        raise QformsError(Told(zh, en, where))
    return path.read_bytes()


def _places(path: Path, data: bytes) -> list[tuple[str, str]]:
    """Every text with a placeholder and where it stands: 8D!C12, 表2第3行第2格, 页眉. Raises QformsError."""
    try:
        book = sheets.read(data)
        if (path.suffix.lower() == ".xlsx") != (book.kind == "excel") or book.form not in ("xlsx", "docx"):
            zh, en = (
                "内容与扩展名不符：请用 Excel 或 Word 另存一次",
                "is not what its ending says: save it again in Excel or Word",
            )
            raise QformsError(Told(zh, en, f"{path}: "))
        found = [(g.address(*at), cell.text) for g in book.grids for at, cell in g.cells.items() if _marked(cell.text)]
        if book.kind == "word":
            seen = "\n".join(text for _, text in found)
            found += [
                (_PARTS[m[0]] if (m := _MARGIN.search(name)) else "文本框", text) for name, text in _beside(data, seen)
            ]
        return found
    except OfficeFault as fault:
        raise QformsError(_told(fault, path)) from None


def _beside(data: bytes, seen: str) -> Iterator[tuple[str, str]]:
    """The texts with placeholders of a document that stand in no table and no line: headers, footers, notes, boxes."""
    for name, root in papers.filled_parts(data).items():
        yield from ((name, text) for text in papers.texts(root) if _marked(text) and text.strip() not in seen)


def _marked(text: str) -> bool:
    return "{{" in text or "}}" in text or "{%" in text


def _wrong(path: Path, data: bytes, words: Words) -> Iterator[Told]:
    places = _places(path, data)
    if not places:
        yield Told(
            "没有占位符：在格子里写 {{字段名}}", "has no placeholders: write {{field}} into its cells", f"{path}: "
        )
    for where, text in places:
        at = f"{path}: {where}: "
        for piece in unreadable(text):
            zh, en = (
                f"看不懂「{piece[:40]}」：只能写 {{{{字段名}}}}",
                f"“{piece[:40]}” is no placeholder: write {{{{field}}}}",
            )
            yield Told(zh, en, at)
        for tag in tags(text):
            if (fault := words.fault(tag)) is not None:
                yield Told(fault.zh, fault.en, at)


def _told(fault: OfficeFault, path: Path) -> Told:
    where = f"{path}: {fault.problem.where}: " if fault.problem.where else f"{path}: "
    return Told(say(fault.problem, "zh"), say(fault.problem, "en"), where)
