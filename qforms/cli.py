"""The command line. Every command's work stands elsewhere and is imported when the command runs, so that help is quick.

Exit status: 0 done, 1 the user's input or settings are at fault, 2 wrong usage, 3 a bug."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from qforms import tongue
from qforms.commands.about import group, help_of
from qforms.tongue import say

if named := tongue.of_arguments(sys.argv[1:]):  # help is written before the command line is read
    tongue.ask(named)
_TYPER: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": None}

app = typer.Typer(name="qforms", help=group("qforms"), pretty_exceptions_enable=False, **_TYPER)
held_app = typer.Typer(help=group("held"), **_TYPER)
workbook_app = typer.Typer(help=group("workbook"), **_TYPER)
ledger_app = typer.Typer(help=group("ledger"), **_TYPER)
app.add_typer(held_app, name="held")
app.add_typer(ledger_app, name="ledger")
app.add_typer(workbook_app, name="workbook")


def _enter(root: Path) -> Path:
    """The words are for whoever works with this workspace."""
    tongue.visit(root)
    return root


def _forms(ctx: typer.Context) -> list[str]:
    """What a shell completes a form's name to."""
    root = ctx.params.get("dir")
    return sorted(p.parent.name for p in Path(root or ".").glob("form_templates/*/form.yaml"))


Dir = Annotated[
    Path, typer.Argument(help=say("工作区文件夹", "the workspace's folder"), metavar="DIR", callback=_enter)
]
Json = Annotated[bool, typer.Option("--json", help=say("每行一个 JSON 对象", "one JSON object a line"))]
Csv = Annotated[bool, typer.Option("--csv", help=say("CSV，UTF-8", "CSV, UTF-8"))]
Now = Annotated[
    str | None, typer.Option("--now", help=say("按这个时间判断，ISO 8601", "judge everything by this time, ISO 8601"))
]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=say("编号，如 TS-202605-0003", "such as TS-202605-0003"))]
Digest = Annotated[str, typer.Argument(help=say("标识的前几位", "the first digits of its digest"))]
FormName = Annotated[
    str, typer.Argument(metavar="FORM", help=say("表单名，如 complaint", "such as complaint"), autocompletion=_forms)
]


@app.callback()
def qforms(
    lang: Annotated[str, typer.Option("--lang", help=say("用哪种语言说话：zh | en", "speak zh | en"))] = "",
    version: Annotated[bool, typer.Option("--version", help=say("版本", "the version"))] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(f"qforms {version_of('qforms')}")
        raise typer.Exit
    tongue.visit(None)
    tongue.ask(_lang(lang) if lang else None)


def fail(text: str, status: int = 1) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(status)


def _lang(text: str) -> Any:
    if text not in ("zh", "en"):
        fail(f"--lang {text}: zh | en", 2)
    return text


def _time(text: str | None, root: Path, option: str = "--now") -> datetime | None:
    """An ISO 8601 time; without an offset it is the company's."""
    if text is None:
        return None
    from qforms import settings

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        what = say("不是 ISO 8601 时间，例如 2026-05-06T14:20", "no ISO 8601 time such as 2026-05-06T14:20")
        fail(f"{option} {text}: {what}", 2)
    return at if at.tzinfo else at.replace(tzinfo=settings.load(root).zone)


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
        printing.print_table(title, [n.replace("_", " ") for n in names], cells)


def _lines(lines: Iterable[str]) -> int:
    """Prints lines as they come; gives how many there were."""
    from qforms.model import said

    count = 0
    for line in lines:
        print(said(line, tongue.lang()))
        count += 1
    return count


# ---------------------------------------------------------------- a workspace


@app.command(help=help_of("init"))
def init(
    dir: Annotated[
        Path | None, typer.Argument(metavar="DIR", help=say("新工作区的文件夹", "the new workspace's folder"))
    ] = None,
    company: Annotated[str, typer.Option(help=say("公司名称", "the company's name"))] = "",
    lang: Annotated[str, typer.Option(help="zh | en")] = "",
    mailbox: Annotated[str, typer.Option(help=say("客户来信的邮箱", "the address that customers write to"))] = "",
    provider: Annotated[
        str, typer.Option(help=say("邮箱服务商，如 qq、163、aliyun、m365", "whose mailbox, such as gmail, m365, qq"))
    ] = "",
    imap: Annotated[str, typer.Option(help=say("收信服务器 主机:端口", "incoming server, host:port"))] = "",
    smtp: Annotated[str, typer.Option(help=say("发信服务器 主机:端口", "outgoing server, host:port"))] = "",
    operator: Annotated[str, typer.Option(help=say("程序有事时告诉谁", "who hears of faults of the program"))] = "",
    people: Annotated[
        Path | None, typer.Option(help=say("部门和人员名单，Excel", "list of departments and people, Excel"))
    ] = None,
    people_template: Annotated[
        Path | None, typer.Option(help=say("只写一张空白的人员名单", "only write a blank list of people"))
    ] = None,
    login_test: Annotated[
        bool, typer.Option("--login-test/--no-login-test", help=say("先试登录", "try to log in first"))
    ] = True,
) -> None:
    from qforms.commands import asking, start

    language = _lang(lang or "zh")
    if lang:
        tongue.ask(language)
    if people_template is not None:
        from qforms.commands import people as lists

        lists.template(people_template)
        print(people_template)
    if dir is None:
        if people_template is None:
            fail(say("缺少工作区文件夹 DIR", "DIR is missing"), 2)
        return
    _enter(dir)
    mail = asking.from_options(mailbox, provider, imap, smtp) if mailbox else None
    plan = start.Plan(company or "我公司", language, mail, operator, people, welcome=bool(mail or people))
    if not (company or lang or mailbox or people) and sys.stdin.isatty():
        from qforms import workspace

        workspace.fresh(dir)
        try:
            plan = asking.plan(plan)
        except (EOFError, KeyboardInterrupt):
            fail(say("\n已中止，什么也没有建立。", "\nAborted. Nothing was made."))
    elif mail and login_test and (wrong := start.try_logins(mail)):
        fail("\n".join([*wrong, say("什么也没有建立。", "Nothing was made.")]))
    from qforms.commands import printing

    with printing.working(say("建立工作区", "making the workspace")):
        told = start.make(dir, plan)
    _lines([say(f"工作区已建好：{dir}", f"The workspace is made: {dir}"), *told])
    print(say(f"下一步：qforms doctor {dir}，qforms run {dir}", f"Next: qforms doctor {dir}, qforms run {dir}"))


@app.command(help=help_of("run"))
def run(
    dir: Dir,
    once: Annotated[
        bool,
        typer.Option("--once", help=say("把等着的、到期的都办完就退出", "everything waiting or due, then exit")),
    ] = False,
    now: Now = None,
) -> None:
    if now and not once:
        fail(say("--now 只能和 --once 一起用", "--now needs --once"), 2)
    from qforms import daemon

    if not once:
        daemon.run(dir)
        return
    from qforms.commands import printing

    with printing.working(say("收件", "taking in")) as step:
        daemon.once(dir, _time(now, dir), step)


@app.command(help=help_of("demo"))
def demo(
    dir: Annotated[Path | None, typer.Argument(metavar="[DIR]", help=say("默认 ./demo", "./demo if not given"))] = None,
) -> None:
    from qforms.demo.play import story

    story(dir or Path("demo"))


@app.command(help=help_of("check"))
def check(dir: Dir, json: Json = False) -> None:
    from qforms.commands import checks, own_forms, printing

    with printing.working(say("检查", "checking")):
        faults = checks.workspace_faults(dir)
        notes = [] if faults else own_forms.notes(dir)
    if json:
        printing.print_json(map(checks.placed, faults), sys.stdout)
    else:
        _lines([*(faults or [say("没有问题。", "No faults.")]), *notes])
    if faults:
        raise SystemExit(1)


@app.command(help=help_of("doctor"))
def doctor(dir: Dir, json: Json = False) -> None:
    from qforms.commands import checks, printing

    with printing.working(say("检查", "looking")) as step:
        findings = checks.doctor(dir, step)
    if json:
        printing.print_json(({"what": f.what, "ok": f.ok, "red": f.red, "text": f.text} for f in findings), sys.stdout)
    else:
        colon = say("：", ": ")
        _lines(f"{'√' if f.ok else '×' if f.red else '▲'} {f.what}{colon}{f.text}" for f in findings)
    if any(f.red and not f.ok for f in findings):
        raise SystemExit(1)


@app.command(help=help_of("login"))
def login(dir: Dir) -> None:
    from qforms.commands import start

    _lines(f"{user}{say('：已登录', ': signed in')}" for user in start.sign_in(dir, print))


@app.command(help=help_of("newkey"))
def newkey(dir: Dir) -> None:
    from qforms import settings

    settings.load(dir)
    key = settings.new_key(dir)
    print(say(f"{key}：从现在起用它；正在运行的 qforms run 重启后生效", f"{key} is used from now on, by a running "
          "qforms run once it was restarted"))  # fmt: skip


@app.command(name="try", help=help_of("try"))
def try_(
    dir: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("邮件或表格", "a mail or a form"))],
    now: Now = None,
    json: Json = False,
) -> None:
    from qforms.commands import lookahead, printing

    if json:
        printing.print_json([lookahead.try_data(dir, file, _time(now, dir))], sys.stdout)
    else:
        _lines(lookahead.try_file(dir, file, _time(now, dir)))


@app.command(help=help_of("forecast"))
def forecast(
    dir: Dir,
    until: Annotated[str, typer.Option("--until", help="ISO 8601")],
    json: Json = False,
    csv: Csv = False,
) -> None:
    from qforms.commands import lookahead

    at = _time(until, dir, "--until")
    assert at is not None
    rows = lookahead.forecast(dir, at)
    shown = rows if json or csv else lookahead.forecast_words(dir, rows)
    heads = say(
        "at:时间 clock:时限 number:编号 action:动作 to:收件人", "at:Time clock:Deadline number:No. action:What to:To"
    )
    _print(shown, json, csv, say("预报", "Forecast"), heads)


# ---------------------------------------------------------------- looking


@app.command(help=help_of("show"))
def show(dir: Dir, number: Number, json: Json = False) -> None:
    from qforms.commands import case, printing

    if json:
        printing.print_json([case.data(dir, number)], sys.stdout)
    else:
        _lines(case.lines(dir, number))


@app.command(help=help_of("records"))
def records(
    dir: Dir,
    form: Annotated[str, typer.Option("--form", help=say("表单名", "the form's name"), autocompletion=_forms)] = "",
    json: Json = False,
    csv: Csv = False,
) -> None:
    from qforms.commands import look

    heads = say(
        "number:编号 form:表单 revision:版 status:状态 case_no:案件 due_at:到期 received_at:收到 issued_at:发出",
        "number:No. form:Form revision:Rev. status:Status case_no:Case due_at:Due received_at:Came issued_at:Issued",
    )
    _print(look.records(dir, form, people=not (json or csv)), json, csv, say("记录", "Records"), heads)


@app.command(help=help_of("report"))
def report(
    dir: Dir,
    month: Annotated[str, typer.Option("--month", help=say("月，如 2026-05", "a month such as 2026-05"))] = "",
    week: Annotated[str, typer.Option("--week", help=say("周，如 2026-W20", "a week such as 2026-W20"))] = "",
    out: Annotated[Path | None, typer.Option("--out", help=say("写到哪个文件夹", "the folder to write into"))] = None,
    json: Json = False,
    now: Now = None,
) -> None:
    if bool(month) == bool(week):
        fail(say("--month 和 --week 选一个", "one of --month and --week"), 2)
    from qforms.commands import printing
    from qforms.commands import report as reports

    try:
        period = reports.period_of(month, week)
    except ValueError as fault:
        fail(str(fault), 2)
    made = reports.report(dir, period, out, tongue.lang(), _time(now, dir), lambda what: _note(f"{what} …"))
    for note in made.notes:
        _note(note)
    if json:
        printing.print_json([made.figures], sys.stdout)
    else:
        print(f"{made.document}\n{made.details}")


def _note(text: str) -> None:
    print(text, file=sys.stderr)


@app.command(help=help_of("clocks"))
def clocks(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    from qforms.commands import look

    heads = say(
        "clock:时限 number:编号 started_at:开始 due_at:到期 met_at:完成 state:状态 escalations:升级",
        "clock:Deadline number:No. started_at:Started due_at:Due met_at:Met state:State escalations:Escalated",
    )
    _print(look.clocks(dir, people=not (json or csv)), json, csv, say("时限", "Deadlines"), heads)


@app.command(help=help_of("letters"))
def letters(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    from qforms.commands import look

    heads = say(
        "kind:种类 to:收件人 subject:主题 state:状态 number:编号 sent_at:发出 last_error:出错",
        "kind:Kind to:To subject:Subject state:State number:No. sent_at:Sent last_error:Error",
    )
    _print(look.letters(dir, people=not (json or csv)), json, csv, say("信件", "Letters"), heads)


@app.command(help=help_of("deliveries"))
def deliveries(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    from qforms.commands import look

    heads = say(
        "received_at:收到 channel:渠道 sender:来自 what:来件 outcome:结果 numbers:编号 reason:原因",
        "received_at:Received channel:By sender:From what:What outcome:Outcome numbers:No. reason:Reason",
    )
    _print(look.deliveries(dir, people=not (json or csv)), json, csv, say("来件", "Deliveries"), heads)


@app.command(help=help_of("search"))
def search(
    dir: Dir,
    words: Annotated[str, typer.Argument(metavar="WORDS", help=say("词，用空格隔开", "words, separated by blanks"))],
    most: Annotated[int, typer.Option("--most", min=1, help=say("最多几条", "at most so many"))] = 50,
    json: Json = False,
) -> None:
    from qforms.commands import find, printing

    with printing.working(say("读入新内容", "reading what is new")) as step:
        hits = find.search(dir, words, most, lambda count: step(str(count)))
    heads = say("at:时间 title:在哪里 number:编号 text:内容", "at:Time title:Where number:No. text:Text")
    _print(hits, json, False, say(f"找到 {len(hits)} 条", f"{len(hits)} found"), heads)


@app.command(help=help_of("export"))
def export(
    dir: Dir,
    number: Number,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help=say("新文件，.zip", "a new file, .zip"))] = None,
) -> None:
    from qforms.commands import export as exporting
    from qforms.commands import printing

    with printing.working(say("打包", "packing")) as step:
        said = list(exporting.export(dir, number, file, step))
    _lines(said)


# ---------------------------------------------------------------- the web


@app.command(help=help_of("web"))
def web(
    dir: Dir,
    host: Annotated[str, typer.Option("--host", help=say("监听地址", "where to listen"))] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help=say("端口", "the port"))] = 0,
) -> None:
    from qforms.web import server

    server.serve(dir, host, port, lambda at: print(say(f"在 {at} 监听，Ctrl-C 停", f"Listening at {at}"), flush=True))


@app.command("web-password", help=help_of("web-password"))
def web_password(
    dir: Dir, address: Annotated[str, typer.Argument(metavar="EMAIL", help=say("邮箱", "the e-mail address"))]
) -> None:
    from qforms.web import users

    users.known(dir, address)
    password = typer.prompt(say("密码", "Password"), hide_input=True, confirmation_prompt=say("再输一遍", "Again"))
    users.set_password(dir, address, password)
    print(say(f"{address} 可以登录看板了", f"{address} can log in to the board"))


# ---------------------------------------------------------------- held, blank, workbook


@held_app.command("list", help=help_of("held list"))
def held_list(dir: Dir, json: Json = False, csv: Csv = False) -> None:
    from qforms.commands import look

    heads = say("digest:标识 sender:来自 what:来件 reason:原因", "digest:Digest sender:From what:What reason:Reason")
    _print(look.held(dir, people=not (json or csv)), json, csv, say("待处理", "Held"), heads)


@held_app.command("show", help=help_of("held show"))
def held_show(dir: Dir, digest: Digest, json: Json = False) -> None:
    from qforms.commands import held, printing

    if json:
        printing.print_json(held.data(dir, digest), sys.stdout)
    else:
        _lines(held.show(dir, digest))


@held_app.command("retry", help=help_of("held retry"))
def held_retry(
    dir: Dir,
    digest: Annotated[str, typer.Argument(help=say("标识的前几位；空：全部", "of which digest; empty: all"))] = "",
    now: Now = None,
    json: Json = False,
) -> None:
    from qforms.commands import held

    _dealt_with(held.retry(dir, digest, _time(now, dir)), json)


@held_app.command("dismiss", help=help_of("held dismiss"))
def held_dismiss(dir: Dir, digest: Digest, json: Json = False) -> None:
    from qforms.commands import held

    _dealt_with(held.dismiss(dir, digest), json)


def _dealt_with(rows: Iterable[dict[str, Any]], json: bool) -> None:
    """What became of held deliveries, each as it is done."""
    from qforms.commands import printing, words

    for row in rows:
        if json:
            printing.print_json([row], sys.stdout)
        else:
            outcome = words.word(words.OUTCOMES, row["outcome"])
            numbers, why = " ".join(row.get("numbers", ())), row.get("reason", "")
            print("  ".join(s for s in (row["digest"][:12], outcome, numbers, why) if s))


@app.command(help=help_of("blank"))
def blank(
    dir: Dir,
    form: FormName,
    word: Annotated[bool, typer.Option("--word", help="Word")] = False,
    excel: Annotated[bool, typer.Option("--excel", help=say("Excel（默认）", "Excel (the default)"))] = False,
    out: Annotated[Path | None, typer.Option("--out", help=say("写到哪里", "where to"))] = None,
    lang: Annotated[str, typer.Option(help=say("表的语言：zh | en", "the form's language: zh | en"))] = "",
) -> None:
    if word and excel:
        fail(say("--word 和 --excel 选一个", "--word or --excel, not both"), 2)
    from qforms.commands import look

    print(look.blank(dir, form, "word" if word else "excel", out, lang))


@app.command("import", help=help_of("import"))
def import_(
    dir: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="xlsx, xls, csv, tsv, html")],
    kind: Annotated[
        str,
        typer.Option("--as", help="complaint | shipment | customer | product | price | person", autocompletion=_forms),
    ],
    write: Annotated[bool, typer.Option("--write", help=say("写进账本；不加就只看", "write; else only look"))] = False,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help=say("列名=字段，可多次", "HEADING=FIELD, more than once"))
    ] = None,
    json: Json = False,
) -> None:
    from qforms import house
    from qforms.commands import importing, printing
    from qforms.daemon import alone, real_now

    if kind not in importing.KINDS:
        fail(f"--as {kind}: {' | '.join(importing.KINDS)}", 2)
    pairs = [m.partition("=") for m in map_ or []]
    if any(not sign for _, sign, _ in pairs):
        fail(say("--map 写成 列名=字段", "--map is HEADING=FIELD"), 2)
    with house.opened(dir) as h:
        with printing.working(say("读取", "reading")):
            found = importing.preview(h, file, kind, {a.strip(): b.strip() for a, _, b in pairs})
            copy = importing.checked(h, file, kind, found, keep=write)
        if json:
            printing.print_json([importing.data(found)], sys.stdout)
        else:
            _lines(importing.lines(h, kind, found))
        _note(say(f"逐行结果和栏目对照：{copy}", f"Every row and column: {copy}"))
        if not write:
            _note(
                say(
                    "只看了，没有写；栏目不对的，在上面那份的“栏目”页改好保存；加 --write 写进账本。",
                    "Only looked; a column that is wrong is changed on the sheet Columns; --write takes them in.",
                )
            )
            return
        with alone(dir), printing.working(say("写入", "writing")) as step:
            now = real_now()
            count = importing.write(h, kind, found.good, now, step)
            h.finish(now)
    _note(
        say(
            f"新 {count['new']}，改 {count['changed']}，已有 {count['again']}，没有收下 {count['refused']}。",
            f"{count['new']} new, {count['changed']} changed, {count['again']} known, {count['refused']} refused.",
        )
    )


@workbook_app.command("rebuild", help=help_of("workbook rebuild"))
def workbook_rebuild(dir: Dir) -> None:
    from qforms import house
    from qforms.commands import printing
    from qforms.daemon import real_now

    with printing.working(say("重写总台账", "writing the workbook anew")), house.opened(dir) as h:
        written = h.register.rebuild(real_now())
    print(written)


@app.command(help=help_of("migrate"))
def migrate(dir: Dir) -> None:
    from qforms import house

    with house.opened(dir):
        print(say("账本是最新的。", "The ledger is up to date."))


@ledger_app.command("verify", help=help_of("ledger verify"))
def ledger_verify(dir: Dir, json: Json = False) -> None:
    from qforms.commands import printing, safekeeping

    with printing.working(say("核对", "verifying")):
        found = list(safekeeping.verify(dir))
    if json:
        printing.print_json(found, sys.stdout)
    else:
        _lines(f"{row['code']}: {row['text']}" for row in found)
    if found:
        fail(say(f"有 {len(found)} 处不符。", f"{len(found)} things do not agree."))
    if not json:
        print(say("相符。", "All agrees."))


@app.command(help=help_of("forget"))
def forget(
    dir: Dir,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help=say("理由，记入经过", "why; it is written into history"))],
    by: Annotated[str, typer.Option("--by", help=say("谁决定的", "who decided it"))],
) -> None:
    from qforms.commands import privacy

    _lines(privacy.forget(dir, number, by, reason))


@app.command(help=help_of("health"))
def health(
    dir: Dir,
    within: Annotated[
        float, typer.Option("--within", help=say("心跳最多几秒前", "seconds since the last heartbeat, at most"))
    ] = 180,
    json: Json = False,
) -> None:
    from qforms import pulse, settings
    from qforms.commands import printing
    from qforms.daemon import real_now

    wrong = list(pulse.health(settings.load(dir), real_now(), within))
    if json:
        from qforms.model import said

        printing.print_json([{"ok": not wrong, "wrong": [said(w, tongue.lang()) for w in wrong]}], sys.stdout)
    else:
        _lines(wrong or [say("正常。", "All is well.")])
    if wrong:
        raise SystemExit(1)


@app.command(help=help_of("backup"))
def backup(
    dir: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("新文件，.zip", "a new file, .zip"))],
) -> None:
    from qforms.commands import printing, safekeeping
    from qforms.daemon import real_now

    with printing.working(say("备份", "backing up")) as step:
        said = list(safekeeping.backup(dir, file, real_now(), step))
    _lines(said)


@app.command(help=help_of("restore"))
def restore(
    dir: Dir, file: Annotated[Path, typer.Argument(metavar="FILE", help=say("备份文件", "the backup"))]
) -> None:
    from qforms.commands import printing, safekeeping

    with printing.working(say("恢复", "restoring")) as step:
        said = list(safekeeping.restore(dir, file, step))
    _lines(said)


# ---------------------------------------------------------------- the way in


def main() -> None:
    """Runs a command; every fault becomes a line and an exit status."""
    _light()
    _utf8()
    guarded(lambda: app(standalone_mode=True))


def guarded(work: Callable[[], object]) -> None:
    from qforms.model import QformsError, said

    try:
        work()
    except QformsError as fault:
        fail("\n".join(said(line, tongue.lang()) for line in fault.problems or [fault.text]))
    except KeyboardInterrupt:
        fail(say("\n已中止。", "\nAborted."))
    except BrokenPipeError:
        raise SystemExit(1) from None
    except Exception:
        import traceback

        traceback.print_exc()
        fail(
            say(
                "程序出错，请把上面的内容发给开发者。",
                "This is a bug. Please send what stands above to its developers.",
            ),
            3,
        )


def _light() -> None:
    """Saves a fifth of a start and a tenth of the rest. Nothing that is loaded is garbage, and hardly anything that
    work leaves: the collector of cycles looks after 100,000 new objects, not 700 (500 mails need no more memory:
    157 MB). pydantic would look into every installed package for plugins; there are none."""
    gc.set_threshold(100_000, 10, 10)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _utf8() -> None:
    """UTF-8 whatever the code page of the terminal is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
