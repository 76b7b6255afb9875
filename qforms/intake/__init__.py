"""Delivery -> Reading (`read`, pure, without the ledger), and Reading + facts -> outcomes (`admit`)."""

from qforms.intake.admission import admit
from qforms.intake.extending import parse as more_time
from qforms.intake.heldwords import WORD
from qforms.intake.proposals import told_by
from qforms.intake.reading import parts_of, read, unopened
from qforms.intake.speaker import asks
from qforms.intake.trust import aligned

__all__ = ["WORD", "admit", "aligned", "asks", "more_time", "parts_of", "read", "told_by", "unopened"]
