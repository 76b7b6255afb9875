"""Every command of the contract, its exit status, and what its start costs."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support_endtoend import NOW, Workspace, command, copy, environ, mail, qforms

from qforms.ledger import FileStore

HEAVY = ("sqlalchemy", "openpyxl", "docx", "rule_engine", "structlog")


@pytest.fixture(scope="module")
def at_work(made: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with one case and a JSON file that could not be read. Only looked at."""
    ws = copy(made, tmp_path_factory.mktemp("commands") / "ws")
    ws.receive(mail())
    ws.drop("a.json", b"{")
    ws.once()
    return ws


def rows_of(*arguments: str) -> list[dict[str, Any]]:
    status, out, said = command(*arguments, "--json")
    assert (status, said) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


# ---------------------------------------------------------------- a workspace


def test_init_and_again(tmp_path: Path) -> None:
    root = tmp_path / "质量 部"
    status, out, _ = command("init", str(root), "--company", "江苏云岭电器有限公司", "--lang", "en")
    assert status == 0 and str(root) in out
    assert {"qforms.toml", "form_templates", "inbox_rules", "mail", "sent", "ledger.db", "store", "inbox", "cases",
            "master.xlsx"} <= {p.name for p in root.iterdir()}  # fmt: skip
    roles = {role for r in rows_of("records", str(root), "--form", "department") for role in r["values"]["roles"]}
    assert {"intake", "sales", "engineering", "quality", "gmo", "gm", "chief_engineer", "finance"} <= roles
    before = (root / "qforms.toml").read_bytes()
    status, _, said = command("init", str(root))
    assert status == 1 and len(said.splitlines()) == 1 and "already is a workspace" in said
    assert (root / "qforms.toml").read_bytes() == before


def test_init_leaves_other_people_s_files_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    status, _, said = command("init", str(tmp_path))
    assert status == 1 and str(tmp_path) in said
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_check(ws: Workspace) -> None:
    assert command("check", str(ws.root))[0] == 0
    form = ws.root / "form_templates" / "complaint" / "form.yaml"
    text = form.read_text("utf-8")
    line = 1 + text[: text.index("type: dt")].count("\n")
    form.write_text(text.replace("type: dt", "type: datum", 1), "utf-8")
    status, out, _ = command("check", str(ws.root))
    assert status == 1 and f"complaint/form.yaml:{line}" in out.replace("\\", "/")


def test_doctor(ws: Workspace) -> None:
    status, out, _ = command("doctor", str(ws.root))
    assert status == 0 and "×" not in out
    ws.set("outgoing", kind="smtp", host="127.0.0.1", port=1, user="", sender="quality@company.example")
    status, out, _ = command("doctor", str(ws.root))
    assert status == 1 and "127.0.0.1" in out and "×" in out


# ---------------------------------------------------------------- looking ahead


def test_try_says_what_would_happen_and_changes_nothing(at_work: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(mail("投诉 YL-A66", "YL-A66 有异响，批号 A66-2604B，2 台。\n", sender="li@kehu.example"))
    before = at_work.snapshot(), at_work.files("store"), at_work.files("sent")
    status, out, _ = command("try", str(at_work.root), str(file), "--now", NOW.isoformat())
    assert status == 0
    assert "li@kehu.example" in out and "投诉" in out and "信件" in out and "时限" in out
    assert (at_work.snapshot(), at_work.files("store"), at_work.files("sent")) == before
    status, _, said = command("try", str(at_work.root), str(tmp_path / "none.eml"))
    assert status == 1 and "none.eml" in said


def test_forecast(at_work: Workspace) -> None:
    before = at_work.snapshot()
    until = NOW + timedelta(days=4)
    found = rows_of("forecast", str(at_work.root), "--until", until.isoformat())
    assert {r["action"] for r in found} >= {"reminder", "escalation"}
    assert [r["at"] for r in found] == sorted(r["at"] for r in found)
    assert all(r["at"] <= until.isoformat() for r in found)
    assert at_work.snapshot() == before
    assert command("forecast", str(at_work.root), "--until", until.isoformat())[0] == 0


# ---------------------------------------------------------------- looking


KEYS = {
    "records": "form number revision status case_no values due_at to cc received_at issued_at",
    "clocks": "clock case_no number started_at due_at met_at state escalations",
    "letters": "key kind audience to cc subject state number sent_at attempts last_error",
    "deliveries": "digest channel received_at sender subject outcome reason numbers",
}


@pytest.mark.parametrize("name", KEYS)
def test_lists(at_work: Workspace, name: str) -> None:
    found = rows_of(name, str(at_work.root))
    assert found and all(set(KEYS[name].split()) <= set(row) for row in found)
    status, out, _ = command(name, str(at_work.root), "--csv")
    lines = list(csv.DictReader(io.StringIO(out)))
    assert status == 0 and len(lines) == len(found) and set(lines[0]) == set(found[0])
    status, out, _ = command(name, str(at_work.root))
    assert status == 0 and len(out.splitlines()) > len(found)


def test_the_tables_are_for_people(at_work: Workspace) -> None:
    _, out, _ = command("clocks", str(at_work.root))
    assert "到期" in out and "due_at" not in out and "+08:00" not in out
    _, out, _ = command("deliveries", str(at_work.root))
    assert "a.json" in out, "a file has no subject, but a name"


def test_a_reason_calls_a_field_as_the_form_does(at_work: Workspace, tmp_path: Path) -> None:
    ws = copy(at_work, tmp_path / "ws")
    ws.receive(mail(text="型号：YL-A65\n现象：无输出\n不良数量：九台多\n"))
    ws.once()
    reasons = [r["reason"] for r in rows_of("deliveries", str(ws.root)) if "approximate" in r["codes"]]
    assert len(reasons) == 1 and "不良数量「九台多」" in reasons[0]


def test_a_time_that_is_none_names_its_option(at_work: Workspace) -> None:
    status, _, said = command("forecast", str(at_work.root), "--until", "tomorrow")
    assert status == 2 and said.startswith("--until tomorrow")


def test_times_bear_their_offset(at_work: Workspace) -> None:
    [case] = rows_of("records", str(at_work.root), "--form", "complaint")
    assert case["received_at"].endswith("+08:00") and case["due_at"].endswith("+08:00")


def test_show(at_work: Workspace) -> None:
    [case] = at_work.records()
    status, out, _ = command("show", str(at_work.root), case["number"])
    assert status == 0
    for word in (case["number"], "A65-2603C", "wang@qiyuan.example", "追问", "到期"):
        assert word in out
    status, _, said = command("show", str(at_work.root), "TS-209901-0001")
    assert status == 1 and "TS-209901-0001" in said


def test_held(at_work: Workspace, tmp_path: Path) -> None:
    ws = copy(at_work, tmp_path / "ws")
    [held] = rows_of("held", "list", str(ws.root))
    status, out, _ = command("held", "show", str(ws.root), held["digest"][:12])
    assert status == 0 and str(FileStore(ws.root / "store").path(held["digest"])) in out and "JSON" in out
    status, out, _ = command("held", "retry", str(ws.root), held["digest"][:12], "--now", NOW.isoformat())
    assert status == 0 and "待处理" in out
    [again] = rows_of("held", "list", str(ws.root))
    assert command("held", "dismiss", str(ws.root), again["digest"][:12])[0] == 0
    assert rows_of("held", "list", str(ws.root)) == []
    assert command("held", "show", str(ws.root), "0123")[0] == 1


@pytest.mark.parametrize(("flag", "suffix"), [("--word", ".docx"), ("--excel", ".xlsx")])
def test_blank(at_work: Workspace, tmp_path: Path, flag: str, suffix: str) -> None:
    out = tmp_path / f"form{suffix}"
    assert command("blank", str(at_work.root), "complaint", flag, "--out", str(out))[0] == 0
    assert out.read_bytes().startswith(b"PK")
    status, _, said = command("blank", str(at_work.root), "complain", flag)
    assert status == 1 and "complaint" in said


def test_a_blank_of_what_customers_only_read_is_for_those_who_write_it(at_work: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "8d.xlsx"
    assert command("blank", str(at_work.root), "eight_d", "--excel", "--out", str(out))[0] == 0
    names = set(load_workbook(out).defined_names)
    assert {"qf_d0_symptom", "qf_d2_statement", "qf_d4_result", "qf_d8_reason"} <= names


def test_workbook_rebuild(at_work: Workspace, tmp_path: Path) -> None:
    ws = copy(at_work, tmp_path / "ws")
    (ws.root / "master.xlsx").write_bytes(b"broken")
    assert command("workbook", "rebuild", str(ws.root))[0] == 0
    [case] = ws.records()
    assert any(case["number"] in row for row in ws.rows("投诉台账"))
    assert sorted(p.suffix for p in ws.root.glob("master*")) == [".xlsx", ".xlsx"]  # the old one is kept


# ---------------------------------------------------------------- status and language


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["run"], ["run", "{}", "--now", "2026-05-06T14:20"], ["run", "{}", "--once", "--now", "gestern"],
     ["blank", "{}", "complaint", "--word", "--excel"], ["records", "{}", "--jsn"]],
)  # fmt: skip
def test_wrong_usage_is_2(at_work: Workspace, arguments: list[str]) -> None:
    status, out, said = command(*(a.format(at_work.root) for a in arguments))
    assert status == 2 and said and not out


def test_no_workspace_is_1(tmp_path: Path) -> None:
    for name in ("run", "check", "doctor", "records", "clocks", "letters", "deliveries"):
        status, _, said = command(name, str(tmp_path))
        assert status == 1 and len(said.splitlines()) <= 1 and "Traceback" not in said


def test_a_bug_is_3(at_work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from qforms.commands import look

    def broken(_: Path, people: bool) -> list[dict[str, Any]]:
        raise ZeroDivisionError

    monkeypatch.setattr(look, "clocks", broken)
    status, _, said = command("clocks", str(at_work.root))
    assert status == 3 and "ZeroDivisionError" in said


def test_utf_8_whatever_the_locale(at_work: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qforms.cli", "deliveries", str(at_work.root), "--json"],
        capture_output=True, timeout=300, check=True, env=environ(LC_ALL="C", LANG="C", PYTHONUTF8="0"),
    )  # fmt: skip
    assert "投诉 YL-A65 无输出" in done.stdout.decode("utf-8")


# ---------------------------------------------------------------- what a start costs


def imported(*arguments: str) -> set[str]:
    """Top-level modules that a run of the command imported."""
    script = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('MODULES', *{m.partition('.')[0] for m in sys.modules}))\n"
        "from qforms.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, encoding="utf-8", timeout=300, env=environ(), check=True,
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_is_light() -> None:
    assert not imported("--help") & {*HEAVY, "pydantic"}


@pytest.mark.parametrize("name", ["run", "held retry", "records", "workbook rebuild"])
def test_help_of_a_command_is_light(name: str) -> None:
    """typer itself needs pydantic to look at a command's arguments; nothing of ours is imported."""
    assert not imported(*name.split(), "--help") & set(HEAVY)


def test_a_warm_run_of_plain_mails_is_light(at_work: Workspace, tmp_path: Path) -> None:
    ws = copy(at_work, tmp_path / "ws")
    ws.receive(mail("投诉 YL-A66", "YL-A66 有异响，批号 A66-2604B，2 台。\n", sender="li@kehu.example"))
    found = imported("run", str(ws.root), "--once", "--now", NOW.isoformat())
    assert len(ws.records()) == 2
    assert not found & {"rule_engine", "ruamel", "alembic", "docxtpl", "imap_tools", "yagmail", "holidays", "keyring"}


def test_the_ledger_is_whole_after_all_of_it(at_work: Workspace) -> None:
    with sqlite3.connect(at_work.root / "ledger.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert qforms("migrate", str(at_work.root)).returncode == 0
