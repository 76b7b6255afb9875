"""Forms in files: JSON, Excel, edits of the workbook; and the envelope that trust rests on."""

from __future__ import annotations

import dataclasses as dc
import json
from decimal import Decimal

import pytest
from support_intake import (
    KEYS,
    NOW,
    NoOffice,
    delivered,
    mail,
    multi,
    part,
    procedures,
    reading,
    stamped,
    taken,
    world,
    zipped,
)
from support_office import repacked

from qforms import stamp
from qforms.forms.blank_excel import blank
from qforms.intake import filekind, read, trust
from qforms.model import Record
from qforms.office.child import OfficeReader
from qforms.settings import Limits, Trust


def file(data, name="a.json", mtime=1):
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return reading(raw, "folder", name, modified_ns=mtime)


def codes(found):
    return [p.code for f in found.filled for p in f.problems]


# ---------------------------------------------------------------- JSON


def test_a_form_as_json():
    found = file(
        {
            "form": "complaint",
            "values": {"product_model": "YL-A65", "defect_qty": 9, "loss_estimate": 12.5},
            "by": "sales",
        }
    )
    (form,) = found.filled
    assert form.values == {"product_model": "YL-A65", "defect_qty": 9, "loss_estimate": Decimal("12.50")}
    assert (form.form, form.by, form.how, found.kind) == ("complaint", "sales", "json", "form")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_json_in_any_encoding(codec):
    found = file(
        json.dumps({"form": "complaint", "values": {"customer_name": "客户甲"}}, ensure_ascii=False).encode(codec)
    )
    assert found.filled[0].values == {"customer_name": "客户甲"}


def test_a_list_of_forms():
    found = file(
        [{"form": "complaint", "values": {"lot_no": "A"}}, {"form": "nothing"}, 7, {"form": "contact", "values": {}}]
    )
    assert [f.form for f in found.filled] == ["complaint", "", "", "contact"]
    assert codes(found) == ["unknown_form", "json_no_form"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "json_unreadable"),
        (b'{"form": NaN}', "json_unreadable"),
        (b'{"form": "complaint", "form": "contact"}', "json_unreadable"),
        (b"[" * 100_000, "json_unreadable"),
        (b"[]", "json_no_form"),
        (b"[" + b"1," * 1000 + b"1]", "json_too_many"),
    ],
)
def test_json_that_cannot_be_read_is_held(data, code):
    found = file(data)
    assert found.held and found.held.code == code


def test_every_fault_of_a_json_form_is_named():
    found = file({"form": "complaint", "values": {"product_modle": "x", "defect_qty": "many"}, "vaules": {}, "by": 3})
    problems = found.filled[0].problems
    assert {p.code for p in problems} >= {"json_unknown_key", "json_wrong_type", "unknown_field"}
    assert {p.context.get("near") for p in problems} >= {"values", "product_model"}
    assert any(p.field == "defect_qty" for p in problems)


def test_the_form_of_a_number_is_known():
    assert file({"number": "8001-202605-0003", "values": {"stock_field": 1}}).filled[0].form == "market_abnormality"


def test_null_empties_a_field():
    assert file({"form": "complaint", "number": "TS-202604-0001", "values": {"lot_no": None}}).filled[0].values == {
        "lot_no": None
    }


def test_a_file_is_known_by_content_name_and_time():
    data = {"form": "complaint", "values": {}}
    assert file(data).key == file(data).key
    assert len({file(data).key, file(data, "b.json").key, file(data, mtime=2).key}) == 3


def test_a_photo_in_the_folder_is_held_with_the_reason():
    assert file(b"\x89PNG\r\n\x1a\n" + bytes(100), "a.png").held.code == "file_not_a_form"


@pytest.mark.parametrize(
    ("name", "why"),
    [("a.xlsx", "unreadable_file"), ("投诉.DOCX", "unreadable_file"), ("a.zip", "archive_unopened")],
)
def test_a_file_that_came_in_part_only_is_held_as_damaged_not_as_some_other_file(name, why):
    held = file(zipped({"[Content_Types].xml": b"<Types/>" * 50, "xl/workbook.xml": bytes(500)})[:120], name).held
    assert held.code == why and name in held.where


def test_json_in_a_zip_in_the_folder():
    found = file(zipped({"投诉.json": b'{"form": "complaint", "values": {"lot_no": "A1"}}'}), "a.zip")
    assert found.filled[0].values == {"lot_no": "A1"} and not found.held


def test_a_mail_as_a_file():
    found = file(mail(part("电源冒烟")), "投诉.eml")
    assert found.address == "wang@kehu.cn" and found.kind == "complaint" and not found.authenticated


# ---------------------------------------------------------------- the workbook


def edit(**given):
    raw = json.dumps({"form": "complaint", "number": "TS-202604-0001", **given}, ensure_ascii=False).encode()
    return reading(raw, "workbook", by="文员")


def test_an_edit():
    found = edit(
        values={"lot_no": "A65-2603C", "remarks": None}, base={"lot_no": "A65-2603B"}, base_revision=2, new=False
    )
    (form,) = found.filled
    assert form.values == {"lot_no": "A65-2603C", "remarks": None} and form.base == {"lot_no": "A65-2603B"}
    assert (form.how, form.base_revision, form.by, form.number) == ("edit", 2, "文员", "TS-202604-0001")


def test_a_new_row_has_no_base():
    assert edit(values={"lot_no": "A"}, new=True).filled[0].base is None


def test_an_edit_is_the_same_whoever_saved_it():
    one, two = (
        edit(values={"lot_no": "A"}, base_revision=1, by="x"),
        edit(values={"lot_no": "A"}, base_revision=1, by="y"),
    )
    assert one.key == two.key != edit(values={"lot_no": "A"}, base_revision=2).key


def test_a_cell_s_address_is_told():
    found = edit(values={"defect_qty": "若干"}, where={"defect_qty": "投诉台账!I7"})
    assert [p.where for p in found.filled[0].problems] == ["投诉台账!I7"]


def test_what_is_no_edit_is_held():
    assert reading(b"{}", "workbook").held.code == "json_no_form"


# ---------------------------------------------------------------- Excel


@pytest.fixture(scope="module")
def office():
    reader = OfficeReader(Limits())
    yield reader
    reader.close()


def excel(mark="", **values):
    catalogue = procedures().catalogue
    record = Record("complaint", "TS-202604-0001" if mark else "", 0, "open", "", values)
    return blank(catalogue.form("complaint"), catalogue, "沃迈电源", "zh", stamp=mark, record=record)


def with_excel(data, office, text="见附件", name="投诉.xlsx", **more):
    return reading(mail(multi("mixed", part(text), part(data, filekind.XLSX, name=name)), **more), office=office)


def test_a_filled_workbook_is_read_with_its_cells(office):
    found = with_excel(excel(product_model="YL-A65", lot_no="A65-2603C", defect_qty=9, defect_symptom="无输出"), office)
    form = next(f for f in found.filled if f.how == "excel")
    assert form.values["product_model"] == "YL-A65" and form.values["defect_qty"] == 9
    assert "!" in form.where["lot_no"] and form.part == "2" and found.kind == "form"


def test_its_stamp_is_checked(office):
    genuine = stamped("TS-202604-0001", form="complaint")
    forged = stamp.make("complaint", "TS-202604-0001", 0, {"k1": b"x" * 32})
    assert with_excel(excel(genuine, lot_no="A"), office).filled[0].stamp.genuine
    assert not with_excel(excel(forged, lot_no="A"), office).filled[0].stamp.genuine
    assert stamp.read(genuine, KEYS).number == "TS-202604-0001"


def test_a_workbook_that_cannot_be_opened_is_said(office):
    found = with_excel(zipped({"[Content_Types].xml": b"<x", "xl/workbook.xml": b""}), office)
    assert found.problems and not any(f.how == "excel" for f in found.filled)
    outcome = taken(mail(multi("mixed", part("电源冒烟"), part(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", name="a.xls"))))[0]
    assert outcome.form == "complaint" and outcome.answer == "question"


@pytest.mark.parametrize(("macros", "codes"), [("cells", []), ("refuse", ["macros_refused"])])
def test_files_with_macros_are_read_for_their_cells_or_refused(office, macros, codes):
    ready = procedures()
    limits = ready.settings.limits.model_copy(update={"macros": macros})
    ready = dc.replace(ready, settings=ready.settings.model_copy(update={"limits": limits}))
    data = repacked(excel(lot_no="A65-2603C"), {"xl/vbaProject.bin": b"x"})
    raw = mail(multi("mixed", part("见附件"), part(data, filekind.XLSM, name="投诉.xlsm")))
    found = read(delivered(raw), ready, office, NOW)
    assert [p.code for p in found.problems] == codes
    assert [f.values.get("lot_no") for f in found.filled if f.how == "excel"] == ([] if codes else ["A65-2603C"])


def test_two_forms_in_one_mail_are_two_outcomes(office):
    one = part(excel(product_model="YL-A65", lot_no="A65-2603C", defect_symptom="无输出"), filekind.XLSX, name="1.xlsx")
    two = part(
        b'{"form": "complaint", "values": {"defect_symptom": "\xe5\xbc\x82\xe5\x93\x8d"}}',
        "application/json",
        name="2.json",
    )
    found = reading(mail(multi("mixed", part("两件"), one, two)), office=office)
    from support_intake import outcomes

    assert [(o.form, o.how, o.part) for o in outcomes(found, world())] == [
        ("complaint", "excel", "2"),
        ("complaint", "json", "3"),
    ]


# ---------------------------------------------------------------- who vouches


@pytest.mark.parametrize(
    ("results", "trusted"),
    [
        (["mx.womai.cn; dmarc=pass header.from=kehu.cn"], True),
        (["mx.womai.cn; spf=pass smtp.mailfrom=wang@kehu.cn"], True),
        (["mx.womai.cn; dkim=pass header.d=kehu.cn"], True),
        (["mx.womai.cn 1; dkim=pass (good) header.i=@mail.kehu.cn"], True),
        (["mx.womai.cn; dkim=pass header.d=evil.cn; spf=pass smtp.mailfrom=x@evil.cn"], False),
        (["mx.womai.cn; dmarc=fail header.from=kehu.cn"], False),
        (["mx.womai.cn; spf=fail smtp.mailfrom=kehu.cn (dmarc=pass header.from=kehu.cn)"], False),
        (['mx.womai.cn; spf=pass smtp.mailfrom="; dmarc=pass header.from=kehu.cn "@evil.cn'], False),
        (["evil.cn; dmarc=pass header.from=kehu.cn"], False),
        (["mx.womai.cn.evil.cn; dmarc=pass"], False),
        (["mx.womai.cn; spf=fail", "mx.womai.cn; dmarc=pass header.from=kehu.cn"], False),
        ([], False),
    ],
)
def test_only_our_own_server_s_word_counts(results, trusted):
    assert trust.vouched(results, "mx.womai.cn", "wang@kehu.cn").sender is trusted


def test_without_a_name_of_our_server_nobody_is_vouched_for():
    assert not trust.vouched(["; dmarc=pass"], "", "wang@kehu.cn").sender


def test_the_channel_counts():
    raw = mail(part("x"))
    assert reading(raw, "maildir").authenticated and not reading(raw, "imap").authenticated
    signed = mail(part("x"), more={"Authentication-Results": "mx.womai.cn; dkim=pass header.d=kehu.cn"})
    assert reading(signed, "imap").authenticated and reading(signed, "imap").dkim_domains == ("kehu.cn",)


def test_a_maildir_that_a_named_server_delivers_into_counts_as_a_mailbox():
    p = procedures()
    named = dc.replace(p, settings=p.settings.model_copy(update={"trust": Trust(authserv_id="mx.womai.cn")}))
    bare, forged = mail(part("x")), mail(part("x"), more={"Authentication-Results": "mx.evil.cn; dmarc=pass"})
    signed = mail(part("x"), more={"Authentication-Results": "mx.womai.cn; dmarc=pass header.from=kehu.cn"})
    told = [read(delivered(raw, "maildir"), named, NoOffice(), NOW).authenticated for raw in (bare, forged, signed)]
    assert told == [False, False, True]


def test_time_of_arrival_is_the_delivery_s():
    assert delivered(b"x").received_at == NOW
