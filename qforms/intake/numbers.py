"""Our own numbers and one-time codes as they stand in subjects and texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qforms.model import Catalogue

_CODE = re.compile(r"(?<![A-Z0-9-])([2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4})(?![A-Z0-9-])", re.I)
_PLACE = re.compile(r"\{([^{}]*)\}")
_PARTS = frozenset({"yyyymm", "yyyy", "yy", "mm", "dd", "ww", "seq"})
_MOST = 20
_OLD = re.compile(r"(?=[A-Za-z0-9/._-]*\d)[A-Za-z0-9][A-Za-z0-9/._-]{2,38}[A-Za-z0-9]")
_MOST_OLD = 4


def find(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Numbers of any of our forms in `text`, each once, in capitals, in order."""
    _, expression = _known(catalogue)
    if expression is None:
        return ()
    return tuple(dict.fromkeys(m.group().upper() for m in expression.finditer(text[:2000])))[:_MOST]


def asked_of_old(subject: str) -> tuple[tuple[str, str, str], ...]:
    """What is looked up for the words of a subject that may be numbers of a complaint from before ours (P9), as (form,
    field, value)."""
    return tuple(("complaint", "old_numbers", word) for word in dict.fromkeys(_OLD.findall(subject[:300])[:_MOST_OLD]))


def form_of(number: str, catalogue: Catalogue) -> str:
    """The form whose numbers look like this one; "" when none does."""
    return next((n for s, n in _known(catalogue)[0].items() if re.fullmatch(_pattern(s), number, re.I)), "")


_last: list[tuple[Catalogue, dict[str, str], re.Pattern[str] | None]] = []


def _known(catalogue: Catalogue) -> tuple[dict[str, str], re.Pattern[str] | None]:
    """The series of a catalogue and the expression of them all; those of the last one asked for are kept."""
    if not _last or _last[0][0] is not catalogue:
        series = _series(catalogue)
        _last[:] = [
            (catalogue, series, _expression(tuple(sorted(series, key=len, reverse=True))))
        ]  # FX-…-R before FX-…
    return _last[0][1:]


def _series(catalogue: Catalogue) -> dict[str, str]:
    """Series of numbers -> form. A number that is made of another form's stands with that form's series in it; one that
    is made of a name can't be told from words and is left out."""
    found = {}
    for name, form in catalogue.forms.items():
        series = form.number
        for field in form.fields:
            if field.ref in catalogue.forms and f"{{{field.name}}}" in series:
                series = series.replace(f"{{{field.name}}}", catalogue.form(field.ref).number or "{name}")
        if series and all(p[1].partition(":")[0] in _PARTS for p in _PLACE.finditer(series)):
            found[series] = name
    return found


def codes(texts: Iterable[str]) -> tuple[str, ...]:
    """What looks like a one-time code (XXXX-XXXX); whether it is one, the ledger knows."""
    found = (m[1].upper() for text in texts for m in _CODE.finditer(text[:100_000]))
    return tuple(dict.fromkeys(found))[:_MOST]


def _pattern(number: str) -> str:
    """ "TS-{yyyymm}-{seq:04d}" as an expression; a dash may be any of the dashes that people type."""
    out, end = "", 0
    for place in _PLACE.finditer(number):
        out += re.escape(number[end : place.start()])
        name, _, width = place[1].partition(":")
        digits = {"yyyymm": "\\d{6}", "yyyy": "\\d{4}", "yy": "\\d{2}", "mm": "\\d{2}", "dd": "\\d{2}", "ww": "\\d{2}"}
        out += digits.get(name, rf"\d{{{int(width.strip('0d') or 1)},9}}" if width else r"\d{1,9}")
        end = place.end()
    return out + re.escape(number[end:])


def _expression(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    either = "|".join(_pattern(p) for p in patterns)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.I)
