# What a developer and CI run; `make help` lists the targets.
# Needs Python 3.11 or later with its venv module, make and git; everything else goes into .venv.

PYTHON ?= python3
PYTEST_FLAGS ?= -n auto --maxprocesses=8
LOCK_FLAGS ?=
LOCK_TOOL := uv==0.13.9

BENCH := build/bench/bin/python
BENCH_FLAGS ?=
WORKLOAD ?=
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input -qq
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
PLACE := $(VENV)/.place

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: bench build clean demo distclean docs format help imports lint lock profile pytest setup simulate test torture types FORCE

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

# ---- the main job

demo: $(READY) ## four weeks of three clinics: what is booked, sent and paid, and why
	@$(BIN)/payrules demo

# ---- checks

test: lint types imports pytest ## everything CI checks

lint: $(READY) ## style and likely bugs
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@echo 'lint: ok'

types: $(READY) ## static types
	@$(BIN)/mypy

imports: $(READY) ## which layer may import which
	@$(BIN)/lint-imports --no-logo

pytest: $(READY) ## the tests alone; PYTEST_FLAGS="-x -k name" narrows them
	@$(BIN)/pytest $(PYTEST_FLAGS)

torture: $(READY) ## every test, with many more and random examples; SEEDS=100000 for more simulations
	@HYPOTHESIS_PROFILE=torture SEEDS=$(or $(SEEDS),20000) $(BIN)/pytest $(PYTEST_FLAGS) -m ''

simulate: $(READY) ## play one fault simulation step by step; SEED=17, on a disk 17d, real adapters 17w 17e 17f, one death 17@53
	@$(PY) -m tests.simulation $(SEED)

bench: build/bench/.ready ## the benchmarks against their peers; WORKLOAD=decide for one; fails where a target is missed
	@$(BENCH) benchmarks/run.py --json build/bench.json --chart build/bench.svg $(WORKLOAD:%=--only %) $(BENCH_FLAGS)

profile: build/bench/.ready ## where time goes, as a flame graph; WORKLOAD=intake-postgresql (benchmarks/loops.py has their names)
	@build/bench/bin/py-spy record --output build/profile-$(WORKLOAD).svg -- $(BENCH) -m benchmarks.loops $(WORKLOAD)

# The peers have no place in the locked .venv. Where they cannot be had, the rest runs without them.
build/bench/.ready: requirements/runtime.txt pyproject.toml
	@$(PYTHON) -m venv --clear build/bench
	@$(BENCH) -m pip --disable-pip-version-check --no-input -qq install --upgrade 'pip>=25.1'
	@$(BENCH) -m pip --no-input -qq install --require-hashes -r requirements/runtime.txt
	@$(BENCH) -m pip --no-input -qq install --editable . --group bench || $(BENCH) -m pip --no-input -qq install --editable .
	@touch $@

# ---- writing

format: $(READY) ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

docs: $(READY) ## write the generated reference pages
	@$(PY) -m tools.reference

build: $(READY) ## the wheel and the source archive, in dist/
	@$(BIN)/hatchling build

# ---- setting up

setup: $(READY) ## only make .venv

# A moved or copied checkout: the paths inside .venv are wrong, so it is made again.
ifneq ($(shell cat $(PLACE) 2>/dev/null),$(CURDIR))
$(LOCKED): FORCE
endif

$(LOCKED): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'payrules needs Python 3.11 or later; `make PYTHON=/path/to/python3.11 …` names another one' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'this Python lacks its venv module; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version); a minute, the first time"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@printf '%s\n' '$(CURDIR)' > $(PLACE)
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

lock: ## pin what pyproject.toml asks for; LOCK_FLAGS=--upgrade takes the newest
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check -qq install $(LOCK_TOOL)
	@$(COMPILE) --group dev --output-file requirements/dev.txt $(LOCK_FLAGS)
	@$(COMPILE) --constraint requirements/dev.txt --no-annotate --output-file requirements/runtime.txt

# Neither the person's own settings nor an address may get into the lock.
COMPILE = build/lock/bin/uv pip compile pyproject.toml --quiet --no-config --system-certs --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

clean: ## remove caches and what was built
	@rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv too
	@rm -rf $(VENV)
