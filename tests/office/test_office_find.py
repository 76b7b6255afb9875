"""Finding fields: by names, labels and the hidden map, after everything that people do to a form."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import docx
import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from support_office import CATALOGUE, COMPLAINT, STAMP, form, read, text_field

from qforms.forms.blank_excel import blank
from qforms.forms.catalogue import Catalogue
from qforms.model import Choice, Field, Text
from qforms.office.book import Book
from qforms.office.find import Found, find
from qforms.office.identify import identify

SCALARS: dict[str, Any] = {
    "customer_name": "深圳启远智能科技有限公司",
    "contact_phone": "0755-26880000",
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "bought_on": date(2026, 3, 28),
    "occurred_at": datetime.fromisoformat("2026-05-11T09:20"),
    "defect_qty": 9,
    "defect_symptom": "通电约 3 分钟后无输出。\n指示灯不亮。",
    "customer_demand": "8D报告",
    "filled_by": "陈志远",
}
COSTS = (("返工费", "换变压器", 3, 120.5), ("差旅", "客户现场", 1, 880))
MEASURES = (("加严检验", "王五", date(2026, 6, 1)),)


def filled() -> Any:
    """Our blank form, opened and filled in like a person would."""
    data = blank(COMPLAINT, CATALOGUE, "江苏云岭电器有限公司", "zh", stamp=STAMP)
    book = openpyxl.load_workbook(io.BytesIO(data))
    for name, value in SCALARS.items():
        put(book, name, value)
    for n, row in enumerate(COSTS):
        for column, value in zip(("category", "description", "cost_qty", "amount"), row, strict=True):
            put(book, f"cost_lines__{n}__{column}", value)
    for n, line in enumerate(MEASURES):
        for column, value in zip(("measure", "doer", "planned_on"), line, strict=True):
            put(book, f"measures__{n}__{column}", value)
    return book


def place(book: Any, name: str) -> Any:
    return book.worksheets[0][book.defined_names[f"qf_{name}"].attr_text.rpartition("!")[2].replace("$", "")]


def put(book: Any, name: str, value: Any) -> None:
    place(book, name).value = value


def book_of(book: Any) -> Book:
    out = io.BytesIO()
    book.save(out)
    return read(out.getvalue())


def found_in(book: Any) -> Found:
    return find(book if isinstance(book, Book) else book_of(book), COMPLAINT, CATALOGUE.labels("complaint"))


def plain(found: Found) -> tuple[dict[str, Any], dict[str, Any]]:
    rows = {name: [tuple(raw for raw, _ in row.values()) for row in rows] for name, rows in found.rows.items()}
    return {name: raw for name, (raw, _) in found.values.items()}, rows


WANTED = (SCALARS, {"cost_lines": list(COSTS), "measures": list(MEASURES)})


def without_names(book: Any) -> None:
    for name in list(book.defined_names):
        del book.defined_names[name]


def without_map(book: Any) -> None:
    without_names(book)
    del book["_qf"]


def renamed(book: Any) -> None:
    book.worksheets[0].title = "张三 (2)"


def moved(book: Any, rows: int, cols: int) -> None:
    """Rows and columns inserted as Excel does it; the names, which openpyxl does not move, are taken off."""
    ws = book.worksheets[0]
    spans = [str(s) for s in ws.merged_cells.ranges]
    for s in spans:
        ws.unmerge_cells(s)
    ws.insert_rows(4, rows) if rows else None
    ws.insert_cols(2, cols) if cols else None
    for s in spans:
        span = openpyxl.worksheet.cell_range.CellRange(s)
        span.shift(col_shift=cols if span.min_col >= 2 else 0, row_shift=rows if span.min_row >= 4 else 0)
        ws.merge_cells(span.coord)
    without_names(book)


TREATMENTS: dict[str, Callable[[Any], None]] = {
    "as sent": lambda book: None,
    "names deleted": without_names,
    "names and map deleted": without_map,
    "sheet renamed": renamed,
    "two rows inserted": lambda book: moved(book, 2, 0),
    "a column inserted": lambda book: moved(book, 0, 1),
}


@pytest.mark.parametrize("name", TREATMENTS)
def test_every_field_is_found(name: str) -> None:
    book = filled()
    TREATMENTS[name](book)
    assert plain(found_in(book)) == WANTED


def test_values_and_targets_carry_addresses() -> None:
    book = filled()
    found, title = found_in(book), COMPLAINT.title.zh
    assert found.values["lot_no"][1] == found.targets["lot_no"] == f"{title}!{place(book, 'lot_no').coordinate}"
    assert found.targets["serial_nos"].startswith(title) and "serial_nos" not in found.values
    assert found.rows["cost_lines"][1]["amount"][1] == found.targets["cost_lines[1].amount"]


def test_a_name_that_came_to_lie_on_another_field_is_not_believed() -> None:
    book = filled()
    target = book.defined_names["qf_product_model"].attr_text
    book.defined_names["qf_lot_no"] = DefinedName("qf_lot_no", attr_text=target)
    assert plain(found_in(book)) == WANTED


def test_the_hidden_map_is_the_last_resort() -> None:
    book = filled()
    ws = book.worksheets[0]
    without_names(book)
    for row in ws.iter_rows():
        for cell in row:
            if cell.value == "生产批号":
                cell.value = "？？"
    found = found_in(book)
    assert found.values["lot_no"][0] == "A65-2603C"


def test_a_label_that_means_nothing_is_told_with_what_it_may_mean() -> None:
    ws = (book := openpyxl.Workbook()).active
    ws.append(["客户投诉记录表"])
    ws.append(["生产批次", "A65-2603C", "天气", "晴"])
    found = found_in(book)
    assert found.unknown_labels == (("生产批次", "Sheet!B2", "lot_no"), ("天气", "Sheet!D2", None))


def test_other_layouts_labels_over_values_and_label_and_value_in_one_cell() -> None:
    ws = (book := openpyxl.Workbook()).active
    ws.append(["产品型号", "生产批号", "不良数量"])
    ws.append(["YL-A65", "A65-2603C", 9])
    ws.append([])
    ws.append(["联系人：陈志远", None, "联系电话: 0755-26880000"])
    ws.append(["问题现象：无输出\n指示灯不亮"])
    values = plain(found_in(book))[0]
    assert values == {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_qty": 9,
        "contact_name": "陈志远",
        "contact_phone": "0755-26880000",
        "defect_symptom": "无输出\n指示灯不亮",
    }


def test_a_word_of_the_choices_is_the_value_though_it_be_a_label_elsewhere() -> None:
    kind = text_field("kind", "8D类别", "enum", choices=(Choice("customer", Text("客户")),))
    own = form(kind, text_field("customer_name", "客户名称", aliases=("客户",)), text_field("lot_no", "生产批号"))
    book = lines(("生产批号", "A65-2603C"), ("8D类别", "客户"), ("客户", "深圳启远"))
    found = find(book_of(book), own, Catalogue({"complaint": own}).labels("complaint"))
    assert {n: raw for n, (raw, _) in found.values.items()} == {
        "kind": "客户",
        "customer_name": "深圳启远",
        "lot_no": "A65-2603C",
    }


def test_an_empty_form_has_no_values_but_targets() -> None:
    found = found_in(read(blank(COMPLAINT, CATALOGUE, "", "zh")))
    assert found.values == {} and set(found.rows.values()) == {()}
    assert {f.name for f in COMPLAINT.fields} <= set(found.targets)


# ---------------------------------------------------------------- lists


def lines(*rows: tuple[Any, ...]) -> Any:
    ws = (book := openpyxl.Workbook()).active
    for row in rows:
        ws.append(list(row))
    return book


HEAD = ("序号", "费用类别", "说明", "费用数量", "金额")


def costs(book: Any) -> list[dict[str, Any]]:
    return [{k: raw for k, (raw, _) in row.items()} for row in found_in(book).rows["cost_lines"]]


def test_merged_cells_count_for_every_row_and_same_means_the_value_above() -> None:
    book = lines(("费用明细",), HEAD, (1, "返工", "甲", 1, 10), (2, None, "乙", 2, 20), (3, "差旅", "同上", "〃", 30))
    book.active.merge_cells("B3:B4")
    assert costs(book) == [
        {"category": "返工", "description": "甲", "cost_qty": 1, "amount": 10},
        {"category": "返工", "description": "乙", "cost_qty": 2, "amount": 20},
        {"category": "差旅", "description": "乙", "cost_qty": 2, "amount": 30},
    ]


def test_examples_totals_and_rows_with_only_a_number_are_no_rows() -> None:
    book = lines(HEAD, (1, "返工", "换变压器", 3, 120), (2, "差旅", "甲", 1, 10), (3,), ("合计", None, None, None, 130))
    assert costs(book) == [{"category": "差旅", "description": "甲", "cost_qty": 1, "amount": 10}]


def test_a_row_of_options_none_of_which_is_ticked_is_no_row() -> None:
    book = lines(HEAD, (1, "□\u00a0返工 □\u00a0差旅"), (2, "■\u00a0返工 □\u00a0差旅"), (3, "□\u00a0返工 □\u00a0差旅"))
    assert [row["category"] for row in costs(book)] == ["■\u00a0返工 □\u00a0差旅"]


def test_a_list_grown_beyond_its_drawn_rows_is_read_to_the_next_label() -> None:
    rows = [(n, "返工", f"第 {n} 次", n, n) for n in range(1, 31)]
    book = lines(HEAD, *rows, ("填表人", "陈志远"))
    found = found_in(book)
    assert len(found.rows["cost_lines"]) == 30 and found.values["filled_by"][0] == "陈志远"


def test_a_list_ends_at_two_empty_rows_beyond_the_drawn_ones_and_at_a_heading() -> None:
    book = lines(HEAD, (1, "返工", "甲", 1, 1), (), (), (4, "差旅", "乙", 1, 2), (), (), (None, "别的", "x", 1, 3))
    assert [row["description"] for row in costs(book)] == ["甲", "乙"]
    book = lines(HEAD, (1, "返工", "甲", 1, 1), ("以下由财务填写",), (1, "x", "y", 1, 1))
    book.active.merge_cells("A3:E3")
    assert [row["description"] for row in costs(book)] == ["甲"]


def test_lists_with_the_same_columns_are_told_apart_by_their_own_label() -> None:
    def measures(name: str, zh: str) -> Field:
        return Field(
            name, Text(zh), "list", rows=2, fields=(text_field("what", "措施内容"), text_field("who", "责任人"))
        )

    two = form(text_field("lot_no", "生产批号"), measures("interim", "临时措施"), measures("lasting", "长期措施"))
    book = lines(
        ("长期措施",), ("措施内容", "责任人"), ("b", "李"), (), ("临时措施",), ("措施内容", "责任人"), ("a", "王")
    )
    found = find(book_of(book), two, Catalogue({"complaint": two}).labels("complaint"))
    assert {n: rows[0]["what"][0] for n, rows in found.rows.items()} == {"lasting": "b", "interim": "a"}


def test_the_columns_may_stand_in_any_order() -> None:
    order = random.Random(7).sample(range(5), 5)
    row = (1, "返工", "甲", 2, 30)
    book = lines(tuple(HEAD[n] for n in order), tuple(row[n] for n in order))
    assert costs(book) == [{"category": "返工", "description": "甲", "cost_qty": 2, "amount": 30}]


# ---------------------------------------------------------------- Word


def test_word_tables_lines_and_option_texts() -> None:
    made = docx.Document()
    made.add_paragraph("客户名称：深圳启远    联系人：陈志远")
    t = made.add_table(3, 4)
    for (r, c), text in {
        (0, 0): "产品型号", (0, 1): "YL-A65", (0, 2): "生产批号", (0, 3): "A65-2603C",
        (1, 0): "问题分类", (1, 1): "□\u00a0批量  ■\u00a0个别", (1, 2): "不良数量：9",
        (2, 0): "问题现象", (2, 1): "无输出",
    }.items():  # fmt: skip
        t.cell(r, c).text = text
    t.cell(2, 1).merge(t.cell(2, 3))
    costs_table = made.add_table(3, 4)
    for r, row in enumerate((HEAD[1:], ("返工", "甲", "1", "10"), ("差旅", "乙", "2", "20"))):
        for c, text in enumerate(row):
            costs_table.cell(r, c).text = text
    found = found_in(made)
    values, rows = plain(found)
    assert values == {
        "customer_name": "深圳启远",
        "contact_name": "陈志远",
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_category": "□\u00a0批量  ■\u00a0个别",
        "defect_qty": "9",
        "defect_symptom": "无输出",
    }
    assert rows["cost_lines"] == [("返工", "甲", "1", "10"), ("差旅", "乙", "2", "20")]
    assert found.targets["lot_no"] == "表1第1行第4格" and found.targets["customer_name"] == "正文第1段"


def test_a_heading_that_is_named_like_a_label_is_no_value() -> None:
    book = lines(
        ("一、客户名称", None), ("联系电话", "0755"), ("客户名称", "甲公司"), ("二、生产批号", None), ("不良数量", 9)
    )
    for row in (1, 4):
        book.active.merge_cells(start_row=row, start_column=1, end_row=row, end_column=4)
    values, _ = plain(found_in(book))
    assert values["customer_name"] == "甲公司" and "lot_no" not in values


# ---------------------------------------------------------------- which form


def test_a_form_is_known_by_stamp_property_code_title_and_labels() -> None:
    book = book_of(filled())
    assert next((c.form, c.how, c.stamp) for c in identify(book, CATALOGUE)) == ("complaint", "stamp", STAMP)
    bare = dataclasses.replace(book, stamps=())
    assert identify(bare, CATALOGUE)[0].how == "property"
    assert identify(dataclasses.replace(bare, properties={}), CATALOGUE)[0].how == "code"
    titled = book_of(lines(("客户 投诉记录表",)))
    assert [(c.form, c.how) for c in identify(titled, CATALOGUE)] == [("complaint", "title")]
    labelled = book_of(lines(*((f.label.zh, "x") for f in COMPLAINT.fields[:14])))
    assert [(c.form, c.how) for c in identify(labelled, CATALOGUE)][:1] == [("complaint", "labels")]
    assert identify(book_of(lines(("订单", "123"))), CATALOGUE) == ()


def test_a_short_code_tells_only_beside_labels_of_its_form() -> None:
    plate = (("孔位", "样品", "读数"), ("E12", "甲", "1.0"), ("F01", "乙", "2.0"))
    assert identify(book_of(lines(*plate)), CATALOGUE) == ()
    labels = tuple((f.label.zh, "x") for f in COMPLAINT.fields[:3])
    assert [(c.form, c.how) for c in identify(book_of(lines(*plate, *labels)), CATALOGUE)] == [("complaint", "code")]


def test_a_title_that_is_a_label_elsewhere_tells_only_beside_labels_of_its_form() -> None:
    fields = (text_field("code", "客户代码"), text_field("name", "客户全称"))
    customer = form(*fields, name="customer", title="客户名称", code="")
    catalogue = Catalogue({**CATALOGUE.forms, "customer": customer})
    assert identify(book_of(lines(("客户名称", "单价"), ("甲公司", "5"))), catalogue) == ()
    ours = (("客户名称",), ("客户代码", "K-1"), ("客户全称", "甲公司"))
    assert identify(book_of(lines(*ours)), catalogue)[0].form == "customer"


def test_a_code_is_known_only_as_a_whole() -> None:
    assert identify(book_of(lines(("AF01X 零件",))), CATALOGUE) == ()
    assert identify(book_of(lines(("表单 Q/SPT-RGS-8888 模板",))), CATALOGUE)[0].form == "refund_form"
