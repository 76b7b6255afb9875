"""Plays the story: makes the workspace, lets everything happen in its order, and says what to open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from qforms import house, model, tongue, workspace
from qforms.demo.account import Account, Row
from qforms.demo.acts import Acts
from qforms.demo.days import Days
from qforms.model import Lang, QformsError

MARKER = ".qforms-demo"
MARK = "qforms demo: this folder is replaced by the next `qforms demo`.\n"
REFERENCE = ("department", "person", "customer", "product", "shipment")


@dataclass(frozen=True, slots=True)
class Told:
    """The story as it went: its rows, how many letters of each kind, when it ended."""

    root: Path
    rows: tuple[Row, ...]
    letters: dict[str, int]
    ended: datetime


def story(path: Path) -> None:
    """Plays the story in `path`, with a progress bar, and prints what happened and what to open.

    Raises QformsError when the folder is neither empty nor an earlier demo."""
    from qforms.demo import tell

    lang = tongue.lang()
    with tell.progress(lang) as step:
        told = played(path, lang, step)
    tell.summary(told, lang)


def played(path: Path, lang: Lang = "zh", step: Any = lambda done, of, what: None) -> Told:
    """Plays the story without printing anything; `step(done, of, what)` hears how far it is."""
    company, script = data("company.yaml"), data("story.yaml")
    steps: list[dict[str, Any]] = script["steps"]
    root = fresh(path)
    settings = workspace.create(root, workspace.First(company["company"]))
    (root / MARKER).write_text(MARK, "utf-8")
    _settings(root / "qforms.toml", company)
    zone = settings.zone
    start, end = (datetime.fromisoformat(script[k]).replace(tzinfo=zone) for k in ("start", "end"))
    rows: list[Row] = []
    with _alone(root), house.opened(root) as h, Days(h, start) as days:
        _records(days, company)
        account, acts = Account(h, lang), Acts(days, company, data("clients.yaml"))
        for done, given in enumerate([*steps, None]):
            at = datetime.fromisoformat(given["at"]).replace(tzinfo=zone) if given else end
            step(done, len(steps) + 1, f"{at:%m-%d %H:%M} {given['came'][lang] if given else ''}")
            rows += _meanwhile(days, account, at, lang)
            if given:
                came = given["came"][lang]
                rows.append(Row(at, came, account.since(acts.do(given))))
        h.register.publish(days.now, force=True)
        return Told(root, tuple(rows), dict(account.kinds), end)


def _meanwhile(days: Days, account: Account, at: datetime, lang: Lang) -> Iterator[Row]:
    """Time passes until `at`; what falls due does so at its own hour."""
    for due in days.due_until(at):
        if did := account.since():
            yield Row(due, "到点" if lang == "zh" else "time is up", did)


def data(name: str) -> Any:
    """A file of the story."""
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(files("qforms.demo").joinpath(name).read_text("utf-8"))


# ---------------------------------------------------------------- the workspace


def fresh(path: Path) -> Path:
    """The folder, empty. Only what bears our marker is ever removed."""
    root = path.expanduser().resolve()
    marker = root / MARKER
    if root.exists() and not root.is_dir():
        raise QformsError(model.Told(f"{path} 不是文件夹", f"{path} is no folder"))
    if marker.is_file() and not marker.is_symlink() and marker.read_bytes() == MARK.encode():
        with _alone(root):
            pass  # nobody is at work in it
        shutil.rmtree(root)
    elif root.exists() and any(root.iterdir()):
        raise QformsError(
            model.Told(
                f"{path} 不是空文件夹，也不是先前的演示；请另给一个",
                f"{path} is neither empty nor an earlier demo; name another folder",
            )
        )
    return root


def _settings(file: Path, company: dict[str, Any]) -> None:
    """The company's addresses; files count as at rest at once, as nobody is still writing them."""
    text = file.read_text("utf-8")
    text = text.replace("quality@company.example", company["address"]).replace(
        "operator@company.example", company["operator"]
    )
    text = text.replace('lang = "zh"', f'name_en = "{company["company_en"]}"\nlang = "zh"', 1)
    text = text.replace("[folders]\n", "[folders]\nrest_seconds = 0.02\n")
    text += f'\n[trust]\nauthserv_id = "{company["server"]}"\n'
    file.write_text(text, "utf-8")


def _records(days: Days, company: dict[str, Any]) -> None:
    """The company's reference data, as a program hands it in: JSON in the watched folder."""
    forms = [{"form": form, "by": "office", "values": values} for form in REFERENCE for values in company[form]]
    days.file("company.json", json.dumps(forms, ensure_ascii=False, indent=1, default=str).encode())
    taken = days.turn()
    if [t.outcome for t in taken] != ["accepted"]:
        said = [t.outcome for t in taken]
        raise QformsError(model.Told(f"演示的公司没有建成：{said}", f"the company was not accepted: {said}"))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(root / ".qforms.lock", timeout=0):
            yield
    except Timeout:
        raise QformsError(
            model.Told(f"{root} 有一个 qforms 在运行，请先停下它", f"a qforms is at work on {root}: stop it first")
        ) from None
