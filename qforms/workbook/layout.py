"""The columns of the sheets as data (P28, P29). `*` marks the office's; `@` what the book computes.

A spec is (key, Chinese, English, kind, width). A key without @ is a field of the sheet's form, left out where the form
does not have it. "@clock:a|b" shows the first of these clocks that runs on the record."""

from __future__ import annotations

from typing import Final

Spec = tuple[str, str, str, str, float]

TODO: Final[tuple[Spec, ...]] = (
    ("mark", "●", "●", "mark", 5),
    ("what", "要做什么", "What to do", "long", 58),
    ("who", "谁", "Who", "person", 10.5),
    ("due", "截止", "Due", "dt", 18.5),
    ("left", "剩余/逾期", "Left / overdue", "left", 19),
    ("case", "案件", "Case", "code", 17),
    ("customer", "客户", "Customer", "text", 27),
    ("model", "型号/批号", "Model / lot", "text", 21),
    ("action*", "处理", "Action", "person", 12.5),
    ("note*", "说明", "Note", "text", 22),
    ("source", "原件", "Original", "link", 9.5),
)
COMPLAINT: Final[tuple[Spec, ...]] = (
    ("number", "编号", "No.", "code", 17),
    ("received_at", "收到", "Received", "dt", 18.5),
    ("channel", "渠道", "Channel", "person", 11),
    ("customer_name", "客户", "Customer", "text", 27),
    ("customer_complaint_no", "客户单号", "Customer's no.", "text", 16),
    ("product_model", "型号", "Model", "code", 9.5),
    ("lot_no", "批号", "Lot", "code", 12.5),
    ("defect_symptom", "现象", "Phenomenon", "text", 25),
    ("defect_qty", "客户报数", "Claimed", "count", 8),
    ("qty_returned", "实退", "Returned", "count", 10.5),
    ("qty_confirmed", "确认不良", "Confirmed", "count", 10.5),
    ("severity", "严重度", "Severity", "person", 9.5),
    ("prelim_class*", "初判", "Class", "person", 13),
    ("valid_complaint*", "有效投诉", "Valid", "person", 9.5),
    ("responsible_dept*", "责任单位", "Unit", "person", 13),
    ("owner*", "负责人", "Owner", "person", 10.5),
    ("@clock:external_due", "外部时限", "External limit", "left", 18),
    ("@clock:recontact|misuse_answer", "24h联系", "24 h contact", "left", 18),
    ("@clock:defect_answer|misuse_answer", "48h答复", "48 h answer", "left", 18),
    ("mechanism_group", "机理组", "Mechanism", "code", 15),
    ("@rate", "‰", "‰", "permille", 9),
    ("@documents", "关联单据", "Documents", "text", 35),
    ("loss_estimate", "费用", "Cost", "money", 10.5),
    ("status", "状态", "Status", "person", 10.5),
    ("closed_at", "关闭", "Closed", "date", 13),
    ("valid_reason*", "有效性理由", "Why (in)valid", "text", 20),
    ("duplicate_of*", "并入", "Merged into", "code", 17),
    ("remarks*", "备注", "Remark", "text", 22),
)
DOCUMENTS: Final[tuple[Spec, ...]] = (
    ("number", "单号", "No.", "code", 18),
    ("form", "表单", "Form", "text", 27),
    ("case", "案件", "Case", "code", 17),
    ("to", "主送", "To", "text", 22),
    ("owner", "责任人", "Owner", "person", 12),
    ("issued", "发出", "Issued", "dt", 18.5),
    ("due", "截止", "Due", "dt", 18.5),
    ("left", "剩余", "Left", "left", 19),
    ("step", "当前步骤", "Step", "person", 13),
    ("replied", "最近回复", "Last reply", "dt", 18.5),
    ("file", "文件", "File", "link", 9.5),
)
CLOCKS: Final[tuple[Spec, ...]] = (
    ("mark", "●", "●", "mark", 5),
    ("title", "时限", "Deadline", "text", 28),
    ("case", "案件", "Case", "code", 17),
    ("number", "单号", "No.", "code", 18),
    ("owner", "责任", "Owner", "person", 12.5),
    ("started", "开始", "From", "dt", 18.5),
    ("due", "截止", "Due", "dt", 18.5),
    ("left", "剩余", "Left", "left", 19),
    ("met", "完成", "Met", "dt", 18.5),
    ("escalations", "升级次数", "Escalations", "count", 10.5),
    ("reason", "说明", "Reason", "text", 24),
)
MEASURES: Final[tuple[Spec, ...]] = (
    ("number", "单号", "No.", "code", 18),
    ("case", "案件", "Case", "code", 17),
    ("action", "措施内容", "Measure", "long", 38),
    ("kind", "类型", "Kind", "person", 13),
    ("target_cause", "针对", "Against", "person", 10.5),
    ("owner_dept", "责任部门", "Department", "person", 13),
    ("owner", "责任人", "Person", "person", 10.5),
    ("planned_on", "计划完成", "Planned", "date", 13),
    ("left", "剩余", "Left", "left", 19),
    ("done_on", "实际完成", "Done", "date", 13),
    ("effectiveness_pct", "效果 %", "Effect %", "count", 9),
    ("state", "状态", "State", "person", 10.5),
)
COSTS: Final[tuple[Spec, ...]] = (
    ("number", "单号", "No.", "code", 18),
    ("case", "案件", "Case", "code", 17),
    ("form", "表单", "Form", "text", 25),
    ("list", "明细", "List", "text", 18),
    ("category", "类别", "Category", "person", 13),
    ("subject", "说明", "Subject", "long", 34),
    ("qty", "数量", "Qty", "count", 8),
    ("unit", "单位", "Unit", "person", 7.5),
    ("price", "单价", "Unit price", "money", 10.5),
    ("amount", "金额", "Amount", "money", 12),
    ("estimate", "估计金额", "Estimate", "money", 12),
)
SIGNATURES: Final[tuple[Spec, ...]] = (
    ("number", "单号", "No.", "code", 18),
    ("case", "案件", "Case", "code", 17),
    ("form", "表单", "Form", "text", 25),
    ("what", "签署", "As", "text", 18),
    ("who", "谁", "Who", "person", 12),
    ("for", "代", "For", "person", 12),
    ("decision", "结论", "Decision", "person", 10.5),
    ("opinion", "意见", "Opinion", "long", 40),
    ("at", "时间", "Time", "dt", 18.5),
)
MAILS: Final[tuple[Spec, ...]] = (
    ("received", "收到", "Received", "dt", 18.5),
    ("sender", "发件人", "From", "text", 30),
    ("subject", "主题", "Subject", "long", 42),
    ("reason", "为什么等", "Why it waits", "text", 34),
    ("case", "案件", "Case", "code", 17),
    ("action*", "处理", "Action", "person", 12.5),
    ("note*", "说明", "Note", "text", 22),
    ("source", "原件", "Original", "link", 9.5),
)
LETTERS: Final[tuple[Spec, ...]] = (
    ("at", "时间", "Time", "dt", 18.5),
    ("to", "收件人", "To", "text", 32),
    ("cc", "抄送", "Cc", "text", 26),
    ("subject", "主题", "Subject", "long", 48),
    ("number", "单号", "No.", "code", 18),
    ("state", "状态", "State", "person", 11),
    ("action*", "处理", "Action", "person", 12.5),
    ("note*", "说明", "Note", "text", 20),
)
CONFLICTS: Final[tuple[Spec, ...]] = (
    ("number", "单号", "No.", "code", 18),
    ("field", "栏目", "Field", "text", 18),
    ("base", "原来", "Before", "text", 24),
    ("ours", "系统现值", "In the ledger", "text", 24),
    ("theirs", "后来填的", "Written since", "text", 24),
    ("by", "谁", "Who", "text", 18),
    ("at", "时间", "Time", "dt", 18.5),
    ("action*", "处理", "Action", "person", 14),
    ("note*", "说明", "Note", "text", 20),
)

REFERENCES: Final[tuple[Spec, ...]] = (
    ("name", "资料", "Data", "text", 27),
    ("count", "条数", "Rows", "count", 9),
    ("open", "打开", "Open", "link", 9.5),
    ("how", "怎样改", "How to change", "text", 42),
)

# Reference data: typed by the office, kept on sheets of their own that 基础资料 leads to.
REFERENCE: Final = ("department", "person", "customer", "product", "shipment", "price")
# Forms that are no documents in progress: they have sheets of their own.
NO_DOCUMENT: Final = frozenset({*REFERENCE, "complaint", "contact", "approval", "mechanism_group"})

READY: Final = {"zh": "预留", "en": "reserved"}  # the state of a row whose number stands ready (P4) …
VOID: Final = {"zh": "作废", "en": "void"}  # … and of one that will never be used
LETTER_WORDS: Final = {"zh": ("发", "不发"), "en": ("send", "stop")}
CONFLICT_WORDS: Final = {"zh": ("用系统现值", "用后来填的"), "en": ("keep", "take")}
MAIL_WORDS: Final = {
    "zh": ("重试", "忽略", "立案", "不是投诉", "并入", "是本人"),
    "en": ("retry", "ignore", "open a case", "no complaint", "add to case", "genuine"),
}
CLOCK_WORDS: Final = {"zh": ("已办", "转给", "申请延期"), "en": ("done", "pass on", "more time")}
TASK_WORDS: Final = {
    "zh": ("已办", "同意", "不同意", "转给", "申请延期", "忽略", "采用"),
    "en": ("done", "agree", "disagree", "pass on", "more time", "ignore", "adopt"),
}
LETTER_STATES: Final = {
    "held": ("待放行", "on hold"),
    "trial": ("试运行", "trial"),
    "owed": ("待发", "owed"),
    "rendered": ("待发", "owed"),
    "later": ("稍后再发", "later"),
    "dead": ("发不出", "failed"),
    "bounced": ("退回", "bounced"),
    "unknown": ("不明", "unknown"),
    "resending": ("不明", "unknown"),
}
