"""Lists on paper and back: rows with printed names, choices printed once, lists of one row, what stays private."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import lru_cache
from typing import Any

import openpyxl
import pytest
import support_documents as case
from docx import Document
from docx.oxml.ns import qn
from support_documents import ROOT, SETTINGS

from qforms import rulebook
from qforms.documents import Related, blank, render
from qforms.forms import blank_excel, catalogue
from qforms.forms.parts import due_now
from qforms.model import Record
from qforms.office import excel, find
from qforms.office import word as reading
from qforms.office.package import Package
from qforms.settings import Procedures

ROLES = {"engineering": "工程部", "sales": "销售部", "quality": "质保部"}
PLACES = ("客户产线", "客户仓", "经销商", "在途", "成品库", "在制", "原材料", "供应商")


@lru_cache(maxsize=1)
def shipped() -> Procedures:
    forms = catalogue.load(ROOT / "form_templates")
    rules = rulebook.load(ROOT / "inbox_rules", forms)
    return Procedures(catalogue.with_conditions(forms, rules.conditions), rules, None, SETTINGS, {})  # type: ignore[arg-type]


def eight_d(**values: Any) -> Record:
    given = {"to_depts": ("工程部",), "cc_depts": ("销售部",), "product_model": "YL-A65", **values}
    return Record("eight_d", "8003-202605-0001", 0, "draft", "TS-202605-0007", given)


def made(record: Record, **more: Any) -> bytes:
    return render(record, Related(roles=ROLES), shipped(), stamp="", **more)


def found(document: bytes) -> Any:
    book = reading.read(Package(document, 10**8), 10**6)
    procedures = shipped()
    return find.find(book, procedures.catalogue.form("eight_d"), procedures.catalogue.labels("eight_d"))  # type: ignore[attr-defined]


def write(document: bytes, values: dict[str, str], names: bool = True) -> bytes:
    """The document with texts put into the cells that carry these bookmarks; `names` False: bookmarks lost."""
    opened = Document(io.BytesIO(document))
    for start in list(opened.element.body.iter(qn("w:bookmarkStart"))):
        name = start.get(qn("w:name"), "").removeprefix("qf_")
        if name in values:
            run = start.makeelement(qn("w:r"), {})
            text = run.makeelement(qn("w:t"), {})
            text.text = values[name]
            run.append(text)
            start.addnext(run)
    if not names:
        for mark in [*opened.element.body.iter(qn("w:bookmarkStart")), *opened.element.body.iter(qn("w:bookmarkEnd"))]:
            mark.getparent().remove(mark)
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


def test_each_choice_has_a_row_with_its_name_printed() -> None:
    said = case.text(made(eight_d())).split("\n")
    rows = [line for line in said if line.split(" | ")[0] in PLACES]
    assert [line.split(" | ")[0] for line in rows] == list(PLACES)
    assert all(not line.replace(line.split(" | ")[0], "").strip(" |") for line in rows)  # nothing else stands in them


def test_choices_of_a_column_are_printed_once() -> None:
    said = case.text(made(eight_d()))
    assert said.count("让步接收") == 1 and "处置可填 挑选 / 返工" in said


@pytest.mark.parametrize("names", [True, False])
def test_a_row_comes_back_with_its_printed_name_and_only_when_it_is_filled(names: bool) -> None:
    filled = write(
        made(eight_d()),
        {
            "suspect_stock__0__qty_suspect": "16",
            "suspect_stock__0__disposition": "返工",
            "suspect_stock__7__qty_suspect": "5000",
            "is_isnot__9__is": "上升",
            "is_isnot__9__is_not": "平稳",
        },
        names,
    )
    rows = found(filled).rows
    stock = [{c: raw for c, (raw, _) in row.items()} for row in rows["suspect_stock"]]
    assert stock == [
        {"place": "客户产线", "qty_suspect": "16", "disposition": "返工"},
        {"place": "供应商", "qty_suspect": "5000"},
    ]
    assert [row["dimension"][0] for row in rows["is_isnot"]] == ["趋势"]  # also the label of a field of D0


def test_the_untouched_document_gives_no_rows() -> None:
    rows = found(made(eight_d())).rows
    assert not rows.get("suspect_stock") and not rows.get("is_isnot") and not rows.get("d2_5w2h")


@pytest.mark.parametrize("names", [True, False])
def test_a_list_of_one_row_stands_as_label_and_value(names: bool) -> None:
    document = made(eight_d())
    assert "*何事 |  | *何地 | " in case.text(document)
    filled = write(document, {"d2_5w2h__0__what": "无输出", "d2_5w2h__0__how_many": "16 台"}, names)
    rows = found(filled).rows["d2_5w2h"]
    assert [{c: raw for c, (raw, _) in row.items()} for row in rows] == [{"what": "无输出", "how_many": "16 台"}]


def test_known_rows_stand_in_the_order_of_the_choices_and_are_read_back_from_facts() -> None:
    rows = ({"place": "fg", "qty_suspect": 380}, {"place": "customer_line", "qty_suspect": 16})
    said = case.text(made(eight_d(suspect_stock=rows)))
    assert said.index("客户产线 |  | 16") < said.index("成品库 |  | 380") < said.index("供应商 |  | ")
    closed = Record("eight_d", "8003-202605-0001", 0, "closed", "TS-1", {"suspect_stock": rows})
    document = made(closed)
    assert "可疑品清查 | 批号" in case.text(document) and "经销商" not in case.text(document)
    read = found(document).rows["suspect_stock"]
    assert [(r["place"][0], r["qty_suspect"][0]) for r in read] == [("成品库", "380"), ("客户产线", "16")]


def test_private_columns_do_not_leave_the_company() -> None:
    members = ({"user": "何立群", "dept": "工程部", "phone": "13800000000", "email": "he@yunling.example"},)
    options = ({"action": "换电容", "cost": Decimal("8000.25")},)
    closed = Record("eight_d", "8003-202605-0001", 0, "closed", "TS-1", {"members": members, "pca_options": options})
    for document in (made(closed), made(closed, outside=True), made(eight_d(members=members, pca_options=options))):
        xml = case.part(document)
        assert "何立群" in xml and "换电容" in xml
        assert "13800000000" not in xml and "he@yunling.example" not in xml and "8,000.25" not in xml


def test_a_list_that_nobody_fills_in_on_paper_is_not_drawn_empty() -> None:
    assert "8D评分" not in case.text(blank("eight_d", shipped(), stamp=""))
    steps = {f"d{n}_done": case.at(5, 12) for n in range(6)}
    assert "8D评分" not in case.text(made(eight_d(**steps)))


def test_the_request_asks_the_addressee_for_the_parts_that_are_due() -> None:
    said = case.text(made(eight_d()))
    assert "请工程部填写第D0、D1、D2、D3部分，回复本邮件。" in said and "D4 根本原因" not in said
    form = shipped().catalogue.form("eight_d")
    assert [s.name for s in due_now(form, eight_d().values, shipped().catalogue)] == ["d0", "d1", "d2", "d3"]


def test_signatures_keep_the_rows_before_them() -> None:
    xml = case.part(made(eight_d()))
    before = xml[: xml.rindex("<w:tbl>")]
    last = before[before.rindex("<w:tr>") :]
    assert last.count("<w:p>") == last.count("<w:keepNext/>") > 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_excel_prints_the_same_rows(lang: Any) -> None:
    procedures = shipped()
    form = procedures.catalogue.form("eight_d")
    data = blank_excel.blank(form, procedures.catalogue, "甲公司", lang)
    book = openpyxl.load_workbook(io.BytesIO(data))

    def cell(name: str) -> Any:
        sheet, _, address = book.defined_names[f"qf_{name}"].attr_text.replace("'", "").replace("$", "").partition("!")
        return book[sheet][address]

    first = cell("suspect_stock__0__place")
    assert first.value == {"zh": "客户产线", "en": "Customer's line"}[lang] and first.fill.start_color.rgb == "00F2F2F2"
    assert cell("suspect_stock__7__place").value and "qf_suspect_stock__8__place" not in book.defined_names
    assert cell("d2_5w2h__0__what").row == cell("d2_5w2h__0__where").row  # label and value, two by two
    cell("suspect_stock__4__qty_suspect").value = 380
    cell("d2_5w2h__0__what").value = "无输出"
    out = io.BytesIO()
    book.save(out)
    read = find.find(excel.read(Package(out.getvalue(), 10**8), 10**6), form, procedures.catalogue.labels("eight_d"))  # type: ignore[attr-defined]
    (row,) = read.rows["suspect_stock"]
    assert row["place"][0] == {"zh": "成品库", "en": "Finished goods"}[lang] and row["qty_suspect"][0] == 380
    assert [{c: raw for c, (raw, _) in r.items()} for r in read.rows["d2_5w2h"]] == [{"what": "无输出"}]
    assert not read.rows.get("is_isnot")
