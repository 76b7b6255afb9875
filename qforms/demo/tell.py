"""What the demo shows: a bar while it works, then a table of what happened and what to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from qforms.demo.play import Told
from qforms.model import Lang

_QUIET = {"reminder": ("提醒", "reminders"), "stage": ("进展通知", "notices"), "digest": ("每日汇总", "digests")}


@contextmanager
def progress(lang: Lang) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on the terminal; on anything else nothing is drawn."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    title = "演示" if lang == "zh" else "Demo"
    columns = (TextColumn(title), BarColumn(24), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of, what: bar.update(task, completed=done, total=of, description=what)


def summary(told: Told, lang: Lang) -> None:
    """The table and what to open."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    zh = lang == "zh"
    console = Console(highlight=False)
    table = Table(box=SIMPLE, pad_edge=False)
    heads = ("时间", "来了什么", "程序做了什么") if zh else ("Time", "What came", "What the program did")
    for head, share in zip(heads, (None, 2, 3), strict=True):
        table.add_column(head, no_wrap=share is None, ratio=share)
    for row in told.rows:
        table.add_row(f"{row.at:%m-%d %H:%M}", row.came, row.did)
    console.print(table)
    quiet = [f"{word[0 if zh else 1]} {n}" for kind, word in _QUIET.items() if (n := told.letters.get(kind))]
    if quiet:
        console.print(("此外发出：" if zh else "Sent besides: ") + ("、" if zh else ", ").join(quiet))
    console.print("打开看看：" if zh else "Open:")
    opened = Table(box=None, show_header=False, pad_edge=False)
    for what, where in _open(told.root, lang):
        opened.add_row(f"  {what}", str(where))
    console.print(opened, soft_wrap=True)


def _open(root: Path, lang: Lang) -> Iterator[tuple[str, Path | str]]:
    zh = lang == "zh"
    cases = sorted((root / "cases").glob("*"))
    yield ("总台账" if zh else "workbook"), root / "master.xlsx"
    yield ("看板" if zh else "board"), root / "看板.html"
    yield ("发出的信" if zh else "letters sent"), root / "sent" / "new"
    yield ("案件文件夹" if zh else "case folder"), cases[-1]
    for number in ("8001", "8002", "8004"):
        newest = sorted(root.glob(f"cases/*/*发出*{number}-*.docx"))
        if newest:
            yield (f"Word {number}"), newest[-1].name
    yield ("再问一句" if zh else "ask"), f"qforms show {root} 8001-202605-0001"
