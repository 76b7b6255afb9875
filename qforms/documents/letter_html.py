"""The HTML of a letter: tables and inline styles only, 640 px (820 with a table of lines), no classes; pictures only
where the mail brings them along."""

from __future__ import annotations

from html import escape
from itertools import groupby

from qforms.documents.letter_lines import Line, Links, answers

FONT = "font-family:'Microsoft YaHei','PingFang SC','Noto Sans CJK SC','WenQuanYi Zen Hei',Arial,sans-serif"
NAVY, RED, GREY, TINT, RULE = "#1F3A5F", "#B3261E", "#595959", "#E8F1FA", "#D0D5DB"
OVERDUE = "background:#F8D0CC;color:#8C1D18;white-space:nowrap"
SHORT = 14  # characters of a cell that does not wrap: dates, spans, names
TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 14px">'


def to_html(lines: list[Line], links: Links) -> str:
    """A whole HTML document that says what `letter_lines.to_text` says."""
    width = 820 if any(line.kind == "row" for line in lines) else 640
    blocks = [_block(kind, list(group), links) for kind, group in groupby(lines, lambda line: line.kind)]
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if links.lang == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>\n'
        '<body style="margin:0;padding:0;background:#FFFFFF">'
        f'<table role="presentation" cellpadding="0" cellspacing="0" width="{width}" '
        f'style="width:100%;max-width:{width}px"><tr>'
        f'<td style="{FONT};font-size:14px;line-height:1.65;color:#222222;padding:14px">\n'
        + "\n".join(block for block in blocks if block)
        + "\n</td></tr></table></body></html>\n"
    )


def _block(kind: str, lines: list[Line], links: Links) -> str:
    match kind:
        case "request" | "alert":
            return "".join(_request(line, NAVY if kind == "request" else RED) for line in lines)
        case "fact":
            return TABLE + "".join(_fact(line) for line in lines) + "</table>"
        case "ask":
            text = "<br>".join(escape(line.text) for line in lines)
            return f'<p style="margin:0 0 10px;background:{TINT};padding:8px 12px">{text}</p>'
        case "row":
            return _table(lines, links)
        case "links":
            return "".join(_links(line, links) for line in lines)
        case "way":
            return "".join(_way(line, "：" if links.lang == "zh" else ": ") for line in lines)
        case "item":
            items = "".join(f'<li style="margin:0 0 4px">{escape(line.text)}</li>' for line in lines)
            return f'<ul style="margin:0 0 12px;padding-left:20px">{items}</ul>'
        case "note":
            text = "<br>".join(escape(line.text) for line in lines)
            return f'<p style="margin:8px 0 4px;color:{GREY};font-size:13px">{text}</p>'
        case "chart":
            return "".join(_chart(line) for line in lines)
        case "text":
            return "".join(f'<p style="margin:0 0 10px">{escape(line.text)}</p>' for line in lines)
    return ""


def _chart(line: Line) -> str:
    """A picture that goes with the mail, as wide as the window allows, and below it what it says."""
    name, words = escape(line.cells[0]), escape(line.text)
    style = f"display:block;width:100%;max-width:640px;height:auto;border:1px solid {RULE}"
    return (
        f'<p style="margin:0 0 12px"><img src="cid:{name}" alt="{words}" width="640" style="{style}">'
        f'<span style="color:{GREY};font-size:12px">{words}</span></p>'
    )


def _request(line: Line, colour: str) -> str:
    style = f"margin:0 0 12px;font-size:16px;font-weight:bold;border-left:4px solid {colour};padding-left:10px"
    return f'<p style="{style}">{escape(line.text)}</p>'


def _fact(line: Line) -> str:
    label, value = map(escape, line.cells)
    left = f"{FONT};font-size:14px;color:{GREY};padding:3px 14px 3px 0;white-space:nowrap;vertical-align:top"
    return f'<tr><td style="{left}">{label}</td><td style="{FONT};font-size:14px;padding:3px 0">{value}</td></tr>'


def _way(line: Line, colon: str) -> str:
    """Where more can be seen: a label, and an address on the web."""
    label, url = map(escape, line.cells)
    if not url.startswith(("https://", "http://")):
        return ""
    return f'<p style="margin:0 0 10px">{label}{colon}<a href="{url}" style="color:{NAVY}">{url}</a></p>'


def _links(line: Line, links: Links) -> str:
    cells = "".join(
        f'<td style="padding:0 8px 8px 0;white-space:nowrap">{_button(links.url(what), links.label(what), not i)}</td>'
        for i, what in enumerate(line.cells[:4])
    )
    return f"{TABLE}<tr>{cells}</tr></table>"


def _button(url: str, label: str, filled: bool) -> str:
    back, ink = (NAVY, "#FFFFFF") if filled else ("#FFFFFF", NAVY)
    style = f"{FONT};display:inline-block;padding:7px 14px;border:1px solid {NAVY};background:{back};color:{ink}"
    style += ";font-size:14px;white-space:nowrap;text-decoration:none"
    return f'<a href="{escape(url)}" style="{style}">{escape(label)}</a>'


def _table(lines: list[Line], links: Links) -> str:
    head, *rows = lines
    top = f"{FONT};font-size:13px;text-align:left;background:{NAVY};color:#FFFFFF;padding:6px 8px;white-space:nowrap"
    out = "".join(f'<th style="{top};border:1px solid {NAVY}">{escape(cell[1:])}</th>' for cell in head.cells)
    body = "".join(
        "<tr>" + "".join(_cell(cell, row.cells[0][1:], links) for cell in row.cells) + "</tr>" for row in rows
    )
    return (
        '<table cellpadding="0" cellspacing="0" style="border-collapse:collapse;width:100%;margin:0 0 10px">'
        f"<tr>{out}</tr>{body}</table>"
    )


def _cell(cell: str, number: str, links: Links) -> str:
    """A cell by its sign: `@` answers as links, `!` overdue, `*` bold, else plain."""
    style = f"{FONT};font-size:13px;padding:6px 8px;border:1px solid {RULE};vertical-align:top"
    sign, text = cell[:1], escape(cell[1:])
    if len(cell) <= SHORT:
        style += ";white-space:nowrap"
    if sign == "@":
        text = "<br>".join(
            f'<a href="{escape(links.url(f"{number} {word}"))}" style="color:{NAVY};white-space:nowrap">'
            f"{escape(word)}</a>"
            for word in answers(cell)
        )
    elif sign == "!" and text:
        style += f";{OVERDUE}"
    elif sign == "*":
        text = f"<b>{text}</b>"
    return f'<td style="{style}">{text}</td>'
