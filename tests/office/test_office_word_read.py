"""Word files read as a reader sees them: tables as grids, insertions, controls, our own notes left out."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from support_office import STAMP, read, repacked

from qforms.office.book import OfficeFault

W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def document(body: str) -> bytes:
    """A document with this body, as XML."""
    return repacked(
        saved(docx.Document()), {"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>"}
    )


def p(inner: str) -> str:
    return f"<w:p>{inner}</w:p>"


def r(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def table(*rows: str) -> str:
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def tc(inner: str, span: int = 1, merge: str = "") -> str:
    about = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    about += {"": "", "start": '<w:vMerge w:val="restart"/>', "on": "<w:vMerge/>"}[merge]
    return f"<w:tc><w:tcPr>{about}</w:tcPr>{inner if inner.startswith('<') else p(r(inner))}</w:tc>"


def grid_of(body: str, n: int = 1) -> dict[tuple[int, int], Any]:
    return {at: cell.raw for at, cell in read(document(body)).grids[n].cells.items()}


def test_tables_become_grids_with_addresses_people_understand() -> None:
    made = docx.Document()
    made.add_paragraph("客户投诉记录表")
    for n in range(2):
        t = made.add_table(2, 2)
        t.cell(1, 0).text, t.cell(1, 1).text = "批号", f"A65-{n}"
    found = read(saved(made))
    assert [g.name for g in found.grids] == ["正文", "表1", "表2"]
    assert found.grids[2].cells[1, 1].raw == "A65-1" and found.grids[2].address(1, 1) == "表2第2行第2格"
    assert found.text == "客户投诉记录表" and found.grids[0].address(0, 0) == "正文第1段"


def test_merged_cells_are_resolved_and_boxes_counted_as_drawn() -> None:
    found = read(
        document(table(tc("类别", merge="start") + tc("说明", span=2), tc("", merge="on") + tc("a") + tc("b")))
    ).grids[1]
    assert found.span(1, 0) == (0, 0, 1, 0) and found.span(0, 2) == (0, 1, 0, 2)
    cell = found.at(1, 0)
    assert cell is not None and cell.raw == "类别"
    assert found.cells[1, 2].raw == "b" and found.address(1, 2) == "表1第2行第3格"


def test_tracked_changes_are_read_as_accepted() -> None:
    body = table(
        tc(p(r("A65-") + f"<w:del>{r('2603B').replace('w:t', 'w:delText')}</w:del><w:ins>{r('2603C')}</w:ins>"))
    )
    body += f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr>{tc('gone')}</w:tr><w:tr>{tc('kept')}</w:tr></w:tbl>"
    assert grid_of(body) == {(0, 0): "A65-2603C"} and grid_of(body, 2) == {(0, 0): "kept"}


def test_content_controls_checkboxes_placeholders_and_form_fields() -> None:
    def control(about: str, text: str) -> str:
        return f"<w:sdt><w:sdtPr>{about}</w:sdtPr><w:sdtContent>{r(text)}</w:sdtContent></w:sdt>"

    ticked = control('<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>', "x")
    blank = control('<w14:checkbox><w14:checked w14:val="0"/></w14:checkbox>', "x")
    hint = control("<w:showingPlcHdr/>", "单击此处输入文字")
    box = '<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>'
    legacy = f"<w:r><w:fldChar><w:ffData>{box}</w:ffData></w:fldChar></w:r>"
    sym = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
    row = (
        tc(p(ticked + r(" 批量 ") + blank + r(" 个别")))
        + tc(p(hint))
        + tc(p(control("", "华为")))
        + tc(p(legacy + sym))
    )
    assert grid_of(table(row)) == {(0, 0): "☑ 批量 ☐ 个别", (0, 2): "华为", (0, 3): "☑☑"}


def test_option_lines_breaks_and_tabs_come_as_written() -> None:
    body = table(
        tc(p(r("□\u00a0批量  ■\u00a0个别")) + p("<w:r><w:t>一</w:t><w:br/><w:t>二</w:t><w:tab/><w:t>三</w:t></w:r>"))
    )
    assert grid_of(body) == {(0, 0): "□\u00a0批量  ■\u00a0个别\n一\n二\t三"}


def test_a_text_box_counts_once_and_hidden_text_not_at_all() -> None:
    box = f"<wps:txbx><w:txbxContent>{p(r('框内'))}</w:txbxContent></wps:txbx>"
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    inner = f"<w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r>"
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>看不见</w:t></w:r>"
    assert read(document(p(inner + hidden + r("正文")))).text == "正文\n框内"


def test_nested_tables_are_tables_of_their_own() -> None:
    body = table(tc(p(r("外")) + table(tc("内")) + p("")))
    assert grid_of(body, 1) == {(0, 0): "外"} and grid_of(body, 2) == {(0, 0): "内"}


def test_bookmarks_name_cells_and_pieces_of_lines() -> None:
    def marked(name: str, text: str, key: int) -> str:
        return f'<w:bookmarkStart w:id="{key}" w:name="{name}"/>{r(text)}<w:bookmarkEnd w:id="{key}"/>'

    body = p(r("客户：") + marked("qf_customer", "华为", 1) + r(" 收")) + table(
        tc("批号") + tc(p(marked("qf_lot_no", "A65", 2)))
    )
    found = read(document(body))
    assert found.names == {"qf_customer": (0, 0, 1), "qf_lot_no": (1, 0, 1)}
    assert found.grids[0].cells[0, 1].raw == "华为" and found.address(found.names["qf_customer"]) == "正文第1段"


def test_our_own_notes_are_left_out_and_an_answer_typed_beside_one_is_read() -> None:
    note = '<w:bookmarkStart w:id="7" w:name="qf_note_1_none"/>' + r("▲ 没有批号") + '<w:bookmarkEnd w:id="7"/>'
    body = p(note) + table(tc(p(r("A65")) + p(note)) + tc(p(note + r("A65-2603C"))))
    found = read(document(body))
    assert found.text == "" and grid_of(body) == {(0, 0): "A65", (0, 1): "A65-2603C"}


def test_stamps_stand_in_the_properties_headers_are_text() -> None:
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "Q/SPT-RGS-8001 模板 2026-A"
    props = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        f'<property name="qf_stamp"><vt:lpwstr>{STAMP}</vt:lpwstr></property></Properties>'
    )
    found = read(repacked(saved(made), {"docProps/custom.xml": props}))
    assert found.stamps == (STAMP,) and "8001" in found.text


def test_a_span_that_no_document_has_is_refused() -> None:
    with pytest.raises(OfficeFault) as told:
        read(document(table(tc("x", span=200_000_000))))
    assert told.value.problem.code == "hostile_file"
