"""Who writes, as he signs: his company and his telephone, out of the lines at the end of a mail or out of how he
introduces himself (我是…公司的王工). Nobody is asked for what stands under his own name. What is not sure is left out:
two companies, two telephones."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from qforms.intake.freetext import folded

_CLOSING = re.compile(
    r"\s*(?:--+\s*$|此致|敬礼|顺祝|祝好|祝:|商祺|谢谢|多谢|感谢|以上|best regards|kind regards|with regards|regards|"
    r"brgds|br,|sincerely|yours|many thanks|thanks|thank you|cheers)",
    re.I,
)
_END, _SHORT, _LONG = 10, 60, 120  # lines of a signature; how long one is, in Chinese and at all
_KIND = (
    "有限责任公司|股份有限公司|有限公司|集团公司|分公司|公司|集团|研究所|研究院|设计院|事务所|经营部|门市部|商贸行|商行|"
    "五金店|专卖店|制造厂|工厂|厂"
)
_NAME = r"[\u4e00-\u9fffA-Za-z0-9()·&]"
_COMPANY = re.compile(
    rf"(?:^|[\s|,、;:])({_NAME}{{2,30}}?(?:{_KIND})(?:\([\u4e00-\u9fff]{{2,8}}\))?)(?={_NAME}{{0,12}}(?:$|[\s|,、;.。]))"
)
_LEAD = re.compile(r"(?:我是|我们是|这里是|这边是|本人是|来自|我司是|我司为)")
_INTRODUCED = re.compile(rf"{_LEAD.pattern}({_NAME}{{2,30}}?(?:{_KIND}))")
_WESTERN = re.compile(
    r"(?:^|[|;]\s*|,\s+|\bfrom\s+|\bat\s+)((?:[A-Z0-9][\w&.'’-]*\s+){1,6}"
    r"(?:Co\.?,?\s*Ltd|Pvt\.?\s*Ltd|Pty\.?\s*Ltd|Ltd|Limited|Inc|LLC|GmbH(?: & Co\. KG)?|Corporation|Corp|PLC|AG|KG|"
    r"B\.?V|S\.?A|S\.?r\.?l|S\.?p\.?A|Oy|AB)\b\.?)"
)
_OURS = re.compile(r"^(?:贵|我|你|您|本|该|此|我们|你们|贵方|我方|的|这|某|其)+(?:司)?")
_SHORTEST = 3  # 有限公司 alone is nobody's name
_PLACE = re.compile(
    r"(?:部|科|室|处|组|中心|车间|经理|总监|主管|工程师|先生|女士|小姐|总|工|敬上|启|祝好|谢谢|此致|敬礼)$"
)
_TELEPHONE = re.compile(
    r"(?<![\d.+-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d-])|"
    r"(?<![\d.+-])(?:\+86[ -]?)?\(?0\d{2,3}\)?[ -]?\d{3,4}[ -]?\d{4}(?:\s?(?:-|转|ext\.?)\s?\d{1,6})?(?!\d)|"
    r"(?<![\d.+-])400[ -]?\d{3}[ -]?\d{4}(?!\d)|"
    r"(?<![\w.])\+\d{1,3}[ -]?\(?\d{1,4}\)?(?:[ -]?\d{2,5}){1,4}(?!\d)"
)
_FAX = re.compile(r"(?:传真|fax|f)\s*[:.]?\s*$", re.I)


def told(text: str, name: str, own: Container[str]) -> dict[str, str]:
    """`customer_name` and `contact_phone` as far as the writer tells. `name`: what the mail's head calls him; `own`:
    our own company's names, which are nobody else's."""
    lines = list(_signature(text[:20_000]))
    found = {"customer_name": _company(text[:20_000], lines, name, own), "contact_phone": _telephone(text, lines)}
    return {field: value for field, value in found.items() if value}


def _signature(text: str) -> Iterator[str]:
    """The short lines after the last words of farewell; without one the last short lines."""
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line][-40:]
    ends = [n for n, line in enumerate(lines) if _CLOSING.match(folded(line))]
    begin = ends[-1] if ends and len(lines) - ends[-1] <= _END + 1 else len(lines) - 4
    for line in lines[max(begin, 1 if len(lines) > 1 else 0) :]:
        wide = sum("\u4e00" <= char <= "\u9fff" for char in line)
        if len(line) <= _LONG and wide <= _SHORT:
            yield line


def _company(text: str, lines: list[str], name: str, own: Container[str]) -> str:
    looked = ((_COMPANY, lines), (_WESTERN, lines), (_INTRODUCED, [text]))
    for expression, where in looked:
        found = {company for line in where for company in _named(expression, line)}
        if sure := {company for company in found if company not in own}:
            return sure.pop() if len(sure) == 1 else ""
    return _before_name(lines, name) if name else ""


def _named(expression: re.Pattern[str], line: str) -> Iterator[str]:
    """The companies in a line, as written there; 我公司 and 贵公司 are none."""
    for match in expression.finditer(folded(line)):  # as long as the line: places are the same
        start = match.start(1) + (found.end() if (found := _LEAD.match(match[1])) else 0)
        company = line[start : match.end(1)].strip()
        if not _OURS.match(company) and len(company) > _SHORTEST:
            yield company


def _before_name(lines: list[str], name: str) -> str:
    """恒达工具 王建国: what a line says before the sender's own name, unless that is his department."""
    for line in lines:
        if line.endswith(name) and line != name:
            before = line[: -len(name)].strip(" \t,、:|/-，：")
            if (
                re.fullmatch(r"[\u4e00-\u9fff]{3,12}", before)
                and not _PLACE.search(before)
                and not _CLOSING.match(before)
            ):
                return before
    return ""


def _telephone(text: str, lines: list[str]) -> str:
    """The one telephone of the signature, a mobile before others; else the only one of the whole mail."""
    for where in (folded("\n".join(lines)), folded(text[:20_000])):
        numbers = [m for m in _TELEPHONE.finditer(where) if not _FAX.search(where[max(0, m.start() - 8) : m.start()])]
        found = dict.fromkeys(m[0].strip() for m in numbers)
        mobile = [n for n in found if re.match(r"(?:\+?86[ -]?)?1[3-9]", n)]
        for these in (mobile, list(found)):
            if len(these) == 1:
                return these[0]
    return ""
