"""The parts of a .docx around its body: styles, settings, header, footer, properties (ECMA-376-1 11, 15.2).

Small on purpose: the styles carry one default and nothing else, so that a document opens and saves quickly."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from qforms.forms.wml import GREY, LINE, Face, dxa, paragraph, runs, tag
from qforms.model import Form, Lang

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
NAMESPACES = (
    f"{W} {R} "
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
AUDIENCE = {
    "internal": ("内部使用", "Internal use"),
    "supplier": ("可发供应商", "May go to suppliers"),
    "customer": ("可发客户", "May go to customers"),
}
LOGO = "logo"  # the relationship of the company's logo
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes


def package(body: str, form: Form, company: str, lang: Lang, logo: bytes = b"") -> bytes:
    """A .docx of a body: A4 portrait, running head from page 2, foot with form code, version, audience, retention.

    `{{ }}` tags in head and properties are filled with the body's. The bytes depend on the arguments only. `logo`: a
    JPEG that the body shows as the picture `LOGO`."""
    parts = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations(
            ("officeDocument", f"{_OFFICE}/relationships/officeDocument", "word/document.xml"),
            ("core", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            ("custom", f"{_OFFICE}/relationships/custom-properties", "docProps/custom.xml"),
        ),
        "docProps/core.xml": _core(form, company, lang),
        "docProps/custom.xml": custom({"qf_stamp": "", "qf_form": form.name}),
        "word/document.xml": f"{_HEAD}<w:document {NAMESPACES}><w:body>{body}{_section()}</w:body></w:document>",
        "word/_rels/document.xml.rels": _relations(
            *(
                (name, f"{_OFFICE}/relationships/{kind}", f"{name}.xml")
                for name, kind in (
                    ("styles", "styles"),
                    ("settings", "settings"),
                    ("fontTable", "fontTable"),
                    ("header1", "header"),
                    ("header2", "header"),
                    ("footer1", "footer"),
                    ("footer2", "footer"),
                )
            ),
            *([(LOGO, f"{_OFFICE}/relationships/image", "media/logo.jpeg")] if logo else []),
        ),
        "word/styles.xml": _styles(),
        "word/settings.xml": _settings(),
        "word/fontTable.xml": _font_table(),
        "word/header1.xml": f"{_HEAD}<w:hdr {NAMESPACES}>{_running_head(form, company, lang)}</w:hdr>",
        "word/header2.xml": f"{_HEAD}<w:hdr {NAMESPACES}>{paragraph()}</w:hdr>",
        "word/footer1.xml": f"{_HEAD}<w:ftr {NAMESPACES}>{_foot(form, lang)}</w:ftr>",
        "word/footer2.xml": f"{_HEAD}<w:ftr {NAMESPACES}>{_foot(form, lang)}</w:ftr>",
    }
    return pack(
        {name: text.encode() for name, text in parts.items()} | ({"word/media/logo.jpeg": logo} if logo else {})
    )


def pack(parts: Mapping[str, bytes]) -> bytes:
    """A zip of parts in the order given, with a fixed time; pictures are stored, not deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as target:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            picture = name.endswith((".jpeg", ".png"))
            info.compress_type = zipfile.ZIP_STORED if picture else zipfile.ZIP_DEFLATED
            target.writestr(info, data)
    return out.getvalue()


def custom(values: Mapping[str, str]) -> str:
    """docProps/custom.xml: text properties."""
    rows = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name="{name}">'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for pid, (name, value) in enumerate(values.items(), 2)
    )
    names = f'xmlns="{_OFFICE}/custom-properties" xmlns:vt="{_OFFICE}/docPropsVTypes"'
    return f"{_HEAD}<Properties {names}>{rows}</Properties>"


def _core(form: Form, company: str, lang: Lang) -> str:
    title = f"{{{{ head.number }}}} {escape(form.title[lang])}"
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{title}</dc:title><dc:creator>{escape(company)}</dc:creator>"
        f"<dc:language>{'zh-CN' if lang == 'zh' else 'en-US'}</dc:language></cp:coreProperties>"
    )


def _types() -> str:
    overrides = {
        "/word/document.xml": f"{_WORD}.document.main+xml",
        "/word/styles.xml": f"{_WORD}.styles+xml",
        "/word/settings.xml": f"{_WORD}.settings+xml",
        "/word/fontTable.xml": f"{_WORD}.fontTable+xml",
        **{f"/word/header{n}.xml": f"{_WORD}.header+xml" for n in (1, 2)},
        **{f"/word/footer{n}.xml": f"{_WORD}.footer+xml" for n in (1, 2)},
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/custom.xml": "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    }
    rows = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="jpeg" ContentType="image/jpeg"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{rows}</Types>'
    )


def _relations(*rows: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>' for name, kind, target in rows)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _styles() -> str:
    """One default in docDefaults and again in Normal: runs without a font inherit it, and no theme may win over it."""
    fonts = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="SimSun" w:cs="Times New Roman"/>'
    face = f'{fonts}<w:sz w:val="18"/><w:szCs w:val="18"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
    spacing = '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'
    return (
        f"{_HEAD}<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr>{face}</w:rPr></w:rPrDefault>"
        f"<w:pPrDefault><w:pPr>{spacing}</w:pPr></w:pPrDefault></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f'<w:pPr><w:widowControl w:val="0"/><w:snapToGrid w:val="0"/>{spacing}</w:pPr><w:rPr>{face}</w:rPr></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
        '<w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        "</w:style></w:styles>"
    )


def _settings() -> str:
    compat = "http://schemas.microsoft.com/office/word"
    return (
        f'{_HEAD}<w:settings {W}><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{compat}" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    )


def _font_table() -> str:
    """Names, other names and kinds of the fonts: what a machine without them may go by."""
    fonts = (
        ("SimSun", "宋体", "02010600030101010101", "86", "auto"),
        ("SimHei", "黑体", "02010609060101010101", "86", "modern"),
        ("Arial", "", "020B0604020202020204", "00", "swiss"),
        ("Times New Roman", "", "02020603050405020304", "00", "roman"),
    )
    rows = "".join(
        f'<w:font w:name="{name}">{f"<w:altName w:val={chr(34)}{other}{chr(34)}/>" if other else ""}'
        f'<w:panose1 w:val="{panose}"/><w:charset w:val="{charset}"/><w:family w:val="{family}"/></w:font>'
        for name, other, panose, charset, family in fonts
    )
    return f"{_HEAD}<w:fonts {W}>{rows}</w:fonts>"


def _section() -> str:
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="header1"/>'
        '<w:headerReference w:type="first" r:id="header2"/>'
        '<w:footerReference w:type="default" r:id="footer1"/><w:footerReference w:type="first" r:id="footer2"/>'
        f'<w:pgSz w:w="{dxa(210)}" w:h="{dxa(297)}"/>'
        f'<w:pgMar w:top="{dxa(15)}" w:right="{dxa(16)}" w:bottom="{dxa(16)}" w:left="{dxa(20)}" '
        f'w:header="{dxa(8)}" w:footer="{dxa(8)}" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )


def _rule(side: str) -> str:
    line = f'<w:{side} w:val="single" w:sz="4" w:space="3" w:color="{LINE}"/>'
    return f"<w:pBdr>{line}</w:pBdr>"


def _tabs(*stops: tuple[str, float]) -> str:
    return "<w:tabs>" + "".join(f'<w:tab w:val="{kind}" w:pos="{dxa(mm)}"/>' for kind, mm in stops) + "</w:tabs>"


_TAB = "<w:r><w:tab/></w:r>"


def _running_head(form: Form, company: str, lang: Lang) -> str:
    face = Face(8, hei=True, colour=GREY)
    revision = "版次" if lang == "zh" else "Rev."
    right = tag(f"{{% if head.number %}}{{{{ head.number }}}}  {revision} {{{{ head.revision }}}}{{% endif %}}", face)
    left = runs(f"{company}  {form.title[lang]}", face)
    return paragraph(left + _TAB + right, border=_rule("bottom") + _tabs(("right", 174))) + paragraph(exact=4)


def _foot(form: Form, lang: Lang) -> str:
    face = Face(8, colour=GREY)
    audience = AUDIENCE[form.audience][0 if lang == "zh" else 1]
    if lang == "zh":
        left, middle = f"{form.code} 模板 {form.version}  {audience}", f"保存期限 {form.retention['zh']}"
        pages = ("第 ", " 页 共 ", " 页")
    else:
        left, middle = f"{form.code} template {form.version}  {audience}", f"Kept for {form.retention['en']}"
        pages = ("Page ", " of ", "")
    if not form.retention:
        middle = ""
    right = runs(pages[0], face) + _field("PAGE", face) + runs(pages[1], face) + _field("NUMPAGES", face)
    if pages[2]:
        right += f'<w:r>{face.xml()}<w:t xml:space="preserve">{pages[2]}</w:t></w:r>'
    inner = runs(left.strip(), face) + _TAB + runs(middle, face) + _TAB + right
    return paragraph(inner, border=_rule("top") + _tabs(("center", 87), ("right", 174)))


def _field(name: str, face: Face) -> str:
    return f'<w:fldSimple w:instr=" {name} "><w:r>{face.xml()}<w:t>1</w:t></w:r></w:fldSimple>'
