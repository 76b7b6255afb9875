"""Pictures that came with mails, read after the commit (extra `ocr`): what they show is proposed in a task (P17).

Recognition takes seconds a page. In the daemon it runs in a thread of its own that only looks at bytes; the ledger is
written by the loop, when the thread is done."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from qforms.intake import proposals
from qforms.ledger import Ledger
from qforms.model import Judgement, QformsError, Store, Task
from qforms.office import ocr
from qforms.office.book import Book, OfficeFault
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_MOST = 6  # pictures of one task
_MOST_TEXT = 4000  # characters of one picture that are kept, to be searched for
_PATIENCE = 3  # times the seconds that a file may take: a page of small print on a slow machine


@dataclass(slots=True)
class _Job:
    """A task whose pictures are being read, and the Books that came of them, by file name."""

    task: Task
    found: list[tuple[str, Book]] = field(default_factory=list)


class Recognition:
    """Reads the pictures of open tasks, one task after another."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures, log: FilteringBoundLogger) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self._log = log
        self._aside: threading.Thread | None = None
        self._job: _Job | None = None
        self._seen = -1  # the ledger's changes when there was last nothing to do

    def go_on(self, now: datetime, *, aside: bool = False) -> None:
        """Reads all pictures that wait; `aside`: takes up what the thread has read, and gives it the next task."""
        if not self._procedures.reads_pictures or self._busy():
            return
        while (job := self._job) is not None or self._ledger.changes != self._seen:
            if job is not None:
                self._job = None
                self._write(job, now)
                continue
            if (task := self._next()) is None:
                self._seen = self._ledger.changes
                return
            self._job = _Job(task)
            if aside:
                self._aside = threading.Thread(target=self._read, args=(self._job,), name="pictures", daemon=True)
                self._aside.start()
                return
            self._read(self._job)

    def seconds_to_next(self) -> float | None:
        """Until it is worth asking again; None when nothing is being read."""
        return None if self._job is None else 1.0

    def _busy(self) -> bool:
        return self._aside is not None and self._aside.is_alive()

    def _next(self) -> Task | None:
        return next(
            (t for t in self._ledger.tasks() if t.context.get("pictures") and "proposed" not in t.context), None
        )

    def _read(self, job: _Job) -> None:
        pictures: Sequence[Sequence[str]] = job.task.context["pictures"]
        seconds = _PATIENCE * self._procedures.settings.limits.seconds
        for digest, name in pictures[:_MOST]:
            try:
                job.found.append((name, ocr.read(self._store.get(digest), seconds)))
            except OfficeFault as nothing:
                self._log.info("picture not read", name=name, code=nothing.problem.code)
            except (OSError, KeyError, QformsError) as fault:
                self._log.warning("picture not read", name=name, reason=str(fault))

    def _write(self, job: _Job, now: datetime) -> None:
        """Names in the task what was read; a task that only asked about it ends where nothing was."""
        with self._ledger.begin() as tx:
            task = tx.task(job.task.key)
            record = tx.record(task.number) if task else None
            if task is None or task.state != "open":
                return
            told: dict[str, tuple[str, str]] = {}
            if record is not None:
                form = self._procedures.catalogue.form(record.form)
                wanted = proposals.wanted(form, record, self._procedures)
                for name, book in job.found:
                    of_one = proposals.of_book(book, form, wanted, self._procedures)
                    told = {**{field: (raw, name) for field, raw in of_one.items()}, **told}
            changed = self._changed(task, record.form if record else "", told)
            changed = replace(changed, context={**changed.context, "read": _texts(changed, job.found)})
            tx.write(None, Judgement(tasks=(changed,)), now)
        self._log.info("pictures read", number=task.number, proposed=sorted(told))

    def _changed(self, task: Task, form: str, told: Mapping[str, tuple[str, str]]) -> Task:
        if told:
            return proposals.named(task, self._procedures.catalogue.form(form), told)
        state = "dropped" if task.kind == proposals.PROPOSAL else task.state
        return replace(task, state=state, context={**task.context, "proposed": {}})


def _texts(task: Task, found: Sequence[tuple[str, Book]]) -> list[list[str]]:
    """Digest, name and words of each picture on which words were found."""
    digests = {name: digest for digest, name in task.context["pictures"]}
    texts = ((name, " ".join(str(c.raw) for g in book.grids for c in g.cells.values())) for name, book in found)
    return [[digests[name], name, text[:_MOST_TEXT]] for name, text in texts if text.strip()]
