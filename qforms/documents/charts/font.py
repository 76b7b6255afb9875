"""The Chinese font of the charts. None is shipped: SimSun and YaHei belong to Windows, Noto and WenQuanYi are free."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from qforms.model import Problem, QformsError
from qforms.problems import say

FAMILIES = (
    *("Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Hiragino Sans GB"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei", "Heiti SC"),
)


class ChartsUnavailable(QformsError):
    """Charts can't be drawn on this machine; a document is then made without them and says so."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(say(problem, "zh"))
        self.problem = problem


@functools.lru_cache(maxsize=1)
def family() -> str:
    """The first of FAMILIES that this machine has.

    Raises ChartsUnavailable (chart_extra_missing, chart_font_missing)."""
    try:
        from matplotlib import font_manager
    except ImportError:
        raise ChartsUnavailable(Problem("chart_extra_missing")) from None
    manager = font_manager.fontManager
    if not (found := _known(manager.ttflist)):  # the list that matplotlib keeps may be older than a font
        manager.ttflist = font_manager._load_fontmanager(try_read_cache=False).ttflist  # type: ignore[attr-defined]
        found = _known(manager.ttflist)
    if not found:
        raise ChartsUnavailable(Problem("chart_font_missing", context={"fonts": "、".join(FAMILIES[:4])}))
    return found


def _known(fonts: Iterable[Any]) -> str:
    names = {font.name for font in fonts}
    return next((name for name in FAMILIES if name in names), "")
