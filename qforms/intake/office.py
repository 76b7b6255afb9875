"""What the office typed in the workbook and could not be taken: a task that names the cell and the reason."""

from __future__ import annotations

import dataclasses as dc

from qforms.intake.matter import Matter, task, top
from qforms.model import Filled, Lang, Outcome, Problem, Text
from qforms.problems import say

_SHOWN = 6  # faults that the task names


def told(matter: Matter, filled: Filled, outcome: Outcome) -> Outcome:
    """The outcome of an edit with a task for the clerk where a value was refused; any other as it is.

    A field that both sides changed stands on 冲突 already."""
    wrong = [p for p in (outcome.reason, *outcome.problems) if p and p.severity == "error"]
    if filled.how != "edit" or not wrong:
        return outcome
    form = filled.form or outcome.form
    text = Text(_text(matter, form, wrong, "zh"), _text(matter, form, wrong, "en"))
    record = matter.facts.record(outcome.number) if outcome.number else None
    read = task(matter, "read", text, "office", record, actions=("已办",), form=form, by=filled.by)
    return dc.replace(outcome, tasks=(*outcome.tasks, read))


def _text(matter: Matter, form: str, wrong: list[Problem], lang: Lang) -> str:
    lines = []
    for problem in wrong[:_SHOWN]:
        fld = matter.procedures.catalogue.field(form, top(problem.field)) if form and problem.field else None
        said = say(problem, lang, fld.label[lang] if fld else problem.field)
        known = problem.where and problem.where not in said
        lines.append(f"{problem.where}{'：' if lang == 'zh' else ': '}{said}" if known else said)
    more = len(wrong) - len(lines)
    head = "总表里有内容没有收下：" if lang == "zh" else "Not taken from the workbook: "
    tail = "" if not more else f" 另有 {more} 处。" if lang == "zh" else f" And {more} more."
    return head + (" ".join(lines)) + tail
