"""Word documents: what they say, that Word can open them, that values stay values, and that they are read back."""

from __future__ import annotations

import dataclasses as dc
import hashlib
import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
import support_documents as case
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from support_documents import RELATED, STAMP, at, procedures, record

from qforms.documents import Related, blank, render
from qforms.documents.template import fill, prepare
from qforms.forms import word
from qforms.model import QformsError, Record
from qforms.office import find
from qforms.office import word as reading
from qforms.office.package import Package

GOLDEN = Path(__file__).parent / "golden"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
ORDER = {  # ECMA-376-1, CT_PPr, CT_RPr, CT_TblPr, CT_TcPr as far as we write them
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl pBdr shd tabs snapToGrid spacing ind jc rPr",
    "rPr": "rStyle rFonts b bCs i iCs color spacing w kern position sz szCs highlight u lang",
    "tblPr": "tblStyle tblpPr tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign",
    "tblBorders": "top left bottom right insideH insideV",
    "tcMar": "top left bottom right",
}


def made(**values: object) -> bytes:
    return render(record(**values), RELATED, procedures(), stamp=STAMP)


def with_photos() -> bytes:
    rows, files = case.evidence()
    return render(record(evidence=rows), RELATED, procedures(), stamp=STAMP, photos=files)


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("name", "lang", "document"),
    [
        ("8001.zh", "zh", with_photos),
        ("8001.en", "en", lambda: render(record(), RELATED, procedures(), stamp=STAMP, lang="en")),
        ("8001.blank", "zh", lambda: blank("market_abnormality", procedures(), stamp=STAMP)),
        ("complaint.blank.en", "en", lambda: blank("complaint", procedures(), stamp=STAMP, lang="en")),
    ],
)
def test_says_what_the_golden_text_says(name: str, lang: str, document: object) -> None:
    said = case.text(document())  # type: ignore[operator]
    assert said == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_the_arithmetic_proves_itself() -> None:
    said = case.text(made())
    assert "16 / 5000 = 3.200‰" in said
    assert "16 × 1000 = 16000 > 3 × 5000 = 15000，条件成立" in said
    assert re.search(r"TS-202605-0003 .* 15 \| 3\.000 \| 否（等于）", said)
    assert "55 h 15 min 发出，按时" in said


def test_a_rate_below_the_limit_is_never_rounded_up_to_it() -> None:
    said = case.text(made(n_defect=14999, n_shipped=5_000_000, rate_ppm=3000))
    assert "14999 / 5000000 = 2.9998‰" in said and "条件不成立" in said


def test_the_request_names_who_until_when_and_which_parts() -> None:
    said = case.text(made())
    assert "请工程部在 2026-05-14（四）17:20 前填写第五、六部分，回复本邮件。" in said
    assert "请总经办填写第七部分" in said


def test_a_complete_reply_part_is_printed_as_facts_and_no_longer_asked_for() -> None:
    row = {"action": "换供应商", "kind": "correction", "target_cause": "occurrence", "owner_dept": "采购部"}
    done = {
        "tech_class": "batch",
        "mechanism_confirmed": True,
        "cause_category": ("material",),
        "recall_to_judge": False,
        "cause_analysis": "电解液受潮",
        "actions": ({**row, "owner": "苏曼", "planned_on": date(2026, 5, 20)},),
    }
    said = case.text(made(**done))
    assert "技术判定 | 批量" in said and "□ 个别" not in said
    assert "请总经办" in said and "请工程部" not in said


def test_private_values_do_not_stand_on_paper_that_may_leave() -> None:
    values = {"customer_name": "甲", "contact_phone": "13800000000", "product_model": "YL-A65"}
    complaint = Record("complaint", "TS-202605-0007", 0, "open", "TS-202605-0007", values)
    document = render(complaint, Related(), procedures(), stamp=STAMP)
    assert b"13800000000" not in case.part(document).encode()
    assert "内部备注 | 勿外传" in case.text(made(sales_secret="勿外传"))


def test_outside_there_are_no_departments_and_nothing_to_fill_in() -> None:
    said = case.text(render(record(), RELATED, procedures(), stamp=STAMP, outside=True))
    assert "工程部" not in said and "□" not in said and "请" not in said.replace("申请", "")


def test_a_revision_names_what_it_changed() -> None:
    earlier = record(lot_no="A65-2601B")
    later = Record("market_abnormality", earlier.number, 1, "issued", earlier.case_no, case.VALUES)
    related = Related(earlier=earlier, roles=RELATED.roles)
    said = case.text(render(later, related, procedures(), stamp=STAMP))
    assert "第 1 版更改：生产批号。" in said
    first = dc.replace(later, values={**later.values, "issue_no": 0})
    assert "更改" not in case.text(render(first, related, procedures(), stamp=STAMP)), "nobody has seen another"


# ---------------------------------------------------------------- values stay values

NASTY = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [
        "{{ head.number }}",
        "{% for x in y %}",
        "{{ ''.__class__.__mro__ }}",
        "{%tr endfor %}",
        "&amp;<w:p/>]]>",
        "\x00\x0b",
    ]
)


@settings(max_examples=40, deadline=None)
@given(NASTY)
def test_any_text_is_printed_as_itself_and_the_document_stays_well_formed(text: str) -> None:
    document = made(p_what=f"甲{text}乙")
    root = etree.fromstring(case.part(document).encode())
    words = "".join(t.text or "" for t in root.iter(f"{W}t"))
    kept = "".join(c for c in text if c.isprintable() and not re.match("[\ud800-\udfff\ufffe\uffff]", c))
    if kept == text:
        assert f"甲{text}乙".replace("\n", "") in words.replace("\n", "")
    assert "甲" in words and "乙" in words


def test_ten_kilobytes_and_line_breaks_survive() -> None:
    long = "电容<C7>&漏液 " * 1000
    root = etree.fromstring(case.part(made(p_what=f"一\n二\r\n三\n{long}")).encode())
    words = "".join(t.text or "" for t in root.iter(f"{W}t"))
    assert long.strip() in words
    assert "一⏎二⏎三⏎电容<C7>" in case.text(made(p_what=f"一\n二\r\n三\n{long}"))


def test_a_record_that_knows_nothing_gives_blanks_not_errors() -> None:
    empty = Record("market_abnormality", "8001-202605-0009", 0, "draft", "", {})
    said = case.text(render(empty, Related(), procedures(), stamp=""))
    assert "8001-202605-0009" in said and "草稿" in said and "None" not in said
    assert "*产品型号" in said  # what the draft still lacks


@pytest.mark.parametrize("attack", ["{{ head.__class__.__mro__ }}", "{{ v.__init__.__globals__ }}", "{{ nosuch.x }}"])
def test_a_template_cannot_leave_its_sandbox_or_use_unknown_names(attack: str) -> None:
    template = prepare(_docx(attack), "own.docx")
    with pytest.raises(QformsError, match=r"own\.docx"):
        fill(template, {"head": object(), "v": object()}, {}, {})


def test_a_wrong_tag_is_named_with_its_template() -> None:
    with pytest.raises(QformsError, match=r"own\.docx: word/document\.xml"):
        prepare(_docx("{% for x in %}"), "own.docx")
    with pytest.raises(QformsError, match=r"own\.docx: 不是 Word 文件"):
        prepare(b"PK no zip", "own.docx")


def _docx(body: str) -> bytes:
    """The generated template with one more paragraph."""
    data = word.template(procedures().catalogue.form("complaint"), "zh", "甲")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            raw = source.read(name)
            if name == "word/document.xml":
                raw = (
                    raw.split(b"<w:body>")[0]
                    + f"<w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>".encode()
                )
            target.writestr(name, raw if name != "docProps/core.xml" else b"<x/>")
    return out.getvalue()


def test_the_office_s_own_template_is_used_from_the_moment_it_lies_there(tmp_path: Path) -> None:
    import docx

    from qforms.settings import Procedures

    base = procedures()
    own = Procedures(base.catalogue, base.rulebook, base.work, base.settings.model_copy(update={"root": tmp_path}), {})
    folder = tmp_path / "form_templates" / "complaint"
    folder.mkdir(parents=True)
    asked = Record("complaint", "TS-1", 0, "open", "TS-1", {"product_model": "YL<A65>", "defect_symptom": "一\n二"})
    assert "客户投诉记录表" in case.text(render(asked, Related(), own, stamp="s"))
    document = docx.Document()
    document.add_paragraph("自制 {{ head.number }} {{ v.product_model }}：{{ v.defect_symptom }}")
    document.save(str(folder / "complaint.zh.docx"))
    made_ = render(asked, Related(), own, stamp="qf1.complaint.TS-1.0.k1.0123456789abcdef0123")
    said = docx.Document(io.BytesIO(made_))
    assert said.paragraphs[0].text == "自制 TS-1 YL<A65>：一\n二"
    assert reading.read(Package(made_, 10**8), 10**6).properties["qf_form"] == "complaint"


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("document", [with_photos, lambda: blank("market_abnormality", procedures(), stamp=STAMP)])
def test_children_stand_in_schema_order_and_rows_fill_their_grid(document: object) -> None:
    data = document()  # type: ignore[operator]
    for part in ("word/document.xml", "word/header1.xml", "word/footer1.xml", "word/styles.xml"):
        root = etree.fromstring(case.part(data, part).encode())
        for name, order in ORDER.items():
            for node in root.iter(f"{W}{name}"):
                places = [order.split().index(child.tag.removeprefix(W)) for child in node]
                assert places == sorted(places), (part, name, [c.tag for c in node])
    body = etree.fromstring(case.part(data).encode())
    for table in body.iter(f"{W}tbl"):
        grid = [int(col.get(f"{W}w")) for col in table.iter(f"{W}gridCol")]
        for row in table.iter(f"{W}tr"):
            spans = [
                int(s.get(f"{W}val")) if (s := tc.find(f"{W}tcPr/{W}gridSpan")) is not None else 1
                for tc in row.iter(f"{W}tc")
            ]
            assert sum(spans) == len(grid)
            widths = [int(tc.find(f"{W}tcPr/{W}tcW").get(f"{W}w")) for tc in row.iter(f"{W}tc")]  # type: ignore[union-attr]
            assert abs(sum(widths) - sum(grid)) < 12


def test_fonts_language_and_compatibility_are_set_where_word_and_libreoffice_look() -> None:
    data = made()
    styles = etree.fromstring(case.part(data, "word/styles.xml").encode())
    for fonts in styles.iter(f"{W}rFonts"):
        assert {fonts.get(f"{W}{slot}") for slot in ("ascii", "hAnsi", "cs")} == {"Times New Roman"}
        assert fonts.get(f"{W}eastAsia") == "SimSun"
        assert not [key for key in fonts.attrib if "Theme" in key]
    language = next(styles.iter(f"{W}lang"))
    assert (language.get(f"{W}val"), language.get(f"{W}eastAsia")) == ("en-US", "zh-CN")
    assert 'w:name="compatibilityMode"' in case.part(data, "word/settings.xml")
    assert 'w:val="15"' in case.part(data, "word/settings.xml")
    box = next(
        r for r in etree.fromstring(case.part(data).encode()).iter(f"{W}r") if (r.findtext(f"{W}t") or "") == "□"
    )
    assert box.find(f"{W}rPr/{W}rFonts").get(f"{W}hint") == "eastAsia"  # type: ignore[union-attr]


def test_bookmarks_have_their_own_numbers_and_names() -> None:
    root = etree.fromstring(case.part(with_photos()).encode())
    starts = list(root.iter(f"{W}bookmarkStart"))
    assert len({b.get(f"{W}id") for b in starts}) == len(starts) > 30
    assert len({b.get(f"{W}name") for b in starts}) == len(starts)
    assert all(len(b.get(f"{W}name", "")) <= 40 for b in starts)
    assert {b.get(f"{W}id") for b in root.iter(f"{W}bookmarkEnd")} == {b.get(f"{W}id") for b in starts}


def test_the_same_record_gives_the_same_bytes() -> None:
    assert hashlib.sha256(with_photos()).digest() == hashlib.sha256(with_photos()).digest()


def test_photos_are_small_turned_and_without_the_camera_s_data() -> None:
    from PIL import Image

    image = Image.new("RGB", (3000, 1000), "red")
    image.putpixel((0, 0), (0, 0, 255))
    exif = image.getexif()
    exif[0x0112], exif[0x010F] = 6, "SecretCamera"  # to be turned by 90 degrees
    raw = io.BytesIO()
    image.save(raw, "JPEG", exif=exif)
    row = {"digest": "d", "name": "C7.jpg", "kind": "image/jpeg"}
    data = render(record(evidence=(row,)), RELATED, procedures(), stamp=STAMP, photos={"d": raw.getvalue()})
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        inside = package.read("word/media/photo1.jpeg")
        assert b'Extension="jpeg"' in package.read("[Content_Types].xml")
    shown = Image.open(io.BytesIO(inside))
    assert shown.size == (400, 1200) and b"SecretCamera" not in inside
    assert 'descr="C7.jpg"' in case.part(data)
    assert "图 1  C7" in case.text(data)


@pytest.mark.parametrize("raw", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_photo_that_cannot_be_opened_is_named(raw: bytes) -> None:
    row = {"digest": "d", "name": "坏图.jpg", "kind": "image/jpeg"}
    said = case.text(render(record(evidence=(row,)), RELATED, procedures(), stamp=STAMP, photos={"d": raw}))
    assert "坏图.jpg 打不开" in said


def test_a_decompression_bomb_is_not_opened() -> None:
    from PIL import Image

    from qforms.forms.pictures import prepare as shrink

    out = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    assert shrink(out.getvalue()) is None


# ---------------------------------------------------------------- there and back


def read_back(data: bytes) -> tuple[dict[str, object], find.Found, tuple[str, ...]]:
    """The values found in a returned file, by the real reader."""
    catalogue = procedures().catalogue
    book = reading.read(Package(data, 10**8), 10**6)
    form = catalogue.form("market_abnormality")
    found = find.find(book, form, catalogue.labels(form.name))  # type: ignore[attr-defined]
    values = {}
    for name, (raw, where) in found.values.items():
        value, problem = catalogue.parse(catalogue.field(form.name, name), raw, where)  # type: ignore[arg-type]
        assert problem is None, problem
        if value is not None:
            values[name] = value
    return values, found, book.stamps


def test_an_unchanged_document_is_read_back_as_the_record_it_came_from() -> None:
    data = with_photos()
    values, found, stamps = read_back(data)
    assert stamps == (STAMP,)
    same = {k: v for k, v in case.VALUES.items() if k in values}
    assert {k: values[k] for k in same} == same
    assert set(values) <= set(case.VALUES)
    assert len(found.rows["interim_actions"]) == 3
    assert not any(raw for row in found.rows.get("actions", ()) for c, (raw, _) in row.items() if c == "action")


def test_what_a_department_fills_in_is_read() -> None:
    row = {"action": "全检", "kind": "containment", "owner": "沈若川", "planned_on": date(2026, 5, 20)}
    answers = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "漏液\n受潮", "actions": (row,)}
    values, found, _ = read_back(made(**answers))
    assert values["tech_class"] == "batch" and values["mechanism_confirmed"] is True
    assert values["cause_analysis"] == "漏液\n受潮"
    assert found.rows["actions"][0]["planned_on"][0] == "2026-05-20"
    assert found.targets["tech_class"].startswith("表")


def test_a_blank_form_has_a_place_for_every_field_it_asks_for_and_no_value() -> None:
    values, found, _ = read_back(blank("market_abnormality", procedures(), stamp=STAMP))
    assert values == {}
    asked = {
        "product_model",
        "lot_no",
        "tech_class",
        "cause_analysis",
        "responsibility",
        "responsible_dept",
        "evidence",
    }
    assert asked <= set(found.targets)


def test_rendering_is_cheap_once_the_template_is_prepared() -> None:
    import time

    made()
    started = time.process_time()
    for _ in range(20):
        made()
    assert (time.process_time() - started) / 20 < 0.03
    assert at(5, 1).tzinfo is not None
