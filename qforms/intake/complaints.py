"""A complaint is never refused (P2): what reads is recorded, gaps are asked for in one question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from qforms.forms.choices import guess
from qforms.intake import kind, links, parts, phenomenon, photos, proposals, rights, words, writer
from qforms.intake.matter import Matter, answerable, concerns, owed, task
from qforms.intake.reading import COMPLAINT, own_subject
from qforms.intake.returns import whole
from qforms.intake.speaker import customer_of, first_address
from qforms.model import Filled, Form, Outcome, Problem, Record, Task, Text
from qforms.problems import say

_SAME_CASE = timedelta(hours=24)
_MODEL = re.compile(
    r"(?!(?i:po|so|sn|no|id|rma|inv|ref|ts|lot)[-\d])(?=[^\d]*\d)[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9.-]{2,}"
)
_OF_TEXT = ("customer_name", "contact_phone", "customer_demand")
_NEAR = 60  # of 100: how like a known lot must be to be named


def open_case(matter: Matter, filled: Filled, extra: tuple[Problem, ...] = ()) -> Outcome:
    """A new complaint from whoever speaks: a customer, a stranger, a program, our own people for a customer (P24)."""
    form = matter.form(COMPLAINT)
    may = rights.writable(form, matter.speaker, None)
    values = {n: v for n, v in filled.values.items() if v is not None and may(n)}
    problems = [p for p in filled.problems if concerns(matter, form, may, p)]
    problems += [*extra, *matter.reading.problems]
    customer = _customer(matter, values)
    problems += _received(matter, values)
    said = noted(matter, filled)
    _add(matter, values, _arrival(matter))
    _add(matter, values, said)
    if customer is not None:
        _add(matter, values, {"customer": customer.number, "customer_name": _name(customer)})
    signed = {name: said for name, said in _signed(matter).items() if values.get(name) in (None, "")}
    _add(matter, values, signed)
    problems += _product(matter, filled, values)
    problems += _lot(matter, values)
    evidence = parts.evidence(matter.reading.parts) if matter.is_mail else ()
    values |= photos.placed(form, evidence, values, may)
    values, checks = whole(matter, form, {}, values, problems)
    problems += checks
    missing = _missing(matter, values, may)
    wanting = bool(missing or owed(matter, problems))
    answer = ("question" if wanting else "acknowledgement") if answerable(matter) else ""
    return Outcome(
        "partial" if wanting else "accepted",
        form.name,
        number=filled.number if filled.how == "edit" else "",
        values=values,
        where=places(filled, {**signed, **said}),
        part=filled.part,
        how=filled.how,
        event=filled.event,
        problems=tuple(_once(problems)),
        missing=missing,
        speaker=matter.speaker,
        evidence=evidence,
        tasks=(*_tasks(matter, values, customer), *proposals.asked(matter, evidence)),
        answer=answer,
        alarm=tuple(values.get("danger_words") or matter.reading.danger),
    )


def recognised(matter: Matter, form: Form, values: dict[str, Any]) -> dict[str, Any]:
    """What admission knows of a customer's form besides a complaint (a return, a repair): the customer on file, who
    wrote it, the product as its sheet names it. What the sender gave stands."""
    declared = form.field("customer")
    if declared is None or declared.ref != "customer":
        return values
    found: dict[str, Any] = {}
    if customer := _customer(matter, values):
        kind = customer.values.get("customer_type")
        found |= {"customer": customer.number, "customer_name": _name(customer), "customer_type": kind}
    if matter.speaker.kind == "customer":
        found |= {"contact_email": matter.reading.address, "contact_name": matter.reading.sender_name}
    if product := product_of(matter, str(values.get("product_model") or "")):
        values = {**values, "product_model": product.values.get("model") or product.number}
        found |= {"product_name": product.values.get("name"), "product_family": product.values.get("family")}
    return {**{n: v for n, v in found.items() if v not in (None, "") and matter.has(form.name, n)}, **values}


def told(matter: Matter) -> Filled:
    """The complaint that the mail's own text makes."""
    found = (f for f in matter.reading.filled if f.form == COMPLAINT)
    return next(found, None) or Filled(COMPLAINT, {}, how="free")


def _once(problems: list[Problem]) -> list[Problem]:
    found: list[Problem] = []
    for problem in problems:
        if problem not in found:
            found.append(problem)
    return found


def noted(matter: Matter, filled: Filled) -> dict[str, Any]:
    """What the words of the mail and of the form say beside the fields: danger, a stopped line, a wish for an 8D."""
    reading = matter.reading
    natures = [kind.nature(own_subject(reading), reading.text)]
    if filled.how not in {"body", "free"}:  # those were read from the text itself
        natures.append(kind.nature("", "\n".join(v for v in filled.values.values() if isinstance(v, str))))
    wanted = any(n.wants_8d for n in natures) or "report_8d" in (filled.values.get("customer_demand") or ())
    return {
        "defect_category": _category(matter, filled),
        "customer_demand": words.demands(words.plain(f"{own_subject(reading)}\n{reading.text}")),
        "danger_words": tuple(dict.fromkeys(word for n in natures for word in n.danger)),
        "line_stopped": any(n.line_stopped for n in natures) or None,
        "d8_requested_at": matter.received_at if wanted else None,
    }


def _signed(matter: Matter) -> dict[str, Any]:
    """Company and telephone as the writer signs: a customer or his forwarded mail, never one of us."""
    reading, company = matter.reading, matter.procedures.settings.company
    if not matter.is_mail or (matter.speaker.kind == "person" and not reading.forwarded):
        return {}
    return dict(writer.told(reading.text, reading.sender_name, {company.name, company.name_en}))


def _category(matter: Matter, filled: Filled) -> str | None:
    """The category that the words of the phenomenon mean, unless the sender gave one, legible or not."""
    fld = matter.procedures.catalogue.field(COMPLAINT, "defect_category")
    given = filled.values.get("defect_category") or any(p.field == "defect_category" for p in filled.problems)
    if fld is None or given:
        return None
    code = phenomenon.category(str(filled.values.get("defect_symptom") or ""))
    return code if any(choice.code == code for choice in fld.choices) else None


def places(filled: Filled, said: Mapping[str, Any]) -> dict[str, str]:
    """Where each value stood; the category that was told from the phenomenon stands where that stood, what the sender's
    words and signature tell in the mail's text."""
    where = {**{name: "正文" for name in said if name in _OF_TEXT}, **filled.where}
    if said.get("defect_category"):
        where["defect_category"] = where.get("defect_symptom", "正文")
    return where


def _add(matter: Matter, values: dict[str, Any], more: dict[str, Any]) -> None:
    """What admission knows by itself; what the sender gave stands."""
    for name, value in more.items():
        if value not in (None, "", ()) and values.get(name) is None and matter.has(COMPLAINT, name):
            values[name] = value


def _received(matter: Matter, values: dict[str, Any]) -> list[Problem]:
    """A complaint that was registered late is as old as it says (A02); one from the future is as old as its arrival.
    What lies between arrival and now is the arrival, too: nothing is received after it came."""
    given = values.get("received_at")
    if given is None or given <= matter.received_at:
        return []
    del values["received_at"]
    raw = matter.procedures.settings.local(given).strftime("%Y-%m-%d %H:%M")
    return [Problem("received_later", "received_at", "received_at", {"raw": raw})] if given > matter.now else []


def _arrival(matter: Matter) -> dict[str, Any]:
    """What the delivery itself says: when, by which channel, from whom."""
    reading, speaker = matter.reading, matter.speaker
    known: dict[str, Any] = {"received_at": matter.received_at}
    if reading.delivery.channel == "web":
        known |= {"channel": "web", "receipt_no": reading.message_id.strip("<").partition("@")[0]}
    if not reading.address:
        return known
    known.setdefault("channel", "email")
    if speaker.kind == "person":
        origin = first_address(reading.forwarded.get("from", ""))
        return {**known, "on_behalf_of": speaker.number or speaker.name, "contact_email": origin}
    return {**known, "contact_email": reading.address, "contact_name": reading.sender_name}


def _customer(matter: Matter, values: dict[str, Any]) -> Record | None:
    """The customer of the case: who writes, whose mail was forwarded, or who is named in the form."""
    facts, speaker = matter.facts, matter.speaker
    if speaker.kind == "customer":
        return facts.record(speaker.number)
    origin = first_address(matter.reading.forwarded.get("from", ""))
    if origin and (found := customer_of(origin, facts)):
        return found
    if speaker.kind == "stranger":
        return None  # a name that a stranger gives makes nobody our customer
    for name in (values.get("customer"), values.get("customer_name")):
        if not name:
            continue
        record = facts.record(str(name))
        if record is not None and record.form == "customer":
            return record
        if found_by := facts.find("customer", "aliases", name):
            return found_by[0]
    return None


def _name(customer: Record) -> str:
    return str(customer.values.get("name") or customer.number)


# ---------------------------------------------------------------- product and lot


def _product(matter: Matter, filled: Filled, values: dict[str, Any]) -> list[Problem]:
    """The model as the product sheet names it. From running text only what stands there is taken."""
    given = values.get("product_model")
    candidates = [str(given)] if given else filled.raw.get("product_model", "").split("\n")
    for token in filter(None, candidates):
        if product := product_of(matter, token):
            values["product_model"] = product.values.get("model") or product.number
            _alone(filled, values, (token, *_names(product)))
            known = {"product_name": product.values.get("name"), "product_family": product.values.get("family")}
            _add(matter, values, known)
            return []
    shipped = next((model for token in candidates if (model := _shipped(matter, token))), "")
    if shipped:
        values["product_model"] = shipped
        _alone(filled, values, (shipped,))
        return []
    if not given:
        _from_lot(matter, values, candidates)
        _unchecked(matter, values, candidates)
        return []
    models = [str(p.values.get("model") or p.number) for p in matter.facts.all("product")]
    if not models:
        return []
    near = _nearest(matter, str(given), models)
    where = filled.where.get("product_model", "")
    return [Problem("unknown_product", where, "product_model", {"model": given, **guess(near)}, "question")]


def _names(product: Record) -> tuple[str, ...]:
    v = product.values
    return tuple(str(n) for n in (v.get("name"), v.get("name_en"), v.get("model"), *(v.get("aliases") or ())) if n)


def _alone(filled: Filled, values: dict[str, Any], names: tuple[str, ...]) -> None:
    """Takes the product's names out of a phenomenon that running text gave; a label's value stays as written."""
    if filled.raw.get("defect_symptom") is None and values.get("defect_symptom"):
        values["defect_symptom"] = phenomenon.without(str(values["defect_symptom"]), names)


def product_of(matter: Matter, token: str) -> Record | None:
    for fld in ("model", "aliases"):
        if found := matter.facts.find("product", fld, token):
            return found[0]
    return None


def _shipped(matter: Matter, token: str) -> str:
    """The model of that name that was shipped, while the product sheet does not know it."""
    found = matter.facts.find("shipment", "product_model", token)
    return str(found[0].values["product_model"]) if found else ""


def _from_lot(matter: Matter, values: dict[str, Any], candidates: list[str]) -> None:
    """A lot that was shipped of one model only names that model, even when it stood in the text without 批号."""
    for token in filter(None, [values.get("lot_no"), *candidates]):
        models = {s.values.get("product_model") for s in matter.facts.find("shipment", "lot_no", token)}
        if len(models) == 1:
            _add(matter, values, {"product_model": models.pop(), "lot_no": token})
            return


def _lot(matter: Matter, values: dict[str, Any]) -> list[Problem]:
    """A lot that this model never had, while shipments of the model are known: asked, with those most like it."""
    lot, model = values.get("lot_no"), values.get("product_model")
    if not lot or not model:
        return []
    if any(s.values.get("product_model") == model for s in matter.facts.find("shipment", "lot_no", lot)):
        return []
    lots = {
        str(s.values["lot_no"]) for s in matter.facts.find("shipment", "product_model", model) if s.values.get("lot_no")
    }
    if not lots:
        return []
    context = {"lot": lot, "model": model, **guess(_nearest(matter, str(lot), sorted(lots)))}
    return [Problem("unknown_lot", "", "lot_no", context, "question")]


def _nearest(matter: Matter, given: str, known: list[str]) -> str:
    """Up to three known names most like the given one, for a question; a stranger learns none of them."""
    if matter.speaker.kind == "stranger":
        return ""
    from rapidfuzz import fuzz, process

    found = process.extract(given, known, scorer=fuzz.ratio, limit=3, score_cutoff=_NEAR)
    return "、".join(name for name, _, _ in found)


def _unchecked(matter: Matter, values: dict[str, Any], candidates: list[str]) -> None:
    """While no product is on file at all, the one word that looks like a model and was not named as anything else."""
    if "product_model" in values:
        return
    named = {
        str(v) for n in ("lot_no", "order_no", "customer_complaint_no", "serial_nos") for v in _many(values.get(n))
    }
    like = [t for t in candidates if _MODEL.fullmatch(t) and t not in named and t not in matter.reading.numbers]
    if len(like) == 1 and not matter.facts.all("product"):
        values["product_model"] = like[0]


def _many(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


# ---------------------------------------------------------------- gaps and tasks


def _missing(matter: Matter, values: dict[str, Any], may: Callable[[str], bool]) -> tuple[str, ...]:
    """What the form requires at reception, and what every complaint is asked for (`words.toml`), where it is empty."""
    required = [f.name for f in matter.procedures.catalogue.missing(COMPLAINT, values) if may(f.name)]
    wanted = [n for n in words.vocabulary().ask if matter.has(COMPLAINT, n) and values.get(n) in (None, "", ())]
    return tuple(dict.fromkeys((*required, *wanted)))


def _tasks(matter: Matter, values: dict[str, Any], customer: Record | None) -> tuple[Task, ...]:
    """A case of the same customer on the same model or lot within 24 h is offered to be joined with (P6)."""
    found = []
    earlier = _earlier(matter, values, customer)
    if earlier is not None:
        text = Text(
            f"与 {earlier.number} 是否同一投诉？同一客户 24 小时内、同型号或同批号。",
            f"Same complaint as {earlier.number}? Same customer within 24 h, same model or lot.",
        )
        found.append(task(matter, "same_case", text, "owner", actions=("并入", "忽略"), other=earlier.number))
    found += files_elsewhere(matter)
    return tuple(found)


def files_elsewhere(matter: Matter, record: Record | None = None) -> list[Task]:
    """What the sender meant to send along, and somebody has to fetch: behind a link (P22), or in a mail too big."""
    found = []
    for problem in matter.reading.problems:
        if problem.code == "cloud_link":
            url, expires = problem.context["url"], problem.context["expires"]
            text = Text(
                f"下载客户的网盘文件{'（' + expires + ' 到期）' if expires else ''}：{url}",
                f"Fetch the customer's file{' (until ' + expires + ')' if expires else ''}: {url}",
            )
            one = task(matter, "fetch_file", text, "owner", record, url=url, expires=expires)
            found.append(replace(one, due_at=_gone(matter, expires)))
        if problem.code == "mail_cut":
            text = Text(say(problem, "zh"), say(problem, "en"))
            found.append(task(matter, "fetch_mail", text, "office", record, actions=("已办",)))
    return found


def _gone(matter: Matter, expires: str) -> datetime:
    """When a file behind a link has to be fetched by: the beginning of the day on which it expires, where the mail says
    that, and within a day in any case."""
    soon, day = matter.received_at + _SAME_CASE, links.day(expires)
    if day is None:
        return soon
    ends = datetime.combine(day, time(), matter.procedures.settings.zone)
    return min(soon, ends) if ends > matter.received_at else soon


def _earlier(matter: Matter, values: dict[str, Any], customer: Record | None) -> Record | None:
    """The newest case of a day of the same customer, of a stranger by his address, on the same model or lot."""
    by, who = ("contact_email", matter.reading.address) if customer is None else ("customer", customer.number)
    for record in matter.facts.find(COMPLAINT, by, who)[:20] if who else ():
        at = record.received_at
        if at is None or not timedelta(0) <= matter.received_at - at <= _SAME_CASE:
            continue
        if any(values.get(n) and values.get(n) == record.values.get(n) for n in ("product_model", "lot_no")):
            return record
    return None
