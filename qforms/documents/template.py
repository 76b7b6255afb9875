"""Word templates, prepared once and filled many times.

docxtpl turns the tags of each part into jinja2 (`patch_xml`); the compiled parts and the untouched ones are kept. To
fill one in is then to render its text and write the zip, with no XML tree built. Values come escaped (autoescape),
in a sandbox; a name that does not exist is an error that names the template."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms.documents.keep import kept_with_signatures
from qforms.forms import pictures, word
from qforms.forms.word_package import custom, pack
from qforms.model import Form, Lang, QformsError, Told
from qforms.settings import Company

if TYPE_CHECKING:
    import jinja2

_FILLED = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml|docProps/core\.xml")
_EMPTY_RUN = re.compile(r'<w:r>(?:<w:rPr>(?:(?!</w:rPr>).)*</w:rPr>)?<w:t xml:space="preserve"></w:t></w:r>')
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEIGHT = re.compile(r'(<w:trHeight w:val=")(\d+)(" w:hRule="atLeast"/>)')
_MAX_KEPT = 200
_PNG = b"\x89PNG"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A template ready to be filled: compiled parts, and the parts that stay as they are, in the file's order."""

    name: str
    order: tuple[str, ...]
    compiled: Mapping[str, jinja2.Template]
    fixed: Mapping[str, bytes]
    source: object = None  # keeps the form alive by whose identity it is found


_kept: dict[tuple[object, ...], Prepared] = {}
_lock = threading.Lock()


def prepared(form: Form, lang: Lang, company: Company, root: Path, blank: bool = False) -> Prepared:
    """The template of a form: the office's own file if there is one, else made from the declaration. Kept."""
    own = root / form.name / f"{form.name}.{lang}{'.blank' if blank else ''}.docx"
    try:
        stamp = own.stat().st_mtime_ns
    except OSError:
        stamp = 0
    mark = pictures.logo(root)
    key = (id(form), lang, blank, company.name, company.name_en, str(own), stamp, mark)
    with _lock:
        if found := _kept.get(key):
            return found
    data = own.read_bytes() if stamp else _generated(form, lang, company, blank, mark)
    made = prepare(data, str(own) if stamp else f"{form.name}.{lang}", form)
    with _lock:
        if len(_kept) >= _MAX_KEPT:
            _kept.clear()
        _kept[key] = made
    return made


def _generated(form: Form, lang: Lang, company: Company, blank: bool, logo: pictures.Photo | None) -> bytes:
    name, other = company.name, company.name_en
    if lang == "en" and other:
        name, other = other, name
    return word.template(form, lang, name, company_en=other, blank=blank, logo=logo)


def prepare(data: bytes, name: str, source: object = None) -> Prepared:
    """Compiles a template. Raises QformsError, with the template's name, when it is no .docx or a tag is wrong."""
    import docxtpl
    import jinja2

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {info.filename: package.read(info) for info in package.infolist()}
    except (zipfile.BadZipFile, OSError) as fault:
        zh, en = f"不是 Word 文件 (.docx)：{fault}", f"no Word file (.docx): {fault}"
        raise QformsError(Told(zh, en, f"{name}: ")) from None
    if "word/document.xml" not in parts:
        raise QformsError(Told("不是 Word 文件 (.docx)", "no Word file (.docx)", f"{name}: "))
    parts["[Content_Types].xml"] = _with_kinds(parts["[Content_Types].xml"])
    _with_properties(parts)
    patch = docxtpl.DocxTemplate(io.BytesIO(data)).patch_xml
    env = _environment()
    compiled = {}
    for part, raw in parts.items():
        if not _FILLED.fullmatch(part) or (b"{{" not in raw and b"{%" not in raw and part != "word/document.xml"):
            continue
        try:
            text = _EMPTY_RUN.sub("", patch(raw.decode("utf-8")))
            compiled[part] = env.from_string(text)
        except jinja2.TemplateSyntaxError as fault:
            raise QformsError(f"{name}: {part}: {fault.message}；{_near(text, fault.lineno)}") from None
    fixed = {part: raw for part, raw in parts.items() if part not in compiled}
    return Prepared(name, tuple(parts), compiled, fixed, source)


def fill(
    template: Prepared, context: Mapping[str, Any], properties: Mapping[str, str], pictures: Mapping[str, bytes]
) -> bytes:
    """The document's bytes. `properties` are custom document properties; `pictures` relation id -> JPEG or PNG.

    Raises QformsError when the template uses a name that the context does not have."""
    import jinja2

    out: dict[str, bytes] = {}
    for part in template.order:
        if part in template.compiled:
            try:
                text = kept_with_signatures(template.compiled[part].render(context))
                out[part] = _lower(text, float(context.get("low", 1))).encode("utf-8")
            except jinja2.TemplateError as fault:
                raise QformsError(f"{template.name}: {part}: {fault.message}") from None
        else:
            out[part] = template.fixed[part]
    out["docProps/custom.xml"] = custom(properties).encode("utf-8")
    if pictures:
        _add(out, pictures)
    return pack(out)


def _lower(text: str, part: float) -> str:
    """The part's rows at so much of their height (`fit.Fit.rows`)."""
    return text if part == 1 else _HEIGHT.sub(lambda m: f"{m[1]}{int(int(m[2]) * part)}{m[3]}", text)


def _add(out: dict[str, bytes], pictures: Mapping[str, bytes]) -> None:
    files = {name: f"{name}.png" if data.startswith(_PNG) else f"{name}.jpeg" for name, data in pictures.items()}
    rows = "".join(
        f'<Relationship Id="{name}" Type="{_RELATION}/image" Target="media/{file}"/>' for name, file in files.items()
    )
    path = "word/_rels/document.xml.rels"
    out[path] = out[path].replace(b"</Relationships>", rows.encode() + b"</Relationships>")
    out.update({f"word/media/{files[name]}": data for name, data in pictures.items()})


def _with_kinds(types: bytes) -> bytes:
    """Content types that know our pictures and our properties."""
    add = b""
    for kind in (b"jpeg", b"png"):
        if b'Extension="' + kind + b'"' not in types:
            add += b'<Default Extension="' + kind + b'" ContentType="image/' + kind + b'"/>'
    if b"/docProps/custom.xml" not in types:
        kind = b"application/vnd.openxmlformats-officedocument.custom-properties+xml"
        add += b'<Override PartName="/docProps/custom.xml" ContentType="' + kind + b'"/>'
    return types.replace(b"</Types>", add + b"</Types>")


def _with_properties(parts: dict[str, bytes]) -> None:
    """A part for custom properties, and the relationship without which Word drops it on saving."""
    parts.setdefault("docProps/custom.xml", b"")
    rels = parts.get("_rels/.rels", b"")
    if b"custom-properties" not in rels:
        row = f'<Relationship Id="qfCustom" Type="{_RELATION}/custom-properties" Target="docProps/custom.xml"/>'
        parts["_rels/.rels"] = rels.replace(b"</Relationships>", row.encode() + b"</Relationships>")


def _near(text: str, line: int) -> str:
    """The words around a faulty tag, without mark-up."""
    words = re.sub(r"<[^>]*>", "", text.split("\n")[max(0, line - 1)])
    tags = re.findall(r"\{[%{].{0,60}?[%}]\}", words)
    return " ".join(tags[:3])


_env: jinja2.Environment | None = None


def _environment() -> jinja2.Environment:
    global _env
    if _env is None:
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        _env = ImmutableSandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined, finalize=_plain)
    return _env


def _plain(value: Any) -> Any:
    """What `{{ }}` prints: runs as they are; any other value cleaned, its line ends as breaks of the run."""
    from markupsafe import Markup, escape

    from qforms.forms.wml import clean

    if isinstance(value, Markup):
        return value
    text = clean(str(value))
    if "\n" not in text:
        return text
    return Markup('</w:t><w:br/><w:t xml:space="preserve">').join(escape(line) for line in text.split("\n"))
