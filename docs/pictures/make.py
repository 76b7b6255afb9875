"""Draws architecture.svg: `python docs/pictures/make.py`. The stages in the order in which data flows."""

from __future__ import annotations

from pathlib import Path

W, H = 1180, 520
INK, NAVY, PALE, WARM, GREY = "#1b2733", "#1f3a5f", "#e8f1fa", "#fdf3e1", "#5b6b7b"
FONT = "font-family=\"'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif\""
Box = tuple[int, int, int, int, str, str, str]
BOXES: list[Box] = [  # x, y, width, height, title, second line, colour
    (20, 60, 150, 64, "mailbox", "IMAP · Maildir · Sent", WARM),
    (20, 140, 150, 64, "inbox/", "folder · web page", WARM),
    (20, 220, 150, 64, "master.xlsx", "the office's edits", WARM),
    (220, 140, 130, 64, "sources/", "→ Delivery", PALE),
    (390, 140, 130, 64, "intake/", "→ Reading, Outcome", PALE),
    (560, 140, 130, 64, "rules/", "→ Judgement", PALE),
    (730, 140, 150, 64, "ledger/", "one transaction", NAVY),
    (940, 60, 220, 64, "documents/ · outbox/", "Word, letters, reminders", PALE),
    (940, 140, 220, 64, "workbook/", "rows, board, deadlines", PALE),
    (940, 220, 220, 64, "cases/ · store/", "every raw file, by digest", PALE),
    (390, 330, 130, 64, "office/", "Excel, Word; a child", PALE),
    (560, 330, 130, 64, "rulebook/", "inbox_rules/*.yaml", PALE),
    (390, 420, 300, 64, "forms/", "form_templates/*/form.yaml", PALE),
    (730, 330, 150, 64, "clocks", "ring at their time", WARM),
]
ARROWS = [
    (170, 92, 220, 160), (170, 172, 220, 172), (170, 252, 220, 184),
    (350, 172, 390, 172), (520, 172, 560, 172), (690, 172, 730, 172),
    (880, 160, 940, 92), (880, 172, 940, 172), (880, 184, 940, 252),
    (455, 330, 455, 204), (625, 330, 625, 204), (540, 420, 470, 394), (540, 420, 610, 394),
    (730, 350, 670, 204), (805, 204, 805, 330),
]  # fmt: skip


def box(x: int, y: int, w: int, h: int, title: str, line: str, colour: str) -> str:
    ink = "#ffffff" if colour == NAVY else INK
    text = f'<text x="{x + w / 2}" text-anchor="middle" fill="{ink}"'
    return (
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" fill="{colour}" stroke="{NAVY}"/>'
        f'{text} y="{y + 28}" font-size="17" font-weight="600">{title}</text>'
        f'{text} y="{y + 48}" font-size="12">{line}</text>'
    )


def svg() -> str:
    lines = "".join(
        f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" stroke="{GREY}" stroke-width="1.6" marker-end="url(#tip)"/>'
        for a, b, c, d in ARROWS
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" role="img" {FONT}>'
        "<title>The way of a mail through qforms</title>"
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs>'
        f'<rect width="{W}" height="{H}" fill="#ffffff"/>'
        f'<rect x="205" y="110" width="690" height="110" rx="12" fill="none" stroke="{GREY}" stroke-dasharray="6 5"/>'
        f'<text x="550" y="100" text-anchor="middle" font-size="13" fill="{GREY}">'
        "the commit: whole or not at all; the same story for run, try, forecast, demo and every test</text>"
        f'<text x="1050" y="40" text-anchor="middle" font-size="13" fill="{GREY}">'
        "after the commit, each repeatable</text>"
        f'<text x="95" y="40" text-anchor="middle" font-size="13" fill="{GREY}">what arrives</text>'
        f"{lines}{''.join(box(*b) for b in BOXES)}</svg>\n"
    )


if __name__ == "__main__":
    (Path(__file__).parent / "architecture.svg").write_text(svg(), "utf-8")
