"""Somebody asks for a blank form (「表格」, "form", 「请发一份8D表」): he gets it back, and nothing else happens.

A mail counts as such a wish when subject and first line hold the name of a form or a word for one, and nothing that
the polite words of `words.toml` do not explain."""

from __future__ import annotations

import dataclasses as dc
import re
from functools import lru_cache
from typing import Any

from qforms.intake.matter import Matter, answerable, ignored
from qforms.intake.reading import COMPLAINT, own_subject
from qforms.intake.words import any_of, plain, vocabulary_file
from qforms.model import Catalogue, Form, Outcome

_LONGEST = 120  # characters of a mail that is no more than a wish
_MOST = 3  # forms sent at once
_LEFT = re.compile(r"[\w]+")


def wished(matter: Matter) -> Outcome | None:
    """The outcome of a mail that asks for blank forms; None for any other mail."""
    reading = matter.reading
    if not matter.is_mail or reading.danger or reading.filed or not answerable(matter):
        return None
    lines = [line for line in reading.text.splitlines() if line.strip()]
    said = plain("\n".join([own_subject(reading), *lines[:1]]))
    if not said.strip() or len(said) > _LONGEST:
        return None
    catalogue: Any = matter.procedures.catalogue  # one and the same while the program runs: hashed by what it is
    names = _names(catalogue)
    named = [name for word, name in names if word in said]
    if not named and not _wish().search(said):  # nearly every mail
        return None
    for word, _ in names:
        said = said.replace(word, " ")
    rest = _wish().sub(" ", said)
    if _LEFT.search(_polite().sub(" ", rest)):
        return None
    forms = _for(matter, list(dict.fromkeys(named))) or [COMPLAINT]
    return dc.replace(ignored(matter, "forms_sent", forms=forms[:_MOST]), answer="forms", form=forms[0])


def _for(matter: Matter, named: list[str]) -> list[str]:
    """Those of the forms that this sender may have: our own people any, others those made for them."""
    forms = matter.procedures.catalogue.forms
    ours = matter.speaker.kind == "person" and matter.speaker.trusted
    return [name for name in named if ours or forms[name].audience == "customer"]


@lru_cache(8)
def _names(catalogue: Catalogue) -> list[tuple[str, str]]:
    """What people call a form, and the form; the longest first."""
    found = [(word, form.name) for form in catalogue.forms.values() for word in _called(form)]
    return sorted(found, key=lambda pair: -len(pair[0]))


def _called(form: Form) -> set[str]:
    """Titles, number of the procedure's form (8004), and the name in the declaration as it is spoken (eight d)."""
    spoken: dict[str, list[str]] = vocabulary_file()["forms"]["names"]
    code = re.findall(r"\d{4}$", form.code)
    words = {form.title.zh, form.title.en, form.name.replace("_", " "), *code, *spoken.get(form.name, ())}
    return {plain(word) for word in words if len(word) > 1}


@lru_cache(1)
def _wish() -> re.Pattern[str]:
    return any_of(vocabulary_file()["forms"]["words"])


@lru_cache(1)
def _polite() -> re.Pattern[str]:
    return any_of(vocabulary_file()["forms"]["polite"])
