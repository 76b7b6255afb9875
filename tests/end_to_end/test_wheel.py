"""The wheel, installed somewhere else: forms and rules travel inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from support_endtoend import ROOT, environ


def test_a_workspace_from_the_wheel(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for name in ("qforms", "form_templates", "inbox_rules"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=120)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        package.extractall(target)
    assert {"qforms/_shipped/form_templates/complaint/form.yaml", "qforms/_shipped/inbox_rules/clocks.yaml"} <= names
    assert not [n for n in names if n.startswith("tests")]
    script = (
        "import sys, qforms; assert qforms.__file__.startswith(sys.argv.pop(1)); from qforms.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(target), "init", str(tmp_path / "ws")],
        cwd=tmp_path, env=environ(PYTHONPATH=os.pathsep.join([str(target)])), capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ws/form_templates/market_abnormality/form.yaml").exists()
    assert (tmp_path / "ws/master.xlsx").exists()
