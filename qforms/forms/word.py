"""A form's Word template, made from its declaration: a .docx with docxtpl tags that `documents/` fills in, and that
the office may open, change and keep as `form_templates/<form>/<form>.<lang>.docx`.

What people fill in (reply parts, the blank form) stands cell by cell, `{{r f.cause }}`; what is printed for them is
a loop over the known facts, so that a page has no empty cells. Names: docs/word-templates.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qforms.forms import word_panels as panels
from qforms.forms.parts import steps
from qforms.forms.pictures import Photo, drawing
from qforms.forms.wml import (
    BAND,
    GREY,
    INK,
    LABEL,
    LABEL_FACE,
    LINE,
    NAVY,
    REPLY_LINE,
    SMALL_NOTE,
    WHITE,
    Cell,
    Face,
    Row,
    control,
    control_row,
    em,
    gap,
    label_cell,
    paragraph,
    runs,
    table,
    tag,
)
from qforms.forms.word_cells import Sheet, fillable
from qforms.forms.word_package import LOGO, package
from qforms.model import Form, Lang, Section, Text

# Fields that stand in the head of every document, not among the facts.
HEAD_FIELDS = frozenset(
    (
        *("doc_no", "form_code", "revision", "status", "case_no", "reply_due_at", "approvals", "issue_no"),
        *("prepared_dept", "prepared_by", "prepared_at", "to_depts", "cc_depts", "issued_at", "sent_at", "due_at"),
    )
)
BAND_MM = 7.0
_BAND_SIDES = (("top", 2), ("left", 4), ("bottom", 2), ("right", 4))  # points between text and line
_BAND_INSET = 1.6  # mm by which the text stands within the page's edge, as in a table's cell
_HEAD_LABELS = {
    "code": Text("表单代号", "Form code"),
    "number": Text("单据编号", "No."),
    "revision": Text("版次", "Revision"),
    "status": Text("状态", "Status"),
}


# Stands before the signatures; `documents.template` keeps what comes before it on one page with them.
SIGNATURES = paragraph(exact=1, keep=True)


def template(
    form: Form, lang: Lang, company: str, *, company_en: str = "", blank: bool = False, logo: Photo | None = None
) -> bytes:
    """The template of a form as .docx bytes; the same arguments give the same bytes.

    `blank`: every section stands as cells to be filled in; otherwise the record's facts are printed, and only the
    reply parts are to be filled in. `logo` stands over the company's name."""
    body = [_title_block(form, lang, company, company_en, logo), gap()]
    body += _fill_hint(lang) if blank else _address(form, lang)
    signed = blank or form.field("prepared_by") is None
    early = not steps(form)  # signed above the reply part, unless the form is filled in step by step
    for section in form.sections:
        if not signed and ((section.reply and early) or section.panel == "approvals"):
            body.append(_approvals(lang))
            signed = True
        body += _section(form, section, lang, blank)
    if not signed:
        body.append(_approvals(lang))
    return package("".join(body), form, company, lang, logo.data if logo else b"")


def sections_filled(form: Form) -> tuple[Section, ...]:
    """The parts that the addressee fills in, in order."""
    return tuple(s for s in form.sections if s.reply)


def filled_height(form: Form, section: Section, lang: Lang, blank: bool, lists: Mapping[str, int]) -> float:
    """How high a section to be filled in stands on paper (mm), known facts not counted; `lists`: rows of each list."""
    fields = tuple(f for f in section.fields if f.name not in HEAD_FIELDS)
    height, times = BAND_MM, 1
    for row in panels.PANELS.get(section.panel, panels.facts)(Sheet(form, section, fields, lang, True, blank)):
        words = row.control.split()
        if words[:1] == ["for"]:
            what, _, name = words[-1].partition(".")
            times = lists.get(name, 0) if what == "rows" else 0
        elif words == ["endfor"]:
            times = 1
        elif not words:
            height += row.height * times
    return height


# ---------------------------------------------------------------- the head


def _title_block(form: Form, lang: Lang, company: str, company_en: str, logo: Photo | None) -> str:
    title, other = form.title[lang], form.title.en if lang == "zh" else form.title.zh
    width = em(title) * (1.15 if lang == "en" else 1)
    most = 18 if width <= 10 else 16
    size = next((n for n in (18, 16, 14, 12) if n <= most and width * n * 0.353 <= 68), 11)
    left = (
        *([drawing(logo, LOGO, 1, company, 11, 42)] if logo else []),
        runs(company, Face(10.5, hei=True, bold=True)),
        *([runs(company_en, Face(7.5, colour=GREY))] if company_en else []),
    )
    middle = (runs(title, Face(size, hei=True, bold=True)), runs(other if other != title else "", Face(8, colour=GREY)))
    values = {
        "code": runs(form.code, Face(8.5)),
        "number": tag("{{ head.number }}", Face(8.5, bold=True)),
        "revision": tag("{{ head.revision }}", Face(8.5)),
        "status": tag("{{ head.status }}", Face(8.5)),
    }
    rows = []
    for i, (name, label) in enumerate(_HEAD_LABELS.items()):
        merge = "continue" if i else "restart"
        cells = (
            Cell(46, left if not i else "", align="center", merge=merge),
            Cell(72, middle if not i else "", align="center", merge=merge),
            label_cell(18, label[lang], small=True),
            Cell(38, values[name], tight=True),
        )
        rows.append(Row(cells, 5.6))
    return table(rows, frame=12)


def _address(form: Form, lang: Lang) -> list[str]:
    """To whom, from when, of which case, and the request: who does what until when."""

    def pair(a: str, left: str, b: str, right: str) -> Row:
        labels = (label_cell(24, a), Cell(63, tag(left)), label_cell(24, b), Cell(63, tag(right)))
        return Row(labels, 6, keep=True)

    zh = lang == "zh"
    to, cc, issued, case = ("主送", "抄送", "发出时间", "案件编号") if zh else ("To", "cc", "Issued at", "Case no.")
    request = "回复要求" if zh else "Request"
    bold = Face(10.5, hei=True, bold=True)
    rows = [
        control_row("if head.to or head.cc"),
        pair(to, "{{r head.to }}", cc, "{{r head.cc }}"),
        control_row("endif"),
        pair(issued, "{{ head.issued_at }}", case, "{{ head.case_no }}"),
        control_row("if request.text"),
        Row(
            (
                Cell(24, runs(request, Face(10.5, hei=True, bold=True, colour=WHITE)), NAVY),
                Cell(
                    150,
                    (
                        tag("{{r request.text }}", bold),
                        tag("{%p for line in request.more %}"),
                        tag("{{ line }}"),
                        tag("{%p endfor %}"),
                    ),
                ),
            ),
            9,
        ),
        control_row("endif"),
    ]
    return [control("if head.addressed"), table(rows), gap(), control("endif")]


def _fill_hint(lang: Lang) -> list[str]:
    """The one sentence that a blank form begins with."""
    zh = lang == "zh"
    label = "怎样填写" if zh else "How to"
    text = (
        "请填浅蓝格，* 必填；不清楚的填“无”；选中的 □ 改成 ■。照片可贴在表内或随邮件发来。"
        if zh
        else "Please fill in the light blue cells, * required; write “none” where you do not know; turn □ into ■. "
        "Photos may be put into the form or attached to your mail."
    )
    cells = (
        Cell(24, runs(label, Face(10.5, hei=True, bold=True, colour=WHITE)), NAVY),
        Cell(150, runs(text, LABEL_FACE)),
    )
    return [table([Row(cells, 8)]), gap()]


def _approvals(lang: Lang) -> str:
    """编制, 审核, 批准: name, department and channel above, decision and time below; kept on one page with its gap.
    Below them a row for each countersignature and objection, with its reason."""
    words = ("编制", "审核", "批准") if lang == "zh" else ("Prepared", "Reviewed", "Approved")
    cells: list[Cell] = []
    for word, name in zip(words, ("prepared", "reviewed", "approved"), strict=True):
        lines = (
            tag(f"{{{{r approvals.{name}.who }}}}"),
            tag(f"{{{{r approvals.{name}.at }}}}", SMALL_NOTE),
        )
        cells += [label_cell(18, word), Cell(40, lines)]
    who = (tag("{{r other.who }}"), tag("{{r other.at }}", SMALL_NOTE))
    other = (
        Cell(18, tag("{{ other.word }}", LABEL_FACE), LABEL),
        Cell(58, who),
        Cell(98, tag("{{r other.reason }}")),
    )
    others = [control_row("for other in approvals.others"), Row(other, 10), control_row("endfor")]
    return SIGNATURES + table([Row(tuple(cells), 10), *others]) + gap()


# ---------------------------------------------------------------- sections


def _section(form: Form, section: Section, lang: Lang, blank: bool) -> Iterator[str]:
    """A section under its band, shown if there is something to show. A reply part stands twice in the template: as
    cells while it is to be filled in, as facts once it is complete."""
    fields = tuple(f for f in section.fields if f.name not in HEAD_FIELDS)
    if not (fields or section.shows) or (blank and not any(fillable(form, section, f, blank) for f in fields)):
        return
    cells = _table(Sheet(form, section, fields, lang, True, blank)) if blank or section.reply else ""
    facts = "" if blank else _table(Sheet(form, section, fields, lang, False))
    yield control(f"if show.{section.name}")
    yield control(f"if page.{section.name}") + gap(page=True) + control("endif")
    if cells and facts:
        yield control(f"if fill.{section.name}") + cells + control("else") + facts + control("endif")
    else:
        yield cells or facts
    yield gap(keep=bool(section.shows) and not blank)
    if section.shows and not blank:
        yield control(f"if exhibits.{section.name}")
        yield paragraph(tag(f"{{{{p exhibits.{section.name} }}}}"))
        yield control("endif")
    yield control("endif")


def _table(sheet: Sheet) -> str:
    """A section's table; to be filled in: navy frame, and a navy band on the first such part."""
    rows = list(panels.PANELS.get(sheet.section.panel, panels.facts)(sheet))
    if not rows and not sheet.section.shows:
        return ""
    if sheet.section.panel in ("head", "approvals", "d_strip"):
        band = []
    elif sheet.fill:
        name = sheet.section.name
        band = [control_row(f"if first.{name}"), _band(sheet, True), control_row("else")]
        band += [_band(sheet, False), control_row("endif")]
    else:
        band = [_band(sheet, False)]
    if not rows:
        return _band_line(sheet)
    frame, colour, inner = (18, NAVY, REPLY_LINE) if sheet.fill else (8, INK, LINE)
    return table([*band, *rows], frame, colour, inner)


def _band_line(sheet: Sheet) -> str:
    """The heading of a section that shows nothing but charts and tables: a line of text, which every program keeps on
    one page with what follows; of a table with one row not all do."""
    sides = "".join(f'<w:{s} w:val="single" w:sz="8" w:space="{n}" w:color="{INK}"/>' for s, n in _BAND_SIDES)
    look = f'<w:pBdr>{sides}</w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="{BAND}"/>'
    return paragraph(_heading(sheet, False), keep=True, border=look, inset=_BAND_INSET)


def _band(sheet: Sheet, navy: bool) -> Row:
    """The section's heading with its number and, in grey, what there is to know about it."""
    return Row(
        (Cell(174, _heading(sheet, navy), NAVY if navy else BAND),), BAND_MM if navy else 6.6, keep=True, head=True
    )


def _heading(sheet: Sheet, navy: bool) -> str:
    section, lang = sheet.section, sheet.lang
    size, ink = (11, WHITE) if navy else (10.5, "")
    title = tag(f"{{{{ no.{section.name} }}}}", Face(size, hei=True, bold=True, colour=ink))
    title += runs(section.title[lang], Face(size, hei=True, bold=True, colour=ink))
    return title + tag(f"{{{{ notes.{section.name} }}}}", Face(9, colour=ink or GREY))
