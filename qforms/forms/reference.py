"""docs/forms.md: every form, field and choice, from the declarations themselves."""

from __future__ import annotations

from collections.abc import Iterator

from qforms.model import Catalogue, Field, Form, Lifecycle

_HEAD = """# Forms

Names, types and codes of all shipped forms, as JSON files, rules and the command line speak of them. Made from
`form_templates/` by `python -m qforms.forms.reference`; a test keeps it current. R: required; C: required when the
condition holds; A: computed or written by the system; a name with a dot is a column of a list.
"""


def reference(catalogue: Catalogue) -> str:
    """The whole document, as Markdown."""
    return "\n".join([_HEAD, *(line for name in sorted(catalogue.forms) for line in _form(catalogue.form(name)))])


def _form(form: Form) -> Iterator[str]:
    number = f"`{form.number}`" if form.number else "named by " + ", ".join(f"`{n}`" for n in form.named_by)
    yield f"## {form.name}: {form.title.zh} ({form.title.en})\n"
    code = f"{form.code}, " if form.code else ""
    yield f"{code}{number}, audience {form.audience}. Opened by {', '.join(form.open_by)}.\n"
    yield "| name | zh | en | type | | filled by |"
    yield "|---|---|---|---|---|---|"
    for section in form.sections:
        for fld in section.fields:
            yield _row(fld, fld.name, fld.filled_by or section.filled_by)
            yield from (_row(column, f"{fld.name}.{column.name}", column.filled_by) for column in fld.fields)
    yield f"\n{_lifecycle(form.lifecycle)}\n"


def _row(fld: Field, name: str, roles: tuple[str, ...]) -> str:
    computed = fld.calc or fld.filled_by == ("system",)
    mark = "A" if computed else "R" if fld.required else "C" if fld.required_when else ""
    cells = (f"`{name}`", fld.label.zh, fld.label.en, _type(fld), mark, ", ".join(roles))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(fld: Field) -> str:
    kind = f"{fld.type} of {fld.ref}" if fld.ref else fld.type
    unit = f" {fld.unit.en or fld.unit.zh}" if fld.unit else ""
    codes = f": {', '.join(c.code for c in fld.choices)}" if fld.choices else ""
    return ("many " if fld.many else "") + kind + unit + codes


def _lifecycle(life: Lifecycle) -> str:
    events = (f"`{e.name}` {', '.join(e.from_)} → {e.to or 'stays'} ({', '.join(e.on)})" for e in life.events)
    return f"Starts as `{life.start}`. Events: {'; '.join(events)}."


if __name__ == "__main__":
    from pathlib import Path

    from qforms.forms import catalogue

    root = Path(__file__).parents[2]
    (root / "docs" / "forms.md").write_text(reference(catalogue.load(root / "form_templates")), "utf-8")
