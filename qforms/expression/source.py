"""The text of an expression -> rule-engine's tree, and the faults of its grammar explained.

rule-engine's own positions drift from rule to rule (its lexer counts lines on), only the offset is right, so the place
is told from that. What a Chinese keyboard types for an operator is read as the operator; inside quotes it stays."""

from __future__ import annotations

from typing import Any

from qforms.model import Told

_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」"}
_SIGNS = str.maketrans("（）［］，．＝＞＜！＋－＊／％？：　≠≥≤×÷\n\r", "()[],.=><!+-*/%?: \0\1\2*/  ")
_DOUBLE = {"\0": "!=", "\1": ">=", "\2": "<="}


class Fault(Exception):
    """What is wrong with an expression, in Chinese and English, without its place."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Told(zh, en))
        self.zh, self.en = zh, en


def plain(text: str) -> str:
    """`text` with full-width signs and curly quotes outside of strings turned into ASCII.

    Raises Fault when a quote is not closed."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if closing := _QUOTES.get(text[at]):
            end = _end_of_string(text, at + 1, {closing, text[at]})
            body = text[at + 1 : end]
            out.append(f"{text[at]}{body}{closing}" if text[at] in "\"'" else '"' + body.replace('"', '\\"') + '"')
            at = end + 1
        else:
            sign = text[at].translate(_SIGNS)
            out.append(_DOUBLE.get(sign, sign))
            at += 1
    return "".join(out)


def _end_of_string(text: str, start: int, closing: set[str]) -> int:
    at = start
    while at < len(text) and text[at] not in closing:
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise Fault(f"第 {start} 个字符处的引号没有配对", f"the quote at character {start} is not closed")
    return at


def parse(text: str) -> Any:
    """rule-engine's tree of `text`. Raises Fault."""
    import rule_engine
    from rule_engine import errors

    source = plain(text)
    if not source.strip():
        raise Fault("表达式是空的", "the expression is empty")
    # names and types are checked in check.py, which knows codes, rows and references: here every name may stand
    context = rule_engine.Context(type_resolver=lambda name: rule_engine.DataType.UNDEFINED, default_timezone="utc")
    try:
        return rule_engine.Rule(source, context=context).statement.expression
    except errors.RuleSyntaxError as fault:
        raise _syntax(source, fault) from None
    except errors.RegexSyntaxError as fault:
        raise Fault(f"正则表达式有误：{fault.error}", f"bad regular expression: {fault.error}") from None
    except errors.EngineError as fault:
        raise Fault(f"类型不符：{fault.message}", f"wrong types: {fault.message}") from None
    except RecursionError:
        raise Fault("表达式太长", "the expression is nested too deeply") from None


def _syntax(source: str, fault: Any) -> Fault:
    token = fault.token
    if token is None:
        return Fault("表达式不完整", "the expression ends too early")
    sign = str(token.value)[:1] if "illegal" in fault.message else str(token.value)
    at = token.lexpos + 1
    if sign == "=":
        return Fault(f"第 {at} 个字符处：比较相等写 ==", f"character {at}: equality is written ==")
    return Fault(f"第 {at} 个字符处看不懂「{sign}」", f"character {at}: {sign!r} is out of place")
