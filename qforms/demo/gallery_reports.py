"""What the reports look like: charts, the month's report with its lines, the managers' digests, for whoever makes a
gallery of it. Names and bytes; what they are rendered with is the gallery's."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from qforms import documents, house
from qforms.commands import report
from qforms.documents.charts.examples import pictures
from qforms.model import Lang


def shown(root: Path, period: str, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Everything for one workspace: PNG, Word, Excel, HTML. Raises QformsError."""
    yield from pictures()
    yield from reports(root, period, now)
    yield from digests(root)


def reports(root: Path, period: str, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The report of a period and its lines in both languages, left in reports/ of the workspace."""
    languages: tuple[Lang, Lang] = ("zh", "en")
    for lang in languages:
        made = report.report(root, period, lang=lang, now=now)
        yield made.document.name, made.document.read_bytes()
        yield made.details.name, made.details.read_bytes()


def digests(root: Path) -> Iterator[tuple[str, bytes]]:
    """The digests that were written to managers as pages of their own, pictures and all."""
    with house.opened(root) as h:
        for letter in (x for x in h.ledger.letters() if x.intent.kind == "digest"):
            pages = documents.compose(letter.intent, h.settings).html
            files = {str(c["name"]): str(c["digest"]) for c in letter.intent.facts.get("charts", ())}

            def inside(found: re.Match[str], files: dict[str, str] = files) -> str:
                data = h.store.get(files[found[1]])
                return f'src="data:image/png;base64,{base64.b64encode(data).decode()}"'

            name = f"{letter.intent.to[0]} {letter.intent.subject}.html".replace("/", "-").replace(":", "-")
            yield name, re.sub(r'src="cid:([^"]+)"', inside, pages).encode()
