"""A pydantic model for each form: whole sets of typed values, frozen, with no unknown name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, create_model
from pydantic import Field as Limits

from qforms.forms import types
from qforms.model import Field, Form


class Values(BaseModel):
    """What every form's model is: all fields are optional, since what is unknown is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Signature(Values):
    name: str = ""
    decision: str = ""
    at: AwareDatetime | None = None
    opinion: str = ""
    for_name: str = ""


class StoredFile(Values):
    digest: str = ""
    name: str = ""
    kind: str = ""


_PLAIN: dict[str, Any] = {
    "bool": bool,
    "date": date,
    "dt": AwareDatetime,
    "sig": Signature,
    "file": StoredFile,
    "img": StoredFile,
}


def model(form: Form) -> type[Values]:
    """The model of a form's values; its name is the form's."""
    return _model(form.name, form.fields)


def _model(name: str, fields: tuple[Field, ...]) -> type[Values]:
    columns: dict[str, Any] = {f.name: (_type(f, name) | None, None) for f in fields}
    return create_model(name, __base__=Values, **columns)


def _type(fld: Field, owner: str) -> Any:
    kind = _single(fld, owner)
    return tuple[kind, ...] if fld.many or fld.type == "list" else kind  # type: ignore[valid-type]


def _single(fld: Field, owner: str) -> Any:
    if fld.type == "list":
        return _model(f"{owner}.{fld.name}", fld.fields)
    if fld.choices:
        codes = [int(c.code) if fld.type == "int" else c.code for c in fld.choices]
        return Literal[tuple(codes)]
    if fld.type in _PLAIN:
        return _PLAIN[fld.type]
    if fld.type in types.WORDS:
        return Annotated[str, Limits(max_length=fld.max_length or types.MAX_LENGTH[fld.type])]
    least = fld.min if fld.min is not None else (0 if fld.type == "int" else None)
    if fld.type == "int":
        return Annotated[int, Limits(ge=least, le=fld.max)]
    return Annotated[Decimal, Limits(ge=least, le=fld.max)]
