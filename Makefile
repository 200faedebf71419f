# `make` lists what can be done. Needs GNU make, a POSIX shell and Python >= 3.11.

SHELL = /bin/sh
BIN = .venv/bin
STAMP = .venv/.ready
ISLANDS = src/truceline/web/built/.stamp
ISLAND_SOURCES = $(wildcard web-assets/src/* web-assets/src/*/*) web-assets/build.mjs web-assets/package-lock.json web-assets/tsconfig.json
SEED = 20160227
# The fast suite is to take no more than 20 minutes on two cores; one that takes half an hour hangs, and is ended.
# A test goes to whichever worker is free.
WORKERS = -n 4 --dist worksteal
# What was compiled once is kept: the tests start this program some hundred times.
unexport PYTHONDONTWRITEBYTECODE
LIMIT := $(shell command -v timeout >/dev/null 2>&1 && echo timeout 1800)
PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -qq --no-input

.DEFAULT_GOAL = help
.PHONY: help setup run test test-long test-deps foreign check docs bench bench-quick bench-servers lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: $(STAMP) $(ISLANDS) ## make .venv with the locked packages and truceline in it, and the scripts of its pages
	@:

$(STAMP): pyproject.toml requirements.lock
	@found=; old=; \
	for python in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11))' 2>/dev/null) || continue; \
	    case "$$version" in *True) found=$$python; break;; *) old="$$old $$python is $${version% *};";; esac; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "make setup: needs Python 3.11 or later:$${old:- none was found;} set PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	if ! $$found -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "make setup: $$found cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	    echo "making .venv with $$found"; rm -rf .venv; $$found -m venv .venv; \
	fi
	@echo "installing the packages of requirements.lock"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# Without them pages are served all the same: it says so in a line, and goes on.
$(ISLANDS): $(ISLAND_SOURCES) | $(STAMP)
	@$(BIN)/python web-assets/hatch_build.py || true

run: setup ## the shipped case, assessed, its page served (ARGS="--no-serve" only prints the summary)
	@$(BIN)/truceline run $(ARGS)

test: setup ## the fast tests (ARGS="tests/test_span.py" for some of them)
	@$(BIN)/python -m tests.compiled & $(MAKE) -s test-deps foreign; wait
	@$(LIMIT) $(BIN)/python -m pytest -m "not long" $(WORKERS) -rsfE --hypothesis-seed=$(SEED) $(ARGS)

test-long: setup ## the tests that take minutes: random cases by the million, kills, hostile input, foreign verifiers
	@$(MAKE) -s test-deps foreign
	@$(BIN)/python -m pytest -m long -rsfE --hypothesis-seed=$(SEED) $(ARGS)

test-deps: ## install what the tests need from Debian, as root: a browser, a database server with PostGIS, ogrinfo
	@wanted=; \
	command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || wanted="chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || wanted="$$wanted postgresql"; \
	ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || wanted="$$wanted postgresql-postgis"; \
	command -v ogrinfo >/dev/null 2>&1 || wanted="$$wanted gdal-bin"; \
	[ -n "$$wanted" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "installing:$$wanted"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$wanted >/dev/null \
	    || echo "could not be installed:$$wanted: the tests that need them are skipped"; \
	else \
	    echo "not here:$$wanted: the tests that need them are skipped"; \
	fi

foreign: setup ## install other people's verifiers and witness, in environments of their own
	@$(BIN)/python -m tests.record.foreign || echo "not all are here: the tests that need them are skipped"

check: setup ## format, lint, types, layers, docstrings, doctests, generated pages, islands
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/interrogate src || { $(BIN)/interrogate -vv src; exit 1; }
	@$(BIN)/python -m pytest --doctest-modules src
	@$(BIN)/python docs/build.py --check
	@$(BIN)/python web-assets/hatch_build.py --check

docs: setup ## write the generated pages of docs/reference anew
	@$(BIN)/python docs/build.py

bench-quick: setup ## the benchmarks at a million rows, beside their peers, in less than five minutes
	@$(PIP) --require-hashes -r bench/requirements.lock
	@$(BIN)/python -m bench quick $(ARGS)

bench: setup ## all benchmarks that need no server, beside their peers, at ten million rows and more
	@$(PIP) --require-hashes -r bench/requirements.lock
	@$(BIN)/python -m bench all $(ARGS)

bench-servers: setup ## the benchmark beside PostGIS, installed from Debian (as root)
	@$(PIP) --require-hashes -r bench/requirements.lock
	@[ -e /usr/share/postgresql/15/extension/postgis.control ] || \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15 postgresql-15-postgis-3 >/dev/null; }
	@$(BIN)/python -m bench servers $(ARGS)

lock: ## make requirements.lock anew from pyproject.toml, with Python 3.11 (UPGRADE=--upgrade for later versions)
	@room=$$(mktemp -d); trap 'rm -rf "$$room"' EXIT; \
	python3.11 -m venv "$$room" && \
	PIP_DISABLE_PIP_VERSION_CHECK=1 "$$room/bin/pip" install -qq pip-tools==7.6.2 && \
	CUSTOM_COMPILE_COMMAND="make lock" "$$room/bin/pip-compile" -q $(UPGRADE) --generate-hashes --allow-unsafe --strip-extras \
	    --no-emit-options --no-emit-index-url --no-emit-find-links --extra dev --extra fast --extra forms --extra gis --extra server --extra service -o requirements.lock pyproject.toml && \
	CUSTOM_COMPILE_COMMAND="make lock" "$$room/bin/pip-compile" -q --generate-hashes --allow-unsafe --strip-extras \
	    --no-emit-options --no-emit-index-url --no-emit-find-links --extra fast --extra forms --extra gis --extra server --extra service \
	    -c requirements.lock -o deploy/requirements.lock pyproject.toml deploy/requirements.in && \
	cd bench && CUSTOM_COMPILE_COMMAND="make lock" "$$room/bin/pip-compile" -q $(UPGRADE) --generate-hashes --allow-unsafe --strip-extras \
	    --no-emit-options --no-emit-index-url --no-emit-find-links -o requirements.lock requirements.in

clean: ## remove .venv and all that was built; case folders stay
	@rm -rf .venv build dist src/truceline/web/built web-assets/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	@find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
