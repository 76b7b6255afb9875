# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""A filled example of every form of the procedures (F01 to F24): what examples.yaml says of it, and for every other
field a value of its kind, so that each label, column and signature is seen on paper.

`python -m tests.documents.examples` writes the golden texts anew; with `--png DIR` it also prints every form through
LibreOffice, a picture a page, to be looked at."""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import support_documents
import support_rules
from ruamel.yaml import YAML

from qforms.documents import Related, render
from qforms.forms.rows import row_names
from qforms.model import Clock, Field, Form, Lang, Record
from qforms.settings import Procedures

GOLDEN = HERE / "golden" / "filled"
LANGS: tuple[Lang, ...] = ("zh", "en")
ZONE = timezone(timedelta(hours=8))
AT = datetime(2026, 5, 11, 10, 5, tzinfo=ZONE)
ROLES = {
    **{"intake": "客服部", "sales": "销售部", "aftersales": "售后服务部", "engineering": "工程部", "quality": "质保部"},
    **{"production": "生产一车间", "purchasing": "采购部", "gmo": "总经办", "gm": "总经理", "finance": "财务部"},
}
HEADS = {
    "销售部": "梁海",
    "工程部": "秦牧",
    "质保部": "沈若川",
    "总经办": "汪敏",
    "生产一车间": "田广志",
    "采购部": "苏曼",
}
PEOPLE = {name: department for department, name in HEADS.items()} | {"周启文": "销售部", "卢正平": "总工程师"}
_REF = {"complaint": "TS-202605-0007", "mechanism_group": "MG-202605-0001", "any": "8001-202605-0001"}


@functools.cache
def procedures() -> Procedures:
    company = {"name": "江苏云岭电器有限公司", "name_en": "Jiangsu Yunling Electric Co., Ltd."}
    return support_rules.procedures(company={**company, "address": "zhiliang@yunling.example"})


@functools.cache
def told() -> Mapping[str, Mapping[str, Any]]:
    """What examples.yaml says, by form."""
    return YAML(typ="safe").load((HERE / "examples.yaml").read_text("utf-8"))  # type: ignore[no-any-return]


def record(name: str) -> Record:
    """The filled example of a form: final where its life can end, so that it is printed as a record."""
    form, said = procedures().catalogue.form(name), told()[name]
    given, problems = procedures().catalogue.accept(name, said.get("values", {}))
    assert not problems, f"{name}: {problems}"
    values = {f.name: given[f.name] if f.name in given else _value(form, f) for f in form.fields}
    values = {n: v for n, v in values.items() if v is not None and n not in said.get("empty", ())}
    final = [s.name for s in form.lifecycle.states if s.final and s.print in ("closed", "effective")]
    status = (final or [form.lifecycle.states[-1].name])[0]
    return Record(name, said["number"], 1, status, "TS-202605-0007", values, received_at=AT)


def printed(name: str, lang: Lang) -> bytes:
    """The example's Word document."""
    said = told()[name]
    approvals = tuple(
        Record(
            "approval", f"SP-{n}", 0, "agreed", "", {"verdict": "agree", "means": "email", "decided_at": AT, **given}
        )
        for n, given in enumerate(said.get("approvals", ()))
    )
    due = Clock("report_8001", said["number"], "TS-202605-0007", AT, AT + timedelta(hours=72), "met")
    related = Related(
        complaints=support_documents.COMPLAINTS if name in ("market_abnormality", "topical_report") else (),
        clocks=(due,) if name == "market_abnormality" else (),
        approvals=approvals,
        heads=HEADS,
        people=PEOPLE,
        roles=ROLES,
    )
    return render(record(name), related, procedures(), stamp="", lang=lang)


# ---------------------------------------------------------------- a value of its kind


def _value(form: Form, fld: Field) -> Any:
    if fld.type in ("img", "file") or (fld.type == "ref" and fld.many and fld.ref == "any"):
        return None
    if fld.type == "list":
        return _rows(form, fld)
    value = _single(fld)
    return (value,) if fld.many else value


def _rows(form: Form, fld: Field) -> tuple[dict[str, Any], ...]:
    names = [c.code for c in row_names(fld)] or [""]
    return tuple({c.name: name if c.name == fld.rows_of else _single(c) for c in fld.fields if c.type not in
                  ("img", "file")} for name in names)  # fmt: skip


def _single(fld: Field) -> Any:
    if fld.choices:
        return int(fld.choices[0].code) if fld.type == "int" else fld.choices[0].code
    kinds: dict[str, Any] = {
        "int": int(fld.min or 2),
        "dec": Decimal("12.5"),
        "money": Decimal("128.50"),
        "bool": True,
        "date": AT.date(),
        "dt": AT,
        "ref": _REF.get(fld.ref, f"{fld.ref}-1"),
        "user": "秦牧",
        "dept": "工程部",
        "sig": {"name": "秦牧", "decision": "agree", "at": AT},
    }
    said = fld.example.zh.removeprefix("例：") or f"（{fld.label.zh}）"
    return kinds.get(fld.type, said)


# ---------------------------------------------------------------- golden texts and pictures


def golden(name: str, lang: Lang) -> Path:
    return GOLDEN / f"{name}.{lang}.txt"


def _pictures(folder: Path, names: list[str], lang: Lang) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.{lang}.docx" for name in names]
    for name, file in zip(names, files, strict=True):
        file.write_bytes(printed(name, lang))
    with tempfile.TemporaryDirectory() as home:
        office = ["soffice", f"-env:UserInstallation=file://{home}", "--headless", "--convert-to", "pdf"]
        subprocess.run([*office, "--outdir", folder, *files], check=True, timeout=900, capture_output=True)
    for file in files:
        pages = ["pdftoppm", "-r", "60", "-png", file.with_suffix(".pdf"), file.with_suffix("")]
        subprocess.run(pages, check=True, timeout=120)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--png", type=Path, help="print the forms, and write a picture of each page into this folder")
    asked.add_argument("--lang", choices=LANGS, default="zh", help="of the pictures")
    asked.add_argument("form", nargs="*", help="these forms only")
    args = asked.parse_args()
    GOLDEN.mkdir(parents=True, exist_ok=True)
    names = args.form or list(told())
    for name in names:
        for lang in LANGS:
            golden(name, lang).write_text(support_documents.text(printed(name, lang)), "utf-8")
    if args.png:
        _pictures(args.png, names, args.lang)
    print(os.path.relpath(GOLDEN))


if __name__ == "__main__":
    main()
