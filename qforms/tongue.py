"""The language in which the command line speaks: that of `--lang`, else of the workspace, else of the locale.

Known to the command line alone, which is where people read; whatever works for somebody else is told its language."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from qforms.model.texts import Lang

_asked: Lang | None = None
_workspace: Lang | None = None


def of_locale(environment: Mapping[str, str] = os.environ) -> Lang:
    """Chinese, unless the locale says English (`LC_ALL`, `LC_MESSAGES`, `LANG`; on Windows the display language)."""
    named = next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environment.get(n))), "")
    if not named and os.name == "nt":
        import locale

        named = locale.getlocale()[0] or ""
    return "en" if named.lower().startswith("en") else "zh"


def of_arguments(arguments: Sequence[str]) -> Lang | None:
    """What `--lang` says, where it stands before the command."""
    words = [w for argument in arguments[:2] for w in argument.split("=", 1)]
    if words[:1] != ["--lang"] or words[1:2] not in (["zh"], ["en"]):
        return None
    return "en" if words[1] == "en" else "zh"


def ask(lang: Lang | None) -> None:
    """What `--lang` says; None: nothing."""
    global _asked
    _asked = lang


def visit(root: Path | None) -> None:
    """From here on the words are for whoever works with this workspace, however faulty its settings are."""
    global _workspace
    _workspace = None
    if root is None:
        return
    try:
        text = (root / "qforms.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if found := re.search(r'^\s*lang\s*=\s*["\'](zh|en)["\']', text, re.MULTILINE):
        _workspace = "en" if found[1] == "en" else "zh"


def lang() -> Lang:
    return _asked or _workspace or of_locale()


def say(zh: str, en: str) -> str:
    return en if lang() == "en" else zh
