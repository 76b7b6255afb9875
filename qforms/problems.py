"""The catalogue of what can be wrong in what people send: code -> text in Chinese and English, and who must act.

A text says what is wrong and what to do, in one tone: 没有批号 A65-2603。近似：A65-2603B。请看铭牌后改正。
`{where}`, `{field}` and the names of `Problem.context` may stand in it. Codes are stable: tests and docs name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qforms.model import Lang, Problem, Text, Told

Actor = Literal["sender", "office", "operator"]
ACTORS: Mapping[Actor, Text] = {
    "sender": Text("来件的人", "whoever sent it"),
    "office": Text("质量办公室", "the quality office"),
    "operator": Text("管理员", "the operator"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its text and who must act on it."""

    text: Text
    actor: Actor = "sender"


def _kind(zh: str, en: str, actor: Actor = "sender") -> Kind:
    return Kind(Text(zh, en), actor)


CATALOGUE: dict[str, Kind] = {
    # ---- values (forms/types.py)
    "bad_date": _kind(
        "{field}「{raw}」不是日期。请写成 2026-05-06，带时间写成 2026-05-06 14:20。",
        "{field} '{raw}' is not a date. Please write it as 2026-05-06, with a time as 2026-05-06 14:20.",
    ),
    "impossible_date": _kind(
        "{field}「{raw}」这一天或时刻不存在。请改成真实的日期，如 2026-05-06。",
        "{field} '{raw}': there is no such day or time. Please give a real date such as 2026-05-06.",
    ),
    "year_missing": _kind(
        "{field}「{raw}」没有写年份。请写成 2026-05-06。",
        "{field} '{raw}' has no year. Please write it as 2026-05-06.",
    ),
    "ambiguous_date": _kind(
        "{field}「{raw}」可以有几种读法（{readings}）。请写成 2026-05-06。",
        "{field} '{raw}' can be read in several ways ({readings}). Please write it as 2026-05-06.",
    ),
    "time_missing": _kind(
        "{field}「{raw}」没有写几点，按 0 点记。如需更正请写成 2026-05-06 14:20。",
        "{field} '{raw}' has no time of day; midnight was taken. Please write it as 2026-05-06 14:20.",
    ),
    "not_a_number": _kind(
        "{field}「{raw}」不是数字。请只写数字，如 12.5。",
        "{field} '{raw}' is not a number. Please write digits only, such as 12.5.",
    ),
    "not_a_count": _kind(
        "{field}「{raw}」不是整数。请只写数字，如 9。",
        "{field} '{raw}' is not a whole number. Please write digits only, such as 9.",
    ),
    "negative": _kind(
        "{field}「{raw}」小于 0。请写不小于 0 的数。",
        "{field} '{raw}' is below 0. Please write a number of at least 0.",
    ),
    "too_small": _kind(
        "{field}「{raw}」小于 {least}。请核对后改正。",
        "{field} '{raw}' is below {least}. Please check and correct it.",
    ),
    "too_large": _kind(
        "{field}「{raw}」大于 {most}。请核对后改正。",
        "{field} '{raw}' is above {most}. Please check and correct it.",
    ),
    "ambiguous_number": _kind(
        "{field}「{raw}」可以读成 {readings}。请只写一个数字。",
        "{field} '{raw}' can be read as {readings}. Please write one number only.",
    ),
    "approximate": _kind(
        "{field}「{raw}」是约数，暂按 {value} 记。请告知准确数。",
        "{field} '{raw}' is approximate; {value} was taken for now. Please give the exact number.",
    ),
    "rounded": _kind(
        "{field}「{raw}」多于两位小数，暂按 {value} 记。请确认。",
        "{field} '{raw}' has more than two decimals; {value} was taken for now. Please confirm.",
    ),
    "foreign_currency": _kind(
        "{field}「{raw}」不是人民币。请写人民币金额，如 1234.50。",
        "{field} '{raw}' is not in CNY. Please write the amount in CNY, such as 1234.50.",
    ),
    "not_a_choice": _kind(
        "{field} 没有「{raw}」这一项。可选：{choices}。{near_zh}请选一项。",
        "{field} has no choice '{raw}'. Choices: {choices_en}. {near_en}Please take one of them.",
    ),
    "several_choices": _kind(
        "{field}「{raw}」选了不止一项。可选：{choices}。请只选一项。",
        "{field} '{raw}': more than one is chosen. Choices: {choices_en}. Please take one only.",
    ),
    "not_yes_or_no": _kind(
        "{field}「{raw}」看不出是还是否。请写“是”或“否”。",
        "{field} '{raw}' is neither yes nor no. Please write yes or no.",
    ),
    "too_long": _kind(
        "{field} 有 {length} 个字，最多 {most} 个。请缩短，其余作为附件。",
        "{field} has {length} characters, at most {most} are taken. Please shorten it and attach the rest.",
    ),
    "not_a_text": _kind(
        "{field} 应为一段文字。请改正。",
        "{field} must be a text. Please correct it.",
    ),
    "not_rows": _kind(
        "{field} 应为若干行，每行各列分开。请改正。",
        "{field} must be rows with their columns. Please correct it.",
    ),
    # ---- forms as a whole (forms/catalogue.py)
    "unknown_field": _kind(
        "没有「{name}」这一项。{near_zh}请改正名称。",
        "There is no field '{name}'. {near_en}Please correct the name.",
    ),
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
    "text_lossy": _kind(
        "{where} 的文字编码有误，个别字读不出来；原件已保存。",
        "The text of {where} is wrongly encoded; a few characters could not be read. The original is kept.",
        "office",
    ),
    "mail_unreadable": _kind(
        "邮件结构已损坏，读不出来；原件已保存。请发件人重发，或由办公室手工登记。",
        "The mail is damaged and cannot be read; the original is kept. Ask for it again, or register it by hand.",
        "office",
    ),
    "macros_refused": _kind(
        "{where} 含有宏，按规定没有读取。请另存为不含宏的 .xlsx 或 .docx 后重发。",
        "{where} holds macros and was not read. Please save it as .xlsx or .docx without macros and send it again.",
    ),
    "virus_found": _kind(
        "病毒扫描在 {where} 中发现 {name}，没有打开；原件已隔离保存。请通知发件人，请勿从邮箱中打开附件。",
        "The virus scan found {name} in {where}; it was not opened and the original is kept apart. Tell its sender, "
        "and "
        "do not open it from the mailbox.",
        "office",
    ),
    "not_scanned": _kind(
        "{where} 没能做病毒扫描（{reason}），没有打开。请检查 clamd，然后“重试”。",
        "{where} could not be scanned for viruses ({reason}) and was not opened. Check clamd, then retry.",
        "operator",
    ),
    "mail_encrypted": _kind(
        "邮件已加密（{how}），程序没有密钥，读不出来；原件已保存。请发件人不加密重发，或在邮箱中打开后手工登记。",
        "The mail is encrypted ({how}) and cannot be read here; the original is kept. Ask for it unencrypted, or open "
        "it in the mailbox and register it by hand.",
        "office",
    ),
    "outlook_only": _kind(
        "{where} 是 Outlook 专用格式，里面的附件读不出来。请以普通附件（.xlsx、.docx、.pdf）重发。",
        "{where} is in a format that only Outlook reads. Please send the files in it as ordinary attachments.",
    ),
    "same_content_again": _kind(
        "{where} 的内容与以前收到的文件完全相同，没有再次录入。确要再录一次选“立案”，否则选“忽略”。",
        "{where} holds exactly what came before and was not entered again. 立案 enters it anyway, 忽略 leaves it.",
        "office",
    ),
    "received_later": _kind(
        "{field}「{raw}」晚于现在，按实际收到的时间记。请改正。",
        "{field} '{raw}' lies in the future; the time of arrival was taken. Please correct it.",
    ),
    "archive_unopened": _kind(
        "压缩包 {where} 打不开或格式不支持。请直接附上里面的文件，或用 zip 重新压缩。",
        "The archive {where} cannot be opened. Please attach its files as they are, or as a zip.",
    ),
    "archive_encrypted": _kind(
        "压缩包 {where} 有密码，打不开。请直接附上里面的文件。",
        "The archive {where} is protected by a password. Please attach its files as they are.",
    ),
    "archive_too_large": _kind(
        "压缩包 {where} 太大或文件太多，没有全部打开。请只附上需要的文件。",
        "The archive {where} is too large or holds too many files and was not opened entirely. "
        "Please attach only what is needed.",
    ),
    "cloud_link": _kind(
        "来信中的文件在网上（{url}），程序不会去下载。请把文件直接作为附件发来。",
        "The mail points to a file elsewhere ({url}), which is never fetched. Please send the file as an attachment.",
    ),
    "file_not_a_form": _kind(
        "{where} 不是我们的表单，没有处理。请用空白表填写后放入，或由办公室手工登记。",
        "{where} is none of our forms and was not taken in. Use a blank form, or register it by hand.",
        "office",
    ),
    "form_guessed": _kind(
        "{where} 没有表单标记，按栏目名称当作「{form}」读取，请核对。",
        "{where} bears no mark; it was read as {form_en} by its labels. Please check.",
        "office",
    ),
    "unknown_label": _kind(
        "{where} 的栏目「{label}」不认识，没有读{near}。",
        "The label {label} at {where} is unknown and was not read.",
    ),
    "json_unreadable": _kind(
        "{where} 不是正确的 JSON：第 {line} 行第 {column} 列，{reason}。",
        "{where} is no valid JSON: line {line}, column {column}: {reason}.",
    ),
    "json_no_form": _kind(
        '{where} 里没有表单。应为 {{"form": "complaint", "values": {{…}}}}，或这样的列表。',
        '{where} holds no form. Expected {{"form": "complaint", "values": {{…}}}}, or a list of such objects.',
    ),
    "json_too_many": _kind(
        "{where} 里的表单超过 {most} 份，请分成几个文件。",
        "{where} holds more than {most} forms. Please split it.",
    ),
    "json_unknown_key": _kind(
        "{where} 里的「{name}」不认识。{near_zh}可用：form、values、number、case_no、by、event。",
        "Unknown key {name} in {where}. {near_en}Known: form, values, number, case_no, by, event.",
    ),
    "json_wrong_type": _kind(
        "{where} 里的「{name}」类型不对，应为 {wanted}。",
        "{name} in {where} has the wrong type; {wanted} is expected.",
    ),
    "unknown_form": _kind(
        "{where}：没有表单「{name}」。{near_zh}请改正表单名称。",
        "{where}: there is no form {name}. {near_en}Please correct its name.",
    ),
    "role_not_granted": _kind(
        "这里不允许以「{role}」的身份填写。请由本人用邮件发来，或请管理员在 qforms.toml 的 folders.grant 中允许。",
        "The role {role} is not granted here. Let the person send a mail, or grant it in qforms.toml, folders.grant.",
    ),
    "stamp_wrong": _kind(
        "{where} 的表单标记不对（可能被改过，或不是我们发出的表），没有录入。请用我们发的原表填写。",
        "The stamp on {where} is wrong: it was changed, or the form is not ours. Please fill in the form that we sent.",
    ),
    "number_unknown": _kind(
        "没有编号 {number}。请核对编号，或用我们发的原表填写。",
        "There is no document {number}. Please check the number, or use the form that we sent.",
    ),
    "which_record": _kind(
        "这张表写的是 {said}，内容看起来是 {numbers} 的，没有录入。用于哪一张？"
        "请在主题或正文第一行写“用于 单号”，连表一起重发。",
        "The form says {said}, but looks as if it were for {numbers}; nothing was taken from it. Send it again with "
        "“for (number)” in the subject or in the first line.",
    ),
    "which_record_none": _kind(
        "这张表没有单号，没有录入。用于 {numbers}？请在主题或正文第一行写“用于 单号”，连表一起重发。",
        "The form has no number and nothing was taken from it. Is it for {numbers}? Send it again with “for (number)” "
        "in the subject or in the first line.",
    ),
    "number_not_yours": _kind(
        "编号 {number} 不属于贵方的案件，没有录入。请核对编号。",
        "{number} is not a case of yours; nothing was entered. Please check the number.",
    ),
    "wrong_form": _kind(
        "{number} 是另一种表单（{form}），发来的是 {given}。请用 {number} 的原表填写。",
        "{number} is a {form}, but the form sent is a {given}. Please use the form of {number}.",
    ),
    "record_closed": _kind(
        "{number} 已经结束，不再接受填写。如有新情况，请另开一份。",
        "{number} is closed and takes no more entries. Please open a new one if there is something new.",
    ),
    "record_closed_new": _kind(
        "{number} 已经结束，这次来信另立新案。",
        "{number} is closed; this mail opens a new case.",
        "office",
    ),
    "not_your_part": _kind(
        "{number} 中的这些栏不由贵部门填写：{names}。如分派有误，请回复“转给 姓名”。",
        "These fields of {number} are not yours to fill in: {names}. If it was sent to you by mistake, "
        "answer “forward to NAME”.",
    ),
    "not_yours": _kind(
        "「{field}」（{where}）不由您填写，改动没有采用。",
        "{field} ({where}) is not yours to fill in; the change was not taken.",
    ),
    "changed_since": _kind(
        "「{field}」在您的表发出之后已被别人改过，两个值都留着，等办公室选定。",
        "{field} was changed by somebody else after your form was made; both values are kept until the office chooses.",
    ),
    "change_reason_missing": _kind(
        "「{field}」改了，但没有写理由。请同时填写「{reason}」。",
        "{field} was changed without a reason. Please fill in {reason_en} with it.",
    ),
    "check_failed": _kind("{zh}。请改正「{field}」。", "{field}: {en}. Please correct it."),
    "rows_overlap": _kind(
        "第 {row} 行：{who} {day} 起已排了 {other}（{time}），不能同时在两处。请改时间或换人。",
        "Row {row}: {who} is already booked for {other} ({time}) when this job begins, {day}. Change the time or the "
        "person.",
    ),
    "held_together": _kind(
        "「{field}」与其他金额、比例须一并正确才录入，请改正后一起发来。",
        "{field} is entered only together with the other amounts and shares. Please send them all again, corrected.",
    ),
    "event_unknown": _kind("{number} 没有「{event}」这个动作。", "{number} knows no action {event}."),
    "event_not_now": _kind(
        "{number} 现在的状态是 {status}，不能「{event}」。",
        "{number} is in state {status}; {event} is not possible now.",
    ),
    "event_not_yours": _kind("{number} 的「{event}」不由您决定。", "{event} of {number} is not yours to decide."),
    "may_not_open": _kind(
        "您不能新建「{form}」。请联系质量部。",
        "You may not open a new {form}. Please ask the quality office.",
    ),
    "nothing_given": _kind(
        "表里没有可录入的内容。请填写后再发。",
        "Nothing in the form could be entered. Please fill it in and send it again.",
    ),
    "sender_unproven": _kind(
        "发件人 {address} 未经邮件服务器验证，先不生效，由办公室确认。",
        "The sender {address} is not authenticated by the mail server; the office has to confirm.",
        "office",
    ),
    "answer_unclear": _kind(
        "「{text}」不能算作决定。请只回复“同意”，或“不同意：理由”；有条件请写“不同意：条件”。",
        "“{text}” is no decision. Please answer “approve” or “reject: reason” only.",
    ),
    "export_read": _kind(
        "{where} 是平台导出的清单，{rows} 行；新的工单已立案，有变化的已更新。",
        "{where} is a platform's list of {rows} rows; new tickets are cases now, changed ones brought up to date.",
        "office",
    ),
    "which_line": _kind(
        "「{text}」是对哪一行的答复？请在句首写行号（如“2 转给 李四”）或编号：{numbers}。",
        "Which line does “{text}” answer? Begin with the number of the line (“2 pass on to Li Si”) or with one of "
        "{numbers}.",
    ),
    "reason_missing": _kind(
        "「{text}」没有写理由。请回复“不同意：理由”。",
        "“{text}” gives no reason. Please answer “reject: reason”.",
    ),
    "code_missing": _kind(
        "回信里没有答复码，决定等办公室确认后生效。请在原信上直接回复。",
        "The answer bears no code; the office has to confirm it. Please answer the letter itself.",
    ),
    "not_asked": _kind(
        "这个决定没有请 {address} 作出，等办公室确认。",
        "{address} was not asked for this decision; the office has to confirm.",
        "office",
    ),
    "unknown_product": _kind(
        "没有型号 {model}。{near_zh}请看铭牌后改正。",
        "There is no model {model}. {near_en}Please check the nameplate.",
    ),
    "unknown_lot": _kind(
        "{model} 没有批号 {lot}。{near_zh}请看铭牌后改正。",
        "{model} has no lot {lot}. {near_en}Please check the nameplate.",
    ),
    "forms_sent": _kind(
        "不用做什么：来信索要空白表，已回寄。",
        "do nothing: the mail asked for blank forms, which were sent.",
        "office",
    ),
    "business_mail": _kind(
        "不是投诉（业务、通知或广告），未编号。", "No complaint (business, notice, advertisement).", "office"
    ),
    "unsure_mail": _kind(
        "不能确定是否投诉，已列入待办。", "It is not certain that this is a complaint; see the tasks.", "office"
    ),
    "auto_reply": _kind("自动回复，未处理。", "An automatic reply; nothing was done.", "office"),
    "list_mail": _kind("邮件列表或群发邮件，未处理。", "A list or bulk mail; nothing was done.", "office"),
    "portal_known": _kind(
        "客户门户的通知，单号已有案件。", "A notice of the customer's portal; its number has a case already.", "office"
    ),
    "portal_unclear": _kind(
        "客户门户的通知，找不到对应的报告：见待办。",
        "A notice of the customer's portal without a report: see the task.",
        "office",
    ),
    "own_mail": _kind("我们自己发出的信，未处理。", "A letter of our own; nothing was done.", "office"),
    "bounced": _kind(
        "信件没有送达 {address}（{status}）。请核对地址。",
        "The letter did not reach {address} ({status}). Please check the address.",
        "office",
    ),
    "delayed": _kind(
        "信件还没有送达 {address}（{status}），对方服务器仍在试投。",
        "The letter has not reached {address} yet ({status}); the server goes on trying.",
        "office",
    ),
    "no_answer": _kind(
        "来信「{text}」没有内容可录入，任务不变。", "“{text}” holds nothing to enter; the task stays.", "office"
    ),
    "sent_elsewhere": _kind(
        "发给客户以外的信，未处理。", "Sent to nobody who is a customer; nothing was done.", "office"
    ),
    "contact_without_case": _kind(
        "发给 {name} 的信没有对应的案件。", "A mail to {name} for whom there is no open case.", "office"
    ),
    # ---- rules, lifecycle, rights (rules/)
    "event_no_record": _kind(
        "没有单据 {number}。请核对编号后重发。",
        "There is no document {number}. Check the number and send it again.",
    ),
    "event_right": _kind(
        "您不能对 {number} 执行“{event}”。请由负责该步骤的部门答复。",
        "“{event}” on {number} is not yours to do. It has to come from the department in charge.",
    ),
    "extension_no_clock": _kind(
        "{number} 上没有正在计时的时限，不用申请延期。",
        "No deadline is running on {number}: there is nothing to extend.",
    ),
    "extension_not_later": _kind(
        "{number} 申请的新期限须晚于现期限 {due}。请写“申请延期 月/日 理由”。",
        "The new date for {number} has to lie after {due}. Write: extend to month/day, and the reason.",
    ),
    "extension_unclear": _kind(
        "看不出 {number} 延期到哪天、为什么。请写“申请延期 5/20 理由”。",
        "Until when is {number} to be extended, and why? Write: extend to 5/20, and the reason.",
    ),
    "merge_in_a_circle": _kind(
        "{number} 是本案件自己，或已经并入别的案件，不能并入。请写最后留下的案件编号。",
        "{number} is this very case, or was merged itself: name the case that remains.",
    ),
    "event_reason": _kind(
        "{number} “{event}”须写理由。请写“{event}：理由”。",
        "“{event}” on {number} needs its reason: write “{event}: reason”.",
    ),
    "event_gate": _kind(
        "{number} 还不能“{event}”：{missing_zh}。",
        "{number}: “{event}” is not possible yet: {missing_en}.",
    ),
    "own_proposal": _kind(
        "{number} 由您本人提出，不能由您“{event}”，也不能代别人“{event}”。请由总经办另请人决定。",
        "{number} is your own proposal: “{event}” has to come from somebody else. The GM office names who decides.",
    ),
    "deputy_limit": _kind(
        "您代 {name} 决定的范围（事项、金额）不含 {number} 的“{event}”。请由 {name} 本人或总经办决定。",
        "As deputy of {name} you may not do “{event}” on {number}: it is beyond the forms or the amount agreed. "
        "{name} or the GM office decides.",
    ),
    "sign_in_turn": _kind(
        "{number} 的“{event}”按顺序会签，现在轮到 {names}；轮到您时会再来信。",
        "{number}: “{event}” is signed in turn, and it is the turn of {names}. You will be asked when it is yours.",
    ),
    "event_state": _kind(
        "{number} 现在是“{state}”，不能“{event}”。",
        "{number} is “{state}” now: “{event}” is not possible.",
    ),
    "event_needs": _kind(
        "{number} 还不能“{event}”：缺 {fields}。请补填后重发。",
        "{number}: “{event}” needs {fields}. Fill them in and send it again.",
    ),
    "event_when": _kind(
        "{number} 现在不能“{event}”：条件还不满足（当前“{state}”）。",
        "{number}: the condition of “{event}” does not hold yet (now “{state}”).",
    ),
    "event_refused": _kind("{zh}（{number}，当前“{state}”）。", "{en} ({number}, now “{state}”)."),
    "event_nobody": _kind(
        "{number} 没有收件人，不能“{event}”。请填主送部门，并在基础资料里填该部门的邮箱。",
        "{number} has no recipient, so “{event}” is refused. Fill in To, and the department's address.",
        "office",
    ),
    # ---- charts and reports (documents/)
    "chart_extra_missing": _kind(
        "没有图：没有安装绘图扩展。请运行 pip install 'qforms[charts]'，再生成一次；数字都在表里。",
        "No charts: the extra is not installed. Run pip install 'qforms[charts]' and make it again; "
        "all figures stand in the tables.",
        "operator",
    ),
    "chart_font_missing": _kind(
        "没有图：这台机器没有中文字体（{fonts} 等一种即可）。"
        "Debian、Ubuntu 请装 fonts-noto-cjk，再生成一次；数字都在表里。",
        "No charts: this machine has no Chinese font (one of {fonts} or the like). On Debian and Ubuntu install "
        "fonts-noto-cjk, then make it again; all figures stand in the tables.",
        "operator",
    ),
    # ---- workbook (workbook/)
    "workbook_formula": _kind(
        "{where}（{field}）里是公式 {text}，没有收下。请直接写值，如 2026-05-14 或 3。",
        "{where} ({field}) holds the formula {text}, which was not taken. Please write the value itself.",
        "office",
    ),
    "workbook_error_value": _kind(
        "{where}（{field}）里是错误值 {text}，没有收下。请直接写值。",
        "{where} ({field}) holds the error {text}, which was not taken. Please write the value itself.",
        "office",
    ),
    "workbook_row_waits": _kind(
        "同一行还有一格没有收下，整行一起等；那一格改好后存盘即可。",
        "Another cell of this row was not taken: the row waits as a whole. Correct that cell and save.",
        "office",
    ),
    "workbook_conflict": _kind(
        "这一格两边都改了，现在仍是系统里的值。请在「冲突」表选用哪个值。",
        "Both sides changed this cell; it shows what stands in the system. Choose on the sheet Conflicts.",
        "office",
    ),
    "workbook_missing": _kind(
        "看一下 {where}：文件不见了，已按台账恢复。如是移走的，请放回原处或改 folders.workbook",
        "look at {where}: the file had gone and was restored from the ledger; if you moved it, put it back",
        "office",
    ),
    "workbook_damaged": _kind(
        "看一下 {where}：文件打不开，已留作 {kept}，并按台账恢复。其中没有读到的改动请对照补填",
        "look at {where}: it could not be opened, is kept as {kept}, and was restored; enter again what is missing",
        "office",
    ),
    "workbook_old_copy": _kind(
        "看一下 {where}：它被一份旧副本（第 {old} 次更新，现在是第 {now} 次）换掉，已按台账补齐；旧副本上的改动收下 "
        "{edits} 处",
        "look at {where}: an old copy (update {old}, now {now}) took its place; it was brought up, {edits} edits taken",
        "office",
    ),
    "workbook_old_copy_kept": _kind(
        "看一下 {where}：它被一份很旧的副本（第 {old} 次更新，现在是第 {now} 次）换掉，已按台账补齐，旧副本留作 "
        "{kept}，上面的改动没有收",
        "look at {where}: a very old copy (update {old}, now {now}) took its place; kept as {kept}, no edits taken "
        "of it",
        "office",
    ),
    "workbook_waits": _kind(
        "关闭 {where}：自 {since} 起不能更新（{reason}）。附上只读副本，改动请写在总表里",
        "close {where}: it could not be updated since {since} ({reason}). A copy to read is enclosed",
        "office",
    ),
    "workbook_restored": _kind(
        "此格由系统写入，已恢复。原来填的是：{text}",
        "This cell is written by the system and was put back. It held: {text}",
        "office",
    ),
    "workbook_unknown_action": _kind(
        "{where} 的“{text}”不是可选的处理。请从列表中选一项。",
        "“{text}” in {where} is no action. Please choose one from the list.",
        "office",
    ),
    "workbook_row_deleted": _kind(
        "{number} 这一行被删掉过；记录还在，所以恢复了。要作废请在待办或单据里处理。",
        "The row of {number} had been deleted; the record stands, so it came back. To void it, use its document.",
        "office",
    ),
    # ---- the master workbook, when it cannot be changed in place (sheetpatch/); the file is left as it was
    "book_damaged": _kind(
        "总表打不开（{reason}），没有写入。请打开检查后另存；打不开时用 qforms workbook rebuild 重建。",
        "The workbook is damaged ({reason}); nothing was written. Open it and save it again, or run "
        "qforms workbook rebuild.",
        "office",
    ),
    "book_encrypted": _kind(
        "总表设了打开密码，没有写入。请去掉密码后存盘。",
        "The workbook has a password; nothing was written. Please remove it and save.",
        "office",
    ),
    "book_too_large": _kind(
        "总表展开后过大（{where}），没有写入。请把旧年份移到 archive 文件。",
        "The workbook is too large ({where}); nothing was written. Please move older years to an archive file.",
        "office",
    ),
    "book_unknown": _kind(
        "总表的写法不认识（{where}：{reason}），没有写入。请在 Excel 或 WPS 里打开后存盘。",
        "The workbook is written in a way that is not known here ({where}: {reason}); nothing was written. Please open "
        "it in Excel and save it.",
        "office",
    ),
    "book_disorder": _kind(
        "{where} 的行列次序不对，没有写入。请在 Excel 或 WPS 里打开后存盘。",
        "Rows or cells at {where} are out of order; nothing was written. Please open the workbook in Excel and save "
        "it.",
        "office",
    ),
    "book_no_sheet": _kind(
        "总表里没有工作表“{name}”，没有写入。",
        "The workbook has no sheet “{name}”; nothing was written.",
        "office",
    ),
    "book_no_room": _kind(
        "{where} 处有别的内容（合并单元格、并排的表或超出行数），列表不能增减，没有写入。请把它移开。",
        "Something stands in the way at {where} (merged cells, a table beside, the end of the sheet), so that the list "
        "cannot grow or shrink; nothing was written. Please move it away.",
        "office",
    ),
    "book_heading": _kind(
        "{where} 是表格的列标题，不能由程序改写，没有写入。",
        "{where} is the heading of a table's column, which is not for the program to change; nothing was written.",
        "operator",
    ),
    "book_formula": _kind(
        "{where} 属于一个跨多格的公式，不能只改一格，没有写入。请把公式移到别处。",
        "{where} belongs to a formula that fills several cells; nothing was written. Please move the formula "
        "elsewhere.",
        "office",
    ),
    "book_formula_below": _kind(
        "工作表“{where}”的公式引用了 {formula}，列表变长后会指错，没有写入。请改用表格列名，或把它移到列表上方。",
        "A formula on “{where}” refers to {formula}, which moves when the list grows; nothing was written. Please use "
        "the table's column names, or move that cell above the list.",
        "office",
    ),
    "book_changed": _kind(
        "写入时总表被别人存过，没有覆盖；稍后再写。",
        "The workbook was saved by somebody while it was being written; it was left as it is and is tried again.",
        "office",
    ),
    "book_not_written": _kind(
        "{where} 读回来与写入的不一致，总表可能没有写好；下次会重写。",
        "{where} reads back as something else than was written; the workbook is written once more.",
        "operator",
    ),
    "book_shared": _kind(
        "总表是共享工作簿，没有写入。请在“审阅”里取消共享后存盘。",
        "The workbook is a shared workbook; nothing was written. Please stop sharing it under Review and save.",
        "office",
    ),
    "book_signed": _kind(
        "总表带数字签名，写入会使签名失效，没有写入。请去掉签名后存盘。",
        "The workbook carries a digital signature that writing would break; nothing was written. Please remove it.",
        "office",
    ),
    # ---- letters and servers (outbox/, sources/)
    "deliveries_held": _kind(
        "处理没有收进来的 {count} 件来件：逐行回复“行号 重试”“行号 忽略”“行号 立案”，或“行号 是本人”",
        "deal with {count} deliveries that were not taken in: answer line by line “1 retry”, “1 ignore”, “1 open a "
        "case” or “1 genuine”",
        "office",
    ),
    "held_word_unclear": _kind(
        "「{text}」看不懂。请逐行写“行号 重试”“行号 忽略”“行号 立案”，或“行号 是本人 姓名”，并保留答复码。",
        "'{text}' was not understood. Please write line by line “1 retry”, “1 ignore”, “1 open a case” or “1 genuine "
        "NAME”, and keep the code.",
    ),
    "letters_withheld": _kind(
        "看一下「待发」里的 {count} 封信，写“发”或“不发”",
        "look at the {count} letters on the sheet Outgoing and write send or stop",
        "office",
    ),
    "mail_too_big": _kind(
        "邮件或文件太大（{size} 字节），没有读入，原件仍在 {where}。请改小后重发，或由质量部手工登记。",
        "The mail or file is too big ({size} bytes) and was not read; it still lies in {where}. "
        "Send it smaller, or register it by hand.",
        "office",
    ),
    "mail_cut": _kind(
        "来信有 {mb} MB，超过上限：只收了文字，附件没有读，原信仍在邮箱里（{where}）。"
        "请在邮箱里打开原信，把要用的文件存进收件文件夹。",
        "The mail has {mb} MB, more than the limit: its text was taken in, its attachments were not. It still lies in "
        "the mailbox ({where}): open it there, and put the files that matter into the watched folder.",
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
        "{host} refuses the login of {user}: check the user name and the password (QQ and NetEase want an "
        "authorisation code, with IMAP switched on). Tried again in 5 minutes.",
        "operator",
    ),
    "mailbox_silent": _kind(
        "邮箱 {source} 从 {since} 起没有收到一封信（平时不会这么久）。程序在运行；请给 {address} 发一封试试，"
        "查转发规则和垃圾箱。",
        "No mail has come to {source} since {since}, which is longer than usual. The program runs; send a mail to "
        "{address} as a trial, look at forwarding rules and the spam folder.",
        "office",
    ),
    "mailbox_not_fetched": _kind(
        "从 {since} 起取不到邮箱 {source} 的信：{reason}。这段时间客户的来信没有人看到，请直接打开邮箱看，"
        "并请管理员修复。",
        "Since {since} no mail could be fetched from {source}: {reason}. What customers have written since then nobody "
        "has seen: open the mailbox yourselves, and have it mended.",
        "office",
    ),
    "dkim_missing": _kind(
        "检查 DKIM 签名缺少程序包 {package}：请安装 qforms[dkim]，或在 qforms.toml 的 [trust] 里去掉 dkim。",
        "Checking DKIM signatures needs the package {package}: install qforms[dkim], or take dkim out of [trust].",
        "operator",
    ),
    "oauth_missing": _kind(
        "OAuth 登录缺少程序包 {package}：请安装 qforms[oauth]。",
        "The OAuth login needs the package {package}: install qforms[oauth].",
        "operator",
    ),
    "oauth_sign_in": _kind(
        "邮箱 {user} 还没有登录，或登录已失效：请运行 qforms login {root}，按提示在浏览器里登录一次。",
        "{user} is not signed in, or the sign-in has lapsed: run qforms login {root} and sign in once in a browser.",
        "operator",
    ),
    "oauth_refused": _kind(
        "登录服务器不给邮箱 {user} 令牌：{reason}。请检查 qforms.toml 的 [oauth] 和管理员的授权。",
        "The login server gives no token for {user}: {reason}. Check [oauth] in qforms.toml and what the administrator "
        "has allowed.",
        "operator",
    ),
    "oauth_unreachable": _kind(
        "连不上登录服务器：{reason}。自动重试；长时间不恢复请检查网络。",
        "The login server cannot be reached: {reason}. Tried again by itself; if it lasts, check the network.",
        "operator",
    ),
    "oauth_key_file": _kind(
        "找不到谷歌服务账号的密钥文件 {file}：请检查 qforms.toml 的 oauth.key_file。",
        "The key file {file} of the Google service account is not there: check oauth.key_file in qforms.toml.",
        "operator",
    ),
    "oauth_expires": _kind(
        "邮箱的登录授权到 {day} 为止，之后收不到也发不出信：请在这之前更新密钥（或运行 qforms login），并改 oauth."
        "secret_expires。",
        "The mailbox's authorisation ends on {day}; after it nothing is received or sent: renew the secret before then "
        "(or run qforms login), and change oauth.secret_expires.",
        "operator",
    ),
    "mailbox_folder": _kind(
        "邮箱 {user} 里打不开文件夹「{folder}」：{reason}。"
        "请检查 qforms.toml 的 mailbox.folder 和 mailbox.sent_folder。",
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
        "The mail server {host}:{port} cannot be reached: {reason}. Tried again by itself; if it lasts, "
        "check the network.",
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
        "信件没有发出：给 {address} 的正文里有内部内容「{words}」（不良率、费用分摊、其他客户或内部往来）。"
        "请改正后再发。",
        "The letter was not sent: its text for {address} holds what is internal: {words} (a rate, a cost share, "
        "another customer or an internal thread). Correct it, then send.",
        "office",
    ),
    # ---- the program's own parts (house.py, mailroom.py)
    "letter_not_made": _kind(
        "信件 {where} 写不出来：{reason}。一小时后再试；请检查 form_templates 里的模板。",
        "The letter {where} cannot be made: {reason}. Tried again in an hour; check the templates in form_templates.",
        "operator",
    ),
    "own_form_first_row": _kind(
        "列表的占位符在第一行。请在上面留一行（标题），列表才能加行。",
        "The placeholders of a list stand in the first row. Leave a row above them, a heading: rows are put in below.",
        "office",
    ),
    "part_stopped": _kind(
        "这一步停下了：{where}。其余照常。",
        "One part has stopped: {where}. Everything else goes on.",
        "operator",
    ),
    # ---- what `qforms ledger verify` finds (ledger/verify.py)
    "history_broken": _kind(
        "{where} 的经过第 {line} 行（{what}）被改动过，或它前面少了一行。请从备份恢复并查明原因。",
        "Line {line} ({what}) of the history of {where} was changed, or one before it is gone. Restore a backup and "
        "find out why.",
        "operator",
    ),
    "revision_changed": _kind(
        "{where} 第 {revision} 版的内容和经过不符，被改动过。请从备份恢复并查明原因。",
        "Revision {revision} of {where} is not what history says of it: it was changed. Restore a backup and find out "
        "why.",
        "operator",
    ),
    "revision_missing": _kind(
        "{where} 的第 {revision} 版不见了。请从备份恢复并查明原因。",
        "Revision {revision} of {where} is gone. Restore a backup and find out why.",
        "operator",
    ),
    "record_changed": _kind(
        "{where} 现在的内容和经过不符，被改动过。请从备份恢复并查明原因。",
        "{where} is not what history says of it: it was changed. Restore a backup and find out why.",
        "operator",
    ),
    "record_missing": _kind(
        "{where} 有经过，记录却不见了。请从备份恢复并查明原因。",
        "{where} has a history, but the record is gone. Restore a backup and find out why.",
        "operator",
    ),
    "seal_broken": _kind(
        "{where} 的日封对不上：当时 {sealed} 行经过，现在 {lines} 行，或顺序、内容变了。请从备份恢复并查明原因。",
        "The seal of {where} is broken: {sealed} lines of history then, {lines} now, or they have changed. Restore a "
        "backup and find out why.",
        "operator",
    ),
    "file_missing": _kind(
        "原件 {where} 不在了或被改动过：{reason}。请从备份恢复。",
        "The file {where} is gone or was changed: {reason}. Restore it from a backup.",
        "operator",
    ),
    # ---- once a day (pulse.py)
    "daily_report": _kind(
        "不用做什么：{day} 的日报。来件 {came}，待处理 {held}，待发的信 {waiting}，发不出的 {dead}，超期的时限 "
        "{overdue}，"
        "硬盘剩 {free} MB。当日封号 {seal}，请留存这封信。",
        "do nothing: this is the report on {day}. {came} items came; {held} held, {waiting} letters waiting, {dead} "
        "failed, "
        "{overdue} deadlines overdue, {free} MB free. Seal of the day: {seal}; please keep this letter.",
        "operator",
    ),
    # ---- the page for customers (web/)
    "web_empty": _kind("请填写{label}。", "Please fill in: {label}."),
    "web_no_contact": _kind(
        "请留联系电话或邮箱，好让我们答复您。",
        "Please leave a telephone number or an e-mail address, so that we can answer you.",
    ),
    "web_no_address": _kind(
        "「{raw}」不是邮箱地址。请写成 wang@qiyuan.example 这样。",
        "'{raw}' is not an e-mail address. Please write it like carter@northlight.example.",
    ),
    "web_file_kind": _kind(
        "文件「{name}」按内容看不是照片、视频或 PDF，没有收下。请换成照片、视频或 PDF。",
        "The file '{name}' is by its content no photo, video or PDF and was not taken. Please choose one of these.",
    ),
    "web_file_big": _kind(
        "文件「{name}」超过 {most} MB，没有收下。请截短或压缩后再选。",
        "The file '{name}' is larger than {most} MB and was not taken. Please shorten or compress it.",
    ),
    "web_file_empty": _kind(
        "文件「{name}」是空的，没有收下。请重新选择。",
        "The file '{name}' is empty and was not taken. Please choose it again.",
    ),
    "web_too_many_files": _kind(
        "文件超过 {most} 个。请减少文件后再提交。", "More than {most} files. Please send fewer."
    ),
    "web_too_big": _kind(
        "照片和视频合计超过 {most} MB，没有收下。请返回，减少文件或截短视频后再提交。",
        "Photos and videos together exceed {most} MB and were not taken. Please go back and send fewer or "
        "shorter ones.",
    ),
    "web_too_slow": _kind(
        "上传时间太长，已中断。请返回，减少文件后再提交。",
        "The upload took too long and was ended. Please go back and send fewer files.",
    ),
    "web_unreadable": _kind(
        "提交没有收全。请返回后再提交一次。", "The report did not arrive whole. Please go back and send it again."
    ),
    "web_stale": _kind(
        "这一页放得太久，或浏览器没有保留 Cookie。内容还在下面，请检查后再提交一次。",
        "This page was open for too long, or the browser keeps no cookies. What you wrote is still here: "
        "please send it again.",
    ),
    "web_trap": _kind(
        "请把标有“请不要填写”的那一格清空，再提交一次。内容还在下面。",
        "Please clear the field marked to be left empty, and send again. What you wrote is still here.",
    ),
    "web_too_often": _kind(
        "短时间内提交太多次。请过一会儿再提交，急事请打电话。",
        "Too many reports in a short time. Please try again later; if it is urgent, please call.",
    ),
    "web_closed": _kind(
        "网页暂时不能接收反馈。请发邮件到 {address}，或打电话。",
        "The page cannot take reports just now. Please write to {address}, or call.",
    ),
    "web_files_again": _kind(
        "请重新选择照片和视频：浏览器不会保留选过的文件。",
        "Please choose your photos and videos again: the browser does not keep them.",
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

    `label` is the field's label in that language, used for `{field}`; a context value {zh, en} is told in `lang`."""
    kind = CATALOGUE.get(problem.code)
    if kind is None:
        return problem.code
    told = {k: v.get(lang, v) if isinstance(v, Mapping) else v for k, v in problem.context.items()}
    values: Mapping[str, Any] = {"where": problem.where, "field": label or problem.field, **told}
    return kind.text[lang].format_map(_Blank(values))


def told(problem: Problem) -> Told:
    """The problem's text in both languages."""
    return Told(say(problem, "zh"), say(problem, "en"))


def actor(problem: Problem) -> Actor:
    kind = CATALOGUE.get(problem.code)
    return kind.actor if kind else "operator"
