"""A complaint form saved as PDF: its words are read as label and value; scans and our own print-outs are only kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support_intake import mail, multi, outcomes, part, procedures, reading, stamped, world

from qforms.office import pdf, programs
from qforms.office.book import OfficeFault
from qforms.office.child import OfficeReader
from qforms.settings import Limits

FORM = """            客户投诉单                       F01
产品型号：YL-A65          生产批号    A65-2603C
不良数量    9 台          不良现象：无输出
"""


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[OfficeReader]:
    """A reader whose pdftotext prints what stands in the file after its first line."""
    monkeypatch.setattr(pdf, "pdftotext", lambda: "pdftotext")
    monkeypatch.setattr(programs, "output", lambda command, data, seconds, most: (0, data.partition(b"\n")[2]))
    with OfficeReader(Limits()) as reader:
        yield reader


def sent(text: str, office: OfficeReader):
    file = part(b"%PDF-1.7\n" + text.encode(), "application/pdf", name="投诉单.pdf")
    return reading(mail(multi("mixed", part("见附件，请处理"), file)), office=office)


def test_a_complaint_form_as_pdf(office):
    form = procedures().catalogue.form("complaint")
    found = sent(FORM.replace("客户投诉单", form.title.zh).replace("F01", form.code), office)
    said = next(f for f in found.filled if f.how == "excel")
    assert {n: said.values[n] for n in ("product_model", "lot_no", "defect_qty", "defect_symptom")} == {
        "product_model": "YL-A65", "lot_no": "A65-2603C", "defect_qty": 9, "defect_symptom": "无输出"}  # fmt: skip
    (told,) = outcomes(found, world())
    assert told.form == "complaint" and told.values["lot_no"] == "A65-2603C" and told.evidence


@pytest.mark.parametrize(
    "text", ["", "   \n", "规格书\n输入：220 V\n输出：20 V", f"8001 {stamped('8001-202605-0003')}\n技术判定：批量"]
)
def test_what_is_no_form_of_a_customer_is_only_kept(office, text):
    found = sent(text, office)
    assert all(f.how in ("body", "free") for f in found.filled) and not found.problems
    assert [p.name for p in found.parts if p.name] == ["投诉单.pdf"]


def test_without_pdftotext_a_pdf_is_only_kept(monkeypatch):
    monkeypatch.setattr(pdf, "pdftotext", lambda: None)
    with OfficeReader(Limits()) as reader:
        assert not sent(FORM, reader).problems
        with pytest.raises(OfficeFault) as told:
            reader.read(b"%PDF-1.4\n", "a.pdf")
    assert told.value.problem.code == "not_office"
