"""The lines of a letter: what the sign at the start of each says, and the plain text made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import quote

from qforms.model import Lang

Kind = Literal[
    "subject", "request", "alert", "fact", "ask", "row", "links", "item", "way", "note", "chart", "text", "gap"
]
SIGNS: tuple[tuple[str, Kind], ...] = (
    ("Subject:", "subject"),
    ("#!", "alert"),
    ("#", "request"),
    (":", "fact"),
    ("?", "ask"),
    ("|", "row"),
    ("[", "links"),
    ("-", "item"),
    ("=", "way"),
    ("~", "note"),
    ("%", "chart"),
)
_BY_FIRST = {first: tuple(pair for pair in SIGNS if pair[0][0] == first) for first in {sign[0] for sign, _ in SIGNS}}
WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "fill": "直接填写",
        "pass_on": "转给",
        "extend": "申请延期",
        "refuse": "不同意",
        "agree": "同意",
        "code": "答复码",
        "until": "到：",
        "why": "理由：",
    },
    "en": {
        "fill": "Fill in",
        "pass_on": "Pass on",
        "extend": "Ask for more time",
        "refuse": "Disagree",
        "agree": "Agree",
        "code": "Answer code",
        "until": "until: ",
        "why": "Reason: ",
    },
}
# What the reader of answers knows (P18, P42): the word that a mail must begin with to mean it.
SAID: dict[str, dict[str, str]] = {
    "zh": {"pass_on": "转给 ", "extend": "申请延期 ", "refuse": "不同意：", "agree": "同意"},
    "en": {"pass_on": "pass on to ", "extend": "extend ", "refuse": "reject: ", "agree": "approve"},
}
MAX_URL = 1000


class Line(NamedTuple):
    """One line; a fact has two cells (label, value), a table row as many as it has columns."""

    kind: Kind
    text: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """What `mailto:` links need: they open a filled-in reply, without any web server."""

    address: str
    subject: str
    code: str
    labels: tuple[str, ...]
    lang: Lang

    def label(self, what: str) -> str:
        return WORDS[self.lang][what]

    def url(self, what: str) -> str:
        """The address for one of WORDS, or for an answer in words (「2 供应商」)."""
        said, words = SAID[self.lang], WORDS[self.lang]
        code = [f"{words['code']} {self.code}"] if self.code else []
        if what == "fill":
            colon = "：" if self.lang == "zh" else ": "
            body = [*code, *(f"{label}{colon}" for label in self.labels)]
        elif what == "extend":
            body = [said[what] + words["until"], words["why"], *code]
        else:
            body = [said.get(what, what), *code]
        text = quote("\r\n".join(body), safe="")
        for subject in (self.subject, self.subject[:60], ""):
            url = f"mailto:{quote(self.address, safe='@')}?subject={quote(subject, safe='')}&body={text}"
            if len(url) < MAX_URL:
                break
        return url


def read(text: str) -> list[Line]:
    """The lines of a rendered text, without empty ones at the ends or two in a row."""
    lines: list[Line] = []
    for raw in text.split("\n"):
        line = _line(raw.rstrip())
        if line.kind == "gap" and (not lines or lines[-1].kind in ("gap", "subject")):
            continue
        lines.append(line)
    while lines and lines[-1].kind == "gap":
        lines.pop()
    return lines


def _line(raw: str) -> Line:
    if not raw or not _plain(raw).strip():
        return Line("gap")
    sign, kind = next((pair for pair in _BY_FIRST.get(raw[0], ()) if raw.startswith(pair[0])), ("", "text"))
    rest = raw[len(sign) :].strip()
    if kind in ("fact", "way"):
        label, _, value = rest.partition("：") if "：" in rest else rest.partition(": ")
        return Line(kind, cells=(_plain(label).strip(), _plain(value).strip()))
    if kind == "row":
        return Line(kind, cells=tuple(_cell(cell) for cell in rest.split("|")))
    if kind == "chart":
        name, _, words = rest.partition("|")
        return Line(kind, _plain(words).strip(), (_plain(name).strip(),))
    if kind == "links":
        return Line(kind, cells=tuple(_plain(rest).rstrip("]").split()))
    return Line(kind, _plain(rest))


def _cell(raw: str) -> str:
    """A cell keeps its sign (`@` answers, `!` overdue, `*` bold) only if the text wrote it, not a value."""
    raw = raw.strip()
    return raw[0] + _plain(raw[1:]).strip() if raw[:1] in ("@", "!", "*") else "\x02" + _plain(raw).strip()


def _plain(text: str) -> str:
    return text.replace("\x02", "").replace("\x03", "|")


def answers(cell: str) -> tuple[str, ...]:
    """The words of an answer cell `@同意 @不同意`; an answer may contain blanks."""
    return tuple(word for part in cell.split("@") if (word := part.strip()))


def to_text(lines: list[Line], lang: Lang) -> str:
    """The plain text: ends with a line break."""
    out: list[str] = []
    head: tuple[str, ...] = ()
    for line in lines:
        match line.kind:
            case "gap":
                head = ()
                out.append("")
            case "fact" | "way":
                out.append(f"{line.cells[0]}{'：' if lang == 'zh' else ': '}{line.cells[1]}")
            case "row" if not head:
                head = line.cells
            case "row":
                out.extend(_text_row(head, line.cells, lang))
            case "links":
                pass
            case "item":
                out.append(f"- {line.text}")
            case _:
                out.append(line.text)
    return _squeezed(out)


def _text_row(head: tuple[str, ...], cells: tuple[str, ...], lang: Lang) -> list[str]:
    first, second, *rest = [" / ".join(answers(c)) if c.startswith("@") else c[1:] for c in cells]
    indent = " " * (len(first) + 2)
    lines = [f"{first}  {second}"]
    if rest and len(cells) > 4:
        lines.append(indent + rest.pop(0))
    names = [h[1:] for h in head[len(cells) - len(rest) :]]
    comma = "，" if lang == "zh" else ", "
    if said := comma.join(f"{name} {value}" for name, value in zip(names, rest, strict=True) if value):
        lines.append(indent + said)
    return lines


def _squeezed(out: list[str]) -> str:
    kept = [line for i, line in enumerate(out) if line or (i and out[i - 1])]
    return "\n".join(kept).strip("\n") + "\n"
