"""How well quotations are set aside, measured on samples of other projects (QFORMS_CORPUS names the folder): right is a
mail of which the sender's own words remain, all of them and nothing else. The figures are printed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import held_out_locales
import held_out_quotes
import pytest

from qforms.intake import body, mime, quotes

ROOT = os.environ.get("QFORMS_CORPUS", "")
TALON = Path(ROOT, "mail/talon/tests/fixtures")
ZAPIER = Path(ROOT, "mail/zapier-email-reply-parser/test/emails")
NO_CLIENT_OF_OURS = {"android.eml", "mail_ru.html", "windows_mail.html", "yandex_ru.html"}  # Russian quotation lines
# what the senders wrote: (how it begins, how it ends), where something is quoted; else the whole text
OWN = {
    "email_1_2.txt": ("Hi,", "riak-users_lists.basho.com"),
    "email_1_3.txt": ("Oh thanks.", "-Abhishek Kona"),
    "email_1_4.txt": ("Awesome!", "with it."),
    "email_1_6.txt": ("I get proper", "torch of pixels"),
    "email_1_7.txt": (":+1:", ":+1:"),
    "email_1_8.txt": ("I will reply under this one", "this is my signature"),
    "email_2_1.txt": ("Outlook with a reply", "Outlook with a reply"),
    "email_2_2.txt": ("Outlook with a reply", "above line"),
    "email_2_3.txt": ("Outlook with a reply", "unusual format"),
    "email_bullets.txt": ("test 2", "Product Management*"),
    "email_gmail.txt": ("This is a test", "github message."),
    "email_headers_no_delimiter.txt": ("And another reply!", "And another reply!"),
    "email_one_is_not_on.txt": ("Thank, this", "when I run..."),
    "email_partial_quote_header.txt": ("On your remote", "is not working."),
    "greedy_on.txt": ("On your remote", "is not working."),
    "pathological.txt": ("I think you're", "to a computer."),
}


def _same(one: str, other: str) -> bool:
    return "".join(one.split()) == "".join(other.split())


def _talon() -> Iterator[tuple[str, bool]]:
    for file in sorted(TALON.glob("standard_replies/*.eml")):
        kept = file.parent / f"{file.stem}_reply_text"
        wanted = kept.read_text("utf-8") if kept.exists() else "Hello"
        yield file.name, _same(body.read(mime.parse(file.read_bytes()), "").text, wanted)
    for file in sorted(TALON.glob("html_replies/*.html")):
        text = body.plain(body.from_html(file.read_text("utf-8", "replace")))
        yield file.name, _same(quotes.split(text).own, "Hi. I am fine. Thanks, Alex")


def _zapier() -> Iterator[tuple[str, bool]]:
    for file in sorted(ZAPIER.glob("*.txt")):
        text = body.plain(file.read_text("utf-8", "replace"))
        own = quotes.split(text).own
        start, end = OWN.get(file.name, ("", ""))
        whole = own == text and "> " not in text
        yield file.name, own.startswith(start) and own.endswith(end) and "\n>" not in own if start else whole


def test_the_measure() -> None:
    for name, found in (("talon", dict(_talon())), ("zapier", dict(_zapier()))):
        wrong = sorted(n for n, right in found.items() if not right)
        print(f"{name}: {len(found) - len(wrong)} of {len(found)} right; wrong: {', '.join(wrong) or 'none'}")
        assert not ROOT or found
        assert set(wrong) <= NO_CLIENT_OF_OURS | {"email_1_3.txt"}


@pytest.mark.parametrize("sample", [held_out_quotes, held_out_locales], ids=lambda sample: sample.__name__)
def test_the_shapes_that_were_held_out(sample: ModuleType) -> None:
    found, precision, recall = held_out_quotes.measure(sample.samples())
    wrong = {program for program, (right, of) in found.items() if right < of}
    assert not wrong and (precision, recall) == (1.0, 1.0)
