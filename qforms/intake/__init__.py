"""Delivery -> Reading (`read`, pure, without the ledger), and Reading + facts -> outcomes (`admit`)."""

from qforms.intake.admission import admit
from qforms.intake.reading import parts_of, read

__all__ = ["admit", "parts_of", "read"]
