"""The frozen values that the stages hand on, and the protocols between them. Imports nothing of ours.

In the order in which data flows: what arrives (`arrivals`), what the ledger holds (`records`), what is to become of a
delivery and what the rules decided (`judgements`), where it all touches the world (`edges`); `forms` and `rules`, which
steer it, and `texts`, which all speak."""

from qforms.model.arrivals import SYSTEM, TRUNCATED, Bounce, Decision, Delivery, Filled, Part, Reading, Speaker, Stamp, StandIn
from qforms.model.edges import Dead, Later, Sent, Source, Store, Transport
from qforms.model.forms import ByMail, Catalogue, Check, Choice, Event, Field, Form, Lifecycle, Reversing, Section, Sign, State
from qforms.model.judgements import Facts, FigureChange, Judgement, Outcome, Window
from qforms.model.records import Clock, Conflict, Entry, Letter, LetterIntent, Origin, Record, Task
from qforms.model.rules import (
    ClockRule,
    Condition,
    DecideRule,
    FigureRule,
    LetterRule,
    LookUpRule,
    Recipients,
    Rulebook,
    Step,
    TriggerRule,
    WorkTime,
)
from qforms.model.texts import EMPTY, NO_TEXT, Lang, Problem, QformsError, Text, Value, Values

__all__ = [
    "EMPTY",
    "NO_TEXT",
    "SYSTEM",
    "TRUNCATED",
    "ByMail",
    "Bounce",
    "Catalogue",
    "Check",
    "Choice",
    "Clock",
    "ClockRule",
    "Condition",
    "Conflict",
    "Dead",
    "DecideRule",
    "Decision",
    "Delivery",
    "Entry",
    "Event",
    "Facts",
    "Field",
    "FigureChange",
    "FigureRule",
    "Filled",
    "Form",
    "Judgement",
    "Lang",
    "Later",
    "Letter",
    "LetterIntent",
    "LetterRule",
    "Lifecycle",
    "LookUpRule",
    "Origin",
    "Outcome",
    "Part",
    "Problem",
    "QformsError",
    "Reading",
    "Recipients",
    "Record",
    "Rulebook",
    "Reversing",
    "Section",
    "Sent",
    "Source",
    "Speaker",
    "Stamp",
    "StandIn",
    "Sign",
    "State",
    "Step",
    "Store",
    "Task",
    "Text",
    "Transport",
    "TriggerRule",
    "Value",
    "Values",
    "Window",
    "WorkTime",
]
