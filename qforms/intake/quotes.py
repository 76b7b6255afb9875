"""Where the quoted mail begins in a text: what the sender wrote, and what is quoted below.

mail-parser-reply knows the English forms; the Chinese ones (Outlook, Foxmail, QQ, 163, WPS, WeCom, Gmail, Apple) are
added here, because its own Chinese entry matches none of them. It is asked about short windows only: its expressions
take quadratic time on long lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

_Q = r"(?:> ?)*"
_DATE = r"(?:\d{4}\s?[年./-]\s?\d{1,2}\s?[月./-]\s?\d{1,2}\s?日?|\d{1,2}/\d{1,2}/\d{2,4})"
_VERB = r"(?:写道|wrote|寫道|a écrit|escribió|ha scritto|escreveu|님이 작성)"
# 在 2026年5月6日，张三 <a@b.cn> 写道： · 张三 <a@b.cn> 于2026年5月6日周三 10:00写道：
# 2026-05-06 10:00:00，"张三" 写道： · At 2026-05-06 10:00:00, "张三" <a@b.cn> wrote:
_WROTE = (
    rf"^({_Q}[^\n]{{0,160}}{_DATE}[^\n]{{0,220}}{_VERB}\s?[:：]|"
    rf"{_Q}[^\n]{{0,160}}<[^\n<>]{{3,120}}>[^\n]{{0,60}}\n?[^\n]{{0,60}}{_VERB}\s?[:：]|"
    rf"{_Q}Am [^\n]{{0,80}}\d[^\n]{{0,80}} schrieb [^\n]{{1,200}}[:：]|"
    rf"{_Q}On [^\n]{{0,100}}\d[^\n]{{0,100}}\n{_Q}[^\n]{{1,160}}\n{_Q}wrote\s?:)[ \t]*$"
)
# Outlook in the languages of customers abroad: whose name alone stands there has at least three lines below it.
_ABROAD = (
    r"(?:Gesendet|An|Betreff|Envoyé|À|Objet|Enviado(?: el)?|Enviada em|Para|Asunto|Assunto|Inviato|A|Oggetto|Cc|"
    r"Date|Datum|Fecha|Data|送信日時|日時|宛先|件名|보낸 날짜|날짜|받는 사람|제목|참조)[* ]*[:：][^\n]*\n?"
)
_FROM_ABROAD = (
    rf"{_Q}[* ]*(?:Von|De|Da|差出人|보낸 사람)[* ]*[:：](?:[^\n@]*@[^\n]*\n(?:{_Q}[* ]*{_ABROAD}){{1,9}}|"
    rf"[^\n]*\n(?:{_Q}[* ]*{_ABROAD}){{3,9}})"
)
# 发件人：… then at least one more header line. 收件人 or 主题 first is a form that somebody filled in.
_FROM = (
    rf"^({_Q}[* ]*(?:发件人|寄件者|发信人|寄件人|From)[* ]*[:：][^\n]*\n"
    rf"(?:{_Q}[* ]*(?:发送时间|发送日期|寄件日期|收件人|收件者|抄\s?送|密\s?送|副本|"
    r"主\s?题|主旨|日\s?期|时\s?间|附\s?件|"
    r"Sent(?: Time)?|Date|To|Cc|Subject|Importance)"
    rf"[* ]*[:：][^\n]*\n?|[ \t]{{2,}}[^\n]*\n?){{1,9}}|{_FROM_ABROAD})"
)
_RULE = re.compile(
    r"^[ \t>]*[-—_=]{2,}\s*(原始(邮件|信息|消息)|原邮件|邮件原[件文]|回复的?(原)?邮件(信息)?|转发的?(邮件|消息)(信息)?|"
    r"Original( Messages?)?|Forwarded Message|Replied Message|Ursprüngliche Nachricht|Message d['’]origine|"
    r"Mensaje original|Messaggio originale|Mensagem original|元のメッセージ|원본 메시지)\s*[-—_=]{2,}[ \t]*$|"
    r"^[^\n]{1,80} ---\d{2,4}/\d{1,2}/\d{1,4} [\d:]{4,8}( [AP]M)?---|"
    r"^[ \t>]*-{2,}\s?(?:On )?[^\n]{3,200}\bwrote ?:? ?-{2,}[ \t]*$|"
    r"^[ \t>]*(Begin forwarded message|开始转发邮件|下面是被转发的邮件)[:：]$",
    re.I,
)
_FORWARD = re.compile(r"转发|forwarded", re.I)
_FORWARD_SUBJECT = re.compile(r"^\s*(转发|轉寄|fw|fwd)\s*[:：]", re.I)
_HINT = re.compile(
    rf"{_VERB}|schrieb|发件人|寄件者|发信人|寄件人|\bfrom\b|_{{8,}}|^\W{{0,9}}(?:von|de|da|差出人|보낸 사람)\s?[:：]",
    re.I,
)
_ENDS = re.compile(rf"{_VERB}\s?[:：]$")  # the end of a marker that is broken into two or three lines
_HEADER = re.compile(
    r"^[ \t>*|]*(发件人|寄件者|发信人|寄件人|发送时间|发送日期|寄件日期|"
    r"日\s?期|时\s?间|主\s?题|主旨|From|Sent|Date|Subject)"
    r"[ *]*[:：|][ *]*(.*?)[ *|]*$",
    re.I,
)
_NAMES = {"发件人": "from", "寄件者": "from", "发信人": "from", "寄件人": "from", "from": "from",
          "发送时间": "date", "发送日期": "date", "寄件日期": "date",
          "日期": "date", "时间": "date", "sent": "date", "date": "date",
          "主题": "subject", "主旨": "subject", "subject": "subject"}  # fmt: skip
_WHEN_AND_WHO = re.compile(
    r"(?=[^\n]*\d{1,2}[:.h]\d{2})(?=[^\n]*(?:\d{4}|\d{1,2}[./]\d{1,2}[./]\d{2}))(?=[^\n]*@)[^\n]*[:：]"
)
_ANY_HEADER = re.compile(
    r"^[ \t>*]*(?:(发件人|From)|主\s?题|日\s?期|时\s?间|发送时间|收件人|抄\s?送|Subject|Date|Sent|To|Cc)"
    r"[ *]*[:：][^\n]*$",
    re.I,
)
# One of these stands in every text that quotes another, in small letters: most mails hold none.
_TRACES = (
    "写道", "寫道", "wrote", "发件人", "寄件者", "发信人", "寄件人", "from", "________", "原始", "原邮件", "邮件原",
    "回复邮件", "回复的邮件", "转发邮件", "转发的邮件", "转发消息", "转发的消息", "origin", "forwarded", "replied",
    "schrieb", "écrit", "escribió", "scritto", "escreveu", "작성", "von:", "de:", "de :", "da:", "差出人", "보낸 사람",
    "nachricht", "元のメッセージ", "원본", " ---",
)  # fmt: skip
_WINDOW, _WIDEST, _CANDIDATES = 12, 400, 200
_SIGNATURE = re.compile(
    r"^(--|—{2,}|_{5,}|-{5,}|此致|祝好|顺颂商祺|谢谢[!！。]?|以上[,，。]?\s*谢谢.*|发自我的.*|来自我的.*|从我的.*发送|"
    r"获取\s?Outlook.*|Sent from my .*|Get Outlook for .*|(Best|Kind|Warm)?\s*regards[,.]?|Best wishes[,.]?|"
    r"Thanks( and regards)?[,.!]?|BR[,.]?)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Split:
    """`own` is what the sender wrote, `quoted` the rest; `forward` when the marker says that it was forwarded."""

    own: str
    quoted: str = ""
    marker: str = ""
    forward: bool = False


def split(text: str) -> Split:
    """The text cut where a quote marker stands, or a tail of lines with >; without either it stays whole."""
    low, lines = text.lower(), text.split("\n")
    if not any(trace in low for trace in _TRACES):
        return _cut_angles(lines)
    tried = 0
    for number, line in enumerate(lines):
        if _RULE.match(line[:_WIDEST]) or _is_block(lines, number):
            return _cut(lines, number, line)
        after = (each[:_WIDEST] for each in lines[number + 1 : number + 3])
        if len(line) < _WIDEST and tried < _CANDIDATES and (_HINT.search(line) or any(map(_ENDS.search, after))):
            tried += 1
            window = "\n".join(each[:_WIDEST].lstrip() for each in lines[number : number + _WINDOW])
            if (match := _markers().match(window)) and not _slight(match.group()):
                return _cut(lines, number, match.group())
    return _cut_angles(lines)


def _cut(lines: list[str], at: int, marker: str) -> Split:
    while at and re.fullmatch(r"\s*(?:[-_—]{5,}\s*)?", lines[at - 1][:_WIDEST]):
        at -= 1
    own, quoted = "\n".join(lines[:at]).strip(), "\n".join(lines[at:]).strip()
    within = _within(lines[at:], bool(own))
    return Split("\n\n".join(t for t in (own, within) if t), quoted, marker.strip(), bool(_FORWARD.search(marker)))


def _within(lines: list[str], more: bool) -> str:
    """What was written between and below lines that are quoted with >. Below text of one's own (`more`) only what
    stands apart from them counts: a program may have broken a long quoted line in two."""
    found: list[str] = []
    inside = after = False  # below the first quoted line; right after one, or after what was written itself
    for line in lines:
        bare = line.strip()
        if bare.startswith(">"):
            inside, after = True, bool(bare.strip("> "))
            continue
        if not bare:
            after = False
        elif inside and not (more and after):
            found.append(line)
            continue
        if found and found[-1]:
            found.append("")
    return "\n".join(found).strip()


def _slight(marker: str) -> bool:
    """Two lines, 发件人 and 收件人 (From, To), without an address or a time: a label or a waybill that somebody typed,
    not the head of a mail."""
    lines = [line for line in marker.strip().split("\n") if line.strip()]
    return len(lines) == 2 and all(map(_ANY_HEADER.match, lines)) and "@" not in marker and not re.search(r"\d", marker)


def _is_block(lines: list[str], at: int) -> bool:
    """Headers of a mail in another order than From first: three lines together, the sender's with an address. A form
    that somebody filled in has no sender's address among 收件人 and 主题."""
    first = _ANY_HEADER.match(lines[at][:_WIDEST])
    if first is None or first[1]:
        return False
    block = [line[:_WIDEST] for line in lines[at : at + 6]]
    matches = list(takewhile(bool, map(_ANY_HEADER.match, block)))
    return len(matches) >= 3 and any(m[1] and "@" in m.group() for m in matches if m)


def _cut_angles(lines: list[str]) -> Split:
    """A tail of lines that begin with >, as plain-text programs quote."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith(">")):
        at -= 1
    if not any(line.lstrip().startswith(">") for line in lines[at:]):
        return Split("\n".join(lines).strip())
    at = _above(lines, at)
    own, quoted = "\n".join(lines[:at]).strip(), "\n".join(lines[at:]).strip()
    return Split(own, quoted, ">")


def _above(lines: list[str], at: int) -> int:
    """Where a quotation with > begins when the line over it, in whatever language, says of when and whom it is."""
    over = at - 1
    while over >= 0 and not lines[over].strip():
        over -= 1
    return over if over >= 0 and _WHEN_AND_WHO.fullmatch(lines[over].strip()[:_WIDEST]) else at


@lru_cache(1)
def _markers() -> re.Pattern[str]:
    """The header expression of mail-parser-reply with our Chinese entry, to be matched at the start of a window."""
    from mailparser_reply import EmailReplyParser, constants

    constants.MAIL_LANGUAGES["qforms_zh"] = {
        "wrote_header": _WROTE,
        "from_header": _FROM,
        "disclaimers": [],
        "signatures": ["此致"],
        "sent_from": "发自我的",
    }
    expression: re.Pattern[str] = EmailReplyParser(languages=["qforms_zh", "en"]).read("").HEADER_REGEX
    return expression


def is_forward(subject: str, found: Split) -> bool:
    """A forwarded mail: its marker says so, or its subject does and something is quoted."""
    return found.forward or (bool(found.quoted) and bool(_FORWARD_SUBJECT.match(subject)))


def original(quoted: str) -> dict[str, str]:
    """from, date and subject of the mail on top of a quotation, as written there; what is missing is left out."""
    found: dict[str, str] = {}
    for line in quoted.split("\n")[:20]:
        if match := _HEADER.match(line[:_WIDEST]):
            found.setdefault(_NAMES["".join(match[1].lower().split())], match[2].strip())
        elif found and not line.strip():
            break
    return found


def forwarded_text(quoted: str) -> str:
    """The forwarded mail's own text: after its header lines, up to the next quotation in it."""
    lines = quoted.split("\n")
    if all(line.startswith(">") for line in lines[2:] if line.strip()):
        lines = [re.sub("^> ?", "", line) for line in lines]
    at = 0
    while at < len(lines) and at < 20 and (_is_head(lines[at]) or (at < 3 and not lines[at].strip())):
        at += 1
    return split("\n".join(lines[at:])).own


def _is_head(line: str) -> bool:
    line = line[:_WIDEST]
    return bool(
        _HEADER.match(line)
        or _RULE.match(line)
        or re.match(r"^[ \t>*|]*(收件人|收件者|抄\s?送|To|Cc)[ *]*[:：|]", line, re.I)
    ) or (bool(re.fullmatch(r"\s*[-_—]{5,}\s*", line)))


def without_signature(text: str) -> str:
    """The text above the signature; only for finding decisions, the record keeps all of it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number and _SIGNATURE.match(line.strip()[:120]):
            return "\n".join(lines[:number]).rstrip()
    return text
