"""What fails, out of running text: the phenomenon alone (「通电后无输出，指示灯不亮」), and the category of its words.

Cut out are who writes, product, model, lot, serial and order numbers, quantities, requests and greetings. A mail's text
is parted into clauses; those that name a fault are kept. The words are data (`words.toml`: faults, around)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from qforms.intake import words
from qforms.intake.freetext import folded, identifiers
from qforms.intake.words import Finder

_CLAUSE = re.compile(
    r"(?:,(?!(?<=\d,)\d{3}(?!\d))|[。;!?\n|【】「」()\[\]<>“”\"]|:(?!\d)|\.(?=\s|$)|(?<!\d)\s[-–—/]\s|—+|…)+"
)
_CLAUSES, _LONGEST, _SEARCHED, _TAIL = 3, 80, 20_000, 200
_GONE = "\x00"  # stands for what was cut out
_MEASURE = re.compile(
    r"(?:\d+(?:\.\d+)?(?:[munkp]?[avwfhzs]|ma|mah|wh|kwh|hz|khz|mhz|ms|min|mm|cm|kg|g|h|db|rpm|nm|mpa|bar)x?)+", re.I
)
_CODE = re.compile(
    r"(?<![A-Za-z0-9.])(?=[A-Za-z0-9])(?=[A-Za-z0-9/.-]{0,60}[A-Za-z])(?=[A-Za-z0-9/.-]{0,60}\d)"
    r"[A-Za-z0-9]+(?:[-/.][A-Za-z0-9]+)*"
)
_ELSE = re.compile(
    r"https?://\S+|[^\s@]{1,64}@[^\s@]+|(?<!\d)1\d{10}(?!\d)|(?:\d{4}[年/.-])?\d{1,2}(?:月\d{1,2}[日号]?|[/-]\d{1,2}(?:[/-]\d{2,4})?(?![\w-]))|"
    r"(?:不良|故障)?率?\s{0,4}[约为达:]?\s{0,4}\d{1,12}(?:\.\d{1,12})?\s{0,4}[%‰]|\d{1,12}\s{0,4}ppm|"
    r"(?<![\d.])\d{1,12}\s{0,4}/\s{0,4}\d{1,12}(?![\d.\w])",
    re.I,
)
_BLANK = re.compile(r"[\s\x00]+")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a phenomenon, compiled."""

    faults: Finder
    category: dict[str, str]  # word -> code
    generic: Finder
    lead: re.Pattern[str]
    product: re.Pattern[str]
    follows: re.Pattern[str]  # what may stand behind a product's name, beside a fault
    condition: re.Pattern[str]
    found: re.Pattern[str]
    request: re.Pattern[str]
    tail: re.Pattern[str]
    greeting: re.Pattern[str]
    code: re.Pattern[str]


@lru_cache(1)
def _around() -> _Around:
    data = words.vocabulary_file()
    around, faults = data["around"], dict(data["faults"])
    harmless = (*faults.pop("harmless"), *data["danger"]["harmless"])
    generic = faults.pop("generic")
    category = {words.plain(w): "" if c == "uncategorised" else c for c, ws in faults.items() for w in ws}
    lead, stage = words.any_of(around["lead"]), words.any_of((*around["stage"], *around["lead"])).pattern
    zh, en = "|".join(around["condition"]), words.any_of(around["condition_en"]).pattern
    return _Around(
        faults=words.finder(tuple(category), harmless),
        category=category,
        generic=words.finder(generic, harmless),
        lead=re.compile(
            rf"[\s\x00,.、的·]*(?:{lead.pattern}|\d{{1,6}}\s+(?=are\b|were\b|have\b|had\b|do\b|did\b|of\b))(?![后时中过期])"
        ),
        product=words.any_of(around["product"]),
        follows=re.compile(rf"[\s\x00]|$|{stage}"),
        condition=re.compile(rf"\S(?:{zh})\s*$|^\s*(?:{en})\b", re.M),
        found=words.any_of(around["found"]),
        request=re.compile(rf"(?<![申邀]){words.any_of(around['request']).pattern.replace('|', '|(?<![申邀])')}"),
        # possessive: of 的现象的现象 there are more ways to part it than there is time to try them
        tail=re.compile(
            rf"(?:\s+\S{{1,4}}(?:经理|工程师|工|先生|女士|小姐|主管|总)|[\s\x00,、.:-]|{words.any_of(around['tail']).pattern})++$"
        ),
        greeting=re.compile(rf"\s*(?:{words.any_of(around['greeting']).pattern})"),
        code=re.compile(rf"(?:{words.any_of(around['code']).pattern})\s*[:为]?\s*$"),
    )


def phenomenon(subject: str, text: str) -> str:
    """What fails, at most three clauses. Of clauses that name a fault the text's count before the subject's, then those
    that only say 不良; where nobody says, the first sentence without what is cut out; "" when nothing is left."""
    around, said = _around(), _Said(text)
    if clauses := list(said.clauses(around.faults)):
        return _joined(clauses)
    told = [said, _Said(subject)]
    for finder in (around.faults, around.generic):
        for said in told:
            if clauses := list(said.clauses(finder)):
                return _joined(clauses)
    return next(
        (rest for said in told if (rest := said.rest())),
        " ".join((subject or text).replace(_GONE, " ").split())[:_LONGEST],
    )


def names_fault(text: str) -> bool:
    """Whether a text says that something fails, and not denied."""
    low = words.plain(text)
    return bool(_around().faults.places(low) or _around().generic.places(low))


def category(text: str) -> str:
    """The one category that the faults in a text belong to; "" when there is none, or more than one."""
    low = words.plain(text)
    around = _around()
    found = {around.category.get(" ".join(low[a:b].split()), "") for a, b in around.faults.places(low)} - {""}
    return found.pop() if len(found) == 1 else ""


def without(text: str, names: Iterable[str]) -> str:
    """A phenomenon without these names of the product, where something is left of it."""
    for name in sorted((n for n in names if n), key=len, reverse=True):
        rest = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])\s*的?", "", text, flags=re.I)
        if _LETTERS.search(rest):
            text = rest.strip(" ，,、的")
    return text


class _Said:
    """A text with what is no phenomenon blanked out, and its clauses. Places are the same in all three texts."""

    def __init__(self, text: str) -> None:
        self.text = text[:_SEARCHED].replace(_GONE, " ")
        blanked = _blanked(folded(self.text))
        low = blanked.lower()
        self.low = low if len(low) == len(blanked) else blanked

    def clauses(self, finder: Finder) -> Iterator[str]:
        """The clauses that name a fault, and one before it that says when (通电 5 min 后)."""
        faults = finder.places(self.low)
        before: tuple[int, int] | None = None
        for start, end in self._parts() if faults else ():
            here = [f for f in faults if start <= f[0] and f[1] <= end]
            if here and (clause := self._clause(start, end, here)):
                if before and (when := self._when(*before)):
                    yield when
                yield clause
            before = None if here or "\n" in self.low[end : end + 1] else (start, end)

    def rest(self) -> str:
        """The first clauses that are no greeting and no request, without what is cut out."""
        around = _around()
        kept = []
        for start, end in self._parts():
            if around.greeting.match(self.low, start, end):
                continue
            piece = _glued(self._tidy(a, b, b) for a, b in self._pieces(start, end))
            if len(_LETTERS.findall(piece)) and len(piece) >= 3:
                kept.append(piece)
            if kept and self.low[end : end + 1] in {"。", "\n", ".", "!", "?", ""}:
                break
        return _joined(kept)

    def _parts(self) -> Iterator[tuple[int, int]]:
        start = 0
        for mark in _CLAUSE.finditer(self.low):
            if mark.start() > start:
                yield start, mark.start()
            start = mark.end()
        if start < len(self.low):
            yield start, len(self.low)

    def _clause(self, start: int, end: int, faults: list[tuple[int, int]]) -> str:
        """The pieces of a clause, parted by what was cut out, that name a fault or say when."""
        pieces = []
        for a, b in self._pieces(start, end):
            here = [f for f in faults if a <= f[0] and f[1] <= b]
            if here:
                pieces.append(self._tidy(a, b, here[0][0], here[-1][1]))
            elif when := self._when(a, b):
                pieces.append(when)
        return _glued(p for p in pieces if p)

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        at = start
        for gap in re.finditer(f"{_GONE}+", self.low[start:end]):
            yield at, start + gap.start()
            at = start + gap.end()
        yield at, end

    def _when(self, start: int, end: int) -> str:
        """The piece if it says when something fails; a request or an apposition says nothing."""
        piece = self._tidy(start, end, end, keep_tail=True)
        return piece if 2 <= len(piece) <= 30 and _around().condition.search(piece.lower()) else ""

    def _tidy(self, start: int, end: int, fault: int, sure: int = 0, keep_tail: bool = False) -> str:
        """A piece without what leads up to it and what hangs on; `fault` to `sure` is never touched."""
        around, low = _around(), self.low
        start = self._led(start, fault)
        for found in around.found.finditer(low, start, fault):
            left = self.text[start : found.start()].strip()
            if around.condition.search(left.lower()):
                after = self._led(found.end(), fault)
                return _glued((left, self._tidy(after, end, fault, sure)))
            start = self._led(found.end(), fault)
        asked = around.request.search(low, max(start, sure), end)
        end = asked.start() if asked else end
        end = max(start, sure) + len(low[max(start, sure) : end].rstrip("\x00 \t\r\n　"))
        if not keep_tail and (tail := around.tail.search(low, max(start, sure, end - _TAIL), end)):
            end = tail.start()
        return self.text[start:end].replace(_GONE, " ").strip(" \t　,，、.:：-·*•>")

    def _led(self, start: int, fault: int) -> int:
        """Where a piece begins when who writes, 发现, 的 and the product's name are taken off its head."""
        around = _around()
        while start < fault:
            match = around.lead.match(self.low, start)
            if match is None or match.end() > fault:
                match = _BLANK.match(self.low, start, fault)
                match = around.product.match(self.low, match.end() if match else start)
                if match is None or match.end() > fault:
                    break
                if match.end() < fault and not around.follows.match(self.low, match.end()):
                    break
            start = match.end()
        return start


def _blanked(text: str) -> str:
    """The text with numbers of things, quantities, dates, rates and addresses blanked out, length kept."""
    spans = [*identifiers(text), *(m.span() for m in _ELSE.finditer(text))]
    code = _around().code
    for m in _CODE.finditer(text):
        named = "-" in m[0] or (len(m[0]) >= 5 and sum(c.isdigit() for c in m[0]) >= 2)
        if named and not _MEASURE.fullmatch(m[0]) and not code.search(text[max(0, m.start() - 12) : m.start()].lower()):
            spans.append(m.span())
    for start, end in spans:
        text = f"{text[:start]}{_GONE * (end - start)}{text[end:]}"
    return text


def _glued(pieces: Iterable[str]) -> str:
    out = ""
    for piece in filter(None, pieces):
        blank = " " if out and out[-1].isascii() and piece[0].isascii() else ""
        out += blank + piece
    return out


def _joined(clauses: Iterable[str]) -> str:
    """At most three different clauses, in one line of some eighty characters."""
    out = ""
    for n, clause in enumerate(dict.fromkeys(" ".join(c.split()) for c in clauses if c)):
        if n == _CLAUSES or (out and len(out) + len(clause) > _LONGEST):
            break
        out += ((", " if out.isascii() and clause.isascii() else "，") if out else "") + clause
    return out[:_LONGEST].rstrip()
