"""Every way in (S1, S6): whoever hears of a problem enters it on our own version of the complaint form, which says from
where and when it came; the limits run from then, not from the mail with the form."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from acceptance import post
from support_desk import Company
from support_rules import at

from qforms import intake
from qforms.forms import blank_excel
from qforms.model import Delivery, Outcome
from qforms.office.child import OfficeReader
from qforms.office.fill import fill
from qforms.rules import judge

WAYS = {  # what the clerk chooses, and what was meant by it
    **{"服务热线": "hotline", "电子邮件": "email", "官网反馈": "web", "在线平台": "platform", "上门/面谈": "visit"},
    **{"经销商转达": "dealer", "验收": "acceptance", "回访": "revisit", "内部": "internal", "供应商告知": "supplier"},
}
CLERK, SALESMAN = "head.intake@yunling.example", "zhou@yunling.example"
CALLED, SENT = at("2026-03-10 09:15"), at("2026-03-10 11:40")


@pytest.fixture(scope="module")
def company() -> Company:
    return Company()


@pytest.fixture(scope="module")
def blank(company: Company) -> bytes:
    catalogue = company.procedures.catalogue
    return blank_excel.blank(catalogue.form("complaint"), catalogue, "云岭", "zh")


def mailed(company: Company, sender: str, text: str, *files: tuple[str, bytes]) -> Outcome:
    moment = SENT + timedelta(minutes=company.count)
    company.until(moment)
    raw = post.mail(sender=sender, to="q@yunling.example", subject="表格", text=text, files=files, at=moment)
    delivery = Delivery("maildir", "1", moment, raw, digest=hashlib.sha256(raw).hexdigest())
    office = OfficeReader(company.procedures.settings.limits)
    reading = intake.read(delivery, company.procedures, office, moment)
    outcomes = intake.admit(reading, company.facts, company.procedures, moment)
    judged = judge(outcomes, reading, company.facts, company.procedures, moment)
    company.count += 1
    company.take(judged, moment, reading)
    return judged.outcomes[0]


def test_the_ways_are_those_of_the_form(company: Company) -> None:
    field = company.procedures.catalogue.field("complaint", "channel")
    assert field is not None and {c.label.zh: c.code for c in field.choices} == WAYS


@pytest.mark.parametrize("way", ["服务热线", "上门/面谈", "经销商转达", "验收", "内部", "供应商告知"])
def test_a_clerk_enters_what_came_another_way(company: Company, blank: bytes, way: str) -> None:
    told = {
        **{"customer_name": "刘女士", "product_model": "YL-C21", "defect_symptom": "放铝锅不加热", "defect_qty": "1"},
        **{"channel": way, "received_at": "2026-03-10 09:15"},
    }
    outcome = mailed(company, CLERK, "见附件", ("投诉.xlsx", fill(blank, told, {})))
    record = company.record(outcome.number)
    assert record.form == "complaint" and record.values["channel"] == WAYS[way]
    assert record.values["registered_by"] == "林晓岚" and record.values["received_at"] == CALLED
    if way == "内部":  # what was found inside has no customer's clock (A40)
        assert (record.number, "recontact") not in company.facts.clocks_
    else:
        assert company.clock("recontact", record.number).due_at == CALLED + timedelta(hours=24)


def test_a_clerk_gets_both_versions_and_a_customer_his_own(company: Company) -> None:
    for sender, forms in ((CLERK, ("blank:complaint", "blank:complaint:ours")), ("li@x.example", ("blank:complaint",))):
        assert mailed(company, sender, "投诉表").answer == "forms"
        assert company.letters()[-1].attach == forms


def test_the_customers_version_does_not_ask_for_what_we_enter(company: Company) -> None:
    import io

    from openpyxl import load_workbook

    catalogue = company.procedures.catalogue
    form = catalogue.form("complaint")
    for roles, there in ((None, True), (frozenset({"customer"}), False)):
        data = blank_excel.blank(form, catalogue, "云岭", "zh", for_roles=roles)
        assert ("qf_channel" in load_workbook(io.BytesIO(data)).defined_names) == there
