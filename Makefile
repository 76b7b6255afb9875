# `make demo` and `make test` do all the set-up they need on a fresh machine with python3, make and git.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= demo

# What the tests start for real: commands that must be there, and the Debian packages that bring them.
COMMANDS := dovecot postfix soffice pdftoppm fc-list chromium
PACKAGES := dovecot-imapd dovecot-lmtpd postfix postgresql libreoffice-writer libreoffice-calc \
            fonts-noto-cjk fonts-liberation fonts-wqy-zenhei poppler-utils fontconfig chromium

.PHONY: setup system demo test test-postgres bench soak fuzz gallery docs lint clean lock

setup: $(VENV)/.done

$(VENV)/.done: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/qforms demo $(DEMO)

# Installs Debian packages only when a command is missing and we may.
system:
	@missing=""; for c in $(COMMANDS); do PATH="$$PATH:/usr/sbin" command -v $$c >/dev/null || missing="$$missing $$c"; done; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing initdb"; \
	if [ -n "$$missing" ]; then echo "missing:$$missing"; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends $(PACKAGES) >/dev/null; \
	  else echo "please install: $(PACKAGES)"; exit 1; fi; fi

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup system lint
	$(BIN)/pytest -n 2 --dist loadfile $(PYTEST_ARGS)

# What works with a ledger, on PostgreSQL.
test-postgres: setup system
	QFORMS_TEST_LEDGER=postgresql $(BIN)/pytest tests/ledger tests/end_to_end $(PYTEST_ARGS)

# One line of JSON each. QFORMS_BENCH_PEER names a folder outside of the project for what intake is measured against.
BENCHES := help intake child rules clocks scale latency reports daemons memory month
bench: setup system
	@for b in $(BENCHES); do $(BIN)/python -m tests.benchmarks.$$b || exit 1; done

# Killed, cut off and typed into for an hour (SOAK_ARGS="--minutes 5"); afterwards the books are audited.
soak: setup system
	$(BIN)/python tests/soak.py $(SOAK_ARGS)

SECONDS_EACH ?= 1200
# Guided by coverage where atheris is installed, else blind; what is found lies in fuzz-findings/.
fuzz: setup
	@for f in mime excel word; do $(BIN)/python -m tests.fuzz.$$f --seconds $(SECONDS_EACH) || exit 1; done

# Pictures of every form, document, letter and page, in docs/gallery.
gallery: setup system
	PYTHONPATH=.:tests $(BIN)/python -m tests.gallery

# The pages of docs/ as a site in build/site; a broken link is an error.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: setup
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --all-extras --group dev \
	  --python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
