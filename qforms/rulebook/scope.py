"""Which names an expression may use where it stands, and expressions compiled there (or taken from the cache)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from qforms import expression
from qforms.expression import Compiled, Kind
from qforms.expression.kinds import DATE, NUMBER, kind_of, kinds_of, limit_kinds, row_kinds
from qforms.model import Catalogue, Field, FigureRule, Form, QformsError
from qforms.rulebook.source import Faults

Trees = dict[str, Any]  # "scope|wanted|text" -> Compiled.to_json()
NEVER = expression.from_json(["false", ["value", False]])  # stands in for an expression at fault


class Scopes:
    """Compiles expressions over the forms. `trees` are those of the last start; `made` are those of this one."""

    def __init__(self, catalogue: Catalogue, limits: Mapping[str, Any], faults: Faults, trees: Trees) -> None:
        self.forms = catalogue.forms
        self.catalogue = catalogue
        self.limits = limits
        self.faults = faults
        self.trees = trees
        self.made: Trees = {}
        self.used_limits: set[str] = set()
        self.figures: tuple[FigureRule, ...] = ()
        self._kinds: dict[str, dict[str, Kind]] = {}

    @cached_property
    def _limits(self) -> Mapping[str, Kind]:
        return {"limits": limit_kinds(self.limits)}

    def compile(
        self,
        text: str,
        where: str,
        form: str,
        want: Kind | None = None,
        row: Field | None = None,
        firing: tuple[str, ...] = (),
    ) -> Compiled:
        """An expression over a form, or over one row of its list `row`; `firing` are forms whose records may fire it,
        named as objection.target_rev. A fault is collected, and NEVER given."""
        scope = "+".join([f"{form}.{row.name}" if row else form, *firing])
        key = f"{scope}|{_wanted(want)}|{text}"
        made = self.made.get(key) or self.trees.get(key)
        try:
            compiled = (
                expression.from_json(made)
                if made
                else expression.compile(text, {**self._fired_by(firing), **self._names(form, row)}, where, want)
            )
        except QformsError as fault:
            for line in fault.problems:
                self.faults.take(line)
            return NEVER
        self.made[key] = compiled.to_json()
        self.used_limits.update(name.partition(".")[2] for name in compiled.constants)
        return compiled

    def _names(self, form: str, row: Field | None) -> Mapping[str, Kind]:
        if form not in self._kinds:
            declared = self.forms.get(form)
            extra = {**self._limits, **(self._figures(declared) if declared else {})}
            self._kinds[form] = kinds_of(declared, self.forms, extra) if declared else extra
        return row_kinds(row, self._kinds[form]) if row else self._kinds[form]

    def _fired_by(self, forms: tuple[str, ...]) -> Mapping[str, Kind]:
        known = (self.forms[name] for name in forms if name in self.forms)
        return {form.name: Kind("text", fields=kinds_of(form)) for form in known}

    def know_figures(self, figures: Iterable[FigureRule]) -> None:
        """From now on the figures may be named; their own expressions can't name figures."""
        self.figures = tuple(figures)
        self._kinds.clear()

    def _figures(self, form: Form) -> dict[str, Kind]:
        found: dict[str, Kind] = {}
        for figure in self.figures:
            if not reaches(form, figure):
                continue
            found[figure.name] = self._figure_kind(figure)
            if any(scope.endswith("d") for scope in figure.per):  # the days between which a window was hit
                found |= {f"{figure.name}_first": DATE, f"{figure.name}_last": DATE}
        return found

    def _figure_kind(self, figure: FigureRule) -> Kind:
        if figure.kind in ("sum", "count"):
            return NUMBER
        field = self.catalogue.field(figure.over, figure.value)
        return kind_of(field) if field else NUMBER


def _wanted(want: Kind | None) -> str:
    return f"{want.type} {want.many} {','.join(sorted(want.choices))}" if want else ""


def reaches(form: Form, figure: FigureRule) -> bool:
    """Whether a record of `form` names the subject of a figure: itself, by a reference, or by its key fields."""
    if figure.of == form.name or any(f.ref == figure.of for f in form.fields if not f.many):
        return True
    known = {f.name for f in form.fields} | {"case_no", "number"}
    return figure.of in known or (bool(figure.subject) and set(figure.subject) <= known)
