"""django-helpdesk reading mails from a folder with its own `get_email`: what qforms is measured against.

It lives in a folder of its own outside of the project, with its own virtual environment, and is no dependency of ours.
For each mail it makes a ticket and a follow-up, keeps the attachments and writes an acknowledgement to a file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

PACKAGE = "django-helpdesk==2.6.1"
SETTINGS = """
import os
RUN = os.environ["PEER_RUN"]
SECRET_KEY, DEBUG, ALLOWED_HOSTS, ROOT_URLCONF, SITE_ID = "benchmark", False, ["*"], "peer_urls", 1
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.sites",
    "django.contrib.humanize", "helpdesk", "rest_framework"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": RUN + "/db.sqlite3"}}
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_VALID_EXTENSIONS = [".txt", ".pdf", ".doc", ".docx", ".jpg", ".png", ".eml", ".xlsx"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = "quality@company.example"
EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", RUN + "/outbox"
LANGUAGE_CODE, TIME_ZONE, USE_I18N, USE_TZ = "en-us", "UTC", True, True
STATIC_URL, MEDIA_URL, MEDIA_ROOT = "/static/", "/media/", RUN + "/media"
LOGGING = {"version": 1, "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": RUN + "/helpdesk.log"}},
    "root": {"handlers": ["file"], "level": "WARNING"}}
"""
URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls), path("", include("helpdesk.urls", namespace="helpdesk"))]
"""
QUEUE = """
import os, django
django.setup()
from helpdesk.models import Queue
Queue.objects.all().delete()
Queue.objects.create(title="Quality", slug="quality", email_address="quality@company.example",
    allow_email_submission=True, allow_public_submission=True, email_box_type="local", email_box_interval=0,
    email_box_local_dir=os.environ["PEER_MAILS"], logging_type="none", new_ticket_cc="", updated_ticket_cc="")
"""


class Peer:
    """`home`: where it is installed, once; `work`: the disk that both sides work on."""

    def __init__(self, home: Path, work: Path) -> None:
        self._python = home.absolute() / "venv/bin/python"
        self._code, self._template = home.absolute() / "code", work / "peer-template"
        self._run, self._mails = work / "peer", work / "peer-mails"
        if not self._python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True, timeout=120)
            subprocess.run([self._python, "-m", "pip", "install", "-q", PACKAGE], check=True, timeout=600)
        self._code.mkdir(parents=True, exist_ok=True)
        (self._code / "peer_settings.py").write_text(SETTINGS)
        (self._code / "peer_urls.py").write_text(URLS)
        self._make_template()

    @property
    def command(self) -> list[str]:
        return [str(self._python), "-m", "django", "get_email", "--quiet"]

    @property
    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        own = {"PEER_RUN": str(self._run), "PEER_MAILS": str(self._mails), "PYTHONPATH": str(self._code)}
        return {**kept, **own, "DJANGO_SETTINGS_MODULE": "peer_settings"}

    def _make_template(self) -> None:
        """A migrated database with one queue; not timed."""
        self._run.mkdir(parents=True)
        django = [str(self._python), "-m", "django"]
        for command in (["migrate", "-v0"], ["loaddata", "-v0", "emailtemplate.json"]):
            subprocess.run([*django, *command], env=self.environ, check=True, timeout=300)
        subprocess.run([self._python, "-c", QUEUE], env=self.environ, check=True, timeout=60)
        self._run.rename(self._template)

    def prepare(self, raws: Sequence[bytes]) -> None:
        """A fresh database, and the mails waiting."""
        for folder in (self._run, self._mails):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._template, self._run)
        for folder in (self._run / "outbox", self._run / "media", self._mails):
            folder.mkdir()
        for n, raw in enumerate(raws):
            (self._mails / f"{n:05d}.eml").write_bytes(raw)

    def check(self, count: int) -> None:
        """SystemExit unless every mail became a ticket and was acknowledged."""
        with closing(sqlite3.connect(self._run / "db.sqlite3")) as db:
            [(tickets,)] = db.execute("SELECT count(*) FROM helpdesk_ticket")
        files = (self._run / "outbox").iterdir()
        told = sum(file.read_text("utf-8", "replace").count("\nSubject: ") for file in files)
        if tickets != count or told < count or any(self._mails.iterdir()):
            raise SystemExit(f"peer: {tickets} tickets, {told} answers of {count}")
