"""What the sender wrote: the text of a mail, from plain text or else HTML, the quoted part set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qforms.intake import charset, quotes, wrapped
from qforms.intake.mime import Leaf, Mail
from qforms.model import Problem

_TAG = re.compile(r"<[^>]{0,2000}>")
_LONGEST = 2_000_000  # characters of HTML that are turned into text
_PLACEHOLDER = re.compile(r"\s*(your (e-?mail|client).{0,60}(html|support).*|此邮件.{0,20}html.*|)\s*", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Body:
    """`text` is the sender's own (a forwarded mail's text included), `paths` the leaves that it was taken from."""

    text: str
    quoted: str = ""
    forwarded: dict[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(mail: Mail, subject: str) -> Body:
    texts = leaves(mail)
    problems: list[Problem] = []
    text = "\n\n".join(t for t in (_text(leaf, problems) for leaf in _chosen(texts)) if t.strip())
    found = quotes.split(wrapped.without_armor(plain(text)))
    own, quoted, forwarded = found.own, found.quoted, {}
    if quotes.is_forward(subject, found):
        forwarded = quotes.original(quoted)
        own = "\n\n".join(t for t in (own, quotes.forwarded_text(quoted)) if t)
    return Body(own, quoted, forwarded, tuple(leaf.path for leaf in texts), tuple(problems))


def is_body(leaf: Leaf) -> bool:
    return leaf.type in {"text/plain", "text/html"} and leaf.disposition != "attachment" and not leaf.nested


def leaves(mail: Mail) -> list[Leaf]:
    """The leaves that are the mail's text. A name alone makes no attachment of the first of them (some gateways name
    the body), but of any later one."""
    found: list[Leaf] = []
    for leaf in mail.leaves:
        if is_body(leaf) and (not leaf.name or not found):
            found.append(leaf)
    return found


def _chosen(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Of each multipart/alternative its plain text, or its HTML where the plain text is empty or says only that."""
    out: list[Leaf] = []
    done: set[str] = set()
    for leaf in leaves:
        if not leaf.choice:
            out.append(leaf)
        elif leaf.choice not in done:
            done.add(leaf.choice)
            same = [each for each in leaves if each.choice == leaf.choice]
            plain = [each for each in same if each.type == "text/plain" and not _is_empty(each)]
            out.extend(plain or [each for each in same if each.type == "text/html"] or same)
    return out


def _is_empty(leaf: Leaf) -> bool:
    return len(leaf.data) < 300 and bool(_PLACEHOLDER.fullmatch(charset.decode(leaf.data, leaf.charset)[0]))


def _text(leaf: Leaf, problems: list[Problem]) -> str:
    label = leaf.charset or (_meta_charset(leaf.data) if leaf.type == "text/html" else "")
    text, lost = charset.decode(leaf.data, label)
    if lost:
        problems.append(Problem("text_lossy", f"正文 {leaf.path}", context={"charset": label}, severity="warning"))
    return from_html(text) if leaf.type == "text/html" else text


def _meta_charset(data: bytes) -> str:
    found = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,30})", data[:4000], re.I)
    return found[1].decode("ascii", "replace") if found else ""


def from_html(html: str) -> str:
    """HTML as text, table columns kept apart. Of pages that nest too deeply inscriptis gives nothing; lxml does."""
    html = html[:_LONGEST].replace("\0", "")
    if not html.strip():
        return ""
    try:
        import inscriptis

        if text := str(inscriptis.get_text(html)).strip():
            return text
    except Exception:  # markup that breaks the renderer: lxml below reads the bare text of anything
        pass
    return _bare_text(html)


def _bare_text(html: str) -> str:
    from lxml import etree
    from lxml import html as lxml_html

    try:
        tree = lxml_html.fromstring(html, parser=lxml_html.HTMLParser(huge_tree=True))
        found = [t.strip() for t in tree.xpath("//text()[not(parent::script or parent::style)]")]
    except (etree.LxmlError, ValueError):
        found = []
    return "\n".join(t for t in found if t) or _TAG.sub(" ", html).strip()  # lxml, too, stops at some depth


def plain(text: str) -> str:
    """Line ends, no-break and zero-width characters made plain, so that labels and quote marks are found."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace("\u3000", " ")
    text = re.sub("[\u200b-\u200d\ufeff\x00]", "", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()
