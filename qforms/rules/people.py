"""Who a role, a department or a person's name stands for: departments and addresses (A15, 1.14).

A role is held by departments; where none has it, by persons. A department is written to at its own address, else at its
head's. A person who is away is written to at the deputy's, also where a department's address is his own (P39). Who
can't be reached goes to gmo and the operator."""

from __future__ import annotations

import dataclasses as dc
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qforms.model import SYSTEM, Lang, Record, StandIn
from qforms.rules.view import index_of

DEPARTMENT, PERSON, CUSTOMER = "department", "person", "customer"
MANAGERS = frozenset({"gm", "gmo", "head", "chief_engineer", "line_manager", "hq"})


@dataclass(frozen=True, slots=True)
class Addressee:
    """One who is written to. `name` is a person's, `department` a department's; `stray`: nobody was found, so gmo."""

    address: str
    name: str = ""
    department: str = ""
    lang: Lang = "zh"
    stray: bool = False
    for_name: str = ""  # whose deputy he is, where he is written to in that person's place


class People:
    """The departments and persons on a day: small sheets, gone through once for as long as they stay as they are."""

    def __init__(
        self,
        departments: tuple[Record, ...],
        persons: tuple[Record, ...],
        today: dt.date,
        operator: str,
        given: object = None,
        lang: Lang = "zh",
    ) -> None:
        self.given = given  # what they were made from
        self.lang = lang  # the company's: of whoever has none of his own
        self.today = today
        self.operator = operator
        self._departments = {r.number: r for r in departments}
        self._persons = persons
        self._by_name = {index_of(r.values.get("name", "")): r for r in persons}
        self._holding: dict[str, list[str]] = {}  # role -> departments
        for record in departments:
            for role in record.values.get("roles") or ():
                self._holding.setdefault(role, []).append(record.number)

    def departments_of(self, role: str) -> list[str]:
        """The departments that hold a role, by name."""
        return list(self._holding.get(role, ()))

    def known(self, name: str) -> bool:
        return name in self._departments or index_of(name) in self._by_name

    def holders(self, role: str) -> list[str]:
        """Names of the departments that hold a role, else of the persons."""
        found = self.departments_of(role)
        return found or [r.values["name"] for r in self._persons if role in (r.values.get("roles") or ())]

    def reach(self, name: str) -> Addressee | None:
        """A department or a person, by name, as somebody to write to; None when there is no address."""
        department = self._departments.get(name)
        if department is not None:
            return self._reach_department(department)
        person = self._by_name.get(index_of(name))
        return self._reach_person(person) if person else None

    def role(self, role: str) -> list[Addressee]:
        found = [self.reach(name) for name in self.holders(role)]
        return [a for a in found if a is not None]

    def head_of(self, name: str) -> Addressee | None:
        """The head of a department, or of the department of a person."""
        department = self._departments.get(name)
        if department is None:
            person = self._by_name.get(index_of(name))
            department = self._departments.get(str(person.values.get("department", ""))) if person else None
        if department is None:
            return None
        head = self._head(department)
        return self._reach_person(head) if head else self._reach_department(department)

    def fallback(self) -> list[Addressee]:
        """Who hears of what nobody can be found for: gmo and the operator."""
        operator = [Addressee(self.operator, lang=self.lang)] if self.operator else []
        found = [*self.role("gmo"), *operator]
        return [Addressee(a.address, a.name, a.department, a.lang, True) for a in found]

    def _head(self, department: Record) -> Record | None:
        named = self._by_name.get(index_of(department.values.get("head") or "\0"))
        members = [p for p in self._persons if p.values.get("department") == department.number]
        return named or next((p for p in members if p.values.get("is_head")), None)

    def _reach_department(self, department: Record) -> Addressee | None:
        head = self._head(department)
        own = str(department.values.get("email") or "").lower()
        if head and own in ("", self._address(head)) and (reached := self._reach_person(head)):
            return dc.replace(reached, department=department.number)
        address = own
        if not address:
            members = (p for p in self._persons if p.values.get("department") == department.number)
            address = next((a for p in members if (a := self._address(p))), "")
        name = head.values.get("name", "") if head else str(department.values.get("head") or "")
        return Addressee(address, name, department.number, self._lang(head)) if address else None

    def _reach_person(self, person: Record) -> Addressee | None:
        deputy = self._deputy(person)
        who = deputy or person
        address, values = self._address(who), who.values
        department = str(person.values.get("department", ""))
        for_name = str(person.values.get("name", "")) if deputy else ""
        return (
            Addressee(address, values.get("name", ""), department, self._lang(who), for_name=for_name)
            if address
            else None
        )

    def _lang(self, person: Record | None) -> Lang:
        own = person.values.get("lang") if person else None
        return "en" if own == "en" else "zh" if own == "zh" else self.lang

    def in_person(self, name: str) -> Addressee | None:
        """A person at his own address, whoever stands in for him."""
        person = self._by_name.get(index_of(name))
        if person is None or not (address := self._address(person)):
            return None
        return Addressee(
            address, str(person.values.get("name", "")), str(person.values.get("department", "")), self._lang(person)
        )

    def speaks_for(self, name: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """The roles and the department of a person, or of a department itself."""
        person = self._by_name.get(index_of(name))
        own = set(person.values.get("roles") or ()) if person else set()
        where = str(person.values.get("department", "")) if person else name
        department = self._departments.get(where)
        if department is not None:
            roles = department.values.get("roles") or ()
            own.update(roles)
            if person is not None and self._head(department) is person:
                own.update(f"{role}.head" for role in roles)
        return frozenset(own), (where,) if department is not None else ()

    def may_decide(self, name: str, words: Collection[str], amount: Decimal) -> bool:
        """Does what a person left to his deputy cover a form that goes by these words, and this sum?"""
        person = self._by_name.get(index_of(name))
        values: Mapping[str, Any] = person.values if person else {}
        return StandIn(SYSTEM, tuple(values.get("deputy_for") or ()), values.get("deputy_up_to")).covers(words, amount)

    def deputy_of(self, address: str) -> tuple[str, Addressee | None]:
        """The name of the person at an address, and whoever he named as his deputy, whatever the dates say."""
        person = next((p for p in self._persons if self._address(p) == address.lower()), None)
        if person is None:
            return "", None
        named = self._by_name.get(index_of(person.values.get("deputy") or "\0"))
        name = str(person.values.get("name", ""))
        return name, self.in_person(str(named.values.get("name", ""))) if named else None

    def _deputy(self, person: Record) -> Record | None:
        values: Mapping[str, Any] = person.values
        since, until = values.get("deputy_from"), values.get("deputy_to")
        if not values.get("deputy") or not since or not since <= self.today <= (until or dt.date.max):
            return None
        deputy = self._by_name.get(index_of(values["deputy"]))
        return deputy if deputy and self._address(deputy) else None

    @staticmethod
    def _address(person: Record) -> str:
        return str(person.values.get("email") or "").lower()


_last: list[People] = []


def people_of(
    departments: tuple[Record, ...],
    persons: tuple[Record, ...],
    today: dt.date,
    operator: str,
    gone: Callable[[Record], bool],
    lang: Lang = "zh",
) -> People:
    """Those people, without retired departments and who left; the last ones asked for are kept."""
    given = departments, persons, today, operator, lang
    if not _last or _last[0].given != given:
        there, here = (tuple(r for r in records if not gone(r)) for records in (departments, persons))
        _last[:] = [People(there, here, today, operator, given, lang)]
    return _last[0]


def unique(found: Iterable[Addressee], without: Iterable[str] = ()) -> list[Addressee]:
    """Each address once, in order, without those already written to."""
    seen = set(without)
    kept: list[Addressee] = []
    for one in found:
        if one.address and one.address not in seen:
            seen.add(one.address)
            kept.append(one)
    return kept
