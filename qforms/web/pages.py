"""The page for customers: the form, its sending, the state of a case."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack

from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from qforms import stamp
from qforms.intake.reading import COMPLAINT
from qforms.model import Lang, Problem, Record
from qforms.web import guard, inputs, status, submission
from qforms.web.inputs import Given, Group
from qforms.web.kept import Kept, Shelf
from qforms.web.site import Site
from qforms.web.uploads import CutOff, File, files_of, form_of

TRAP = "website"  # hidden from people; programs that fill in everything fill it in
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,80}")
_LOOK_AGAIN = 0.2
_STEPS = 50  # contacts that the state of a case names


class Pages:
    """Handlers of what anybody may open."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._shelf = Shelf(site.settings)
        form = site.house.procedures.catalogue.form(COMPLAINT)
        self._groups: Mapping[str, tuple[Group, ...]] = {lang: inputs.groups(form, lang) for lang in ("zh", "en")}
        nothing = site.house.procedures.catalogue.missing(COMPLAINT, {})
        names = {i.name for g in self._groups["zh"] for i in g.inputs}
        self._either = [f for f in nothing if f.name in names and not f.required]  # one of these is enough

    async def form(self, request: Request) -> Response:
        return self._form(request, Given({}))

    def _form(
        self,
        request: Request,
        given: Given,
        whole: tuple[Problem, ...] = (),
        code: int = 200,
        kept: tuple[Kept, ...] = (),
    ) -> Response:
        site, lang = self._site, self._site.lang(request)
        labels = {i.name: i.label for g in self._groups[lang] for i in g.inputs}
        return site.page(
            request,
            "form.html",
            code,
            groups=self._groups[lang],
            raw=given.raw,
            faults=given.faults,
            whole=[site.say(p, lang) for p in whole],
            labels=labels,
            either=[f.label[lang] for f in self._either],
            limits=site.web,
            kept=kept,
            files_at=next((i.name for g in self._groups[lang] for i in g.inputs if i.kind == "files"), ""),
            trap=TRAP,
        )

    # ------------------------------------------------------------ sending

    async def send(self, request: Request) -> Response:
        """Takes a submission in. Whatever is wrong with it, what was typed comes back to be mended."""
        site = self._site
        if not site.submissions.allows(guard.client(request)):
            return site.refusal(request, Problem("web_too_often"), 429)
        try:
            form = await form_of(request, site.web)
        except CutOff as fault:
            return site.refusal(request, fault.problem, fault.status)
        try:
            return await self._taken(request, form)
        finally:
            await form.close()

    async def _taken(self, request: Request, form: FormData) -> Response:
        site, lang = self._site, self._site.lang(request)
        groups = self._groups[lang]
        said = {name: [v for v in form.getlist(name) if isinstance(v, str)] for name in form}
        given = inputs.read(said, groups, site.house.procedures, lang)
        names = [i.name for g in groups for i in g.inputs if i.kind == "files"]
        files, wrong = await files_of(form, names, site.web)
        given = Given(given.raw, {**given.faults, **{n: site.say(p, lang) for n, p in wrong.items()}})
        if problem := self._refused(request, said):
            return self._form(request, given, (problem, *_again(files)), 403)
        kept = self._shelf.find(guard.visit(request), said.get("kept", ()), site.clock().timestamp())
        if problem := self._too_much(files, kept):
            return self._form(request, given, (problem, *_again(files)), 413, kept)
        if given.faults:
            return await self._back(request, given, files, kept, (), 422)
        with ExitStack() as reading:
            before = tuple(k.opened() for k in kept)
            for file in before:
                reading.callback(file.content.close)
            return await self._kept(request, given, files, kept, before, lang)

    def _too_much(self, files: tuple[File, ...], kept: tuple[Kept, ...]) -> Problem | None:
        """What was chosen now together with what was kept from the last try."""
        web = self._site.web
        if len(files) + len(kept) > web.files:
            return Problem("web_too_many_files", context={"most": web.files})
        if sum(f.size for f in files) + sum(k.size for k in kept) > web.total_mb * 1_000_000:
            return Problem("web_too_big", context={"most": f"{web.total_mb:g}"})
        return None

    async def _back(
        self,
        request: Request,
        given: Given,
        files: tuple[File, ...],
        kept: tuple[Kept, ...],
        whole: tuple[Problem, ...],
        code: int,
    ) -> Response:
        """The form again, with all that was typed; its photos are kept, so that only what is wrong is to be mended."""
        site = self._site
        try:
            if files and not await to_thread.run_sync(submission.has_room, site.settings):
                raise OSError("no room")
            now = site.clock().timestamp()
            kept += await to_thread.run_sync(self._shelf.put, guard.visit(request), files, now)
        except OSError:
            whole += _again(files)
        return self._form(request, given, whole, code, kept)

    def _refused(self, request: Request, said: Mapping[str, list[str]]) -> Problem | None:
        """Why it may not be a person at our page who sends this."""
        token = next(iter(said.get("token", ())), "")
        if not guard.genuine(request, self._site.key("form"), token, self._site.clock().timestamp()):
            return Problem("web_stale")
        return Problem("web_trap") if any(said.get(TRAP, ())) else None

    async def _kept(
        self,
        request: Request,
        given: Given,
        new: tuple[File, ...],
        kept: tuple[Kept, ...],
        before: tuple[File, ...],
        lang: Lang,
    ) -> Response:
        site, files = self._site, (*before, *new)
        at = site.clock()
        made = submission.Submission(
            submission.receipt(site.settings.local(at)), lang, at, given.raw, self._words(given, files, lang), files
        )
        try:
            if not await to_thread.run_sync(submission.has_room, site.settings):
                raise OSError("too many wait, or the disk is nearly full")
            await to_thread.run_sync(submission.save, made, site.settings)
        except OSError as fault:
            site.log.error("web submission not kept", reason=str(fault))
            closed = Problem("web_closed", context={"address": site.settings.company.address})
            return await self._back(request, given, new, kept, (closed,), 503)
        self._shelf.drop(kept)
        site.log.info("web submission", receipt=made.receipt, files=len(files))
        await self._registered(made.receipt)
        secret = stamp.secret(list(site.keys.values())[-1], made.receipt)
        return RedirectResponse(f"/s/{made.receipt}/{secret}", 303)

    def _words(self, given: Given, files: tuple[File, ...], lang: Lang) -> list[tuple[str, str]]:
        """The submission for people who open the mail: label and answer."""
        found = []
        for one in (i for g in self._groups[lang] for i in g.inputs if i.name in given.raw):
            labels = dict(one.choices)
            said: list[str] = given.raw[one.name] if one.kind == "several" else [given.raw[one.name]]
            texts = [labels.get(v, v) for v in said]
            texts = [v.replace("T", " ") for v in texts] if one.kind == "datetime-local" else texts
            found.append((one.label, ("、" if lang == "zh" else ", ").join(texts)))
        if files:
            label = next(i.label for g in self._groups[lang] for i in g.inputs if i.kind == "files")
            found.append((label, ("、" if lang == "zh" else ", ").join(f.name for f in files)))
        return found

    async def _registered(self, receipt: str) -> None:
        """Waits a moment for the daemon to give the case its number, so that it is shown at once."""
        until = time.monotonic() + self._site.web.number_seconds
        while time.monotonic() < until and await to_thread.run_sync(self._found, receipt) is None:
            await asyncio.sleep(_LOOK_AGAIN)

    # ------------------------------------------------------------ the state of a case

    async def state(self, request: Request) -> Response:
        """What the customer may know of a case. An unknown number and a wrong secret look the same."""
        site = self._site
        reference, secret = request.path_params["reference"], request.path_params["secret"]
        opened = stamp.opens(site.keys, reference, secret)
        if not (opened and _REFERENCE.fullmatch(reference)):
            return site.missing(request, secret=True)
        lang = site.lang(request)
        record = await to_thread.run_sync(self._found, reference)
        if record is None:
            waits = await to_thread.run_sync(self._waits, reference)
            if waits is None:
                return site.missing(request, secret=True)
            return site.page(request, "state.html", shown=None, waits=waits, receipt=reference)
        letters = await to_thread.run_sync(lambda: site.house.ledger.letters(("sent",), record.number))
        contacts = await to_thread.run_sync(
            lambda: site.house.ledger.latest("contact", "case_no", record.number, _STEPS)
        )
        asked = [i.name for g in self._groups[lang] for i in g.inputs]
        shown = status.of(record, letters, contacts, asked, site.house.procedures, site.texts[lang], lang)
        receipt = str(record.values.get("receipt_no") or "")
        return site.page(request, "state.html", shown=shown, waits=False, receipt=receipt)

    def _found(self, reference: str) -> Record | None:
        """The complaint of that number or receipt."""
        with self._site.house.ledger.facts() as facts:
            record = facts.record(reference)
            if record is None:
                record = next(iter(facts.find(COMPLAINT, "receipt_no", reference)), None)
        return record if record is not None and record.form == COMPLAINT else None

    def _waits(self, receipt: str) -> bool | None:
        """Whether the submission still waits to be taken in; False: it was, and a person looks at it; None: unknown."""
        spool = self._site.settings.path(self._site.web.spool)
        if (spool / "new" / f"{receipt}.web").exists() or (spool / "cur" / f"{receipt}.web").exists():
            return True
        return False if (spool / ".done" / "cur" / f"{receipt}.web").exists() else None


def _again(files: tuple[File, ...]) -> tuple[Problem, ...]:
    return (Problem("web_files_again"),) if files else ()
