"""From the words that people write beside a cell to the field that is meant: exact by label, alias or earlier name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from qforms.model import Catalogue, Field, Form, Text
from qforms.traditional import simplified

# What belongs to the record itself stands on every form, too.
RECORD: dict[str, tuple[Text, tuple[str, ...]]] = {
    "number": (Text("单据编号", "Document no."), ("编号", "单号", "No.", "Number", "Report no.")),
    "form_code": (Text("表单代号", "Form code"), ("表单编号", "文件编号")),
    "revision": (Text("版次", "Revision"), ("版本", "Rev", "Rev.")),
    "status": (Text("状态", "Status"), ("单据状态",)),
    "case_no": (Text("案件编号", "Case no."), ("案件号", "投诉编号", "Case", "Complaint no.")),
}
_BRACKETS = re.compile(r"[(\[【〔<《「][^)\]】〕>》」]*[)\]】〕>》」]")
_NOISE = re.compile(r"[\s*★☆:_\-—–·.。、,，;；?？!！'\"“”]+")
_TWO = re.compile(r"^[*★]?\s*([^A-Za-z]*[\u4e00-\u9fff][^A-Za-z]*?)[\s/|]*([A-Za-z].*)$", re.S)
_NUMBERING = re.compile(r"^(\d{1,2}[.、)]|[(]\d{1,2}[)]|[一二三四五六七八九十]{1,2}、)\s*")


@lru_cache(maxsize=8192)
def normal(label: str) -> str:
    """A label as it is compared: NFKC, simplified characters, lower case,
    without stars, colons, blanks, numbering and bracketed units.

    A label that stands wholly in brackets keeps its words."""
    text = simplified(unicodedata.normalize("NFKC", label)).strip().lstrip("*★").strip()
    text = _NUMBERING.sub("", text)
    bare = _NOISE.sub("", _BRACKETS.sub("", text))
    return (bare or _NOISE.sub("", re.sub(r"[()\[\]【】〔〕<>《》「」]", "", text))).casefold()


def names_of(fld: Field) -> Iterator[str]:
    """Every word that means this field on a form: both labels, aliases, earlier names."""
    yield fld.label.zh
    if fld.label.en:
        yield fld.label.en
    yield from fld.aliases
    yield from fld.was


class Labels:
    """The labels of one form. `find` is exact after `normal`; `suggest` is a guess, to be shown, never to be used."""

    def __init__(self, form: Form, catalogue: Catalogue | None = None) -> None:
        self.form = form
        self._top = _index(form.fields, "")
        self._columns = {f.name: _index(f.fields, f.name + ".") for f in form.fields if f.fields}
        self._record = {
            normal(word): name for name, (label, more) in RECORD.items() for word in (label.zh, label.en, *more)
        }

    def find(self, label: str, within: str = "") -> str | None:
        """The field path that a label means ("product_model"); `within` a list field, its column ("shares.pct")."""
        index = self._columns.get(within, {}) if within else self._top
        found = index.get(normal(label))
        return found or _both(label, index)

    def lists(self, label: str) -> tuple[str, ...]:
        """Every column of any list that a label means, as paths."""
        found = (index.get(normal(label)) for index in self._columns.values())
        return tuple(path for path in found if path)

    def record(self, label: str) -> str | None:
        """What of the record itself a label means: number, form_code, revision, status, case_no."""
        return self._record.get(normal(label))

    def suggest(self, label: str, within: str = "") -> str | None:
        """The field path whose label is most like this one (score of at least 60 of 100), or None."""
        from rapidfuzz import fuzz, process

        index = self._columns.get(within, {}) if within else self._top
        found = process.extractOne(normal(label), list(index), scorer=fuzz.ratio, score_cutoff=60)
        return index[found[0]] if found else None


def _both(label: str, index: dict[str, str]) -> str | None:
    """A label in both languages (「产品型号 Model」): a field only when both parts mean the same one."""
    parts = _TWO.match(unicodedata.normalize("NFKC", label).strip())
    if not parts:
        return None
    one, two = (index.get(normal(part)) for part in parts.groups())
    return one if one == two else None


def _index(fields: tuple[Field, ...], prefix: str) -> dict[str, str]:
    """A word -> the field it means. What people read counts for more than another field's name in the declaration; of
    two fields of one name that which can be written, not the computed one."""
    own = {normal(fld.name): prefix + fld.name for fld in fields}
    known = sorted(fields, key=lambda fld: not fld.calc)
    return own | {normal(name): prefix + fld.name for fld in known for name in names_of(fld) if normal(name)}
