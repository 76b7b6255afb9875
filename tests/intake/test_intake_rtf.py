"""Outlook's bodies in RTF: the documented samples, HTML and text taken out, whatever the bytes."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from support_intake import reading
from support_outlook import attribute, properties

from qforms.intake import rtf

# MS-OXRTFCP 3.1.1 and 3.1.2
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0".replace(
        " ", ""
    )
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
ENCAPSULATED = (
    r"{\rtf1\ANSI\ansicpg936\fromhtml1 \deff0{\fonttbl {\f0\fmodern Courier New;}{\f2\fcharset134 SimSun;}}"
    r"{\colortbl;\red0\green0\blue0;}{\*\generator Microsoft Exchange;}\uc1\pard\plain\deftab360 \f0\fs24 "
    r"{\*\htmltag19 <html>}{\*\htmltag50 <body>}\htmlrtf \par \htmlrtf0 {\*\htmltag64 <p>}"
    r"YL-A65 {\f2 \'ce\'de\'ca\'e4\'b3\'f6}\u65292 ?9 \u21488?"
    r"{\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 5{\*\htmltag84 &nbsp;}"
    r"\htmlrtf \'a0\htmlrtf0 {\*\mhtmltag84 x}{\*\htmltag72 </p>}\htmlrtf {\field{\*\fldinst x}}\htmlrtf0 "
    r"{\*\htmltag58 </body>}}"
)
PLAIN = (
    r"{\rtf1\ansi\ansicpg936\fromtext \deff0{\fonttbl{\f0\fcharset134 x;}}\f0 \'c4\'fa\'ba\'c3"
    r"\par \{9\} \u21488?\par\bin3 }}}}"
)


def compressed(text: str) -> bytes:
    """A stream that holds its RTF as it is (MELA)."""
    raw = text.encode("ascii")
    return struct.pack("<II4sI", len(raw) + 12, len(raw), b"MELA", 0) + raw


def literal(text: str) -> bytes:
    """A stream of literals only (LZFu with no references)."""
    raw = text.encode("ascii")
    runs = b"".join(b"\0" + raw[at : at + 8] for at in range(0, len(raw), 8))
    return struct.pack("<II4sI", len(runs) + 12, len(raw), b"LZFu", 0) + runs


def test_the_documented_samples() -> None:
    assert rtf.decompressed(HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.decompressed(CROSSING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert rtf.text_of(rtf.decompressed(HELLO)) == ("text/plain", "hello world")


def test_html_comes_out_as_it_went_in() -> None:
    kind, text = rtf.text_of(ENCAPSULATED.encode())
    assert (kind, text) == ("text/html", "<html><body><p>YL-A65 无输出，9 台&lt;5&nbsp;</p></body>")


def test_text_comes_out_with_its_lines() -> None:
    assert rtf.text_of(PLAIN.encode()) == ("text/plain", "您好\r\n{9} 台\r\n")


def test_both_ways_of_packing() -> None:
    assert rtf.decompressed(compressed(PLAIN)) == rtf.decompressed(literal(PLAIN)) == PLAIN.encode()


def test_a_mail_whose_only_body_is_rtf() -> None:
    """winmail.dat with the words of the mail in RTF alone."""
    from support_intake import mail, multi, part

    held = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x9003, properties({0x1009: literal(ENCAPSULATED)}))
    found = reading(mail(multi("mixed", part(held, "application/ms-tnef", name="winmail.dat"))))
    assert "YL-A65 无输出，9 台<5" in found.text
    assert found.kind == "complaint"


@given(st.binary(max_size=400))
def test_whatever_the_bytes(data: bytes) -> None:
    for head in (b"LZFu", b"MELA"):
        rtf.decompressed(struct.pack("<II4sI", len(data), 5000, head, 0) + data)
    rtf.text_of(data)
    rtf.text_of(b"{\\rtf1\\fromhtml " + data)


@given(st.text(st.characters(codec="ascii", exclude_characters="\\{}\r\n\0"), max_size=300))
def test_what_was_written_is_read(text: str) -> None:
    assert rtf.text_of(rtf.decompressed(literal("{\\rtf1\\ansi " + text + "}")))[1] == text
