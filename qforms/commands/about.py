"""What each command is for, in Chinese and English, with examples: read by `--help` and by docs/commands.md.

Nothing but words: it is imported whenever the program starts."""

from __future__ import annotations

from typing import NamedTuple

from qforms import tongue

_DIR = {"zh": "质量", "en": "quality"}


class About(NamedTuple):
    """`zh`, `en`: one sentence each. `more_zh`, `more_en`: what else is to be known. `examples`: command lines, with
    {dir} for the workspace, and what they do in Chinese and English."""

    zh: str
    en: str
    examples: tuple[tuple[str, str, str], ...] = ()
    more_zh: str = ""
    more_en: str = ""


ABOUT: dict[str, About] = {
    "init": About(
        "建立工作区。",
        "Makes a workspace.",
        (
            ("qforms init {dir}", "在终端里会逐项询问", "asks for what it needs, on a terminal"),
            ("qforms init {dir} --company 江苏云岭电器有限公司", "不问，用内置邮箱", "asks nothing, embedded mailbox"),
            ("qforms init {dir} --mailbox quality@yunling.com.cn", "接真邮箱", "with a real mailbox"),
            ("qforms init --people-template people.xlsx", "空白的人员名单", "a blank list of people"),
            ("qforms init {dir} --people people.xlsx", "部门和人员取自名单", "departments and people from the list"),
        ),
        "不给选项、在终端里运行时逐项询问，每一项都有默认值，按回车即可；中途按 Ctrl-C 什么也不留下。"
        "邮箱密码存入系统密钥环，没有密钥环就存入工作区里只有本人能读的 passwords 文件。",
        "Without options, on a terminal, it asks; every question has an answer that Enter gives, and Ctrl-C leaves "
        "nothing behind. The password goes to the keyring, else to the file `passwords` that only you can read.",
    ),
    "run": About(
        "看邮箱、文件夹和台账，走时限，发信。",
        "Watches mailbox, folder and workbook, runs the clocks, sends.",
        (
            ("qforms run {dir}", "一直运行，Ctrl-C 停", "goes on until Ctrl-C"),
            ("qforms run {dir} --once", "办完等着的和到期的就退出", "all that waits or is due, then ends"),
            ("qforms run {dir} --once --now 2026-05-06T14:20", "按这个时间判断", "judged by that time"),
        ),
        "SIGTERM、Ctrl-C 或工作区里一个名为 stop 的文件让它办完手上这件就停。",
        "SIGTERM, Ctrl-C or a file named `stop` in the workspace ends it after the current item.",
    ),
    "demo": About(
        "一家虚构公司的四天。",
        "Four days of an invented company, run through.",
        (("qforms demo", "在 ./demo", "in ./demo"), ("qforms demo /tmp/演示", "在别处", "somewhere else")),
    ),
    "check": About(
        "检查设置、表单、模板、规则和规则的测试。",
        "Checks settings, forms, templates, rules and the rules' own tests.",
        (("qforms check {dir}", "每处一行：文件:行号: 什么不对", "a line each: file:line: what is wrong"),),
    ),
    "doctor": About(
        "登录邮箱，检查 TLS、文件夹、台账、字体、时钟、磁盘。",
        "Logs in to the mailbox, checks TLS, folders, workbook, fonts, clock, disk.",
        (("qforms doctor {dir}", "√ 正常  ▲ 留意  × 不能工作", "√ fine  ▲ worth knowing  × cannot work"),),
    ),
    "login": About(
        "在浏览器里登录一次微软邮箱。",
        "Signs in to Microsoft 365, once, in a browser.",
        (("qforms login {dir}", "按提示打开网址、输入代码", "open the address, enter the code"),),
        'auth = "oauth"、flow = "device" 的邮箱才要。',
        'Needed by mailboxes with auth = "oauth" and flow = "device".',
    ),
    "newkey": About(
        "换表单标记的密钥；已发出的表照样有效。",
        "Makes a new key for the stamps of forms; those that are out stay valid.",
        (("qforms newkey {dir}", "重启 qforms run 后生效", "used after qforms run was restarted"),),
    ),
    "try": About(
        "这封信或这张表会怎样，为什么；什么也不改。",
        "Says what would happen with a mail or form, and why; changes nothing.",
        (
            ("qforms try {dir} 来信.eml", "一封存下来的信", "a mail saved as a file"),
            ("qforms try {dir} 8D.xlsx --now 2026-05-06T14:20", "一张填好的表", "a filled form"),
        ),
    ),
    "forecast": About(
        "没人动手的话，什么到期、会写给谁。",
        "Tells what comes due and who would be written to, if nobody does anything.",
        (("qforms forecast {dir} --until 2026-05-12T18:00", "到那时为止", "up to then"),),
    ),
    "show": About(
        "一个案件或单据：值和出处、经过、时限、信件。",
        "Shows a case or document: values with their origin, history, clocks, letters.",
        (("qforms show {dir} TS-202605-0003", "一个投诉", "a complaint"),),
    ),
    "records": About(
        "所有记录。",
        "Lists all records.",
        (
            ("qforms records {dir} --form complaint", "所有投诉", "all complaints"),
            ("qforms records {dir} --json", "给别的程序", "for other programs"),
        ),
    ),
    "report": About(
        "一个月或一周的质量信息报表：Word 加明细表。",
        "The quality information report of a month or week: Word, and its lines as a workbook.",
        (
            ("qforms report {dir} --month 2026-05", "月报", "of a month"),
            ("qforms report {dir} --week 2026-W20 --out .", "周报，写到这里", "of a week, written here"),
            ("qforms report {dir} --month 2026-05 --json", "数字，给别的程序", "its figures, for other programs"),
        ),
        "写到工作区的 reports/。已冻结的期间按冻结时的数字出；还没有立单的出预览，不保存。每个数都可由明细算出。",
        "Written into reports/ of the workspace. A frozen period keeps its figures; one that has not been "
        "opened is a preview, of which nothing is kept. Every figure follows from the lines.",
    ),
    "clocks": About("所有时限。", "Lists all deadlines.", (("qforms clocks {dir} --csv", "存成 CSV", "as CSV"),)),
    "letters": About(
        "所有信件。", "Lists all letters.", (("qforms letters {dir}", "和各自的状态", "and how they stand"),)
    ),
    "deliveries": About(
        "收到过的一切。",
        "Lists everything that ever arrived.",
        (("qforms deliveries {dir}", "结果和原因", "with outcome and reason"),),
    ),
    "held list": About(
        "没收进来的。", "Lists what could not be taken in.", (("qforms held list {dir}", "和原因", "with the reasons"),)
    ),
    "held show": About(
        "原因和原件的位置。",
        "Tells the reason and where the raw file is.",
        (("qforms held show {dir} 3f9a2c", "标识的前几位就够", "the first digits are enough"),),
    ),
    "held retry": About(
        "再收一次。",
        "Takes it in again.",
        (
            ("qforms held retry {dir} 3f9a2c", "这一件", "this one"),
            ("qforms held retry {dir}", "全部", "all of them"),
        ),
    ),
    "held dismiss": About(
        "不再管它；原件保留。",
        "Leaves it; the raw file is kept.",
        (("qforms held dismiss {dir} 3f9a2c", "这一件", "this one"),),
    ),
    "blank": About(
        "一张空白表。",
        "Writes a blank form.",
        (
            ("qforms blank {dir} complaint", "质量信息反馈表，Excel", "the complaint form, Excel"),
            ("qforms blank {dir} eight_d --word --out 8D.docx", "8D，Word", "an 8D, Word"),
        ),
    ),
    "import": About(
        "把原有的登记表读进账本；先只看不写。",
        "Reads an existing register into the ledger; only looks at first.",
        (
            (
                "qforms import {dir} 投诉台账.xlsx --as complaint",
                "只看：哪些列、哪些行",
                "only looks: columns and rows",
            ),
            ("qforms import {dir} 投诉台账.xlsx --as complaint --write", "写进账本", "writes them"),
            (
                "qforms import {dir} 出货.csv --as shipment --map 料号=product_model",
                "指定一列",
                "says what a column is",
            ),
        ),
        "--as：complaint 投诉、shipment 出货、customer 客户、product 产品、price 价格、person 人员。"
        "同一个文件再读一遍不会重复。收下的历史记录计入统计，不发信、不走时限、不触发规则。",
        "--as: complaint, shipment, customer, product, price, person. The same file read again adds nothing. What is "
        "imported counts in figures, and starts no letter, deadline or trigger.",
    ),
    "workbook rebuild": About(
        "按账本重写总台账；旧的留一份。",
        "Writes the workbook anew from the ledger; the old one is kept.",
        (("qforms workbook rebuild {dir}", "总台账坏了的时候", "when the workbook is broken"),),
    ),
    "ledger verify": About(
        "经过、原件和记录是否相符；有没有人动过。",
        "Proves that history, raw files and records agree, and that nobody changed them.",
        (("qforms ledger verify {dir}", "每处不符一行", "a line for each thing that does not agree"),),
    ),
    "forget": About(
        "删除个人资料：姓名、电话、邮箱、地址和客户证件，案件本身留下。",
        "Deletes personal data: name, telephone, e-mail, address and a customer's papers. The case itself stays.",
        (
            (
                'qforms forget {dir} TS-202605-0003 --by 汪敏 --reason "客户要求删除"',
                "一个案件的客户，和有同一电话、邮箱的其他记录",
                "a case's customer, and whatever has the same telephone or e-mail",
            ),
        ),
        "记录中换成“〔已删除〕”，原件、信件和案件文件夹删掉，不能恢复；ledger verify 照样相符。"
        "邮箱服务器上的信和备份不归本程序管，请另删。",
        "Records say 〔已删除〕 instead; raw files, letters and the case's folder are deleted for good, and "
        "`ledger verify` still agrees. Mail on the server and backups are not in the program's hands.",
    ),
    "migrate": About(
        "把账本升级到现在的版本。",
        "Brings the ledger to the present schema.",
        (("qforms migrate {dir}", "装了新版以后", "after an upgrade"),),
    ),
    "search": About(
        "在记录、邮件和附件里查词，中文英文都行。",
        "Finds words in records, mails and the files in them, Chinese or English.",
        (
            ("qforms search {dir} 无输出", "一个词", "one word"),
            ('qforms search {dir} "A65-2603 异响" --json', "几个词都要有", "all of these words"),
        ),
        "词之间空一格，每个词都要有；一两个字也能查。第一次会把以前的都读一遍，以后只读新来的。",
        "Words are separated by blanks, and all must be there; one or two characters are enough. The first search "
        "reads all that ever came, later ones only what is new.",
    ),
    "export": About(
        "把一个案件的全部内容装进一个 zip：来件、信件、单据、经过。",
        "Packs everything of a case into one zip: what came, letters, documents, history.",
        (("qforms export {dir} TS-202605-0003", "给审核人员", "for an auditor"),),
    ),
    "web": About(
        "客户反馈网页、进度查询和只读看板。",
        "Serves the feedback page, the state of cases and the read-only board.",
        (
            ("qforms web {dir}", "按 [web] 的设置", "as [web] says"),
            ("qforms web {dir} --port 8090", "换个端口", "at another port"),
        ),
        "先在 qforms.toml 写 [web] url；收下的反馈由 qforms run 处理。见 docs/web.zh.md。",
        "First set [web] url in qforms.toml; what comes in is dealt with by qforms run. See docs/web.md.",
    ),
    "web-password": About(
        "给一位同事或一个部门设看板密码。",
        "Sets somebody's password for the board.",
        (("qforms web-password {dir} qin@yunling.example", "会问两遍密码", "asks for the password twice"),),
        "密码至少 10 个字符；只保存它的散列值。再运行一次就是换密码，已登录的随即失效。",
        "At least 10 characters; only a hash is kept. Run again it changes the password and ends all sessions.",
    ),
    "health": About(
        "程序是否活着、正常；给监控用，退出码 0 或 1。",
        "Tells whether the daemon is alive and well, for monitoring: exit status 0 or 1.",
        (("qforms health {dir} --within 300", "心跳最多 300 秒前", "a heartbeat of the last 300 s"),),
    ),
    "backup": About(
        "备份整个工作区，程序不用停。",
        "Writes the whole workspace into one file, while it is at work.",
        (("qforms backup {dir} /备份/质量-20260506.zip", "每晚一次", "every night"),),
    ),
    "restore": About(
        "从备份建一个工作区。",
        "Makes a workspace from a backup.",
        (("qforms restore {dir} /备份/质量-20260506.zip", "到一个新文件夹", "in a new folder"),),
    ),
}

GROUPS: dict[str, tuple[str, str]] = {
    "qforms": ("质量部的文书：收投诉、记台账、看时限、发单据。", "The quality office's desk clerk."),
    "held": ("收不进来的：原因、原件、再试。", "What could not be taken in."),
    "workbook": ("总台账。", "The master workbook."),
    "ledger": ("账本。", "The ledger."),
}


def group(name: str) -> str:
    return tongue.say(*GROUPS[name])


def help_of(command: str) -> str:
    """The text of a command's --help in the language of the command line; examples keep their lines."""
    about = ABOUT[command]
    said = tongue.say(about.zh, about.en)
    more = tongue.say(about.more_zh, about.more_en)
    head = tongue.say("例：", "Examples:")
    lines = [f"  {line}    {note}" for line, note in examples(command)]
    return "\n\n".join([said, *([more] if more else []), "\b\n" + "\n".join([head, *lines])])


def examples(command: str) -> list[tuple[str, str]]:
    """Command lines and what they do."""
    root = tongue.say(_DIR["zh"], _DIR["en"])
    return [(line.format(dir=root), tongue.say(zh, en)) for line, zh, en in ABOUT[command].examples]
