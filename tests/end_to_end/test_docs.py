"""The documents say what is: every command, setting and code stands there, generated pages are those of the present
program, the tutorials' commands work as they stand, and no link is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import typer
from support_endtoend import ROOT, environ

from qforms.cli import app
from qforms.commands import about, command_page, settings_page
from qforms.model import Lang

DOCS = ROOT / "docs"
LANGS: tuple[Lang, ...] = get_args(Lang)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_of_settings_is_the_present_one(lang: Lang) -> None:
    page = (DOCS / settings_page.FILES[lang]).read_text("utf-8")
    assert page == settings_page.page(lang), "run: python -m qforms.commands.settings_page"


def test_every_setting_is_described_and_no_other() -> None:
    told = settings_page.told()
    there = settings_page.tables()
    assert told.keys() == there.keys()
    for name, settings in there.items():
        assert told[name].keys() - {""} == settings.keys(), f"docs/settings.toml [{name}]"
        assert all(len(words) in (2, 3) and all(words[:2]) for words in told[name].values())


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_of_commands_is_the_present_one(lang: Lang) -> None:
    page = (DOCS / command_page.FILES[lang]).read_text("utf-8")
    assert page == command_page.page(lang), "run: python -m qforms.commands.command_page"


def test_every_command_has_words_and_examples_and_no_other() -> None:
    names = {name for name, _ in command_page.commands(typer.main.get_command(app))}
    assert about.ABOUT.keys() == names
    for name, told in about.ABOUT.items():
        assert told.zh and told.en and told.examples, name
        for line, zh, en in told.examples:
            assert line.startswith(f"qforms {name}") and zh and en, line


def run(script: str, folder: Path, **environment: str) -> None:
    """A page's commands, in order, in an empty folder, with `qforms` on the path."""
    there = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environ(PATH=there, COLUMNS="160", **environment),
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def blocks(page: str) -> str:
    return "\n".join(BLOCK.findall((DOCS / page).read_text("utf-8")))


def test_the_english_tutorial_works(tmp_path: Path) -> None:
    run(blocks("getting-started.md"), tmp_path, LANG="en_US.UTF-8")
    assert (tmp_path / "quality/inbox/done/complaint.eml").exists()
    assert (tmp_path / "8D.docx").stat().st_size > 10_000 and (tmp_path / "quality-first.zip").exists()


def test_the_chinese_tutorial_works(tmp_path: Path) -> None:
    """All but the demo, which has tests of its own."""
    script = blocks("getting-started.zh.md")
    assert "qforms demo 演示\n" in script
    run(script.replace("qforms demo 演示\n", ""), tmp_path, LANG="zh_CN.UTF-8")
    assert (tmp_path / "反馈表.xlsx").exists() and (tmp_path / "质量/master.xlsx").exists()


@pytest.mark.parametrize("page", ["writing-a-form.md", "writing-a-form.zh.md"])
def test_the_smallest_form_is_faultless(page: str, tmp_path: Path) -> None:
    import shutil

    from qforms.forms import catalogue

    [text] = re.findall(r"^```yaml\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    root = tmp_path / "form_templates"
    for name in ("blocks", "department", "person"):
        shutil.copytree(ROOT / "form_templates" / name, root / name)
    (root / "tool_check").mkdir()
    (root / "tool_check/form.yaml").write_text(text, "utf-8")
    assert catalogue.load(root).form("tool_check").title.en == "Tool check"


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, env=environ(NO_MKDOCS_2_WARNING="1"), capture_output=True, encoding="utf-8", timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "site/getting-started.zh.html").exists()


def test_every_page_stands_in_the_menu() -> None:
    menu = set(re.findall(r": ([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    pages = {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")}
    assert menu == {p for p in pages if not p.startswith("gallery/")}


def test_both_languages_have_the_pages_that_people_need() -> None:
    for name in ("index", "getting-started", "office", "departments", "it", "writing-a-form", "rules", "settings",
                 "commands", "problems", "comparison", "operations"):  # fmt: skip
        assert (DOCS / f"{name}.md").exists() and (DOCS / f"{name}.zh.md").exists(), name


def test_the_picture_is_the_drawn_one() -> None:
    import runpy

    drawn = runpy.run_path(str(DOCS / "pictures/make.py"))["svg"]()
    assert (DOCS / "pictures/architecture.svg").read_text("utf-8") == drawn
