"""Every form of the procedures, filled in, says on paper what its golden text says: labels, order, columns, signatures.
`python -m tests.documents.examples` writes them anew."""

from __future__ import annotations

import pytest
import support_documents

from tests.documents import examples

# F01 to F24; F16 is three records, F18 has the service card beside it.
FORMS = [
    "complaint",
    "customer_file",
    "repair_acceptance",
    "repair_roster",
    "work_order",
    "return_application",
    "return_repair",
    "market_abnormality",
    "cost_transfer",
    "eight_d",
    "deduction_notice",
    "topical_report",
    "recall_analysis",
    "nonconformity_review",
    "quality_problem_report",
    "public_notice",
    "objection",
    "posting",
    "write_off",
    "return_visit",
    "service_card",
    "quality_information",
    "field_investigation",
    "customer_reply",
    "technical_change",
    "review_minutes",
    "charge_bill",
]


def test_every_form_has_its_example() -> None:
    assert list(examples.told()) == FORMS


@pytest.mark.parametrize("lang", examples.LANGS)
@pytest.mark.parametrize("form", FORMS)
def test_a_filled_form_says_what_its_golden_text_says(form: str, lang: str) -> None:
    said = support_documents.text(examples.printed(form, lang))  # type: ignore[arg-type]
    assert said == examples.golden(form, lang).read_text("utf-8")  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_on_english_paper_no_label_is_chinese(form: str) -> None:
    """Of an example in which everything is said in figures and codes nothing Chinese is left but the company's name."""
    said = examples.golden(form, "en").read_text("utf-8")
    own = {f.label.zh for f in examples.procedures().catalogue.form(form).fields if len(f.label.zh) > 1}
    assert not [line for line in said.splitlines() for label in own if f"| {label} |" in line]
