"""One step of the story: a mail, files in the folder, an edit in the workbook, a bounce — done as people do it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qforms.demo import hands, post
from qforms.demo.days import Days
from qforms.desk import Taken


class Acts:
    """Does what a step says, and lets the program take it in."""

    def __init__(self, days: Days, company: Mapping[str, Any], clients: Mapping[str, Any]) -> None:
        self._days, self._company, self._clients = days, company, clients
        people = {p["name"]: p for p in company["person"]}
        self._writers = {k: post.Writer(v["name"], v["email"]) for k, v in {**people, **company["writers"]}.items()}
        self._mails: dict[str, bytes] = {}

    def do(self, step: Mapping[str, Any]) -> list[Taken]:
        """Carries the step out at the days' time; gives what the program took in."""
        if "mail" in step:
            raw = self._mail(step["mail"], self._days.now)
            self._mails[step.get("id", "")] = raw
            self._days.mail(raw)
        elif "again" in step:
            self._days.mail(post.another_route(self._mails[step["again"]["of"]], self._days.now, step["again"]["by"]))
        elif "bounce" in step:
            given = step["bounce"]
            letter = self._days.letter(given["letter"], given["to"])
            self._days.mail(
                post.bounce(self._days.now, letter, given["status"], given["said"], self._company["server"])
            )
        for file in step.get("files", ()):
            self._days.file(file["name"], self._file(file))
        if "book" in step:
            self._edit(step["book"])
        return self._days.turn()

    def _mail(self, given: Mapping[str, Any], at: datetime) -> bytes:
        answered = (
            self._days.letter(given["answers"]["letter"], given["answers"].get("to", ""))
            if "answers" in given
            else None
        )
        subject = given.get("subject") or f"{given.get('prefix', '回复：')}{answered['Subject'] if answered else ''}"
        attachments = [self._attachment(a, answered) for a in given.get("attach", ())]
        mail = post.Mail(
            at,
            self._writers[given["from"]],
            subject,
            given["text"],
            given.get("to", self._company["address"]),
            tuple(given.get("cc", ())),
            tuple(attachments),
            answered,
            given.get("headers"),
        )
        return post.build(mail, self._clients[given["client"]], self._company["server"])

    def _attachment(self, given: Mapping[str, Any], answered: Any) -> tuple[str, bytes]:
        if "photo" in given:
            return given["name"], hands.photo(given["photo"], given.get("spoilt", True))
        if "blank" in given:
            data = self._days.house.mailroom.blank(given["blank"], given["as"], given.get("lang", "zh")).data
            fill = hands.fill_excel if given["as"] == "excel" else hands.fill_word
            return given["name"], fill(data, given["labels"])
        name, data = next((n, d) for n, d in post.documents(answered) if n.endswith(".docx"))
        return given.get("name", name), hands.fill_word(data, given["labels"], given.get("rows", ()))

    def _file(self, given: Mapping[str, Any]) -> bytes:
        if "json" in given:
            return json.dumps(given["json"], ensure_ascii=False, indent=1, default=str).encode()
        blank = self._days.house.mailroom.blank(given["locked"], "excel", "zh").data
        return hands.locked(blank, given["password"])

    def _edit(self, given: Mapping[str, Any]) -> None:
        register = self._days.house.register
        register.publish(self._days.now, force=True)
        for number, values in given["rows"].items():
            hands.edit_book(register.path, given["sheet"], number, values, given["by"])
