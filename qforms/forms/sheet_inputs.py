"""What Excel says and offers while a cell is filled in: a prompt with an example, a list, what to write instead.

Nothing is forbidden: a person who does not know writes 无 (P58), and what cannot be read is asked by mail. So errors
are warnings that say what to write. Lists stand on the hidden sheet `_lists` and are reached through names."""

from __future__ import annotations

from typing import Any

from qforms.forms.cells import clean, put
from qforms.forms.sheet_layout import label
from qforms.model import Catalogue, Field, Lang, Text

_YES_NO = ("是", "否"), ("yes", "no")
_HINT = {
    "enum": Text("从列表选择。", "Choose from the list."),
    "bool": Text("从列表选择。", "Choose from the list."),
    "int": Text("只填整数，不写单位。", "A whole number without its unit."),
    "dec": Text("只填数字，不写单位。", "A number without its unit."),
    "money": Text("只填金额，单位元，如 1280.00。", "The amount in CNY, such as 1280.00."),
    "date": Text("如 2026-04-02。", "Such as 2026-04-02."),
    "dt": Text("如 2026-05-11 10:05；只知道日期也可以。", "Such as 2026-05-11 10:05; the date alone will do."),
    "file": Text("写文件名，文件作附件。", "Write the file's name and attach the file."),
    "img": Text("写文件名，照片作附件。", "Write the file's name and attach the photo."),
}
_MANY = Text("多个用逗号隔开。", "Several: separate them with commas.")
_ERROR = {
    "enum": Text("请点右侧箭头，从列表中选一项。", "Please choose one from the list: click the arrow at the right."),
    "date": Text("请写成 2026-05-11。", "Please write it as 2026-05-11."),
    "dt": Text("请写成 2026-05-11 或 2026-05-11 10:05。", "Please write it as 2026-05-11 or 2026-05-11 10:05."),
    "dec": Text("请填数字，不带单位。", "Please write a number without its unit."),
    "int": Text(
        "请填 {min} 或更大的整数，不带单位。", "Please write a whole number of {min} or more without its unit."
    ),
}
_UNKNOWN = Text("不清楚的填“无”。", "Write “none” if you do not know.")


class Inputs:
    """The validations of one sheet; cells that want the same share one."""

    def __init__(self, book: Any, ws: Any, catalogue: Catalogue, lang: Lang) -> None:
        self._book, self._ws, self._lang = book, ws, lang
        self._lists: dict[tuple[str, ...], str] = {}
        self._found: dict[Field, Any] = {}

    def add(self, fld: Field, address: str) -> None:
        """Gives the cell its prompt and, where the field has one, its list or check."""
        key = fld
        if key not in self._found:
            self._found[key] = self._validation(fld)
        self._found[key].add(address)

    def finish(self) -> None:
        """Writes the validations and the hidden sheet of lists."""
        from openpyxl.workbook.defined_name import DefinedName

        for validation in self._found.values():
            self._ws.add_data_validation(validation)
        hidden = self._book.create_sheet("_lists")
        hidden.sheet_state = "hidden"
        for col, (words, name) in enumerate(self._lists.items(), start=1):
            for row, word in enumerate(words, start=1):
                put(hidden.cell(row, col), word)
            letter = hidden.cell(1, col).column_letter
            reference = f"'_lists'!${letter}$1:${letter}${len(words)}"
            self._book.defined_names[name] = DefinedName(name, attr_text=reference)

    def _validation(self, fld: Field) -> Any:
        from openpyxl.worksheet.datavalidation import DataValidation

        settings = {} if fld.many else self._check(fld)
        validation = DataValidation(allow_blank=True, errorStyle="warning" if settings else None, **settings)
        validation.showInputMessage, validation.showErrorMessage = True, bool(settings)
        validation.promptTitle, validation.prompt = clean(label(fld, self._lang))[:32], self._prompt(fld)
        if settings:
            validation.errorTitle, validation.error = validation.promptTitle, self._error(fld)
        return validation

    def _check(self, fld: Field) -> dict[str, Any]:
        least = "0" if fld.min is None else str(fld.min)
        if fld.type in ("enum", "bool"):
            return {"type": "list", "formula1": self._list(fld)}
        if fld.type == "int":
            return {"type": "whole", "operator": "greaterThanOrEqual", "formula1": least}
        if fld.type in ("dec", "money"):
            return {"type": "decimal", "operator": "greaterThanOrEqual", "formula1": str(fld.min or "-1E+15")}
        if fld.type in ("date", "dt"):  # 36526 is 2000-01-01
            return {"type": "date", "operator": "greaterThanOrEqual", "formula1": "36526"}
        return {}

    def _list(self, fld: Field) -> str:
        words = tuple(c.label[self._lang] for c in fld.choices)
        if fld.type == "bool":
            words = _YES_NO[self._lang == "en"]
        return self._lists.setdefault(words, f"list_{len(self._lists) + 1}_{fld.name}")

    def _prompt(self, fld: Field) -> str:
        lang = self._lang
        example = fld.example[lang]
        parts = [fld.help[lang]]
        if example:
            parts.append(f"如 {example}" if lang == "zh" else f"Such as {example}")
        if fld.many and fld.type == "enum":
            words = (
                "、".join(c.label.zh for c in fld.choices)
                if lang == "zh"
                else ", ".join(c.label.en for c in fld.choices)
            )
            parts.append(f"可写：{words}" if lang == "zh" else f"Choose from: {words}")
        elif not example or fld.type in ("enum", "int", "img", "file"):
            parts.append(_HINT[fld.type][lang] if fld.type in _HINT else "")
        if fld.many:
            parts.append(_MANY[lang])
        parts = [p if p.endswith(("。", ".", "?", "？")) else p + ("。" if lang == "zh" else ".") for p in parts if p]
        text = ("" if lang == "zh" else " ").join(parts)
        return clean(text or _UNKNOWN[lang])[:255]

    def _error(self, fld: Field) -> str:
        kind = {"bool": "enum", "money": "dec"}.get(fld.type, fld.type)
        text = _ERROR[kind][self._lang].format(min=0 if fld.min is None else fld.min)
        extra = "" if fld.required and kind == "enum" else _UNKNOWN[self._lang]
        return clean(f"{text} {extra}" if self._lang == "en" else text + extra)[:255]
