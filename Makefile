PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

# Without translated files, each of the processes of a test run would translate every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: audit sbom install demo test test-without-browser quick lint bench readme pictures migration lock clean

install: $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/casefile demo

# The page's tests drive Chromium: said here, before minutes of other tests.
test: $(VENV)/.installed-dev lint
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || { \
		echo "Chromium is missing: apt-get install chromium fonts-noto-color-emoji, or set CHROMIUM to one."; \
		echo "All but the tests of the demo's page: make test-without-browser"; exit 1; }
	$(BIN)/python -m pytest

# Without Chromium.
test-without-browser: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest -m "not browser"

# Without what starts processes, the tests of the whole bot, and the many cases of each vendor, which are most
# of the time; each property with few examples. More processes would only load everything more often.
quick: $(VENV)/.installed-dev lint
	MOST_EXAMPLES=8 $(BIN)/python -m pytest -n 3 -m "not process and not thorough" --ignore=tests/end_to_end

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

readme: $(VENV)/.installed-dev
	$(BIN)/python -m bot.settings.table

# Drawn by Debian's `chromium`, with no network.
pictures: $(VENV)/.installed-dev
	$(BIN)/python -m sandbox.pictures docs/pictures

migration: $(VENV)/.installed-dev
	$(BIN)/python -m bot.storage.migrations.new "$(m)"
	$(BIN)/ruff format --quiet bot/storage/migrations
	$(BIN)/ruff check bot/storage/migrations

audit: $(VENV)/.installed-dev
	@$(BIN)/python .ci/audit.py

sbom: $(VENV)/.installed-dev
	@mkdir -p dist
	@$(BIN)/python .ci/sbom.py > dist/casefile.cdx.json
	@echo dist/casefile.cdx.json

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks._all

# Hashes are checked; the project itself goes in editable, built by the hatchling of the lock file.
$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "Setting up .venv, once: about half a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" pyproject.toml
lock: $(VENV)/.installed-dev
	$(LOCK) --group runtime-build -o requirements.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
