"""Lists of platforms and of 12315 in the watched folder: a case a ticket, the same list again brings nothing (P15)."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import support_endtoend as e2e

HEAD = ["序号", "登记编号", "登记时间", "投诉人", "联系电话", "投诉内容", "商品型号", "办结时限", "办理状态"]
ROWS: list[list[object]] = [
    [1, "1320105002026050612345", "2026-05-06 09:12", "李", "13800138000", "发烫", "YL-A65", "2026-05-13", "待办"],
    [2, "1320105002026050654321", "2026-05-05 16:40", "张", "13900139000", "不转", "YL-H18", "2026-05-12", "处理中"],
    [3, "1320105002026040100001", "2026-04-01 10:00", "赵先生", "13700137000", "旧案", "YL-A65", "", "已办结"],
]  # fmt: skip
LATER = e2e.NOW + timedelta(hours=2)


def csv(rows: list[list[object]]) -> bytes:
    """As the site gives it out: GBK, a title above, numbers guarded from Excel by a tab."""
    lines = [["全国12315平台 投诉清单"], HEAD, *([*r[:1], f"\t{r[1]}", *r[2:]] for r in rows)]
    return "\r\n".join(",".join(f'"{v}"' for v in line) for line in lines).encode("gb18030")


def xlsx(rows: list[list[object]]) -> bytes:
    book, raw = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (HEAD, *rows):
        book.active.append(row)
    book.save(raw)
    return raw.getvalue()


def test_a_list_opens_what_is_new_revises_what_changed_and_brings_nothing_twice(
    made: e2e.Workspace, tmp_path: Path
) -> None:
    ws = e2e.copy(made, tmp_path / "ws")
    ws.drop("12315投诉导出.csv", csv(ROWS))
    ws.once()
    records = {r["values"]["ticket_no"]: r for r in ws.records()}
    assert sorted(records) == sorted(str(r[1]) for r in ROWS[:2])  # what is over there opens nothing
    first, second = (records[str(r[1])] for r in ROWS[:2])
    assert (first["values"]["sub_channel"], first["values"]["contact_name"]) == ("12315", "李")
    assert first["received_at"] == "2026-05-06T09:12:00+08:00" and second["received_at"] < first["received_at"]
    assert not (ws.root / "inbox/12315投诉导出.csv").exists() and ws.files("inbox/held") == []

    ws.drop(
        "correction.json",
        {"form": "complaint", "number": second["number"], "by": "sales", "values": {"product_model": "YL-H18B"}},
    )
    changed = [[*ROWS[0][:5], "发烫冒烟", *ROWS[0][6:]], *ROWS[1:]]
    ws.once(LATER)
    ws.drop("再导出.xlsx", xlsx(changed))
    ws.drop("同一清单.csv", csv(ROWS[:2]))
    ws.once(LATER + timedelta(minutes=5))
    after = {r["values"]["ticket_no"]: r for r in ws.records()}
    assert sorted(after) == sorted(records)
    one, two = after[first["values"]["ticket_no"]], after[second["values"]["ticket_no"]]
    assert one["values"]["defect_symptom"] == "发烫冒烟" and one["number"] == first["number"]
    assert two["values"]["product_model"] == "YL-H18B"  # what our people put right stays
    rows = [d for d in ws.deliveries() if d["name"].startswith("petitions_12315")]
    assert len(rows) == 3 and {d["outcome"] for d in rows} <= {"accepted", "partial"}
