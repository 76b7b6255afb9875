"""The procedures as shipped, for tests of the rules: real forms, real rules, real calendar, facts in memory."""

from __future__ import annotations

import dataclasses as dc
import functools
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from qforms import rulebook
from qforms.forms import catalogue
from qforms.settings import Procedures, Settings
from qforms.worktime import WorkTime

ROOT = Path(__file__).parents[1]
ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@functools.cache
def shipped() -> tuple[Any, Any]:
    forms = catalogue.load(ROOT / "form_templates")
    return forms, rulebook.load(ROOT / "inbox_rules", forms)


def procedures(**settings: Any) -> Procedures:
    forms, book = shipped()
    own = Settings(root=Path("/nowhere"), **settings)
    return Procedures(forms, book, WorkTime(own.calendar, ZONE), own, {"k1": b"0" * 32})


def with_limits(folder: Path, **limits: Any) -> Procedures:
    """The shipped procedures with other limits, as the office may write them in limits.yaml."""
    rules = folder / "inbox_rules"
    shutil.copytree(ROOT / "inbox_rules", rules)
    text = (rules / "limits.yaml").read_text("utf-8")
    for name, value in limits.items():
        text = re.sub(rf"(?m)^{name}: \S+", f"{name}: {value}", text)
    (rules / "limits.yaml").write_text(text, "utf-8")
    own = procedures()
    return dc.replace(own, rulebook=rulebook.load(rules, own.catalogue))
