"""Small declarations for the tests of forms: a field by a few words, a folder of form.yaml files from texts."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from qforms.forms import catalogue
from qforms.model import Choice, Field, QformsError, Text

ROOT = Path(__file__).parent.parent / "form_templates"
COLOURS = (
    Choice("red", Text("红色", "Red"), ("朱红",)),
    Choice("blue", Text("蓝色", "Blue")),
    Choice("red_blue", Text("红/蓝", "Red / blue")),
)
LIFECYCLE = """
lifecycle:
  start: open
  states: {open: {zh: 开, en: open}, shut: {zh: 关, en: shut, final: true}}
  events: {shut: {zh: 关, en: shut, from: open, to: shut}}
"""


@cache
def shipped() -> catalogue.Catalogue:
    """The shipped forms, loaded once for all tests."""
    return catalogue.load(ROOT)


def field(kind: str, **more: Any) -> Field:
    """A field called x of that type."""
    if kind == "enum":
        more.setdefault("choices", COLOURS)
    return Field(name="x", label=Text("项", "Item"), type=kind, **more)


def form_text(fields: str, head: str = "", tail: str = LIFECYCLE) -> str:
    """A form.yaml called thing with one section; `fields` are its lines."""
    start = f'form: thing\ntitle: {{zh: 物, en: Thing}}\nnumber: "WU-{{seq:04d}}"\n{head}'
    inner = textwrap.indent(textwrap.dedent(fields).strip("\n"), " " * 6)
    return f"{start}sections:\n  - section: one\n    title: {{zh: 一, en: One}}\n    fields:\n{inner}\n{tail}"


def write(root: Path, **files: str) -> Path:
    """A form_templates folder: thing="…" becomes thing/form.yaml, blocks__head="…" becomes blocks/head.yaml."""
    for name, text in files.items():
        folder, _, block = name.partition("__")
        file = root / folder / (f"{block}.yaml" if block else "form.yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root


def faults(root: Path) -> tuple[str, ...]:
    """The faults that loading the folder finds."""
    try:
        catalogue.load(root)
    except QformsError as fault:
        return fault.problems
    return ()
