"""The head of a document and its signatures: who, to whom, when, as what; and who decided."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from qforms.documents.values import local
from qforms.documents.wording import moment, say
from qforms.forms.wml import SMALL_NOTE, runs
from qforms.model import Record

if TYPE_CHECKING:
    from qforms.documents.context import Paper


def head(paper: Paper) -> SimpleNamespace:
    record, values = paper.record, paper.values
    if record is None:
        words = {"number": "", "revision": "", "status": say("blank", paper.lang), "case_no": ""}
        return SimpleNamespace(**words, to=Markup(""), cc=Markup(""), issued_at="", addressed=False)
    issued = local(values.get("issued_at") or values.get("sent_at"), paper.zone)
    to, cc = (_departments(paper, () if paper.outside else values.get(k)) for k in ("to_depts", "cc_depts"))
    case = record.case_no if record.case_no != record.number else ""
    return SimpleNamespace(
        number=record.number,
        revision=record.issue,
        status=_status(paper, record),
        case_no=case,
        to=to,
        cc=cc,
        issued_at=moment(issued) if issued else "",
        addressed=bool(to or cc or issued or case or paper.plan.first),
    )


def _status(paper: Paper, record: Record) -> str:
    state = next((s for s in paper.form.lifecycle.states if s.name == record.status), None)
    return state.label[paper.lang] if state else record.status


def _departments(paper: Paper, value: Any) -> Markup:
    """工程部（秦牧）、总经办（汪敏）: the department is the value, its head a note."""
    names = [value] if isinstance(value, str) else list(value or ())
    out = []
    for i, name in enumerate(names):
        head = paper.related.heads.get(name)
        out.append(runs(("、" if paper.lang == "zh" else ", ") * (i > 0) + str(name)))
        out.append(paper.shower.note((f"（{head}）" if paper.lang == "zh" else f" ({head})") if head else ""))
    return Markup("".join(out))


def approvals(paper: Paper) -> SimpleNamespace:
    """Who prepared, reviewed and approved; under headings of their own who countersigned, and who objected or refused:
    an objection is no approval."""
    empty = SimpleNamespace(who=Markup(""), at=Markup(""))
    decided = sorted(paper.related.approvals, key=lambda r: str(r.values.get("decided_at") or ""))
    valid = [r for r in decided if not r.values.get("superseded")]
    others = [r for r in valid if r.values.get("verdict") in ("refuse", "object") or r.values.get("unit")]
    given = [r for r in valid if r not in others]
    last = [r for r in given if "approve" in str(r.values.get("event", ""))][-1:] or given[-1:]
    before = [r for r in given if r is not (last[0] if last else None)]
    return SimpleNamespace(
        prepared=_prepared(paper),
        reviewed=_signed(paper, before[-1]) if before else empty,
        approved=_signed(paper, last[0]) if last else empty,
        others=[_other(paper, r) for r in others],
    )


def _other(paper: Paper, approval: Record) -> SimpleNamespace:
    """A countersignature, an objection or a refusal, with its reason."""
    agreed = approval.values.get("verdict") not in ("refuse", "object")
    signed = _signed(paper, approval)
    reason = str(approval.values.get("reason") or "")
    signed.word = say("countersigned", paper.lang) if agreed else _approval_text(paper, approval, "verdict")
    signed.reason = Markup(runs(reason)) if reason else Markup("")
    return signed


def _prepared(paper: Paper) -> SimpleNamespace:
    values = paper.values
    name, department = values.get("prepared_by", ""), values.get("prepared_dept", "")
    at = local(values.get("prepared_at"), paper.zone)
    text = say("prepared", paper.lang, at=moment(at)) if at and name else ""
    return _signature(paper, str(name), str(department or paper.related.people.get(str(name), "")), text)


def _signature(paper: Paper, name: str, about: str, text: str) -> SimpleNamespace:
    """The name is the value; department, channel, decision and time are notes."""
    who = Markup(runs(name)) + paper.shower.note(f"  {about}" if about and name else about)
    return SimpleNamespace(who=who, at=paper.shower.note(text, SMALL_NOTE))


def _signed(paper: Paper, approval: Record) -> SimpleNamespace:
    """Name, department and channel; decision and time: a decision by mail is written, never a picture (P43)."""
    text = functools.partial(_approval_text, paper)
    name = str(approval.values.get("decided_by", ""))
    means = text(approval, "means")
    about = paper.related.people.get(name, "")
    if absent := str(approval.values.get("decided_for", "")):
        name = f"{name}代{absent}" if paper.lang == "zh" else f"{name} for {absent}"
    if means:
        about += f"（{means}）" if paper.lang == "zh" else f" ({means})"
    at = local(approval.values.get("decided_at"), paper.zone)
    return _signature(paper, name, about, f"{text(approval, 'verdict')} {moment(at) if at else ''}".strip())


def _approval_text(paper: Paper, approval: Record, name: str) -> str:
    fld = paper.procedures.catalogue.field(approval.form, name)
    value = approval.values.get(name)
    return paper.shower.text(fld, value) if fld else str(value or "")
