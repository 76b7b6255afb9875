"""All forms of a workspace: loaded once, checked, and asked for everything that follows from a declaration."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms.forms import choices, depths, store, types
from qforms.forms.labels import Labels
from qforms.model import Condition, Field, Form, Problem, QformsError, Told, Value, Values

if TYPE_CHECKING:
    from qforms.forms.schema import Values as ValuesModel

SYSTEM = "system"
BLOCKS = "blocks"
VOCABULARY = "vocabulary.yaml"
_MAX_KEPT = 200  # forms at a depth


class Catalogue:
    """The forms by name. `conditions` are the compiled expressions of the forms ("complaint:required_when:lot_no");
    where one is not given, only an unconditional `required` counts. `zone` is that of times without an offset."""

    def __init__(
        self,
        forms: Mapping[str, Form],
        conditions: Mapping[str, Condition] | None = None,
        zone: tzinfo = types.SHANGHAI,
        digest: str = "",
    ) -> None:
        self.forms: Mapping[str, Form] = dict(forms)
        self.conditions: Mapping[str, Condition] = conditions or {}
        self.zone = zone
        self.digest = digest
        self._fields = {name: {f.name: f for f in form.fields} for name, form in self.forms.items()}
        self._models: dict[str, type[ValuesModel]] = {}
        self._labels: dict[str, Labels] = {}
        self._asked: dict[tuple[str, str | None], tuple[Field, ...]] = {}
        self._looked_up: dict[str, tuple[str, ...]] = {}
        self._at_depth: dict[tuple[str, str, frozenset[str]], Form] = {}

    def form(self, name: str) -> Form:
        """The form of that name. Raises QformsError when there is none."""
        try:
            return self.forms[name]
        except KeyError:
            from qforms.forms.source import nearest

            near = nearest(name, self.forms)
            zh, en = (f"，是否指 {near}？", f", did you mean {near}?") if near else ("", "")
            raise QformsError(Told(f"没有表单 {name}{zh}", f"there is no form {name}{en}")) from None

    def asked(self, name: str, values: Values) -> Form:
        """The form as it is asked for at the depth that a record's values say; the same form for the same depth."""
        form = self.form(name)
        keep = depths.kept(form, values)
        if keep is None:
            return form
        key = name, str(values[form.depth]), keep
        if key not in self._at_depth:
            if len(self._at_depth) >= _MAX_KEPT:
                self._at_depth.clear()
            self._at_depth[key] = depths.asked(form, values)
        return self._at_depth[key]

    def field(self, form: str, name: str) -> Field | None:
        return self._fields.get(form, {}).get(name)

    def looked_up(self, form: str) -> tuple[str, ...]:
        """The fields of a form by whose values its records are found: keys and references."""
        if form not in self._looked_up:
            self._looked_up[form] = tuple(f.name for f in self.form(form).fields if f.key or f.type == "ref")
        return self._looked_up[form]

    def labels(self, form: str) -> Labels:
        """The labels of a form, made once."""
        if form not in self._labels:
            self._labels[form] = Labels(self.form(form), self)
        return self._labels[form]

    def model(self, form: str) -> type[ValuesModel]:
        """The pydantic model of a form's values, made once: frozen, no unknown names, all fields optional."""
        if form not in self._models:
            from qforms.forms import schema

            self._models[form] = schema.model(self.form(form))
        return self._models[form]

    # ------------------------------------------------------------ values

    def parse(self, fld: Field, raw: Any, where: str = "") -> tuple[Value, Problem | None]:
        return types.parse(fld, raw, where, self.zone)

    def show(self, fld: Field, value: Value, lang: str) -> str:
        return types.show(fld, value, lang, self.zone)

    def accept(
        self, form: str, raw: Mapping[str, Any], where: str = ""
    ) -> tuple[dict[str, Value], tuple[Problem, ...]]:
        """A whole set of raw values (JSON) -> what can be read of it, and every problem. Unknown names are problems.

        A value given as null or 无 stands as None: it is known to be empty."""
        values: dict[str, Value] = {}
        problems: list[Problem] = []
        for name, given in raw.items():
            fld = self.field(form, name)
            if fld is None:
                problems.append(self._unknown(form, name, where))
                continue
            value, wrong = types.parse_all(fld, given, where or name, self.zone)
            problems += wrong
            if value is not None or not any(p.severity == "error" for p in wrong):
                values[name] = value
        return values, tuple(problems)

    def check_values(self, form: str, values: Values) -> tuple[Problem, ...]:
        """Types, choices and limits of typed values; unknown names. What is absent is the business of `missing`."""
        problems: list[Problem] = []
        for name, value in values.items():
            fld = self.field(form, name)
            if fld is None:
                problems.append(self._unknown(form, name, ""))
            elif value is not None:
                problems += types.parse_all(fld, value, name, self.zone)[1]
        return tuple(p for p in problems if p.severity == "error")

    def missing(self, form: str, values: Values, section: str | None = None) -> tuple[Field, ...]:
        """Fields that must be filled and are not, of one section or of the whole form; a list field also when one of
        its rows lacks a required column."""
        if self.form(form).depths:
            return tuple(f for f in _lackable(self.asked(form, values), section) if self._lacks(form, f, values))
        if (form, section) not in self._asked:
            self._asked[form, section] = _lackable(self.form(form), section)
        return tuple(f for f in self._asked[form, section] if self._lacks(form, f, values))

    def _lacks(self, form: str, fld: Field, values: Values) -> bool:
        value = values.get(fld.name)
        if value is None or value in ("", ()):
            return fld.required or self._required_when(f"{form}:required_when:{fld.name}", fld, values)
        return any(self._lacks_column(form, fld, row, values) for row in value) if fld.fields else False

    def _lacks_column(self, form: str, fld: Field, row: Values, values: Values) -> bool:
        """A row without a required column; the columns' conditions see the row laid over the form's values."""
        return any(
            (c.required or self._required_when(f"{form}:required_when:{fld.name}.{c.name}", c, ChainMap(row, values)))  # type: ignore[arg-type]
            and row.get(c.name) in (None, "", ())
            for c in fld.fields
            if (c.required or c.required_when) and not c.calc
        )

    def _required_when(self, key: str, fld: Field, values: Values) -> bool:
        condition = self.conditions.get(key) if fld.required_when else None
        return bool(condition and condition(values))

    def _unknown(self, form: str, name: str, where: str) -> Problem:
        from qforms.forms.source import nearest

        near = choices.guess(nearest(name, self._fields.get(form, ())))
        return Problem("unknown_field", where or name, name, {"name": name, **near})

    # ------------------------------------------------------------ JSON

    def plain(self, form: str, values: Values) -> dict[str, Any]:
        """Values as JSON; what is None stays None."""
        fields = self._fields[form]
        return {n: types.plain(fields[n], v) if n in fields else v for n, v in values.items()}

    def revive(self, form: str, plain: Mapping[str, Any]) -> dict[str, Value]:
        """The values that `plain` was given; a field no longer declared keeps what it held."""
        fields = self._fields[form]
        return {n: types.revive(fields[n], v) if n in fields else v for n, v in plain.items()}


def _lackable(form: Form, section: str | None) -> tuple[Field, ...]:
    sections = (s for s in form.sections if section in (None, s.name))
    return tuple(f for s in sections for f in s.fields if _may_lack(f))


def _may_lack(fld: Field) -> bool:
    """Whether a field, or a column of it, is asked for at all: nobody is asked for what is computed."""
    asked = any((f.required or f.required_when) and not f.calc for f in (fld, *fld.fields))
    return asked and not fld.calc and fld.filled_by != (SYSTEM,)


def load(root: Path, cache: Path | None = None, zone: tzinfo = types.SHANGHAI) -> Catalogue:
    """The forms under `root` (form_templates/). Raises QformsError that lists every fault with file and line.

    `cache` is a file in the private folder; a stale or damaged one is rebuilt."""
    sources = sorted([*root.glob(f"{BLOCKS}/*.yaml"), *root.glob("*/form.yaml")])
    if not sources:
        raise QformsError(Told("没有任何 form.yaml", "no form.yaml found", f"{root}: "))
    digest = store.digest(sources, root)
    forms = store.read(cache, digest) if cache else None
    if forms is None:
        forms = _load(root, sources)
        if cache:
            store.write(cache, digest, forms)
    return Catalogue(forms, zone=zone, digest=digest)


def with_conditions(catalogue: Catalogue, conditions: Mapping[str, Condition]) -> Catalogue:
    """The same forms with their expressions compiled, as the rulebook has made them."""
    return Catalogue(catalogue.forms, conditions, catalogue.zone, catalogue.digest)


def _load(root: Path, sources: list[Path]) -> dict[str, Form]:
    from qforms.forms import cross, declaration
    from qforms.forms.source import Faults, read

    faults = Faults()
    tables = {path: read(path, root, faults) for path in sources}
    shared = declaration.Shared()
    vocabulary = tables.pop(root / BLOCKS / VOCABULARY, None)
    if vocabulary is not None:
        shared.vocabulary = declaration.vocabulary(vocabulary)
    shared.blocks = {p.stem: tables.pop(p) for p in list(tables) if p.parent.name == BLOCKS}
    for block in shared.blocks.values():
        block.allow("block", "fields")
    forms: dict[str, Form] = {}
    for path, table in tables.items():
        if not table.node:  # it could not be read, which has been said
            continue
        form = declaration.form(table, shared)
        if form.name and form.name != path.parent.name:
            zh = f"form: {form.name} 与文件夹 {path.parent.name} 不符"
            faults.add(form.origin, zh, f"the folder is called {path.parent.name}")
        forms[path.parent.name] = form
    if not faults.lines:
        cross.check(forms, faults)
    faults.raise_any()
    return forms
