"""The list of departments and people that a new workspace begins with: a blank one, and one that was filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms import tongue, workspace
from qforms.commands import registers
from qforms.model import Catalogue, QformsError
from qforms.office.book import OfficeFault
from qforms.problems import say, told

if TYPE_CHECKING:
    from qforms.house import House

Forms = list[dict[str, Any]]
_COLUMNS = {  # of the blank list; a filled one may have any columns that the forms know
    "department": ("name", "roles", "email", "head"),
    "person": ("name", "email", "department", "is_head", "phone", "deputy", "lang"),
}
_ROWS = 60


def template(file: Path) -> None:
    """Writes a blank list: departments with their duties filled in, people below empty headings. Raises QformsError
    when the file is there already."""
    from qforms.forms import catalogue, sheet_style

    if file.exists():
        text = tongue.say(f"{file} 已经有了，换个名字", f"{file} exists already, take another name")
        raise QformsError(text)
    forms = catalogue.load(workspace.shipped("form_templates"))
    lang = tongue.lang()
    book = sheet_style.workbook()
    for name, columns in _COLUMNS.items():
        form = forms.form(name)
        sheet = book.create_sheet(form.title[lang])
        fields = [f for c in columns if (f := forms.field(name, c))]
        for at, field in enumerate(fields, start=1):
            star = "*" if field.required else ""
            cell = sheet.cell(1, at, f"{field.label[lang]}{star}")
            cell.font, cell.alignment = sheet_style.font(bold=True), sheet_style.align()
            sheet.column_dimensions[cell.column_letter].width = 26 if field.name in ("email", "roles") else 16
        sheet.freeze_panes = "A2"
        if name == "department":
            roles = forms.field(name, "roles")
            assert roles is not None
            for row, (title, duties, _) in enumerate(workspace.DEPARTMENTS, start=2):
                sheet.cell(row, 1, title[lang])
                sheet.cell(row, 2, forms.show(roles, duties, lang))
    book.save(file)


def read(h: House, file: Path) -> Forms:
    """Departments and people of a filled list as forms. Raises QformsError with every fault, each with its cell."""
    catalogue = h.procedures.catalogue
    try:
        grids = registers.grids(file.read_bytes(), file.name, h.office)
    except OSError as fault:
        raise QformsError(f"{file}: {fault.strerror}") from None
    except OfficeFault as fault:
        raise QformsError(told(fault.problem)) from None
    found: dict[str, list[Forms]] = {name: [] for name in _COLUMNS}
    faults: list[str] = []
    for grid in grids:
        name, register = _meant(grid, catalogue)
        if register is None:
            continue
        found[name].append([f for line in register.lines if (f := _form(name, line, catalogue, file.name, faults))])
    people = [f for part in found["person"] for f in part]
    if not people and not faults:
        zh = f"{file.name}：没有找到人员名单，第一行要有“姓名”和“邮箱”"
        faults.append(tongue.say(zh, f"{file.name}: no list of people: its first line must have Name and E-mail"))
    if faults:
        raise QformsError(faults[0], faults)
    return [*(f for part in found["department"] for f in part), *people]


def _meant(grid: Any, catalogue: Catalogue) -> tuple[str, registers.Register | None]:
    """Which of both lists a sheet is."""
    both = [(name, registers.read(grid, catalogue.form(name), catalogue, {})) for name in _COLUMNS]

    def fits(register: registers.Register | None) -> tuple[int, int]:
        columns = register.columns if register else ()
        return sum(c.how == "exact" for c in columns), sum(bool(c.field) for c in columns)

    return max(reversed(both), key=lambda pair: fits(pair[1]))


def _form(name: str, line: registers.Line, catalogue: Catalogue, file: str, faults: list[str]) -> dict[str, Any] | None:
    """A row as a form; what is wrong with it goes to `faults`."""
    lang, values = tongue.lang(), {}
    for field_name, (raw, where) in line.cells.items():
        field = catalogue.field(name, field_name)
        assert field is not None
        value, problem = catalogue.parse(field, raw, where)
        if problem is not None and problem.severity == "error":
            faults.append(f"{file} {where}: {say(problem, lang, field.label[lang])}")
        elif value is not None:
            values[field_name] = value
    if not values.get("name"):
        return None
    if name == "person":
        values.setdefault("lang", lang)
    missing = [f for f in catalogue.form(name).fields if f.required and f.name not in values]
    for field in missing:
        wanted = field.label[lang]
        faults.append(f"{file} {line.where}: " + tongue.say(f"缺少{wanted}", f"{wanted} is missing"))
    if (mail := str(values.get("email", ""))) and ("@" not in mail or " " in mail):
        text = tongue.say(f"「{mail}」不是邮箱地址", f"{mail!r} is no e-mail address")
        faults.append(f"{file} {line.cells['email'][1]}: {text}")
    return {"form": name, "values": catalogue.plain(name, values)}


def complete(forms: Forms, standard: Forms) -> Forms:
    """With a department for every role that nobody in the list holds, and one for every department that a person names.
    Where the list leaves something open, what stands in `standard` holds."""
    departments = {str(f["values"]["name"]): f["values"] for f in forms if f["form"] == "department"}
    held = {role for f in forms for role in f["values"].get("roles", ())}
    usual = {str(f["values"]["name"]): f["values"] for f in standard}
    lacking = [n for n, v in usual.items() if n not in departments and not set(v["roles"]) <= held]
    named = [str(f["values"]["department"]) for f in forms if f["values"].get("department")]
    every = dict.fromkeys([*lacking, *departments, *named])
    made = ({**usual.get(n, {}), **_address(n, forms), **departments.get(n, {"name": n})} for n in every)
    return [
        *({"form": "department", "values": values} for values in made),
        *(f for f in forms if f["form"] == "person"),
    ]


def _address(department: str, forms: Forms) -> dict[str, Any]:
    """Who is written to where the list gives a department no address: its head, else the first of its people."""
    mine = [f["values"] for f in forms if f["form"] == "person" and f["values"].get("department") == department]
    head = next((p for p in mine if p.get("is_head")), mine[0] if mine else None)
    return {"email": head["email"]} if head else {}
