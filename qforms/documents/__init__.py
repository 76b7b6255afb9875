"""Records to Word documents, letter intents to texts: what people outside the workbook read."""

from qforms.documents.letters import Composed, compose
from qforms.documents.related import Related
from qforms.documents.render import blank, render

__all__ = ["Composed", "Related", "blank", "compose", "render"]
