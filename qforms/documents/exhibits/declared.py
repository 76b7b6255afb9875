"""`form_templates/<form>/exhibits.yaml`: what a document shows beyond its fields. Its lines (what is counted, by
expressions over records) and its exhibits (charts and tables made from them); docs/reports.md."""

from __future__ import annotations

import dataclasses as dc
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qforms.documents.exhibits.lines import Column, Lines
from qforms.documents.exhibits.periods import Sight
from qforms.forms import source
from qforms.forms.source import Table
from qforms.model import EMPTY, Catalogue, Condition, Field, Form, QformsError, Rulebook, Text
from qforms.model.texts import NO_TEXT
from qforms.rulebook.scope import Scopes

FILE = "exhibits.yaml"
CLOCK_COLUMNS: Mapping[str, tuple[str, str]] = {
    "number": ("编号", "Number"),
    "clock": ("时限", "Deadline"),
    "title": ("时限名称", "Deadline in words"),
    "case_no": ("案件", "Case"),
    "department": ("部门", "Department"),
    "owner": ("责任人", "Person"),
    "started_at": ("开始", "Started"),
    "due_at": ("到期", "Due"),
    "met_at": ("完成", "Met"),
    "state": ("状态", "State"),
    "late_hours": ("超时小时", "Hours late"),
    "month": ("到期月份", "Month due"),
    "week": ("到期周次", "Week due"),
}
LATER_COLUMNS: Mapping[str, tuple[str, str]] = {
    "number": ("编号", "Number"),
    "was": ("原报", "Reported"),
    "now": ("现为", "Now"),
}
STATES = {
    "met": ("达成", "met"),
    "met_late": ("迟办", "met late"),
    "overdue": ("逾期", "overdue"),
    "running": ("在办", "running"),
}
DRAWN = (
    *("pareto", "ranking", "trend", "matrix", "ageing", "spread", "steps", "months", "backlog", "stacked"),
    *("fishbone", "ladder", "summary", "grid", "list"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Records of a form (or rows of their list `each`) as rows: column -> expression."""

    form: str
    fill: Mapping[str, Condition]
    where: Condition | None = None
    each: str = ""
    since: str = ""  # the date or time by which a record is left out that lies more than two years back


@dataclass(frozen=True, slots=True)
class LineRule:
    """Rows of one kind: from records, from deadlines, or from a list of the document's own record."""

    blank: Lines
    sources: tuple[Source, ...] = ()
    clocks: bool = False
    list: str = ""
    frozen: str = ""  # the column that names the period: what was issued stands
    compare: tuple[str, ...] = ()  # the columns of which corrections are told
    later: bool = False  # what is known otherwise since the figures were frozen
    of_record: tuple[str, str] | None = None  # a key field of theirs, our field that says the same


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One chart or table: how it is drawn, from which lines, its name; `more` is what its kind wants to know."""

    name: str
    draw: str
    of: str
    title: Text
    code: str = ""
    about: Text = NO_TEXT  # the foot: source and exclusions
    wide: bool = False  # the whole width of the page; else two stand side by side
    more: Mapping[str, Any] = dc.field(default_factory=lambda: EMPTY)
    origin: str = ""
    counted: Text = NO_TEXT  # the title of its lines

    @property
    def quiet(self) -> bool:
        """Left out where there is nothing in it; else it says so."""
        return bool(self.more.get("quiet"))

    def in_issue(self, sight: Sight) -> bool:
        """Whether this edition shows it: a week's leaves out what is `monthly`."""
        return not (sight.weekly and self.more.get("monthly"))


@dataclass(frozen=True, slots=True)
class Exhibits:
    lines: Mapping[str, LineRule]
    shown: Mapping[str, Exhibit]

    @property
    def blank(self) -> dict[str, Lines]:
        return {name: rule.blank for name, rule in self.lines.items()}


NONE = Exhibits({}, {})


def load(form: Form, root: Path, catalogue: Catalogue, rulebook: Rulebook) -> Exhibits:
    """What the form's exhibits.yaml under `root` (form_templates) declares; nothing where there is none. Kept.

    Raises QformsError with every fault found, each `file:line: what; did you mean …`."""
    path = root / form.name / FILE
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return NONE
    return _load(path, stamp, root, _Same(catalogue), _Same(rulebook), form.name)


class _Same:
    """A value known by its identity: catalogues and rulebooks are made once and can't be hashed."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value


@functools.lru_cache(maxsize=32)
def _load(path: Path, _stamp: int, root: Path, catalogue: _Same, rulebook: _Same, form: str) -> Exhibits:
    faults = _Faults()
    table = source.read(path, root.parent, faults)
    reader = _Reader(catalogue.value, rulebook.value, faults, catalogue.value.form(form))
    table.allow("lines", "exhibits")
    lines = {name: reader.lines(name, t) for name, t in table.named("lines")}
    shown = {name: reader.exhibit(name, t, lines) for name, t in table.named("exhibits")}
    for section in catalogue.value.form(form).sections:
        for name in section.shows:
            if name not in shown:
                faults.unknown(f"{form}/form.yaml", ("图表", "exhibit"), name, shown)
    faults.raise_any()
    return Exhibits(lines, shown)


class _Faults(source.Faults):
    """Those of the form's file, and those of the expressions in it."""

    def take(self, line: str) -> None:
        self.lines.append(line)


class _Reader:
    def __init__(self, catalogue: Catalogue, rulebook: Rulebook, faults: source.Faults, form: Form) -> None:
        self.catalogue, self.faults, self.form = catalogue, faults, form
        self.scopes = Scopes(catalogue, rulebook.limits, faults, {})  # type: ignore[arg-type]
        self.scopes.know_figures(rulebook.figures)

    # ------------------------------------------------------------ lines

    def lines(self, name: str, table: Table) -> LineRule:
        table.allow("title", "columns", "from", "of_record", "clocks", "later", "list", "frozen", "compare")
        table.need("title")
        title = table.text("title")
        if table.flag("clocks"):
            words = {code: Text(*both) for code, both in STATES.items()}
            columns = [Column(n, Text(*both), words if n == "state" else {}) for n, both in CLOCK_COLUMNS.items()]
            return LineRule(Lines(name, title, tuple(columns)), clocks=True)
        if table.flag("later"):
            later = [Column(n, Text(*both)) for n, both in LATER_COLUMNS.items()]
            return LineRule(Lines(name, title, tuple(later)), later=True)
        if own := table.word("list"):
            fld = self.form.field(own)
            if fld is None or not fld.fields:
                self.faults.unknown(
                    table.at("list"), ("列表", "list"), own, [f.name for f in self.form.fields if f.fields]
                )
                return LineRule(Lines(name, title, ()))
            return LineRule(Lines(name, title, tuple(Column(c.name, c.label, _words(c)) for c in fld.fields)), list=own)
        inner = table.table("columns")
        columns = [Column(str(n), inner.text(n)) for n in inner.node]
        sources = tuple(self._source(t, [c.name for c in columns]) for t in table.tables("from"))
        for key in ("frozen", "compare"):
            for column in table.words(key):
                self._known(table, key, column, columns)
        worded = tuple(Column(c.name, c.label, self._codes(c.name, sources)) for c in columns)
        whose = self._of_record(table, sources)
        return LineRule(
            Lines(name, title, worded),
            sources,
            False,
            "",
            table.word("frozen"),
            table.words("compare"),
            of_record=whose,
        )

    def _of_record(self, table: Table, sources: tuple[Source, ...]) -> tuple[str, str] | None:
        """`of_record: {theirs: ours}`: only records whose key field says what a field of the document's says."""
        inner = table.table("of_record")
        for theirs in inner.node:
            for form in (self.catalogue.forms[s.form] for s in sources if s.form in self.catalogue.forms):
                if form.field(str(theirs)) is None:
                    known = [f.name for f in form.fields if f.key or f.type == "ref"]
                    self.faults.unknown(inner.at(theirs), ("字段", "field"), str(theirs), known)
            if self.form.field(inner.word(theirs)) is None:
                known = [f.name for f in self.form.fields]
                self.faults.unknown(inner.at(theirs), ("字段", "field"), inner.word(theirs), known)
            return str(theirs), inner.word(theirs)
        return None

    def _source(self, table: Table, columns: list[str]) -> Source:
        table.allow("form", "each", "where", "fill", "since")
        table.need("form")
        form = self.catalogue.forms.get(table.word("form"))
        if form is None:
            self.faults.unknown(table.at("form"), ("表单", "form"), table.word("form"), self.catalogue.forms)
            return Source("", {})
        row: Field | None = None
        if each := table.word("each"):
            row = form.field(each)
            if row is None:
                self.faults.unknown(table.at("each"), ("字段", "field"), each, [f.name for f in form.fields])
        fill = table.table("fill")
        found = {}
        for name in fill.node:
            if name not in columns:
                self.faults.unknown(fill.at(name), ("列", "column"), str(name), columns)
            found[str(name)] = self.scopes.compile(fill.word(name), fill.at(name), form.name, None, row)
        where = table.word("where")
        when = self.scopes.compile(where, table.at("where"), form.name, None, row) if where else None
        return Source(form.name, found, when, table.word("each"), table.word("since"))

    def _codes(self, column: str, sources: tuple[Source, ...]) -> Mapping[str, Text]:
        """The words of a column that is a field with choices, or a state, of any of its sources; where two have a code,
        those of the first."""
        found: dict[str, Text] = {}
        for s in sources:
            text = s.fill[column].text.strip() if column in s.fill else ""
            form = self.catalogue.forms.get(s.form)
            if form is None or not text:
                continue
            if text == "status":
                found = {**{state.name: state.label for state in form.lifecycle.states}, **found}
                continue
            own = form.field(s.each) if s.each else None
            fld = next((f for f in (own.fields if own else ()) if f.name == text), None) or form.field(text)
            if fld is not None and fld.choices:
                found = {**_words(fld), **found}
        return found

    def _known(self, table: Table, key: str, column: str, columns: list[Column]) -> None:
        if column not in [c.name for c in columns]:
            self.faults.unknown(table.at(key), ("列", "column"), column, [c.name for c in columns])

    # ------------------------------------------------------------ exhibits

    def exhibit(self, name: str, table: Table, lines: Mapping[str, LineRule]) -> Exhibit:
        for key in ("draw", "title"):
            table.need(key)
        draw, of = table.word("draw"), table.word("of")
        if draw not in DRAWN:
            self.faults.unknown(table.at("draw"), ("画法", "way of drawing"), draw, DRAWN)
        for at, column, where in self._columns(table):
            if where not in lines:
                self.faults.unknown(at, ("明细", "lines"), where, lines)
            elif column and column not in (known := [c.name for c in lines[where].blank.columns]):
                self.faults.unknown(at, (f"「{where}」的列", f"column of {where}"), column, known)
        more = {
            k: _plain(v) for k, v in table.node.items() if k not in ("draw", "of", "title", "code", "about", "wide")
        }
        about = table.text("about") if "about" in table else Text("")
        counted = lines[of].blank.title if of in lines else NO_TEXT
        return Exhibit(
            name,
            draw,
            of,
            table.text("title"),
            table.word("code"),
            about,
            table.flag("wide"),
            more,
            table.here,
            counted,
        )

    def _columns(self, table: Table) -> Iterator[tuple[str, str, str]]:
        """(file:line, column, lines) that an exhibit names; column "": the lines themselves."""
        of = table.word("of")
        yield from self._named(table, of, ("by", "across", "sum", "value"))
        if "only" in table:
            yield from ((table.at("only"), str(column), of) for column in table.table("only").node)
        if isinstance(table.node.get("columns"), list):
            yield from ((table.at("columns"), column, of) for column in table.words("columns"))
        for key in ("figures", "measures"):
            for entry in table.tables(key) if key in table else ():
                yield from self._named(entry, of, ("sum", "mean", "percent", "month"))

    def _named(self, table: Table, of: str, keys: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        where = table.word("of") or of
        if where:
            yield table.at("of"), "", where
            yield from ((table.at(k), table.word(k), where) for k in keys if k in table)
        for inner in (table.table(k) for k in ("per", "marks") if k in table):
            yield from self._named(inner, of, ("sum", "by", "day", "say"))


def _words(fld: Field) -> Mapping[str, Text]:
    return {c.code: c.label for c in fld.choices}


def _plain(value: Any) -> Any:
    """A YAML node as plain Python."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_plain(v) for v in value)
    return value


def faults(form: Form, root: Path, catalogue: Catalogue, rulebook: Rulebook) -> list[str]:
    """What is wrong in a form's exhibits.yaml: for `qforms check`."""
    try:
        load(form, root, catalogue, rulebook)
    except QformsError as fault:
        return list(fault.problems)
    if any(s.shows for s in form.sections) and not (root / form.name / FILE).is_file():
        return [f"form_templates/{form.name}/form.yaml:1: shows：没有 {FILE} (there is no {FILE})"]
    return []
