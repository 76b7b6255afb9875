"""A small company for the tests of the rules: five forms, and rule files that are right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qforms.model import Check, Choice, Event, Field, Form, Lifecycle, Section, State, Text


def codes(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(n, Text(n)) for n in names)


def field(name: str, type_: str = "str", **more: Any) -> Field:
    return Field(name, Text(name), type_, **{"origin": "form.yaml:9", **more})


def form(name: str, fields: tuple[Field, ...], events: tuple[Event, ...] = (), **more: Any) -> Form:
    states = tuple(State(s, Text(s), "draft") for s in ("draft", "issued", "closed"))
    return Form(
        name=name,
        version="1",
        code="",
        title=Text(name),
        audience="internal",
        number="X-{seq:04d}",
        sections=(Section("all", Text("all"), fields),),
        lifecycle=Lifecycle("draft", states, events),
        **more,
    )


COMPLAINT = form(
    "complaint",
    (
        field("prelim_class", "enum", choices=codes("misuse", "single_defect", "batch", "serious")),
        field("verdict", "enum", choices=codes("customer_caused", "ntf", "duplicate", "confirmed")),
        field("severity", "int"),
        field("priority", "enum", choices=codes("P1", "P2", "P3")),
        field("units", "int", calc=("first(qty_confirmed, larger(defect_qty, qty_returned))",)),
        field("qty_confirmed", "int"),
        field("defect_qty", "int"),
        field("qty_returned", "int"),
        field("serial_nos", many=True),
        field("title"),
        field("customer_demand", "enum", many=True, choices=codes("refund", "report_8d")),
        field("mechanism_group", "ref", ref="mechanism_group"),
        field("counts", "bool", calc=('verdict not in ["customer_caused", "ntf", "duplicate"]',)),
        field("lot_no", required_when="defect_qty >= 2"),
        field("owner", "user"),
        field("d8_requested_at", "dt"),
        field("installed_on", "date"),
        field("rework", "bool"),
        field("ticket_no", key=True),
    ),
)
GROUP = form(
    "mechanism_group",
    (
        field("product_model"),
        field("severity_max", "int"),
        field("responsible_dept", "dept", many=True),
        field("open_report", "ref", ref="market_abnormality"),
    ),
)
REPORT = form(
    "market_abnormality",
    (
        field("mechanism_group", "ref", ref="mechanism_group"),
        field("severity", "int"),
        field("to_depts", "dept", many=True),
        field("recurrence_of", "ref", ref="market_abnormality"),
        field("tech_class", "enum", choices=codes("individual", "batch")),
        field("issued_at", "dt"),
        field("gm_sig", "sig"),
    ),
    (
        Event("issue", Text("发出"), ("draft",), "issued", ("person", "clock.auto_issue"), origin="form.yaml:30"),
        Event("reply", Text("回复"), ("issued",), "closed", ("filled",), when="known(tech_class)"),
        Event("approve", Text("批准"), ("issued",), "closed", when='gm_sig.decision == "agree"'),
        Event("refuse", Text("不批准"), ("issued",), "draft"),
    ),
)
TRANSFER = form(
    "cost_transfer",
    (
        field("amount", "money"),
        field("shares_given", "bool"),
        field(
            "cost_lines",
            "list",
            fields=(
                field("qty", "int"),
                field("unit_cost", "money"),
                field("amount", "money", calc=("qty * unit_cost",)),
            ),
        ),
        field("shares", "list", fields=(field("who"), field("pct", "dec", required_when="known(who)"))),
        field("total", "money", calc=("total(cost_lines.amount)",)),
    ),
    checks=(Check("total(shares.pct) == 100", "shares", Text("比例合计须为100"), "shares_given", "form.yaml:20"),),
)
SHIPMENT = form("shipment", (field("product_model"), field("quantity", "int"), field("lot_no")))
PRODUCT = form("product", (field("model"),))
CONTACT = form("contact", (field("at", "dt"), field("is_answer", "bool")))


class Forms:
    """What the rules ask of a catalogue."""

    def __init__(self, *forms: Form) -> None:
        self.forms: Mapping[str, Form] = {f.name: f for f in forms}

    def form(self, name: str) -> Form:
        return self.forms[name]

    def field(self, form: str, name: str) -> Field | None:
        return self.forms[form].field(name) if form in self.forms else None


FORMS: Any = Forms(COMPLAINT, GROUP, REPORT, TRANSFER, SHIPMENT, PRODUCT, CONTACT)

FILES = {
    "limits.yaml": "report_8001: 3\nmin_units: 2\ndeduction_gm_above: 5000.00\nanswer: 48h\n",
    "figures.yaml": """\
- {figure: defective_units, of: mechanism_group, over: complaint, sum: units, per: [lot, model_365d], where: counts,
   distinct: serial_nos, clause: A08}
- {figure: shipped_units, of: product, over: shipment, sum: quantity, subject: [product_model], per: [lot, model_365d]}
- {figure: complaints, of: mechanism_group, over: complaint, count: true, per: [365d]}
- {figure: answered_at, of: complaint, over: contact, first: at, where: is_answer, subject: [case_no]}
""",
    "classify.yaml": """\
- decide: priority
  on: complaint
  cases:
    - {when: severity >= 3, value: '"P1"'}
    - {value: '"P3"'}
""",
    "triggers.yaml": """\
- trigger: rate_above_3_per_mille
  code: TR1
  clause: S10 4.1.3「同种机理导致不良品比例超过3‰」
  on: mechanism_group
  when: defective_units * 1000 > limits.report_8001 * shipped_units and defective_units >= limits.min_units
  open: market_abnormality
  key: [mechanism_group]
  if_open: revise
  if_closed: {open_new: true, link: recurrence_of}
  fill: {severity: severity_max, to_depts: responsible_dept}
  into: open_report
  to: [responsible_dept, {else: [engineering, gmo]}]
  cc: [gmo, quality]
- trigger: repeated
  on: mechanism_group
  when: complaints >= 3 and days(complaints_first, complaints_last) >= 30
  task: repeated_complaints
  within: 24h
""",
    "clocks.yaml": """\
- clock: defect_answer
  code: CK03
  on: complaint
  when: prelim_class in ["single_defect", "batch", "serious"]
  from: received_at
  within: limits.answer
  until: answered_at
  wall_when: severity >= 3
  owner: sales
  title: {zh: 48 h 答复, en: Answer within 48 h}
  ask: {zh: 答复客户, en: Answer the customer}
  ladder: {50%: owner, 80%: owner, 100%: [owner, head, gmo], every 24h: [head, gmo]}
- clock: auto_issue
  on: market_abnormality
  from: opened_at
  within: 60min
  until: issued_at
  timer: true
- clock: visit
  on: complaint
  from: installed_on
  within: 6m
  until: rework
  owner: aftersales
  mode: wall
""",
    "letters.yaml": """\
- letter: issue_8001
  kind: issue
  on: market_abnormality.issue
  to: [to_depts]
  cc: [gmo]
  attach: [document]
  ask_labels: [tech_class]
- letter: large_deduction
  kind: decision_request
  on: market_abnormality.opened
  when: severity * 1000 > limits.deduction_gm_above
  to: [gm]
  ask: {agree: approve, refuse: refuse}
  attach: [document, "blank:complaint"]
""",
}


def write(root: Path, **changed: str) -> Path:
    """The rule files in `root`; `changed` replaces files by stem ("" leaves one out)."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in {**FILES, **{f"{stem}.yaml": text for stem, text in changed.items()}}.items():
        if text:
            (root / name).write_text(text, "utf-8")
        else:
            (root / name).unlink(missing_ok=True)
    return root
