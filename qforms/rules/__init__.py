"""Judging: outcomes and facts at a time -> all that changes (`model.Judgement`). Pure; the procedures are data."""

from qforms.rules.judging import judge
from qforms.rules.ringing import forecast, ring

__all__ = ["forecast", "judge", "ring"]
