"""A workspace: the private folder that `qforms init` makes, and what is shipped with the program."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qforms import settings as settings_module
from qforms.model import Lang, QformsError, Text, Told
from qforms.months import add_months

# One department for every role, so that a letter always finds somebody. The addresses are placeholders:
# `.example` can never be delivered (RFC 2606), and `qforms check` asks for the real ones.
DEPARTMENTS: tuple[tuple[Text, tuple[str, ...], str], ...] = (
    (Text("客服部", "Customer Service"), ("intake",), "service"),
    (Text("销售部", "Sales"), ("sales",), "sales"),
    (Text("售后服务部", "After-sales"), ("aftersales",), "aftersales"),
    (Text("工程部", "Engineering"), ("engineering", "repair"), "engineering"),
    (Text("质保部", "Quality"), ("quality",), "quality"),
    (Text("生产单位", "Production"), ("production",), "production"),
    (Text("采购部", "Purchasing"), ("purchasing",), "purchasing"),
    (Text("总经办", "GM Office"), ("gmo", "line_manager", "hq"), "gmo"),
    (Text("总经理", "General Manager"), ("gm",), "gm"),
    (Text("总工程师", "Chief Engineer"), ("chief_engineer",), "chief"),
    (Text("财务部", "Finance"), ("finance",), "finance"),
    (Text("法务部", "Legal"), ("legal",), "legal"),
    (Text("人力资源部", "Human Resources"), ("hr",), "hr"),
)

_TOML = """\
# qforms 的设置。改后运行 qforms check 检查。密码不写在这里：放在环境变量或系统密钥环里。
# Settings of qforms. After a change run `qforms check`. Passwords never stand here: environment or keyring.

[company]
name = {name}
lang = {lang}                       # zh | en
timezone = "Asia/Shanghai"
address = {address}  # 客户写信的地址 / the address that customers write to
operator = {operator}  # 程序有事时告诉谁 / who hears of faults of the program

{mail}
[folders]
inbox = "inbox"
workbook = "master.xlsx"
cases = "cases"

# [workbook]
# ready_rows = 5                    # 投诉台账里编号预留的空行 / rows with reserved numbers
# mail_after_hours = 4              # 总表一直开着，几小时后给办公室发只读副本 / a copy by mail while the book is held
# months = 24                       # 关闭更早的移到 archive-YYYY.xlsx / older ones move to the archive
# versions = 5                      # 保留最近几次的总表 / publications that are kept

# 接真邮箱时要填：收信服务器在 Authentication-Results 里的名字；不填，谁的信都不算本人的
# [trust]
# authserv_id = "mx.company.com"

[issue]
mode = "auto"                       # auto：报告开出后自动发出 | manual：由销售部发出
after_minutes = 60
"""


_EMBEDDED = """\
[mailbox]
kind = "maildir"                    # maildir（内置） | imap | none
# host = "imap.company.com"; user = "quality@company.com"; 密码 QFORMS_MAIL_PASSWORD

[outgoing]
kind = "maildir"                    # maildir（写到 sent/） | smtp
# host = "smtp.company.com"; user = "quality@company.com"; 密码 QFORMS_SMTP_PASSWORD
# 每类收件人：trial 只列出不发 | hold 等人放行 | send 直接发
customer = "send"
supplier = "send"
department = "send"
manager = "send"
"""


@dataclass(frozen=True, slots=True)
class First:
    """What stands in qforms.toml from the beginning. `mail`: its tables [mailbox] and [outgoing]."""

    company: str = "我公司"
    lang: Lang = "zh"
    address: str = "quality@company.example"
    operator: str = "operator@company.example"
    mail: str = _EMBEDDED


def shipped(name: str) -> Path:
    """A folder that travels with the program: `form_templates` or `inbox_rules`, in the wheel or in a checkout."""
    package = Path(__file__).parent
    for place in (package / "_shipped" / name, package.parent / name):
        if place.is_dir():
            return place
    raise QformsError(Told(f"安装不完整：缺 {name}", f"the installation is incomplete: {name} is missing"))


def fresh(root: Path) -> None:
    """Raises QformsError when a folder is a workspace already, or is not empty."""
    if (root / "qforms.toml").exists():
        raise QformsError(Told(f"{root} 已经是工作区", f"{root} already is a workspace"))
    if root.exists() and any(root.iterdir()):
        raise QformsError(Told(f"{root} 不是空文件夹", f"{root} is not empty"))


def create(root: Path, first: First) -> settings_module.Settings:
    """Makes a workspace in `root` (which may exist, empty). Raises QformsError when it is one, or is not empty."""
    fresh(root)
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("form_templates", "inbox_rules"):
            shutil.copytree(shipped(name), root / name)
        for name in ("mail/new", "mail/cur", "mail/tmp", "sent/new", "sent/cur", "sent/tmp", "inbox", "cases", "store"):
            (root / name).mkdir(parents=True)
        text = _TOML.format(
            name=json.dumps(first.company, ensure_ascii=False),
            lang=json.dumps(first.lang),
            address=json.dumps(first.address),
            operator=json.dumps(first.operator),
            mail=first.mail,
        )
        settings_module.keys(root)
        (root / "qforms.toml").write_text(text, "utf-8")  # last: with it the folder is a workspace
    except OSError as fault:
        raise QformsError(f"{root}: {fault.strerror or fault}") from None
    return settings_module.load(root)


def departments(lang: Lang, today: date) -> list[dict[str, Any]]:
    """The first departments, as forms in JSON; sales makes its first monthly report on the first of the next month."""
    first = add_months(today.replace(day=1), 1).isoformat()
    return [
        {
            "form": "department",
            "values": {
                "name": name[lang],
                "name_en": name.en,
                "roles": list(roles),
                "email": f"{box}@company.example",
                **({"month_report_on": first} if "sales" in roles else {}),
            },
        }
        for name, roles, box in DEPARTMENTS
    ]


def private_files(root: Path) -> Iterator[Path]:
    """What nobody but the program may write."""
    yield from (
        p
        for n in ("ledger.db", "stamp.key", "store", "qforms.toml", settings_module.PASSWORDS)
        if (p := root / n).exists()
    )
