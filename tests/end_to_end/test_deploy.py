"""What is shipped for service managers and containers, held to what the program and those managers know."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML
from support_endtoend import ROOT

from qforms.cli import app
from qforms.commands import command_page

DEPLOY = ROOT / "deploy"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def known(command: str) -> bool:
    return command in {name for name, _ in command_page.commands(typer.main.get_command(app))}


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit; a setting may stand several times."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def test_the_units_run_commands_that_exist_with_the_same_hardening() -> None:
    daemon, backup = unit("qforms.service"), unit("qforms-backup.service")
    [run], [copy] = daemon["ExecStart"], backup["ExecStart"]
    assert run.split()[1:] == ["run", "/var/lib/qforms"] and known("run")
    assert re.search(r"qforms backup /var/lib/qforms ", copy) and known("backup")
    first = [key for key in daemon if key.startswith(("Protect", "Private", "Restrict", "SystemCall", "Capability"))]
    kept = [*first, "NoNewPrivileges", "LockPersonality", "RemoveIPC", "AmbientCapabilities", "UMask", "User", "Group"]
    assert len(kept) > 20 and {key: daemon[key] for key in kept} == {key: backup[key] for key in kept}
    assert daemon["EnvironmentFile"] == backup["EnvironmentFile"]
    assert float(daemon["TimeoutStopSec"][0]) >= 60  # a workbook may be under way
    assert daemon["StateDirectory"] == ["qforms"] and "/var/lib/qforms" in backup["ReadWritePaths"][0]


def test_the_image_is_made_of_files_that_exist_and_runs_without_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    first, last = text.split("\nFROM ")[1:]
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources), line
        allowed = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
        assert all(f"!{source}" in allowed for source in sources), line
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert wanted.removeprefix(">=") in first.split()[0] and last.split()[0] == first.split()[0]
    assert "--require-hashes" in first
    assert last.index("install -d -o qforms") < last.index("USER qforms") < last.index("VOLUME /workspace")
    assert 'ENTRYPOINT ["qforms"]' in last and 'CMD ["run", "/workspace"]' in last
    assert 'CMD ["qforms", "health", "/workspace"]' in last and known("health")


def test_the_composition_keeps_what_is_written_and_bounds_what_is_used() -> None:
    told = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))
    [(name, service)] = told["services"].items()
    build = service["build"]
    assert name == "qforms" and (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    [mount] = service["volumes"]
    volume, _, place = mount.partition(":")
    assert volume in told["volumes"] and f"VOLUME {place}" in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert service["read_only"] and service["tmpfs"] == ["/tmp"] and service["cap_drop"] == ["ALL"]
    assert {"mem_limit", "pids_limit", "restart", "stop_grace_period"} <= service.keys()
    assert int(service["logging"]["options"]["max-file"]) > 1
    assert all(not file["required"] for file in service["env_file"])


def test_the_windows_task_keeps_within_its_schema() -> None:
    """Bounds of the schema 1.4 of Task Scheduler (MS-TSCH 2.5): a count is a byte, a minute is the least."""
    task = ET.parse(DEPLOY / "windows/qforms-task.xml").getroot()

    def said(path: str) -> str:
        return task.findtext(f"{TASK}{path.replace('/', f'/{TASK}')}") or ""

    assert task.tag == f"{TASK}Task" and task.get("version") == "1.4"
    assert [child.tag.removeprefix(TASK) for child in task] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions",
    ]  # fmt: skip
    assert said("Settings/MultipleInstancesPolicy") == "IgnoreNew" and said("Settings/ExecutionTimeLimit") == "PT0S"
    assert 1 <= int(said("Settings/RestartOnFailure/Count")) <= 255
    assert said("Settings/RestartOnFailure/Interval") == "PT1M"
    assert said("Triggers/TimeTrigger/Repetition/Interval") == "PT5M" and said("Triggers/TimeTrigger/StartBoundary")
    [principal] = task.iter(f"{TASK}Principal")
    [actions] = task.iter(f"{TASK}Actions")
    assert actions.get("Context") == principal.get("id")
    assert said("Actions/Exec/Arguments").split()[0] == "run"


@pytest.mark.parametrize("page", ["it.md", "operations.md"])
def test_the_pages_name_files_that_are_shipped(page: str) -> None:
    for name in re.findall(r"deploy/[\w./-]+\w", (ROOT / "docs" / page).read_text("utf-8")):
        assert Path(ROOT, name).exists(), name
