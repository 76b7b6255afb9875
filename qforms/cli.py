"""The command line. Every command's work stands elsewhere and is imported when the command runs, so that help is quick.

Exit status: 0 done, 1 the user's input or settings are at fault, 2 wrong usage, 3 a bug."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(
    name="qforms",
    help="质量部的文书：收投诉、记台账、看时限、发单据。 The quality office's desk clerk.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
held_app = typer.Typer(
    help="收不进来的：原因、原件、再试。 What could not be taken in.", no_args_is_help=True, rich_markup_mode=None
)
workbook_app = typer.Typer(help="总台账。 The master workbook.", no_args_is_help=True, rich_markup_mode=None)
ledger_app = typer.Typer(help="账本。 The ledger.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(held_app, name="held")
app.add_typer(ledger_app, name="ledger")
app.add_typer(workbook_app, name="workbook")

Dir = Annotated[Path, typer.Argument(help="工作区文件夹 / the workspace", metavar="DIR")]
Json = Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象 / one JSON object a line")]
Csv = Annotated[bool, typer.Option("--csv", help="CSV，UTF-8")]
Now = Annotated[str | None, typer.Option("--now", help="按这个时间判断，ISO 8601 / judge everything by this time")]


def fail(text: str, status: int = 1) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(status)


def _time(text: str | None, root: Path, option: str = "--now") -> datetime | None:
    """An ISO 8601 time; without an offset it is the company's."""
    if text is None:
        return None
    from qforms import settings

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: 不是 ISO 8601 时间，例如 2026-05-06T14:20 (not an ISO 8601 time)", 2)
    return at if at.tzinfo else at.replace(tzinfo=settings.load(root).zone)


# ---------------------------------------------------------------- a workspace


@app.command()
def init(
    dir: Dir,
    company: Annotated[str, typer.Option(help="公司名称 / the company's name")] = "我公司",
    lang: Annotated[str, typer.Option(help="zh | en")] = "zh",
) -> None:
    """建立工作区。 Makes a workspace.

    例：qforms init ./质量 --company 江苏云岭电器有限公司"""
    if lang not in ("zh", "en"):
        fail(f"--lang {lang}: zh | en", 2)
    from qforms.commands import start

    start.init(dir, company, "en" if lang == "en" else "zh")
    print(f"工作区已建好：{dir}\n下一步：qforms doctor {dir}，qforms run {dir}")


@app.command()
def run(
    dir: Dir,
    once: Annotated[
        bool, typer.Option("--once", help="把等着的、到期的都办完就退出 / everything waiting or due, then exit")
    ] = False,
    now: Now = None,
) -> None:
    """看邮箱、文件夹和台账，走时限，发信。 The daemon.

    例：qforms run ./质量        例：qforms run ./质量 --once --now 2026-05-06T14:20"""
    if now and not once:
        fail("--now 只能和 --once 一起用 (--now needs --once)", 2)
    from qforms import daemon

    if once:
        daemon.once(dir, _time(now, dir))
    else:
        daemon.run(dir)


@app.command()
def demo(
    dir: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="默认 ./demo")] = None,
) -> None:
    """一家虚构公司的四天。 An invented company, four days, run through.

    例：qforms demo ./demo"""
    from qforms.demo.play import story

    story(dir or Path("demo"))


@app.command()
def check(dir: Dir) -> None:
    """检查设置、表单、模板、规则和规则的测试。 Settings, forms, templates, rules and the rules' own tests."""
    from qforms.commands import checks

    faults = checks.workspace_faults(dir)
    for line in faults:
        print(line)
    if faults:
        raise SystemExit(1)
    print("没有问题。 No faults.")


@app.command()
def doctor(dir: Dir) -> None:
    """登录邮箱，检查 TLS、文件夹、台账、字体、时钟、磁盘。 Logs in, checks, says what to do."""
    from qforms.commands import checks

    findings = checks.doctor(dir)
    for f in findings:
        print(f"{'√' if f.ok else '×' if f.red else '▲'} {f.what}：{f.text}")
    if any(f.red and not f.ok for f in findings):
        raise SystemExit(1)


@app.command()
def login(dir: Dir) -> None:
    """在浏览器里登录一次微软邮箱（auth = "oauth"，flow = "device"）。 Signs in to Microsoft 365, once, in a browser.

    例：qforms login ./质量"""
    from qforms.commands import start

    for user in start.sign_in(dir, print):
        print(f"{user}：已登录 (signed in)")


@app.command()
def newkey(dir: Dir) -> None:
    """换表单标记的密钥；已发出的表照样有效。 A new key for the stamps of forms; those that are out stay valid.

    例：qforms newkey ./质量"""
    from qforms import settings

    settings.load(dir)
    print(f"{settings.new_key(dir)}：从现在起用它；正在运行的 qforms run 重启后生效 (used after a restart)")


@app.command(name="try")
def try_(
    dir: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="邮件或表格 / a mail or a form")],
    now: Now = None,
) -> None:
    """这封信或这张表会怎样，为什么；什么也不改。 What would happen, and why; changes nothing."""
    from qforms.commands import lookahead

    for line in lookahead.try_file(dir, file, _time(now, dir)):
        print(line)


@app.command()
def forecast(
    dir: Dir,
    until: Annotated[str, typer.Option("--until", help="ISO 8601")],
    json: Json = False,
) -> None:
    """没人动手的话，什么到期、会写给谁。 What comes due and who would be written to, if nobody does anything."""
    from qforms.commands import lookahead, printing

    at = _time(until, dir, "--until")
    assert at is not None
    rows = lookahead.forecast(dir, at)
    if json:
        printing.print_json(rows, sys.stdout)
    else:
        printing.print_table(
            "预报",
            ["时间", "时限", "编号", "动作", "收件人"],
            [[*list(r.values())[:-1], ", ".join(r["to"])] for r in rows],
        )


# ---------------------------------------------------------------- looking


@app.command()
def show(dir: Dir, number: Annotated[str, typer.Argument(metavar="NUMBER")]) -> None:
    """一个案件或单据：值和出处、经过、时限、信件。 A case or a document."""
    from qforms.commands import look

    for line in look.case(dir, number):
        print(line)


@app.command()
def records(
    dir: Dir,
    form: Annotated[str, typer.Option("--form", help="表单名 / the form's name")] = "",
    json: Json = False,
    csv: Csv = False,
) -> None:
    """所有记录。 All records.

    例：qforms records ./质量 --form complaint --json"""
    from qforms.commands import look

    rows = look.records(dir, form)
    heads = "number:编号 form:表单 revision:版 status:状态 case_no:案件 due_at:到期 received_at:收到 issued_at:发出"
    _print(rows, json, csv, "记录", heads)


@app.command()
def clocks(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    """所有时限。 All deadlines."""
    from qforms.commands import look

    heads = "clock:时限 number:编号 started_at:开始 due_at:到期 met_at:完成 state:状态 escalations:升级"
    _print(look.clocks(dir), json, csv, "时限", heads)


@app.command()
def letters(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    """所有信件。 All letters."""
    from qforms.commands import look

    heads = "kind:种类 to:收件人 subject:主题 state:状态 number:编号 sent_at:发出 last_error:出错"
    _print(look.letters(dir), json, csv, "信件", heads)


@app.command()
def deliveries(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    """收到过的一切。 Everything that ever arrived."""
    from qforms.commands import look

    heads = "received_at:收到 channel:渠道 sender:来自 what:来件 outcome:结果 numbers:编号 reason:原因"
    rows = look.deliveries(dir)
    _print(rows if json or csv else [{**r, "what": r["subject"] or r["name"]} for r in rows], json, csv, "来件", heads)


def _print(rows: list[dict[str, Any]], json: bool, csv: bool, title: str, heads: str) -> None:
    """As JSON, CSV or a table; `heads` are the table's columns, `key:heading`."""
    from qforms.commands import printing

    if json:
        printing.print_json(rows, sys.stdout)
    elif csv:
        printing.print_csv(rows, sys.stdout)
    else:
        keys, names = zip(*(h.split(":") for h in heads.split()), strict=True)
        cells = [[", ".join(map(str, v)) if isinstance(v := r[k], list) else v for k in keys] for r in rows]
        printing.print_table(title, names, cells)


# ---------------------------------------------------------------- held, blank, workbook


@held_app.command("list")
def held_list(dir: Dir, json: Json = False) -> None:
    """没收进来的。 What is held."""
    from qforms.commands import look

    rows = [r for r in look.deliveries(dir) if r["outcome"] == "held" and r["state"] == "done"]
    if not json:  # what people read, and hand to the other commands
        rows = [{**r, "digest": r["digest"][:12], "what": r["subject"] or r["name"]} for r in rows]
    _print(rows, json, False, "待处理", "digest:标识 sender:来自 what:来件 reason:原因")


@held_app.command("show")
def held_show(dir: Dir, digest: str) -> None:
    """原因和原件的位置。 The reason, and where the raw file is."""
    from qforms.commands import held

    for line in held.show(dir, digest):
        print(line)


@held_app.command("retry")
def held_retry(
    dir: Dir, digest: Annotated[str, typer.Argument(help="空：全部 / empty: all")] = "", now: Now = None
) -> None:
    """再收一次。 Takes it in again."""
    from qforms.commands import held

    for line in held.retry(dir, digest, _time(now, dir)):
        print(line)


@held_app.command("dismiss")
def held_dismiss(dir: Dir, digest: str) -> None:
    """不再管它；原件保留。 Leaves it; the raw file is kept."""
    from qforms.commands import held

    for line in held.dismiss(dir, digest):
        print(line)


@app.command()
def blank(
    dir: Dir,
    form: Annotated[str, typer.Argument(metavar="FORM", help="表单名，如 complaint")],
    word: Annotated[bool, typer.Option("--word")] = False,
    excel: Annotated[bool, typer.Option("--excel")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="写到哪里 / where to")] = None,
    lang: Annotated[str, typer.Option(help="zh | en")] = "",
) -> None:
    """一张空白表。 A blank form.

    例：qforms blank ./质量 complaint --excel"""
    if word and excel:
        fail("--word 和 --excel 选一个 (one of both)", 2)
    from qforms.commands import look

    print(look.blank(dir, form, "word" if word else "excel", out, lang))


@workbook_app.command("rebuild")
def workbook_rebuild(dir: Dir) -> None:
    """按账本重写总台账；旧的留一份。 Writes the workbook anew from the ledger; the old one is kept."""
    from qforms import house
    from qforms.daemon import real_now

    with house.opened(dir) as h:
        print(h.register.rebuild(real_now()))


@app.command()
def migrate(dir: Dir) -> None:
    """把账本升级到现在的版本。 Brings the ledger to the present schema."""
    from qforms import house

    with house.opened(dir):
        print("账本是最新的。 The ledger is up to date.")


@ledger_app.command("verify")
def ledger_verify(dir: Dir) -> None:
    """经过、原件和记录是否相符；有没有人动过。 Proves that history, store and records agree."""
    from qforms.commands import safekeeping

    faults = 0
    for line in safekeeping.verify(dir):
        print(line)
        faults += 1
    if faults:
        fail(f"有 {faults} 处不符。 {faults} things do not agree.")
    print("相符。 All agrees.")


@app.command()
def health(
    dir: Dir,
    within: Annotated[float, typer.Option("--within", help="心跳最多几秒前 / seconds since the last heartbeat")] = 180,
) -> None:
    """程序是否活着、正常；给监控用，退出码 0 或 1。 Is the daemon alive and well, for whoever watches from outside."""
    from qforms import pulse, settings
    from qforms.daemon import real_now

    wrong = list(pulse.health(settings.load(dir), real_now(), within))
    for line in wrong:
        print(line)
    if wrong:
        raise SystemExit(1)
    print("正常。 All is well.")


@app.command()
def backup(dir: Dir, file: Annotated[Path, typer.Argument(metavar="FILE", help="新文件 / a new file, .zip")]) -> None:
    """备份整个工作区，程序不用停。 The whole workspace in one file, while it is at work.

    例：qforms backup ./质量 /备份/质量-20260506.zip"""
    from qforms.commands import safekeeping
    from qforms.daemon import real_now

    for line in safekeeping.backup(dir, file, real_now()):
        print(line)


@app.command()
def restore(dir: Dir, file: Annotated[Path, typer.Argument(metavar="FILE", help="备份文件 / the backup")]) -> None:
    """从备份建一个工作区。 Makes a workspace from a backup.

    例：qforms restore ./质量 /备份/质量-20260506.zip"""
    from qforms.commands import safekeeping

    for line in safekeeping.restore(dir, file):
        print(line)


# ---------------------------------------------------------------- the way in


def main() -> None:
    """Runs a command; every fault becomes a line and an exit status."""
    _utf8()
    guarded(lambda: app(standalone_mode=True))


def guarded(work: Callable[[], object]) -> None:
    from qforms.model import QformsError

    try:
        work()
    except QformsError as fault:
        for line in fault.problems[1:]:
            print(line, file=sys.stderr)
        fail(str(fault))
    except (BrokenPipeError, KeyboardInterrupt):
        raise SystemExit(1) from None
    except Exception:
        import traceback

        traceback.print_exc()
        fail("程序出错，请把上面的内容发给开发者。 This is a bug.", 3)


def _utf8() -> None:
    """UTF-8 whatever the code page of the terminal is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
