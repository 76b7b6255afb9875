"""An answer that the office types in for whoever gave it on paper or in a picture (P16): it counts from the time at
which that mail came, and its origin is the mail. The task ends by itself when what it asked for stands in the record.
"""

from __future__ import annotations

from datetime import datetime

from qforms.model import Origin, Record, Speaker, Task
from qforms.rules.work import Work

TRANSCRIBE = "transcribe"  # the kind of task that an answer in a picture or in prose opens
HERE = (TRANSCRIBE, "confirm_sender")  # an answer is here, and waits for the office: nobody is reminded (P16, P23)


def begin(work: Work, record: Record, speaker: Speaker) -> Task | None:
    """The task that the office now does with this record, if there is one: from here on `now` is that mail's time."""
    tasks = work.view.tasks_on(record.number) if speaker.kind == "office" else ()
    task = next((t for t in tasks if t.kind == TRANSCRIBE), None)
    arrived = str(task.context.get("arrived", "")) if task else ""
    if arrived:
        work.moments[record.number] = datetime.fromisoformat(arrived)
    return task


def origin(task: Task, name: str, own: Origin) -> Origin:
    """Where a value that was typed in came from: the mail with the picture, for what was asked of its sender."""
    asked = task.context.get("fields") or ()
    return Origin(task.delivery, own.where, str(task.context.get("by") or own.by)) if name in asked else own


def settle(work: Work) -> None:
    """Closes the tasks of the records that were typed in, where nothing of what they asked for is empty any more."""
    for number in work.moments:
        record = work.view.record(number)
        for task in work.view.tasks_on(number) if record else ():
            fields = task.context.get("fields") or ()
            if task.kind == TRANSCRIBE and fields and record and all(f in record.values for f in fields):
                work.view.close_task(task.key)
