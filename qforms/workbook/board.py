"""看板.html: one static page beside the book, without locks or scripts, written anew after every change (P4)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from qforms.model import Lang
from qforms.workbook.changes import shown as text_of
from qforms.workbook.figures import Figures, Tile
from qforms.workbook.spans import OVERDUE
from qforms.workbook.view import Row, Sheet, Shown

NAME = "看板.html"
_TODO = ("mark", "what", "who", "due", "left", "case", "customer", "model")
_CLOCKS = ("mark", "title", "case", "number", "owner", "due", "left")
_NEW = ("number", "received_at", "customer_name", "product_model", "lot_no", "defect_symptom", "defect_qty", "severity")
_MOST = 60  # lines of a table; the book has them all

_STYLE = """
body{margin:0;padding:18px 24px;background:#fff;color:#000;font:14px/1.45 'Microsoft YaHei','PingFang SC',
'Noto Sans CJK SC','WenQuanYi Zen Hei',Arial,sans-serif}
h1{font-size:22px;margin:0}h2{font-size:15px;margin:22px 0 6px}
header{display:flex;justify-content:space-between;align-items:baseline;gap:16px;flex-wrap:wrap}
.quiet{color:#595959;font-size:12px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:8px;margin-top:12px}
.tile{background:#F2F2F2;padding:8px 6px;text-align:center}.tile b{display:block;font-size:28px;line-height:1.25}
.overdue{background:#F8D0CC!important;color:#8C1D18}.due{background:#FCE4C8!important;color:#7A4100}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}
th{background:#1F3A5F;color:#fff;padding:6px 8px;text-align:left;white-space:nowrap}
td{border-bottom:1px solid #D0D5DB;padding:5px 8px;vertical-align:top}
td.n{text-align:right}td.k{white-space:nowrap}td.what{font-weight:bold}
@media print{body{padding:0}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def page(shown: Shown) -> str:
    """The page: figures, 待办, 时限 that run, the newest cases. Every text is escaped; it loads nothing."""
    view, lang, counted = shown.view, shown.lang, shown.figures
    by_key = {s.key: s for s in shown.sheets}
    zh = lang == "zh"
    title = "质量看板" if zh else "Quality board"
    running = [r for r in by_key["clocks"].rows if r.cells.get("mark")]
    parts = [
        _tiles(counted),
        _table(by_key["todo"], by_key["todo"].rows, _TODO, lang, by_key["todo"].title[lang]),
        _table(by_key["clocks"], running, _CLOCKS, lang, "正在走的时限" if zh else "Running deadlines"),
    ]
    if "complaint" in by_key:
        parts.append(_table(by_key["complaint"], counted.new, _NEW, lang, "新投诉" if zh else "New complaints"))
    at = view.local(view.as_of)
    when = f"截至 {at:%Y-%m-%d %H:%M}" if zh else f"as of {at:%Y-%m-%d %H:%M}"
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if zh else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="refresh" content="60">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f'<header><h1>{title}</h1><span class="quiet">{escape(view.company)}　{when}</span></header>'
        f"{''.join(parts)}</body></html>\n"
    )


def write(path: Path, shown: Shown) -> None:
    """Replaces the page in one step. Raises OSError when the folder cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(page(shown), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _tiles(counted: Figures) -> str:
    return f'<div class="tiles">{"".join(_tile(t) for t in counted.tiles)}</div>'


def _tile(tile: Tile) -> str:
    return f'<div class="tile {tile.urgency}">{escape(tile.what)}<b>{escape(tile.figure)}</b>{escape(tile.basis)}</div>'


def _table(sheet: Sheet, rows: Sequence[Row], keys: Sequence[str], lang: Lang, title: str) -> str:
    columns = [c for k in keys for c in sheet.columns if c.key == k]
    head = "".join(f"<th>{escape(c.label[lang])}</th>" for c in columns)
    lines = "".join(_line(row, [(c.key, c.kind) for c in columns], lang) for row in rows[:_MOST])
    none = "" if rows else f'<p class="quiet">{"没有" if lang == "zh" else "none"}</p>'
    more = f"（前 {_MOST} 条）" if lang == "zh" else f" (the first {_MOST})"
    count = f' <span class="quiet">{len(rows)}{more if len(rows) > _MOST else ""}</span>'
    table = f'<div class="scroll"><table><tr>{head}</tr>{lines}</table></div>' if rows else none
    return f"<h2>{escape(title)}{count}</h2>{table}"


def _line(row: Row, columns: Iterable[tuple[str, str]], lang: Lang) -> str:
    paint = _paint(row.cells, lang)
    found = []
    for key, kind in columns:
        classes = ["n" if kind in ("count", "money", "permille") else "k" if kind not in ("text", "long") else ""]
        classes += ["what"] if key in ("what", "title") else []
        classes += [paint] if key in ("mark", "due", "left") else []
        names = " ".join(c for c in classes if c)
        found.append(f'<td class="{names}">{escape(text_of(row.cells.get(key)))}</td>')
    return f"<tr>{''.join(found)}</tr>"


def _paint(cells: Mapping[str, object], lang: Lang) -> str:
    if str(cells.get("left") or "").startswith(OVERDUE[lang]):
        return "overdue"
    return "due" if cells.get("mark") == "▲" else ""
