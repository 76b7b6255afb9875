"""Chinese or English, one of both: by --lang, else the workspace, else the locale; codes of the ledger are for JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from support_endtoend import NOW, Workspace, command, copy, mail, qforms

from qforms import settings, tongue
from qforms.cli import app
from qforms.commands import command_page, start, verdict
from qforms.model import QformsError, Told, said

CHINESE = re.compile("[\u3400-\u9fff]")
CODES = re.compile(r"\b(owed|rendered|running|overdue|met_late|partial|accepted|held|ignored|acknowledgement)\b")


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose language, and all of whose data, is English."""
    root = tmp_path_factory.mktemp("tongue") / "quality"
    start.init(root, "Yunling", "en", NOW)
    ws = Workspace(root)
    text = "Power adapter YL-A65, lot A65-2603C: 9 pieces without output.\n"
    ws.receive(re.sub(rb"From: .*", b"From: Wang <wang@qiyuan.example>", mail("Complaint: YL-A65 no output", text)))
    ws.drop("a.json", b"{")
    ws.once()
    return ws


def looks(ws: Workspace, tmp_path: Path) -> dict[str, tuple[int, str]]:
    """What the commands that people read print, by command."""
    eml = tmp_path / "try.eml"
    raw = mail("Complaint: YL-A66 noise", "YL-A66, lot A66-1: 2 pieces with noise.\n")
    eml.write_bytes(re.sub(rb"From: .*", b"From: Wang <wang@qiyuan.example>", raw))
    [case] = ws.records()
    until = (NOW + timedelta(days=3)).isoformat()
    [held] = [json.loads(line) for line in command("held", "list", str(ws.root), "--json")[1].splitlines()]
    lines = [
        ("records",), ("clocks",), ("letters",), ("deliveries",), ("held", "list"),
        ("held", "show", held["digest"][:9]),
        ("show", case["number"]), ("try", str(eml), "--now", NOW.isoformat()), ("forecast", "--until", until),
        ("health",), ("ledger", "verify"), ("show", "TS-209901-0001"), ("records", "--form", "compliant"),
    ]  # fmt: skip
    found = {}
    for line in lines:
        words = 2 if line[0] in ("held", "ledger") else 1
        status, out, err = command(*line[:words], str(ws.root), *line[words:])
        found[" ".join(line[:words]) + (" (fault)" if err else "")] = (status, out + err)
    return found


def test_an_english_workspace_is_spoken_to_in_english(english: Workspace, tmp_path: Path) -> None:
    for name, (status, said_) in looks(english, tmp_path).items():
        plain = said_.replace("看板", "").replace(str(english.root), "")
        assert not CHINESE.search(plain), f"{name}: {[line for line in plain.splitlines() if CHINESE.search(line)]}"
        assert status in (0, 1) and plain.strip()


def test_a_chinese_workspace_shows_no_codes(made: Workspace, tmp_path: Path) -> None:
    ws = copy(made, tmp_path / "ws")
    ws.receive(mail())
    ws.drop("a.json", b"{")
    ws.once()
    for name, (_, said_) in looks(ws, tmp_path).items():
        if "fault" not in name:  # a fault may name forms as they are typed
            assert not CODES.search(said_.replace("qforms held retry", "")), (name, CODES.findall(said_))


def test_what_is_asked_for_wins_over_the_workspace(english: Workspace) -> None:
    assert "时限" in command("--lang", "zh", "clocks", str(english.root))[1]
    assert "Deadlines" in command("clocks", str(english.root))[1]
    assert command("--lang", "fr", "clocks", str(english.root))[0] == 2


@pytest.mark.parametrize(
    ("environment", "lang"),
    [({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"), ({}, "zh"), ({"LANG": "C.UTF-8"}, "zh"),
     ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en")],
)  # fmt: skip
def test_the_locale(environment: dict[str, str], lang: str) -> None:
    assert tongue.of_locale(environment) == lang


def test_help_is_in_the_language_of_the_locale_with_examples() -> None:
    english, chinese = (qforms("records", "--help", LANG=lang).stdout for lang in ("en_US.UTF-8", "zh_CN.UTF-8"))
    assert "Examples:" in english and "qforms records quality --form complaint" in english
    assert not CHINESE.search(english)
    assert "例：" in chinese and "qforms records 质量 --form complaint" in chinese
    assert "Lists all records." in qforms("--lang", "en", "records", "--help", LANG="zh_CN.UTF-8").stdout


def test_every_command_that_tells_something_tells_it_as_json() -> None:
    silent = {"init", "run", "demo", "login", "newkey", "blank", "workbook rebuild", "migrate", "backup", "restore"}
    for name, made in command_page.commands(typer.main.get_command(app)):
        if name not in silent and not name.startswith(("web", "forget", "export")):
            assert "--json" in {o for p in made.params for o in p.opts}, name


_BASH = """
source <(_QFORMS_COMPLETE=source_bash qforms)
for line in "qforms rep" "qforms held " "qforms blank $DIR eight" "qforms report $DIR --mo"; do
    IFS=" " read -ra COMP_WORDS <<< "$line"
    [[ $line == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _qforms_completion qforms
    echo "${COMPREPLY[*]}"
done
"""


def test_completion_in_a_real_bash(english: Workspace) -> None:
    """Commands, commands of a group, the forms of the workspace, options; as `qforms --install-completion` sets up."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        ["bash", "--norc", "-c", _BASH],
        env={**os.environ, "PATH": path, "DIR": str(english.root)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.stdout.splitlines() == ["report", "list show retry dismiss", "eight_d", "--month"], told.stderr


# ---------------------------------------------------------------- settings


FAULTS = [
    ("[company]\nnme = 'x'\n", 2, "company.nme", "name"),
    ("[compny]\nname = 'x'\n", 1, "compny", "company"),
    ("[mailbox]\nkind = 'imp'\n", 2, "mailbox.kind", "imap"),
    ("[mailbox]\nport = 'x'\n", 2, "mailbox.port", "25"),
    ("[workbook]\n# few\nversions = 0\n", 3, "workbook.versions", "1"),
    ("[watch]\ndaily_report = 'perhaps'\n", 2, "watch.daily_report", "true"),
    ("[outgoing]\nquiet_from = 25\n[issue]\nmode = 'never'\n", 4, "issue.mode", "manual"),
    ("[calendar]\nhours = ['8-12']\n", 2, "calendar.hours", "08:30-12:00"),
    ("[company]\ntimezone = 'Asia/Shangai'\n", 2, "company.timezone", "shanghai"),
    ("[company]\nname = 江苏\n", 2, "TOML", ""),
    ("[mailboxes.sales]\nhots = 'x'\n", 2, "mailboxes.sales.hots", "host"),
]


@pytest.mark.parametrize(("text", "line", "key", "meant"), FAULTS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_fault_of_the_settings_names_line_key_and_what_was_meant(
    tmp_path: Path, text: str, line: int, key: str, meant: str, lang: str
) -> None:
    from qforms.commands import checks

    (tmp_path / "qforms.toml").write_text(text, "utf-8")
    for name in ("form_templates", "inbox_rules"):
        (tmp_path / name).symlink_to(Path(__file__).parents[2] / name)
    tongue.ask("en" if lang == "en" else "zh")
    try:
        faults = "\n".join(checks.workspace_faults(tmp_path)[:3])
    finally:
        tongue.ask(None)
    assert f"{tmp_path / 'qforms.toml'}:{line}: " in faults and key in faults and meant in faults
    assert "Input should" not in faults and (lang == "zh") == bool(CHINESE.search(faults.replace("江苏", "")))


def test_every_fault_in_the_settings_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "qforms.toml").write_text("[company]\nnme = 1\nlang = 'de'\n[mailbox]\nport = 'x'\n", "utf-8")
    with pytest.raises(QformsError) as fault:
        settings.load(tmp_path)
    assert len(fault.value.problems) == 3
    status, _, told = command("records", str(tmp_path))
    assert status == 1 and len(told.splitlines()) == 3


# ---------------------------------------------------------------- check


def test_what_was_found_faultless_is_not_judged_again_until_it_changes(
    made: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qforms.commands import checks

    ws = copy(made, tmp_path / "ws")
    looked: list[Path] = []
    monkeypatch.setattr(checks, "_faults", lambda root: looked.append(root) or [])
    assert command("check", str(ws.root))[0] == 0 and command("check", str(ws.root))[0] == 0
    assert len(looked) == 1
    file = ws.root / "inbox_rules/limits.yaml"
    file.write_text(file.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert command("check", str(ws.root))[0] == 0 and len(looked) == 2
    monkeypatch.setattr(checks, "_faults", lambda root: [Told("坏", "bad", "a.yaml:3: ")])
    file.write_text(file.read_text("utf-8") + "\n# again\n", "utf-8")
    for _ in range(2):
        status, out, _ = command("check", str(ws.root), "--json")
        assert status == 1 and json.loads(out) == {"file": "a.yaml", "line": 3, "text": "坏"}
    assert verdict.state(ws.root) != verdict.state(made.root)


def test_a_line_in_both_languages() -> None:
    line = Told("坏了", "broken", "a.yaml:3: ")
    assert line == "a.yaml:3: 坏了 (broken)" and said(line, "en") == "a.yaml:3: broken"
    assert said(line.moved("a.yaml", "b.yaml"), "zh") == "b.yaml:3: 坏了" and said("as it is", "en") == "as it is"
