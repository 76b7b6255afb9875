"""What is wrong in the texts and templates that the office may write itself: for `qforms check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qforms.documents import exhibits, own
from qforms.documents.letters import names
from qforms.documents.readable import unreadable
from qforms.documents.related import Related
from qforms.documents.render import blank, render
from qforms.forms.pictures import logo_fault
from qforms.model import Form, Lang, QformsError, Record, Told
from qforms.settings import Procedures


def faults(procedures: Procedures) -> list[str]:
    """The faults of all letter texts and of the office's own Word templates, each as `file:line: what`."""
    root = procedures.settings.root / "form_templates"
    found = [f for file in sorted((root / "letters").glob("*.txt")) for f in _letter(file)]
    found += [f for form in procedures.catalogue.forms.values() for f in _templates(form, root, procedures)]
    for form in procedures.catalogue.forms.values():
        found += _customers(form, root, procedures)
        found += exhibits.faults(form, root, procedures.catalogue, procedures.rulebook)
    if unusable := logo_fault(root):
        found.append(unusable)
    here = f"{procedures.settings.root}/"
    return [f.moved(here, "") if isinstance(f, Told) else f.replace(here, "") for f in found]


def _letter(file: Path) -> Iterator[str]:
    try:
        unknown = names(file)
    except QformsError as fault:
        yield fault.text
        return
    lines = file.read_text("utf-8").split("\n")
    for name in sorted(unknown):
        line = next((n for n, text in enumerate(lines, start=1) if name in text), 1)
        where = f"{file}:{line}: "
        yield Told(f"信件没有 {name} 这一项，见 docs/letters.md", f"no letter has {name}, see docs/letters.md", where)


def _customers(form: Form, root: Path, procedures: Procedures) -> Iterator[str]:
    """Customers' own forms: placeholders that nobody knows, with file, sheet and cell."""
    folder = root / form.name / own.FOLDER
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith(("~$", ".")):
            yield from own.faults(path, own.Words(form, None, procedures.catalogue, procedures.settings.lang))


def _templates(form: Form, root: Path, procedures: Procedures) -> Iterator[str]:
    """Fills each template of the office once, with nothing, so that a tag that does not exist is told; of its blank
    forms, what could not be read back."""
    empty = Record(form.name, "", 0, form.lifecycle.start, "", {})
    limits = procedures.settings.limits
    langs: tuple[Lang, ...] = ("zh", "en")
    for lang in langs:
        own = {kind: root / form.name / f"{form.name}.{lang}{kind}" for kind in (".docx", ".blank.docx", ".blank.xlsx")}
        try:
            if own[".docx"].is_file():
                render(empty, Related(), procedures, stamp="", lang=lang)
            if (page := own[".blank.docx"]).is_file():
                data = blank(form.name, procedures, stamp="", lang=lang)
                yield from unreadable(data, form, lang, limits, f"{page}: ")
            if (sheet := own[".blank.xlsx"]).is_file():
                yield from unreadable(sheet.read_bytes(), form, lang, limits, f"{sheet}: ")
        except QformsError as fault:
            yield fault.text
