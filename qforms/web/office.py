"""The board for the office, to look at only: to do, deadlines, ageing, charts, search, one case. Behind a login."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qforms.commands import words
from qforms.model import Form, Lang, Record
from qforms.rules.alike import SUGGESTIONS
from qforms.web import charts
from qforms.web.board import AGES, Board, ageing, totals
from qforms.web.door import Door
from qforms.web.site import Site
from qforms.workbook.changes import shown as text_of
from qforms.workbook.view import Row, Sheet

_TODO = ("mark", "what", "who", "due", "left", "case", "customer", "model")
_CLOCKS = ("mark", "title", "case", "number", "owner", "due", "left")
_NEW = ("number", "received_at", "customer_name", "product_model", "lot_no", "defect_symptom", "defect_qty", "severity")
_MASKED = frozenset({"contact_phone", "address"})
_MOST = 100  # lines of a table
_HITS = 50
_READING = 3.0  # seconds that a search reads what is new before it answers with what is known


def routes(site: Site) -> list[Route]:
    office, door = Office(site), Door(site)
    return [
        Route("/board/login", door.login, methods=["GET", "POST"]),
        Route("/board/login/mail", door.ask_link, methods=["POST"]),
        Route("/board/link/{token}", door.link, methods=["GET", "POST"]),
        Route("/board/logout", door.logout, methods=["POST"]),
        Route("/board", door.behind(office.home), methods=["GET"]),
        Route("/board/search", door.behind(office.search), methods=["GET"]),
        Route("/board/case/{number}", door.behind(office.case), methods=["GET"]),
    ]


class Office:
    """Handlers of what our own people may open."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._board = Board(site.house, site.clock)
        self._indexing = asyncio.Lock()

    # ------------------------------------------------------------ pages

    async def home(self, request: Request) -> Response:
        site, lang = self._site, self._site.lang(request)
        shown = await to_thread.run_sync(self._board.shown, lang)
        t, counted = site.texts[lang], shown.figures
        sheets = {s.key: s for s in shown.sheets}
        running = [r for r in sheets["clocks"].rows if r.cells.get("mark")]
        rows = ageing(shown.view, lang)
        tables = [
            _table(t["todo"], sheets["todo"], sheets["todo"].rows, _TODO, lang),
            _table(t["clocks"], sheets["clocks"], running, _CLOCKS, lang),
            _table(t["new"], sheets["complaint"], counted.new, _NEW, lang),
        ]
        return site.page(
            request,
            "board.html",
            here="board",
            as_of=shown.view.as_of,
            tiles=counted.tiles,
            tables=tables,
            ages=[t[name] for name, _ in AGES],
            ageing=rows,
            ageing_sum=totals(rows),
            pareto=charts.pareto(counted.categories, t),
            weeks=charts.weeks(counted.weeks, counted.limits, t),
            counted=counted,
            suggestions=[task for task in shown.view.tasks if task.kind in SUGGESTIONS],
        )

    async def search(self, request: Request) -> Response:
        asked = request.query_params.get("q", "").strip()[:200]
        hits: Sequence[Any] = ()
        finder = self._site.house.finder
        async with self._indexing:  # one at a time brings the index up
            await to_thread.run_sync(partial(finder.catch_up, seconds=_READING))
        behind = await to_thread.run_sync(finder.behind)
        if asked:
            hits = await to_thread.run_sync(finder.find, asked, _HITS)
        return self._site.page(request, "search.html", here="search", words=asked, hits=hits, most=_HITS, behind=behind)

    async def case(self, request: Request) -> Response:
        found = await to_thread.run_sync(self._case, request.path_params["number"], self._site.lang(request))
        return self._site.page(request, "case.html", here="", **found) if found else self._site.missing(request)

    def _case(self, number: str, lang: Lang) -> dict[str, Any] | None:
        house = self._site.house
        with house.ledger.facts() as facts:
            record = facts.record(number)
        if record is None:
            return None
        catalogue, rulebook = house.procedures.catalogue, house.procedures.rulebook
        form = catalogue.form(record.form)
        related = [r for r in house.ledger.records(case_no=record.case_no or number) if r.number != number]
        subjects = [number, *(r.number for r in related)]
        timers = {r.name for r in rulebook.clocks if r.timer and not r.owner.names}

        t = self._site.texts[lang]

        def title(rule: str) -> str:
            known = rulebook.clock(rule)
            return known.title[lang] or rule if known else t["by_rule"]

        return {
            "record": record,
            "title": form.title[lang],
            "state": form.lifecycle.state(record.status).label[lang],
            "values": [
                (
                    f.label[lang],
                    _masked(f.name, catalogue.show(f, record.values[f.name], lang)),
                    _origin(record, f.name, t),
                )
                for f in form.fields
                if f.name in record.values
            ],
            "related": [
                (r.number, (known := catalogue.form(r.form)).title[lang], known.lifecycle.state(r.status).label[lang])
                for r in related
            ],
            "clocks": [
                (title(c.rule), c.subject, c.due_at, c.met_at, c.met_at is None and c.due_at <= self._site.clock())
                for c in house.ledger.clocks(subjects=subjects)
                if c.state != "cancelled" and c.rule not in timers
            ],
            "letters": [
                (x.sent_at, x.state, x.intent.subject, ", ".join(x.intent.to))
                for x in house.ledger.letters(number=number)
            ],
            "history": [
                (e.at, _event(form, e.what, lang), title(e.rule) if e.rule else e.by)
                for e in house.ledger.history(number)
            ],
            "tasks": [t.text[lang] for t in house.ledger.tasks() if t.number == number],
        }


def _event(form: Form, what: str, lang: Lang) -> str:
    """A line of history in words: one of ours, or an event of the form's lifecycle."""
    if what in words.HISTORY:
        return words.HISTORY[what][lang]
    event = form.lifecycle.event(what)
    return event.label[lang] if event else what


def _masked(name: str, text: str) -> str:
    """A consumer's telephone and address are for the case's owner, who has them by mail (P5)."""
    if name not in _MASKED or len(text) < 8:
        return text
    return f"{text[:3]}****{text[-2:]}" if name == "contact_phone" else f"{text[:6]}…"


def _origin(record: Record, name: str, t: Mapping[str, str]) -> str:
    """Who said it and where; what no delivery said comes from a rule, whose name is for `qforms show`."""
    origin = record.origin.get(name)
    if origin is None or not origin.delivery:
        return t.get(f"by_{origin.by}", t["by_rule"]) if origin else ""
    return " · ".join(x for x in (origin.where, origin.by) if x)


def _table(title: str, sheet: Sheet, rows: Sequence[Row], keys: Sequence[str], lang: Lang) -> dict[str, Any]:
    """A table of a sheet for the page: head, and lines of (text, classes, case to open, label)."""
    columns = [c for k in keys for c in sheet.columns if c.key == k]
    overdue = "逾期" if lang == "zh" else "overdue"
    lines = []
    for row in rows[:_MOST]:
        late = str(row.cells.get("left") or "").startswith(overdue)
        paint = "overdue" if late else "due" if row.cells.get("mark") == "▲" else ""
        cells = []
        for c in columns:
            text = text_of(row.cells.get(c.key))
            css = [
                "n"
                if c.kind in ("count", "money", "permille")
                else "long"
                if c.kind == "long"
                else "k"
                if c.kind != "text"
                else ""
            ]
            css += (
                [paint]
                if c.key in ("mark", "due", "left")
                else ["b"]
                if c.key == "what"
                else ["b k"]
                if c.key == "title"
                else []
            )
            case = text if c.key in ("number", "case") else ""
            name = "" if c.key in ("mark", "what", "title") else c.label[lang]  # on a telephone, where there is no head
            cells.append((text, " ".join(filter(None, css)), case, name))
        lines.append(cells)
    return {
        "title": title,
        "head": [(c.label[lang], c.kind in ("count", "money", "permille")) for c in columns],
        "lines": lines,
        "count": len(rows),
        "most": _MOST,
    }
