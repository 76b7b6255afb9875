"""What people read where the ledger has a code: states of clocks and letters, kinds, outcomes, channels, history."""

from __future__ import annotations

from collections.abc import Mapping

from qforms import tongue
from qforms.model import Catalogue, LetterIntent, Rulebook, Text

Words = Mapping[str, Text]

CLOCKS: Words = {
    "running": Text("进行中", "running"),
    "overdue": Text("逾期", "overdue"),
    "met": Text("按时完成", "met"),
    "met_late": Text("超期完成", "met late"),
    "cancelled": Text("取消", "cancelled"),
}
LETTERS: Words = {
    "owed": Text("待写", "to be written"),
    "held": Text("等人放行", "waits to be let go"),
    "trial": Text("试运行，不发", "trial, not sent"),
    "rendered": Text("待发", "ready to go"),
    "sending": Text("正在发", "being sent"),
    "resending": Text("正在重发", "being sent again"),
    "sent": Text("已发", "sent"),
    "later": Text("稍后再发", "will be tried again"),
    "dead": Text("发不出", "could not be sent"),
    "unknown": Text("不知是否发出", "perhaps sent"),
    "stopped": Text("已拦下", "stopped"),
    "bounced": Text("被退回", "bounced"),
    "gathered": Text("并入一封", "goes with others"),
}
KINDS: Words = {
    "acknowledgement": Text("回执", "acknowledgement"),
    "question": Text("追问", "question"),
    "rejection": Text("退回改正", "to be corrected"),
    "issue": Text("发单", "issue"),
    "revision": Text("改版", "revision"),
    "decision_request": Text("请决定", "decision request"),
    "reminder": Text("提醒", "reminder"),
    "escalation": Text("上报", "escalation"),
    "alarm": Text("警报", "alarm"),
    "answer": Text("答复", "answer"),
    "stage": Text("进展", "progress"),
    "digest": Text("汇总", "digest"),
    "operator": Text("告知管理员", "to the operator"),
    "forms": Text("空白表", "blank forms"),
    "welcome": Text("开始使用", "first steps"),
}
OUTCOMES: Words = {
    "accepted": Text("收下", "accepted"),
    "partial": Text("部分收下", "partly accepted"),
    "refused": Text("退回", "refused"),
    "held": Text("待处理", "held"),
    "ignored": Text("略过", "ignored"),
}
CHANNELS: Words = {
    "imap": Text("邮箱", "mailbox"),
    "maildir": Text("邮箱", "mailbox"),
    "sent": Text("已发邮件", "sent mail"),
    "folder": Text("文件夹", "folder"),
    "web": Text("网页", "web page"),
    "workbook": Text("总台账", "workbook"),
}
READINGS: Words = {
    "complaint": Text("投诉", "complaint"),
    "business": Text("普通业务", "ordinary business"),
    "unsure": Text("拿不准", "unsure"),
    "answer": Text("答复", "answer"),
    "form": Text("表单", "form"),
    "contact": Text("联系", "contact"),
    "none": Text("不作处理", "nothing to do"),
}
HOW: Words = {
    "excel": Text("Excel 表", "Excel form"),
    "word": Text("Word 表", "Word form"),
    "body": Text("正文的标签行", "labelled lines of the mail"),
    "free": Text("正文", "the mail's own words"),
    "json": Text("JSON", "JSON"),
    "edit": Text("总台账的修改", "edit in the workbook"),
    "decision": Text("回信的决定", "decision in an answer"),
    "contact": Text("往来邮件", "correspondence"),
}
SPEAKERS: Words = {
    "customer": Text("客户", "customer"),
    "person": Text("本公司人员", "one of ours"),
    "office": Text("质量办公室", "the quality office"),
    "program": Text("程序", "program"),
    "stranger": Text("外人", "stranger"),
    "system": Text("系统", "system"),
}
HISTORY: Words = {
    "opened": Text("立案", "opened"),
    "revised": Text("修改", "revised"),
    "triggered": Text("规则触发", "triggered"),
    "written": Text("写信", "letter written"),
    "alarm": Text("警报", "alarm"),
    "task": Text("待办", "task"),
    "reminder": Text("提醒", "reminder"),
    "escalation": Text("上报", "escalation"),
    "reminder skipped": Text("没有提醒", "reminder left out"),
    "escalation skipped": Text("没有上报", "escalation left out"),
    "signed": Text("会签", "signed"),
    "signed late": Text("会签（迟）", "signed late"),
    "extended": Text("延期", "extended"),
    "taken back": Text("撤回", "taken back"),
    "passed to the deputy": Text("转给代理人", "passed to the deputy"),
    "clock started": Text("时限开始", "deadline started"),
    "clock moved": Text("时限改变", "deadline moved"),
    "clock met": Text("时限按时完成", "deadline met"),
    "clock met late": Text("时限超期完成", "deadline met late"),
    "clock cancelled": Text("时限取消", "deadline cancelled"),
    "clock reopened": Text("时限重新开始", "deadline reopened"),
    "clock overdue": Text("时限逾期", "deadline overdue"),
}
_SAID: Words = {"task": Text("待办：{}", "task: {}"), "clock": Text("时限：{}", "deadline: {}")}


def word(words: Words, code: str) -> str:
    """What people call it; a code that is not known is shown as it is, so that nothing is hidden."""
    return words[code][tongue.lang()] if code in words else code


def form(catalogue: Catalogue, name: str) -> str:
    """The title of a form."""
    return catalogue.forms[name].title[tongue.lang()] if name in catalogue.forms else name


def status(catalogue: Catalogue, name: str, code: str) -> str:
    """A state of a form's lifecycle."""
    known = catalogue.forms.get(name)
    found = next((s for s in known.lifecycle.states if s.name == code), None) if known else None
    return found.label[tongue.lang()] if found else code


def clock(rulebook: Rulebook, name: str) -> str:
    rule = rulebook.clock(name)
    return rule.title[tongue.lang()] if rule else name


def recipients(intent: LetterIntent) -> str:
    return ", ".join([*intent.to, *intent.cc])


def event(catalogue: Catalogue, form_name: str, what: str) -> str:
    """A line of history: one of ours, or an event of the form's lifecycle."""
    if what in HISTORY:
        return word(HISTORY, what)
    known = catalogue.forms.get(form_name)
    found = next((e for e in known.lifecycle.events if e.name == what), None) if known else None
    if found:
        return found.label[tongue.lang()]
    first, _, rest = what.partition(" ")
    return word(_SAID, first).format(rest) if first in _SAID and rest else what


_PLACES = {"正文": "the mail's text", "主题": "the subject", "附件": "attachment", "第": " no. "}


def place(where: str) -> str:
    """Where a value stood; a sheet and cell (反馈表!B7) are as they are."""
    if tongue.lang() == "zh" or "!" in where:
        return where
    for chinese, english in _PLACES.items():
        where = where.replace(chinese, english)
    return where
