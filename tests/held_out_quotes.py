# ruff: noqa: E501 (quotations as programs make them)
"""The quoted-reply measure on shapes that nothing was tuned on: programs that are not among the golden mails, written
down from how they are documented to quote, and texts without any quotation that look a little like one.

    python -m tests.held_out_quotes

Of lines: precision is how many of those that were set aside were quoted, recall how many of the quoted ones were set
aside. Right is a mail of which exactly the sender's own words remain."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from qforms.intake import body, quotes

WHO, WHERE = "质量部", "support@womai.cn"
OWN = (
    "同意。",
    "技术判定：批量\n原因分析：电容漏液，供应商换了料\n完成日期：2026-05-20",
    "各位好，\n\n样品已收到，明天给结论。\n\n李工\n工程部 电话 0512-6666 8888",
    "OK, agreed.\n\nBest regards,\nLi",
)
ASKED = "请 5月8日 前答复 8001-202605-0003：\n技术判定：\n原因分析：\n收件人：工程部\n答复码 AB3D-7KLM，回信请保留。"


def angled(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


# program -> what it puts below the answer
SHAPES = {
    "thunderbird zh": f"在 2026/5/6 10:00, {WHO} 写道:\n{angled(ASKED)}",
    "thunderbird en": f"On 5/6/26 10:00, {WHO} wrote:\n{angled(ASKED)}",
    "outlook mac": f"From: {WHO} <{WHERE}>\nDate: Wednesday, 6 May 2026 at 10:00\nTo: li@womai.cn <li@womai.cn>\nSubject: 【质量】8001\n\n{ASKED}",
    "outlook mac zh": f"发件人: {WHO} <{WHERE}>\n日期: 星期三, 2026年5月6日 10:00\n收件人: 李工 <li@womai.cn>\n主题: 【质量】8001\n\n{ASKED}",
    "outlook traditional": f"寄件者: {WHO} <{WHERE}>\n寄件日期: 2026年5月6日 10:00\n收件者: 李工 <li@womai.cn>\n主旨: 【質量】8001\n\n{ASKED}",
    "outlook.com": f"________________________________\nFrom: {WHO} <{WHERE}>\nSent: Wednesday, May 6, 2026 10:00 AM\nTo: li@womai.cn <li@womai.cn>\nSubject: 8001\n\n{ASKED}",
    "gmail traditional": f"{WHO} <{WHERE}> 於 2026年5月6日 週三 上午10:00寫道：\n\n{angled(ASKED)}",
    "yahoo": f"    On Wednesday, May 6, 2026 at 10:00:00 AM GMT+8, {WHO} <{WHERE}> wrote:\n \n {ASKED}",
    "proton": f"------- Original Message -------\nOn Wednesday, May 6th, 2026 at 10:00 AM, {WHO} <{WHERE}> wrote:\n\n\n{angled(ASKED)}",
    "fastmail": f"On Wed, 6 May 2026, at 10:00, {WHO} wrote:\n{angled(ASKED)}",
    "zoho": f"---- On Wed, 06 May 2026 10:00:00 +0800 {WHO} <{WHERE}> wrote ----\n\n{ASKED}",
    "spark zh": f"在 2026年5月6日 +0800 10:00，{WHO} <{WHERE}>，写道：\n{angled(ASKED)}",
    "k9 zh": f"在 2026年5月6日 GMT+08:00 10:00:00，{WHO} <{WHERE}> 写道：\n{angled(ASKED)}",
    "evolution zh": f"在 2026-05-06星期三的 10:00 +0800，{WHO}写道：\n{angled(ASKED)}",
    "mutt": f"On Wed, May 06, 2026 at 10:00:00AM +0800, {WHO} wrote:\n{angled(ASKED)}",
    "coremail": f'-----原始邮件-----\n发件人:"{WHO}" <{WHERE}>\n发送时间:2026-05-06 10:00:00 (星期三)\n收件人: li@womai.cn\n抄送: \n主题: 【质量】8001\n\n{ASKED}',
    "sina": f"----- 原始邮件 -----\n发件人：{WHO} <{WHERE}>\n收件人：li@womai.cn\n主题：【质量】8001\n日期：2026年05月06日 10点00分\n\n{ASKED}",
    "sohu": f"------------------原始邮件------------------\n发件人：{WHO}<{WHERE}>\n发送日期：2026-05-06 10:00:00\n收件人：li@womai.cn\n主题：8001\n\n{ASKED}",
    "139": f"\n----邮件原文----\n发件人:{WHO} <{WHERE}>\n收件人:li@womai.cn\n抄　送: (无)\n发送时间:2026-05-06 10:00:00\n主题:8001\n\n{ASKED}",
    "dingtalk": f"------------------------------------------------------------------\n发件人：{WHO} <{WHERE}>\n日　期：2026年05月06日 10:00:00\n收件人：李工<li@womai.cn>\n主　题：8001\n\n{ASKED}",
    "honor phone": f"-------- 原始邮件 --------\n发件人： {WHO} <{WHERE}>\n日期： 2026年5月6日周三 10:00\n收件人： 李工 <li@womai.cn>\n主 题： 8001\n{ASKED}",
    "blackberry": f"From: {WHO}\nSent: Wednesday, May 6, 2026 10:00\nTo: li@womai.cn\nReply To: {WHERE}\nSubject: 8001\n\n{ASKED}",
    "notes": f"-----{WHERE} wrote: -----\nTo: li@womai.cn\nFrom: {WHERE}\nDate: 05/06/2026 10:00AM\nSubject: 8001\n\n{ASKED}",
    "roundcube zh": f"在 2026-05-06 10:00，{WHO} 写道：\n{angled(ASKED)}",
    "exchange owa zh": f"-----邮件原件-----\n发件人: {WHO} \n发送时间: 2026年5月6日 10:00\n收件人: 李工\n主题: 8001\n\n{ASKED}",
    "samsung zh": f"-------- 原始邮件 --------\n由：{WHO} <{WHERE}>\n日期： 26-5-6 上午10:00 (GMT+08:00)\n收件人： li@womai.cn\n主题： 8001\n\n{ASKED}",
    "apple en two lines": f"> On 6 May 2026, at 10:00, {WHO} <{WHERE}> wrote:\n> \n{angled(ASKED)}",
    "gmail en broken": f"On Wed, May 6, 2026 at 10:00 AM {WHO} of the quality department of Womai <\n{WHERE}> wrote:\n\n{angled(ASKED)}",
    "bare angles": angled(ASKED),
    "eM client zh": f'------ 原始邮件 ------\n发件人: "{WHO}" <{WHERE}>\n收件人: li@womai.cn\n已发送: 2026-05-06 10:00:00\n主题: 8001\n\n{ASKED}',
}
# nothing is quoted here
WHOLE = (
    "产品型号：YL-A65\n收件人：质量部\n主题：无输出\n日期：2026-05-06\n不良数量：9",
    "发件人：见信封\n收件人：售后\n样品已寄出，运单号 SF1234567890。",
    "李工写道：电容漏液。我不同意，请再查。\n时间：2026年5月6日",
    "On 2026-05-06 we wrote to you about lot A65-2603C.\nNo answer so far.",
    "测试结果如下：\n--------\n1# 12.1V\n2# 0V\n--------\n请确认。",
    "From: Suzhou\nTo: Ningbo\n2 pallets, YL-A65, damaged in transit. Please collect.",
    "主题：8D 报告\n日期：2026-05-06\n编写：李工\n\nD1 小组：李工、王工\nD2 问题：无输出",
    "电压 > 12 V 时正常，\n< 9 V 时无输出，\n请分析。",
    "客户原话：“发件人写错了”，其余见附件。",
    "==== 检验记录 ====\n批号：A65-2603C\n结论：不合格\n==== 完 ====",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail: what its sender wrote, what stands below, and what was taken for his own words."""

    program: str
    own: str
    quoted: str
    found: str


def samples() -> Iterator[Sample]:
    for program, below in SHAPES.items():
        for own in OWN:
            yield Sample(program, own, below, _read(f"{own}\n\n{below}"))
    for text in WHOLE:
        yield Sample("no quotation", text, "", _read(text))


def _read(text: str) -> str:
    return quotes.split(body.plain(text)).own


def measure(given: Iterable[Sample]) -> tuple[dict[str, tuple[int, int]], float, float]:
    """(right, of) by program; precision and recall, by line."""
    found: dict[str, tuple[int, int]] = {}
    aside = hit = quoted = 0
    for sample in given:
        right = "".join(sample.found.split()) == "".join(sample.own.split())
        n, of = found.get(sample.program, (0, 0))
        found[sample.program] = n + right, of + 1
        kept, mine, below = _lines(sample.found), _lines(body.plain(sample.own)), _lines(body.plain(sample.quoted))
        gone = [line for line in (*mine, *below) if line not in kept]
        aside, quoted = aside + len(gone), quoted + len(below)
        hit += sum(line in below and line not in mine for line in gone)
    return found, hit / aside, hit / quoted


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def report(given: Iterable[Sample]) -> None:
    """Prints what was not right, and the figures."""
    found, precision, recall = measure(given)
    right, of = (sum(n[i] for n in found.values()) for i in (0, 1))
    for program, (n, all_) in found.items():
        if n < all_:
            print(f"{program}: {n} of {all_}")
    print(f"{right} of {of} right, {len(found) - 1} programs; lines: precision {precision:.3f}, recall {recall:.3f}")


if __name__ == "__main__":
    report(samples())
