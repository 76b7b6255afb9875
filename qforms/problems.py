"""The catalogue of what can be wrong in what people send: code -> text in Chinese and English, and who must act.

A text says what is wrong and what to do, in one tone: 没有批号 A65-2603。近似：A65-2603B。请看铭牌后改正。
`{where}`, `{field}` and the names of `Problem.context` may stand in it. Codes are stable: tests and docs name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qforms.model import Lang, Problem, Text

Actor = Literal["sender", "office", "operator"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its text and who must act on it."""

    text: Text
    actor: Actor = "sender"


def _kind(zh: str, en: str, actor: Actor = "sender") -> Kind:
    return Kind(Text(zh, en), actor)


CATALOGUE: dict[str, Kind] = {
    # ---- values (forms/types.py)
    # ---- forms as a whole (forms/catalogue.py)
    # ---- Office files (office/)
    "file_too_large": _kind(
        "{where} 大于 {mb} MB，没有打开。请把照片缩小或分开发，再发一次。",
        "{where} is larger than {mb} MB and was not opened. Please send smaller photos, or several mails.",
    ),
    "inflates_too_much": _kind(
        "{where} 展开后超过 {mb} MB，没有读。请用我们的空白表重新填写后发来。",
        "{where} unpacks to more than {mb} MB and was not read. Please fill in a fresh blank form of ours.",
    ),
    "too_many_cells": _kind(
        "{where} 的单元格超过 {cells} 个，没有读。请删去多余的行列，或用我们的空白表重新填写。",
        "{where} has more than {cells} cells and was not read. Please delete surplus rows and columns, "
        "or fill in a fresh blank form.",
    ),
    "hostile_file": _kind(
        "{where} 的内部结构不正常（{reason}），没有读。请在 Excel、WPS 或 Word 中打开，另存为新文件后再发。",
        "{where} is built in a way that no Office program writes ({reason}) and was not read. "
        "Please open it in Excel or Word, save it as a new file and send that.",
    ),
    "unreadable_file": _kind(
        "{where} 打不开，文件可能已损坏。请在自己电脑上打开看一下，另存为新文件后再发。",
        "{where} cannot be opened; it may be damaged. Please open it on your computer, save it as a new file and "
        "send that.",
    ),
    "encrypted": _kind(
        "{where} 有打开密码，读不出来。请去掉密码后再发，或来电告诉密码。",
        "{where} is protected by a password and cannot be read. Please send it without one, or tell us the password.",
    ),
    "took_too_long": _kind(
        "{where} 读了 {seconds} 秒还没有读完，已停止。请用我们的空白表重新填写后发来。",
        "{where} could not be read within {seconds} s. Please fill in a fresh blank form of ours.",
    ),
    "not_office": _kind(
        "{where} 不是 Excel 或 Word 文件（内容是 {found}）。请另存为 .xlsx 或 .docx 后再发。",
        "{where} is no Excel or Word file (it contains {found}). Please save it as .xlsx or .docx and send that.",
    ),
    "needs_libreoffice": _kind(
        "{where} 是旧格式（.{format}），这里读不了。请另存为 .docx 后再发。",
        "{where} is in an old format (.{format}) that cannot be read here. Please save it as .docx and send that.",
    ),
    "cannot_mark": _kind(
        "{where} 这种格式（.{format}）不能在原件上标出；请改用随信所附的表。",
        "Cells cannot be marked in {where} (.{format}); please use the form attached to the letter.",
    ),
    # ---- mails, deliveries, identity (intake/)
    # ---- rules, lifecycle, rights (rules/)
    # ---- workbook (workbook/)
    # ---- letters and servers (outbox/, sources/)
    "mail_too_big": _kind(
        "邮件或文件太大（{size} 字节），没有读入，原件仍在 {where}。请改小后重发，或由质量部手工登记。",
        "The mail or file is too big ({size} bytes) and was not read; it still lies in {where}. "
        "Send it smaller, or register it by hand.",
        "office",
    ),
    "mailbox_password": _kind(
        "没有邮箱 {user} 的密码：请设环境变量 {env}，或存入系统密钥环（qforms-mail）。",
        "There is no password for the mailbox {user}: set the environment variable {env}, or store it in the keyring "
        "(qforms-mail).",
        "operator",
    ),
    "mailbox_login": _kind(
        "邮箱 {user} 登录被 {host} 拒绝：请检查用户名和密码（QQ、网易邮箱要用授权码，并开启 IMAP）。5 分钟后再试。",
        "{host} refuses the login of {user}: check the user name and the password (QQ and NetEase want an authorisation "
        "code, with IMAP switched on). Tried again in 5 minutes.",
        "operator",
    ),
    "mailbox_folder": _kind(
        "邮箱 {user} 里打不开文件夹「{folder}」：{reason}。请检查 qforms.toml 的 mailbox.folder 和 mailbox.sent_folder。",
        "The folder {folder} of {user} cannot be opened: {reason}. "
        "Check mailbox.folder and mailbox.sent_folder in qforms.toml.",
        "operator",
    ),
    "mailbox_certificate": _kind(
        "{host}:{port} 的证书不可信：{reason}。请检查主机名；用自己的证书颁发机构时设 ca_file。",
        "The certificate of {host}:{port} cannot be trusted: {reason}. Check the host name; with a certificate "
        "authority of your own, set ca_file.",
        "operator",
    ),
    "mailbox_unreachable": _kind(
        "连不上邮箱服务器 {host}:{port}：{reason}。自动重试；长时间不恢复请检查网络。",
        "The mail server {host}:{port} cannot be reached: {reason}. Tried again by itself; if it lasts, check the network.",
        "operator",
    ),
    "folder_unreachable": _kind(
        "读不了文件夹 {folder}：{reason}。请检查共享是否已连接、是否有权限。",
        "The folder {folder} cannot be read: {reason}. Check that the share is connected and that access is granted.",
        "operator",
    ),
    "smtp_password": _kind(
        "没有发信账号 {user} 的密码：请设环境变量 {env}，或存入系统密钥环（qforms-smtp）。信件留着待发。",
        "There is no password for the sending account {user}: set the environment variable {env}, or store it in the "
        "keyring (qforms-smtp). Letters wait.",
        "operator",
    ),
    "smtp_login": _kind(
        "发信账号 {user} 登录被 {host} 拒绝：请检查用户名和密码（或授权码）。信件留着待发，5 分钟后再试。",
        "{host} refuses the login of {user}: check the user name and the password (or authorisation code). "
        "Letters wait; tried again in 5 minutes.",
        "operator",
    ),
    "smtp_certificate": _kind(
        "发信服务器 {host}:{port} 的证书不可信：{reason}。请检查主机名；用自己的证书颁发机构时设 ca_file。",
        "The certificate of {host}:{port} cannot be trusted: {reason}. Check the host name; with a certificate "
        "authority of your own, set ca_file.",
        "operator",
    ),
    "smtp_unreachable": _kind(
        "连不上发信服务器 {host}:{port}：{reason}。信件留着待发，自动重试。",
        "The sending server {host}:{port} cannot be reached: {reason}. Letters wait; tried again by itself.",
        "operator",
    ),
    "letter_address": _kind(
        "信件没有发出：地址「{address}」不是有效的邮箱地址。请在基础资料里改正。",
        "The letter was not sent: {address} is no valid address. Correct it in the reference data.",
        "office",
    ),
    "letter_nobody": _kind(
        "信件没有发出：没有收件人。请在基础资料里补上该部门或人员的邮箱。",
        "The letter was not sent: there is nobody to send it to. Enter the department's or person's address in the "
        "reference data.",
        "office",
    ),
    "letter_outside": _kind(
        "内部信件没有发出：{address} 不是我公司的地址。若是本公司人员，请写入人员表。",
        "An internal letter was not sent: {address} is not one of ours. If it is a colleague's, enter it in the people "
        "sheet.",
        "office",
    ),
    "letter_attachment": _kind(
        "信件没有发出：附件「{name}」只供{circle}，不能给 {address}。",
        "The letter was not sent: the attachment {name} is for {circle_en} only, not for {address}.",
        "office",
    ),
    "letter_confidential": _kind(
        "信件没有发出：给 {address} 的正文里有内部内容「{words}」（不良率、费用分摊、其他客户或内部往来）。请改正后再发。",
        "The letter was not sent: its text for {address} holds what is internal: {words} (a rate, a cost share, another "
        "customer or an internal thread). Correct it, then send.",
        "office",
    ),
    # ---- bugs
    "bug": _kind(
        "程序出错，原件已保存；排除后用 qforms held retry 重新处理。",
        "The program failed on this item; its raw bytes are kept. After the repair: qforms held retry.",
        "operator",
    ),
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def say(problem: Problem, lang: Lang, label: str = "") -> str:
    """The problem's text in `lang`; an unknown code is shown as itself, so that nothing is hidden.

    `label` is the field's label in that language, used for `{field}`."""
    kind = CATALOGUE.get(problem.code)
    if kind is None:
        return problem.code
    values: Mapping[str, Any] = {"where": problem.where, "field": label or problem.field, **problem.context}
    return kind.text[lang].format_map(_Blank(values))


def actor(problem: Problem) -> Actor:
    kind = CATALOGUE.get(problem.code)
    return kind.actor if kind else "operator"
