"""The request of a document: who does what until when, and what this revision changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

from markupsafe import Markup

from qforms.documents.values import local
from qforms.documents.wording import deadline, listed, say
from qforms.forms.parts import own_number, steps
from qforms.forms.wml import Face, runs
from qforms.forms.word import sections_filled
from qforms.model import Section

if TYPE_CHECKING:
    from qforms.documents.context import Paper


def request(paper: Paper, numbers: Mapping[str, str]) -> SimpleNamespace:
    """Who does what until when: one sentence for the first department, one line for each other."""
    if paper.blank:
        return SimpleNamespace(text=Markup(""), more=[])
    parts: dict[str, list[str]] = {}
    for section in (s for s in sections_filled(paper.form) if paper.filling(s)):
        own = own_number(section, paper.lang)
        number = own or numbers[section.name].strip().rstrip("、") or section.title[paper.lang]
        parts.setdefault(_who(paper, section), []).append(number)
    due = _due(paper)
    by = say("by", paper.lang, at=deadline(due, paper.lang)) if due else ""
    said = [
        say("please_fill", paper.lang, who=who, by="" if i else by, parts=listed(names, paper.lang))
        for i, (who, names) in enumerate(parts.items())
    ]
    if changed := _changed(paper):
        said.append(say("changed", paper.lang, revision=paper.record.issue if paper.record else 0, labels=changed))
    text = Markup(runs(said[0], Face(10.5, hei=True, bold=True))) if said and parts else Markup("")
    return SimpleNamespace(text=text, more=said[1:] if parts else [])


def _who(paper: Paper, section: Section) -> str:
    """An addressee who may fill it in; else the department of its first role."""
    roles = paper.related.roles
    holders = [d for r in section.filled_by if (d := roles.get(r))]
    to = [d for d in paper.values.get("to_depts") or () if d in holders]
    named = (to or [roles.get(r, "") for r in section.filled_by[:1]] or [""])[0]
    return named or listed(list(paper.values.get("to_depts") or ()), paper.lang) or say("somebody", paper.lang)


def _changed(paper: Paper) -> str:
    """Labels of what this revision changed; of what was never issued before, nothing."""
    earlier = paper.related.earlier
    if earlier is None or paper.record is None or not paper.record.issue:
        return ""
    fields = (f for f in paper.form.fields if f.name not in ("issued_at", "due_at", "reply_due_at"))
    names = [f.label[paper.lang] for f in fields if paper.values.get(f.name) != earlier.values.get(f.name)]
    return listed(names[:8], paper.lang)


def note(paper: Paper, section: Section) -> str:
    if paper.blank:
        return ""
    if section.name == paper.plan.first:
        due = _due(paper)
        by = say("reply_by", paper.lang, at=deadline(due, paper.lang)) if due else ""
        return "  " + say("fill_note", paper.lang, by=by)
    if section.panel == "trigger" and (fld := paper.form.field("triggers")):
        return "  " + paper.shower.text(fld, paper.values.get("triggers"))
    return ""


def _due(paper: Paper) -> datetime | None:
    """Until when an answer is wanted: the field, else the next clock that did not start with the trigger (that one
    is about issuing the form)."""
    if at := local(paper.values.get("reply_due_at"), paper.zone):
        return at
    clocks = [c for c in paper.related.clocks if c.subject == paper.number and c.state in ("running", "overdue")]
    if not steps(paper.form):
        clocks = [c for c in clocks if c.started_at != paper.values.get("trigger_at")]
    soft = {c.name for c in paper.procedures.rulebook.clocks if c.soft or c.timer}
    mine = [c.due_at for c in clocks if c.rule not in soft] or [c.due_at for c in clocks]
    return min(mine).astimezone(paper.zone) if mine else None
