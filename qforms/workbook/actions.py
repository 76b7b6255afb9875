"""What can be chosen in 处理, in both languages, and what each word asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The words of 处理 in both languages -> what they ask for (`model.Decision.verdict` where it has a name for it).
_CODES: Final = {
    "done": ("已办", "done"),
    "agree": ("同意", "agree"),
    "refuse": ("不同意", "disagree"),
    "pass_on": ("转给", "pass on"),
    "extend": ("申请延期", "more time"),
    "ignore": ("忽略", "ignore"),
    "file": ("立案", "open a case"),
    "not_a_complaint": ("不是投诉", "no complaint"),
    "merge": ("并入", "add to case"),
    "send": ("发", "send"),
    "stop": ("不发", "stop"),
    "keep": ("用系统现值", "keep"),
    "take": ("用后来填的", "take"),
    "retry": ("重试", "retry"),
    "vouch": ("是本人", "genuine"),
    "adopt": ("采用", "adopt"),
}
ACTIONS: Final[Mapping[str, str]] = {word: code for code, words in _CODES.items() for word in words}
