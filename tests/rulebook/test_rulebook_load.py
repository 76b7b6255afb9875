"""Rule files that are right become rules; each that is wrong is told with file, line and a suggestion."""

# ruff: noqa: E501 (messages stand on one line, as they are told)

from __future__ import annotations

import dataclasses as dc
import json
import subprocess
import sys
import textwrap
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import support_rulebook as sample

from qforms import rulebook
from qforms.model import Event, QformsError, Recipients, Text


def faults(root: Path, **changed: str) -> list[str]:
    """What is told when files are changed; the limits are those that the changed files use."""
    with pytest.raises(QformsError) as told:
        rulebook.load(sample.write(root, **changed), sample.FORMS)
    assert str(told.value).startswith(told.value.problems[0])
    return list(told.value.problems)


# ---------------------------------------------------------------- what is right


def test_the_rules_as_they_are_written(tmp_path: Path) -> None:
    book = rulebook.load(sample.write(tmp_path), sample.FORMS)
    assert book.limits == {"report_8001": 3, "min_units": 2, "deduction_gm_above": Decimal("5000.00"), "answer": "48h"}
    units, shipped, complaints, answered = book.figures
    assert (units.kind, units.value, units.subject, units.per) == (
        "sum",
        "units",
        ("mechanism_group",),
        ("lot", "model_365d"),
    )
    assert units.amount is not None and units.amount({"units": 7}) == 7
    assert (shipped.over, shipped.of, shipped.subject) == ("shipment", "product", ("product_model",))
    assert (complaints.kind, complaints.value, complaints.amount) == ("count", "", None)
    assert (answered.kind, answered.value, answered.subject) == ("first", "at", ("case_no",))
    (priority,) = book.decide
    assert [(str(w.text) if w else "", v({})) for w, v in priority.cases] == [("severity >= 3", "P1"), ("", "P3")]
    rate, repeated = book.triggers
    assert rate.when({"defective_units": 16, "shipped_units": 5000}) is True
    assert (rate.if_closed, rate.link, rate.into) == ("new", "recurrence_of", "open_report")
    assert rate.to == Recipients(("responsible_dept",), ("engineering", "gmo"))
    assert rate.fill["severity"]({"severity_max": 4}) == 4
    assert (repeated.open, repeated.task, repeated.within) == ("", "repeated_complaints", timedelta(hours=24))
    answer, timer, visit = book.clocks
    assert (answer.within, answer.title["en"], answer.mode) == (timedelta(hours=48), "Answer within 48 h", "")
    assert [(s.percent, s.every, s.kind, s.to.names) for s in answer.ladder] == [
        (50, None, "reminder", ("owner",)),
        (80, None, "reminder", ("owner",)),
        (100, None, "escalation", ("owner", "head", "gmo")),
        (None, timedelta(hours=24), "escalation", ("head", "gmo")),
    ]
    assert (timer.timer, timer.within) == (True, timedelta(hours=1))
    assert (visit.within, visit.months) == (None, 6)
    issue, large = book.letters
    assert (issue.kind, issue.on, issue.ask_labels) == ("issue", "market_abnormality.issue", ("tech_class",))
    assert large.ask == {"agree": "approve", "refuse": "refuse"}
    assert all(r.origin.count(":") == 1 for r in (*book.figures, *book.triggers, *book.clocks, *book.letters))


def test_a_field_with_several_values_takes_a_single_one(tmp_path: Path) -> None:
    triggers = sample.FILES["triggers.yaml"].replace("to_depts: responsible_dept", "to_depts: product_model")
    book = rulebook.load(sample.write(tmp_path, triggers=triggers), sample.FORMS)
    assert book.triggers[0].fill["to_depts"]({"product_model": "YL-A65"}) == "YL-A65"


def test_the_rules_are_found_by_form(tmp_path: Path) -> None:
    book = rulebook.load(sample.write(tmp_path), sample.FORMS)
    assert [f.name for f in book.figures_over["complaint"]] == ["defective_units", "complaints"]
    assert [d.field for d in book.decide_on["complaint"]] == ["priority"]
    assert [t.name for t in book.triggers_on["mechanism_group"]] == ["rate_above_3_per_mille", "repeated"]
    assert [c.name for c in book.clocks_on["complaint"]] == ["defect_answer", "visit"]
    assert [r.name for r in book.letters_on["market_abnormality.issue"]] == ["issue_8001"]
    assert book.clock("visit") is book.clocks[2]


def test_the_forms_own_expressions(tmp_path: Path) -> None:
    found = rulebook.load(sample.write(tmp_path), sample.FORMS).conditions
    assert found["complaint:calc:units:0"]({"defect_qty": 4, "qty_returned": 6}) == 6
    assert found["complaint:calc:counts:0"]({}) is True
    assert found["complaint:required_when:lot_no"]({"defect_qty": 1}) is False
    assert found["cost_transfer:calc:cost_lines.amount:0"]({"qty": 3, "unit_cost": Decimal("2.50")}) == Decimal("7.50")
    assert found["cost_transfer:required_when:shares.pct"]({"who": "supplier"}) is True
    assert found["cost_transfer:check:0"]({"shares": ({"pct": 70}, {"pct": 29})}) is False
    assert found["cost_transfer:check_when:0"]({"shares_given": True}) is True
    assert found["market_abnormality:event:approve"]({"gm_sig": {"decision": "agree"}}) is True
    assert set(found) == {
        "complaint:calc:units:0",
        "complaint:calc:counts:0",
        "complaint:required_when:lot_no",
        "cost_transfer:calc:cost_lines.amount:0",
        "cost_transfer:calc:total:0",
        "cost_transfer:required_when:shares.pct",
        "cost_transfer:check:0",
        "cost_transfer:check_when:0",
        "market_abnormality:event:reply",
        "market_abnormality:event:approve",
    }


def test_the_answer_to_nothing_said(tmp_path: Path) -> None:
    """An empty rule file and a folder of limits alone are no faults of their own."""
    book = rulebook.load(
        sample.write(
            tmp_path, limits="", figures="# nothing yet\n", classify="", triggers="", letters="", clocks=_TIMER
        ),
        sample.FORMS,
    )
    assert (book.figures, book.limits) == ((), {})


_TIMER = "- clock:" + sample.FILES["clocks.yaml"].split("- clock:")[2]


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "figures.yaml|sum: units",
            "sum: unitz",
            "figures.yaml:1: 没有名称「unitz」；是否指 units？ (unknown name 'unitz'; did you mean units?)",
        ),
        (
            "figures.yaml|where: counts",
            "where: severity",
            "figures.yaml:1: 这里需要是/否，得到数字 (a bool is needed, this is a number)",
        ),
        (
            "figures.yaml|sum: units",
            "sum: title",
            "figures.yaml:1: 这里需要数字，得到文字 (a number is needed, this is a text)",
        ),
        (
            "figures.yaml|distinct: serial_nos",
            "distinct: serial_no",
            "figures.yaml:2: 没有 complaint 的字段「serial_no」；是否指 serial_nos？ "
            "(unknown field of complaint 'serial_no'; did you mean serial_nos?)",
        ),
        (
            "figures.yaml|sum: units, per",
            "sum: units, count: true, per",
            "figures.yaml:1: sum、count、first、last 须有且只有一个 (give one of sum, count, first, last)",
        ),
        (
            "figures.yaml|per: [365d]",
            "per: [year]",
            "figures.yaml:4: 没有范围「year」；可用：365d、lot、model_365d (unknown scope 'year'; known: 365d, lot, model_365d)",
        ),
        (
            "figures.yaml|first: at",
            "first: is_answer",
            "figures.yaml:5: first 应为时刻字段（type: dt） (first must be a field with a time (type: dt))",
        ),
        (
            "figures.yaml|over: shipment",
            "over: shipments",
            "figures.yaml:3: 没有表单「shipments」；是否指 shipment？ (unknown form 'shipments'; did you mean shipment?)",
        ),
        (
            "figures.yaml|subject: [product_model]",
            "subjekt: [product_model]",
            "figures.yaml:3: shipment 有 0 个字段指向 product：写明 subject (shipment has 0 references to product: give subject)",
        ),
        (
            "classify.yaml|decide: priority",
            "decide: urgency",
            "classify.yaml:1: 没有 complaint 的字段「urgency」 (unknown field of complaint 'urgency')",
        ),
        (
            "classify.yaml|'\"P1\"'",
            "'\"P9\"'",
            "classify.yaml:4: 没有代码「P9」；可用：P1、P2、P3 (unknown code 'P9'; known: P1, P2, P3)",
        ),
        (
            "classify.yaml|{when: severity >= 3, value",
            "{value",
            "classify.yaml:3: cases 里没有 when 的一项须放在最后 (cases the case without when must come last)",
        ),
        (
            "classify.yaml|severity >= 3",
            'severity >= "3"',
            "classify.yaml:4: >= 两边类型不同：「severity」是数字，「3」是文字 (>= between a number and a text)",
        ),
        (
            "triggers.yaml|if_open: revise",
            "if_open: revised",
            "triggers.yaml:8: 没有这样的 if_open「revised」；是否指 revise？ (unknown if_open 'revised'; did you mean revise?)",
        ),
        (
            "triggers.yaml|clause: S10",
            "claus: S10",
            "triggers.yaml:3: 没有键「claus」；是否指 clause？ (unknown key 'claus'; did you mean clause?)",
        ),
        (
            "triggers.yaml|link: recurrence_of",
            "link: recurence_of",
            "triggers.yaml:9: 没有 market_abnormality 的字段「recurence_of」；是否指 recurrence_of？ "
            "(unknown field of market_abnormality 'recurence_of'; did you mean recurrence_of?)",
        ),
        (
            "triggers.yaml|fill: {severity: severity_max",
            "fill: {severity: product_model",
            "triggers.yaml:10: 这里需要数字，得到文字 (a number is needed, this is a text)",
        ),
        (
            "triggers.yaml|fill: {severity: severity_max, to_depts: responsible_dept}",
            "fill: {recurrence_of: responsible_dept, to_depts: product_model}",
            "triggers.yaml:10: 这里需要文字，得到多个文字 (a text is needed, this is a list of texts)",
        ),
        (
            "triggers.yaml|complaints_last",
            "defective_units_last) + days(answered_at_last, complaints_last",
            "triggers.yaml:16: 没有名称「answered_at_last」；是否指 answered_at？ (unknown name 'answered_at_last'; did you mean answered_at?)",
        ),
        (
            "triggers.yaml|fill: {severity:",
            "fill: {severty:",
            "triggers.yaml:10: 没有 market_abnormality 的字段「severty」；是否指 severity？ "
            "(unknown field of market_abnormality 'severty'; did you mean severity?)",
        ),
        (
            "triggers.yaml|cc: [gmo, quality]",
            "cc: [gmo, qality]",
            "triggers.yaml:13: 没有收件人「qality」；是否指 quality？ (unknown recipient 'qality'; did you mean quality?)",
        ),
        (
            "triggers.yaml|to: [responsible_dept",
            "to: [severity",
            "triggers.yaml:12: 没有收件人「severity」 (unknown recipient 'severity')",
        ),
        (
            "triggers.yaml|into: open_report",
            "into: report",
            "triggers.yaml:11: 没有 mechanism_group 的字段「report」；是否指 open_report？ "
            "(unknown field of mechanism_group 'report'; did you mean open_report?)",
        ),
        (
            "triggers.yaml|limits.min_units",
            "limits.min_unit",
            "triggers.yaml:5: 没有 limits 的字段「min_unit」；是否指 min_units？ "
            "(unknown field of limits 'min_unit'; did you mean min_units?)",
        ),
        (
            "triggers.yaml|within: 24h",
            "within: 3wd",
            "triggers.yaml:18: within 在这里写小时或天：48h、7d (within takes hours or days here: 48h, 7d)",
        ),
        (
            "triggers.yaml|complaints_last",
            "complaints_end",
            "triggers.yaml:16: 没有名称「complaints_end」；是否指 complaints？ "
            "(unknown name 'complaints_end'; did you mean complaints?)",
        ),
        (
            "clocks.yaml|within: limits.answer",
            "within: 48 hours",
            "clocks.yaml:6: within 「48 hours」看不懂：写 48h、7d、3wd、6m (within '48 hours' is none of 48h, 7d, 3wd, 6m)",
        ),
        (
            "clocks.yaml|within: limits.answer",
            "within: limits.answers",
            "clocks.yaml:6: 没有限值「answers」；是否指 answer？ (unknown limit 'answers'; did you mean answer?)",
        ),
        (
            "clocks.yaml|within: limits.answer",
            "until_when: 48h",
            "clocks.yaml:1: 缺少 within、hours 或 by (give within, hours or by)",
        ),
        (
            "clocks.yaml|from: received_at",
            "from: severity",
            "clocks.yaml:5: 这里需要日期或时刻，得到数字 (a moment is needed, this is a number)",
        ),
        (
            "clocks.yaml|  until: answered_at\n",
            "",
            "clocks.yaml:1: 缺少 until (until is missing)",
        ),
        (
            "clocks.yaml|owner: sales",
            "owner: []",
            "clocks.yaml:1: 缺少 owner (owner is missing)",
        ),
        (
            "clocks.yaml|80%: owner",
            "40%: owner",
            "clocks.yaml:12: ladder 的百分数须由小到大 (ladder percents must rise)",
        ),
        (
            "clocks.yaml|80%: owner",
            "80: owner",
            "clocks.yaml:12: 看不懂「80」：写 80% 或 every 24h ('80' is neither 80% nor every 24h)",
        ),
        (
            "clocks.yaml|100%: [owner, head, gmo]",
            "90%: [owner, head, gmo]",
            "clocks.yaml:12: ladder 有 every 就要有 100% (ladder every needs 100% before it)",
        ),
        (
            "clocks.yaml|every 24h: [head, gmo]}",
            "every 24h: [head, gmo], 200%: gm}",
            "clocks.yaml:12: ladder 的 every 只能有一个，写在最后 (ladder every must come last, once)",
        ),
        (
            "clocks.yaml|50%: owner",
            "50%: []",
            "clocks.yaml:12: 50% 没有收件人 (50% has no recipients)",
        ),
        (
            "clocks.yaml|mode: wall",
            "mode: office",
            "clocks.yaml:25: 没有这样的 mode「office」；可用：wall、working (unknown mode 'office'; known: wall, working)",
        ),
        (
            "clocks.yaml|timer: true",
            "timer: yes",
            "clocks.yaml:18: timer 应为 true 或 false (timer must be true or false)",
        ),
        (
            "clocks.yaml|title: {zh: 48 h 答复, en",
            "title: {cn: 48 h 答复, en",
            "clocks.yaml:10: title 应为 {zh: …, en: …}，多了「cn」：含逗号的文字要加引号 (title must be {zh: …, en: …}, not cn: quote a text with a comma)",
        ),
        (
            "clocks.yaml|ask: {zh: 答复客户, en: Answer the customer}",
            "ask: [答复客户]",
            "clocks.yaml:11: ask 应为 {zh: …, en: …} (ask must be {zh: …, en: …})",
        ),
        (
            "letters.yaml|kind: issue",
            "kind: isue",
            "letters.yaml:2: 没有信件种类「isue」；是否指 issue？ (unknown letter kind 'isue'; did you mean issue?)",
        ),
        (
            "letters.yaml|on: market_abnormality.issue",
            "on: market_abnormality.isued",
            "letters.yaml:3: 没有 market_abnormality 的事件或字段「isued」；是否指 issue？ "
            "(unknown event or field of market_abnormality 'isued'; did you mean issue?)",
        ),
        (
            "letters.yaml|agree: approve",
            "agree: aprove",
            "letters.yaml:13: 没有 market_abnormality 的事件「aprove」；是否指 approve？ "
            "(unknown event of market_abnormality 'aprove'; did you mean approve?)",
        ),
        (
            "letters.yaml|refuse: refuse",
            "no: refuse",
            "letters.yaml:13: 没有答复「no」；可用：agree、object、refuse (unknown verdict 'no'; known: agree, object, refuse)",
        ),
        (
            'letters.yaml|"blank:complaint"',
            '"blank:complain"',
            "letters.yaml:14: 没有附件「blank:complain」；是否指 blank:complaint？ "
            "(unknown attachment 'blank:complain'; did you mean blank:complaint?)",
        ),
        (
            "letters.yaml|ask_labels: [tech_class]",
            "ask_labels: [class]",
            "letters.yaml:7: 没有 market_abnormality 的字段「class」；是否指 tech_class？ "
            "(unknown field of market_abnormality 'class'; did you mean tech_class?)",
        ),
        (
            "limits.yaml|min_units: 2",
            "min_units: two units",
            "limits.yaml:2: min_units 应为数字、时长（48h）或选项的代码 "
            "(min_units must be a number, a duration (48h) or a choice's code)",
        ),
        (
            "limits.yaml|min_units: 2",
            "min_units: 2\nmin_units: 3",
            "limits.yaml:3: min_units 写了两次 (min_units stands twice)",
        ),
        (
            "limits.yaml|answer: 48h",
            "answer: 48h\nnobody: 5",
            "limits.yaml:5: 限值 nobody 没有规则使用 (limit nobody is used by no rule)",
        ),
        (
            "letters.yaml|- letter: issue_8001",
            "- leter: issue_8001",
            "letters.yaml:1: 没有这种规则「leter」；是否指 letter？ (unknown kind of rule 'leter'; did you mean letter?)",
        ),
        (
            "letters.yaml|to: [gm]",
            "to: [gm]]",
            "letters.yaml:12: YAML 写法有误 (expected <block end>, but found ']')",
        ),
    ],
)
def test_each_fault_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    file, _, text = old.partition("|")
    stem = file.removesuffix(".yaml")
    right = sample.FILES[file]
    assert text in right
    found = faults(tmp_path, **{stem: right.replace(text, new, 1)})
    assert told in found, found


def test_rules_given_twice_or_doing_the_same(tmp_path: Path) -> None:
    twin = textwrap.dedent("""\
        - trigger: rate_again
          on: mechanism_group
          when: defective_units*1000 > limits.report_8001*shipped_units and defective_units >= limits.min_units
          open: market_abnormality
          key: [mechanism_group]
        - trigger: repeated
          on: mechanism_group
          when: complaints >= 4
          task: other
        """)
    found = faults(tmp_path, triggers=sample.FILES["triggers.yaml"] + twin)
    assert found == [
        "triggers.yaml:19: rate_again 与 rate_above_3_per_mille（triggers.yaml:1）条件和结果相同 "
        "(rate_again does the same on the same condition as rate_above_3_per_mille)",
        "triggers.yaml:24: trigger repeated 已在 triggers.yaml:14 (trigger repeated stands at triggers.yaml:14 already)",
    ]


def test_a_rule_copied_whole_is_told_once(tmp_path: Path) -> None:
    letters = sample.FILES["letters.yaml"]
    copied = letters + "- letter:" + letters.split("- letter:")[1]
    assert faults(tmp_path, letters=copied) == [
        "letters.yaml:15: letter issue_8001 已在 letters.yaml:1 (letter issue_8001 stands at letters.yaml:1 already)"
    ]


def test_all_faults_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    clocks = (
        sample.FILES["clocks.yaml"]
        .replace("owner: sales", "owner: sale")
        .replace("until: issued_at", "until: isued_at")
    )
    letters = sample.FILES["letters.yaml"].replace("to: [gm]", "to: [gmm]")
    found = faults(tmp_path, clocks=clocks, letters=letters)
    assert [line.partition(": ")[0] for line in found] == ["clocks.yaml:9", "clocks.yaml:17", "letters.yaml:12"]


def test_a_list_where_a_map_belongs(tmp_path: Path) -> None:
    assert [f for f in faults(tmp_path, letters="letter: x\n", limits="- 1\n") if ".yaml:1: 应" in f] == [
        "letters.yaml:1: 应为规则的列表（每条以「- 」开头） (must be a list of rules)",
        "limits.yaml:1: 应为「名称: 数字」 (must be a map of numbers)",
    ]


def test_no_rules_at_all(tmp_path: Path) -> None:
    with pytest.raises(QformsError, match="没有规则文件"):
        rulebook.load(tmp_path, sample.FORMS)


def test_faults_in_the_forms_own_expressions(tmp_path: Path) -> None:
    bad = sample.form(
        "complaint",
        (
            sample.field("a", "int", calc=("b + 1",)),
            sample.field("rows", "list", fields=(sample.field("x", calc=("1",)),)),
        ),
        (
            Event(
                "go",
                Text(""),
                ("draft",),
                "issued",
                ("clock.nobody",),
                when="known(c)",
                origin="complaint/form.yaml:40",
            ),
            Event("off", Text(""), ("draft",), "issued", ("clock.auto_issue",), origin="complaint/form.yaml:41"),
        ),
    )
    forms = sample.Forms(bad, sample.GROUP, sample.REPORT)
    with pytest.raises(QformsError) as told:
        rulebook.load(
            sample.write(tmp_path, limits="", figures="", classify="", triggers="", letters="", clocks=_TIMER), forms
        )
    assert list(told.value.problems) == [
        "complaint/form.yaml:40: 没有名称「c」；可用：a、case_no、limits、number、opened_at、received_at、revision、rows、status "
        "(unknown name 'c'; known: a, case_no, limits, number, opened_at, received_at, revision, rows, status)",
        "complaint/form.yaml:40: 没有时钟「nobody」；可用：auto_issue (unknown clock 'nobody'; known: auto_issue)",
        "complaint/form.yaml:41: 时钟 auto_issue 属于 market_abnormality，不属于 complaint "
        "(clock auto_issue runs on market_abnormality, not on complaint)",
        "form.yaml:9: 没有名称「b」；可用：a、case_no、limits、number、opened_at、received_at、revision、rows、status "
        "(unknown name 'b'; known: a, case_no, limits, number, opened_at, received_at, revision, rows, status)",
        "form.yaml:9: 这里需要文字，得到数字 (a text is needed, this is a number)",
    ]


def test_a_timer_that_fires_nothing(tmp_path: Path) -> None:
    clocks = sample.FILES["clocks.yaml"].replace("owner: aftersales", "timer: true")
    assert faults(tmp_path, clocks=clocks) == [
        "clocks.yaml:19: timer visit 不触发任何事件（表单里没有 on: clock.visit） (timer visit fires no event)"
    ]


# ---------------------------------------------------------------- the cache


def test_a_warm_start_gives_the_same_rules(tmp_path: Path) -> None:
    root, cache = sample.write(tmp_path / "rules"), tmp_path / "private" / "rules.json"
    cold = rulebook.load(root, sample.FORMS, cache)
    written = cache.read_bytes()
    warm = rulebook.load(root, sample.FORMS, cache)
    assert repr(warm) == repr(cold)
    assert warm.digest == cold.digest != ""
    assert warm.triggers[0].when({"defective_units": 16, "shipped_units": 5000}) is True
    assert cache.read_bytes() == written
    assert list(cache.parent.iterdir()) == [cache]


def test_the_cache_follows_the_rules_and_the_forms(tmp_path: Path) -> None:
    root, cache = sample.write(tmp_path / "rules"), tmp_path / "rules.json"
    first = rulebook.load(root, sample.FORMS, cache)
    sample.write(root, limits=sample.FILES["limits.yaml"].replace("report_8001: 3", "report_8001: 4"))
    second = rulebook.load(root, sample.FORMS, cache)
    assert second.triggers[0].when({"defective_units": 16, "shipped_units": 5000}) is False
    assert second.digest != first.digest
    renamed = sample.codes("misuse", "single", "batch", "serious")  # a code that clocks.yaml names is gone
    fields = [dc.replace(f, choices=renamed) if f.name == "prelim_class" else f for f in sample.COMPLAINT.fields]
    other = {**sample.FORMS.forms, "complaint": sample.form("complaint", tuple(fields))}
    with pytest.raises(QformsError, match="的代码「single_defect」"):
        rulebook.load(root, sample.Forms(*other.values()), cache)
    fewer = sample.Forms(*(f for f in sample.FORMS.forms.values() if f.name != "contact"))
    with pytest.raises(QformsError, match="没有表单「contact」"):
        rulebook.load(root, fewer, cache)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"digest": 1}', "null"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    root, cache = sample.write(tmp_path / "rules"), tmp_path / "rules.json"
    cold = rulebook.load(root, sample.FORMS)
    cache.write_text(damage, "utf-8")
    assert repr(rulebook.load(root, sample.FORMS, cache)) == repr(cold)
    assert json.loads(cache.read_text("utf-8"))["digest"] == cold.digest


def test_rules_at_fault_are_not_kept(tmp_path: Path) -> None:
    root, cache = sample.write(tmp_path / "rules", letters="- letter: x\n"), tmp_path / "rules.json"
    for _ in range(2):
        with pytest.raises(QformsError):
            rulebook.load(root, sample.FORMS, cache)
    assert not cache.exists()


def test_a_warm_start_imports_no_parser(tmp_path: Path) -> None:
    root, cache = sample.write(tmp_path / "rules"), tmp_path / "rules.json"
    rulebook.load(root, sample.FORMS, cache)
    here = Path(sample.__file__).parent
    code = (
        f"import sys; sys.path.insert(0, {str(here)!r}); from pathlib import Path; import support_rulebook as s;"
        f"from qforms import rulebook; book = rulebook.load(Path({str(root)!r}), s.FORMS, Path({str(cache)!r}));"
        "assert len(book.clocks) == 3; loaded = {m.partition('.')[0] for m in sys.modules};"
        "assert not loaded & {'rule_engine', 'ruamel', 'holidays', 'pydantic'}, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
