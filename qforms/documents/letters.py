"""A letter intent -> subject, plain text and HTML, from `form_templates/letters/<kind>.<lang>.txt` (docs/letters.md).

The jinja2 text gives lines; a sign at the start of a line says what it is (request, fact, table row …). Values cannot
pose as signs: each is marked with a control character while the lines are read (`_value`), which no value contains."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from qforms.documents.letter_html import to_html
from qforms.documents.letter_lines import Line, Links, read, to_text
from qforms.model import Lang, LetterIntent, QformsError, Told
from qforms.settings import Settings

if TYPE_CHECKING:
    import jinja2

MAX_FACTS, MAX_LABELS, MAX_VALUE = 5, 6, 240
_STRINGS = "name department request due at title who model phenomenon rate amount left stage body asked status_link"
_STRINGS += " count more link minutes"
_LISTS = "suggested facts ask_labels problems lines missing changes choices words forms steps charts"
_FLAGS = "links agree overdue kept"
BLANK: Mapping[str, Any] = {
    **dict.fromkeys(_STRINGS.split(), ""),
    **dict.fromkeys(_LISTS.split(), ()),
    **dict.fromkeys(_FLAGS.split(), False),
    "original": {},
}
_OF_LINES = "decide situation due over who number mark what left department title model phenomenon rate stage code"
LINE: Mapping[str, Any] = {
    **dict.fromkeys(_OF_LINES.split(), ""),
    **dict.fromkeys(["answers", "facts", "suggested"], ()),
    "overdue": False,
}
_PLEASE = re.compile(r"^(请|please )|[。.]$")
_PARAGRAPH = re.compile(r"\n\s*\n|\r\n\s*\r\n")
WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes into the mail: the same words as text and as HTML."""

    subject: str
    text: str
    html: str


def compose(intent: LetterIntent, settings: Settings) -> Composed:
    """The letter's words, in the intent's language and the company's time zone.

    Raises QformsError, naming the text file, when there is no text for the kind or it uses an unknown name."""
    file = _file(settings.root, str(intent.facts.get("text") or intent.kind), intent.lang)
    context = _context(intent, settings)
    lines = read(_render(file, intent.lang, settings.company.timezone, context))
    if not lines or lines[0].kind != "subject":
        raise QformsError(Told("第一行应是 Subject: …", "the first line must be Subject: …", f"{file}:1: "))
    subject = _subject(intent, lines[0].text, context)
    links = Links(
        address=settings.outgoing.sender or settings.company.address,
        subject=f"Re: {subject}",
        code=context["code"],
        labels=tuple(context["ask_labels"]),
        lang=intent.lang,
    )
    body = _within(lines[1:])
    return Composed(subject, to_text(body, intent.lang), to_html(body, links))


@functools.lru_cache(maxsize=128)
def _file(root: Path, kind: str, lang: Lang) -> Path:
    return root / "form_templates" / "letters" / f"{kind}.{lang}.txt"


def names(file: Path) -> frozenset[str]:
    """Names that the text file uses and no letter has: for `qforms check`. Raises QformsError on a syntax error."""
    from jinja2 import TemplateError, meta

    try:
        used = meta.find_undeclared_variables(_environment("zh", "UTC").parse(_source(file)))
    except (TemplateError, UnicodeDecodeError) as fault:
        raise QformsError(f"{file}:{getattr(fault, 'lineno', 1)}: {fault}") from None
    return frozenset(used - BLANK.keys() - {"number", "revision", "code", "company", "attached", "paragraphs"})


def _context(intent: LetterIntent, settings: Settings) -> dict[str, Any]:
    own = {
        "number": intent.number,
        "revision": intent.revision,
        "code": intent.code,
        "company": settings.company.name_en or settings.company.name if intent.lang == "en" else settings.company.name,
        "attached": bool(intent.attach),
        "at": intent.at.isoformat() if intent.at else "",
    }
    given = {key: value for key, value in intent.facts.items() if value is not None}
    context = {**BLANK, **own, **given}
    context["request"] = _PLEASE.sub("", str(context["request"]).strip())
    context["original"] = {"subject": "", "received_at": "", **context["original"]}
    context["lines"] = [{**LINE, **line} for line in context["lines"]]
    known = [[str(a), str(b)] for a, b in context["facts"] if str(b).strip()]
    context["facts"] = [[a, _clip(b)] for a, b in known[:MAX_FACTS]]
    context["ask_labels"] = [_flat(str(label)) for label in context["ask_labels"][:MAX_LABELS]]
    context["paragraphs"] = [p for p in _PARAGRAPH.split(str(context["body"])) if p.strip()]
    return context


def _subject(intent: LetterIntent, own: str, context: Mapping[str, Any]) -> str:
    original = _flat(str(context["original"].get("subject", "")))
    if intent.subject:
        subject = intent.subject
    elif original and intent.in_reply_to:
        bare = re.sub(r"^((re|回复|答复)\s*[:：]\s*)+", "", original, flags=re.I)
        subject = f"Re: {bare}" + ("" if not intent.number or intent.number in bare else f" [{intent.number}]")
    else:
        subject = own
    return _flat(subject)[:180]


def _within(lines: list[Line]) -> list[Line]:
    """Facts without a value and headings of nothing are left out."""
    return [x for x in lines if not (x.kind == "fact" and not x.cells[1])]


# ---------------------------------------------------------------- rendering


def _render(file: Path, lang: Lang, zone: str, context: Mapping[str, Any]) -> str:
    from jinja2 import TemplateError

    try:
        return _template(file, file.stat().st_mtime_ns, lang, zone).render(context)
    except FileNotFoundError:
        zh = f"没有信件文本 {file}；从 qforms init 建的新工作区复制一份"
        raise QformsError(Told(zh, f"no letter text {file}; copy it from a new workspace of qforms init")) from None
    except TemplateError as fault:
        raise QformsError(f"{file}:{getattr(fault, 'lineno', '') or 1}: {fault.message}") from None
    except (TypeError, ValueError, KeyError, AttributeError) as fault:  # the text does with a value what cannot be done
        raise QformsError(f"{file}: {fault}") from None


@functools.lru_cache(maxsize=128)
def _template(file: Path, _mtime: int, lang: Lang, zone: str) -> jinja2.Template:
    return _environment(lang, zone).from_string(_source(file))


def _source(file: Path) -> str:
    """The text with the lines that hold nothing but `{% %}` joined to the next, so that they leave no empty line."""
    return re.sub(r"(?m)^[ \t]*((?:\{%[^%]*%\}[ \t]*)+)\n", r"\1", file.read_text("utf-8"))


@functools.lru_cache(maxsize=8)
def _environment(lang: Lang, zone: str) -> jinja2.Environment:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    env = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, finalize=_value, autoescape=False, keep_trailing_newline=True
    )
    where = ZoneInfo(zone)
    env.filters["when"] = lambda value: when(_time(value, where), lang)
    env.filters["short"] = lambda value: when(_time(value, where), lang, weekday=False)
    env.filters["day"] = lambda value: day(_time(value, where), lang)
    return env


def _value(value: Any) -> str:
    """A value inside a line: one line, its bars set aside, marked as no sign of ours."""
    return "\x02" + _flat(str(value)).replace("|", "\x03")


def _flat(text: str) -> str:
    """One line without control, surrogate or direction-changing characters."""
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(" " if c in "\n\r\t\v\f\x85\u2028\u2029" else c for c in text if _printable(c)).split())


def _printable(char: str) -> bool:
    return char in "\n\r\t\v\f\x85\u2028\u2029" or (
        unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")
        and char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _clip(text: str) -> str:
    flat = _flat(text)
    return flat if len(flat) <= MAX_VALUE else flat[: MAX_VALUE - 1] + "…"


def _time(value: Any, zone: ZoneInfo) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def when(at: datetime, lang: Lang, weekday: bool = True) -> str:
    """5/14（周四）17:20, without the weekday 5/14 17:20; in English Thu 14 May 17:20."""
    return f"{day(at, lang, weekday)}{'' if lang == 'zh' and weekday else ' '}{at:%H:%M}"


def day(at: date, lang: Lang, weekday: bool = True) -> str:
    """5/14（周四）; in English Thu 14 May."""
    name = WEEKDAYS[lang][at.weekday()]
    if lang == "zh":
        return f"{at.month}/{at.day}" + (f"（周{name}）" if weekday else "")
    return (f"{name} " if weekday else "") + f"{at.day} {MONTHS[at.month - 1]}"
