# relfm from a bare clone: every target first makes .venv and installs what constraints.txt pins, once.
#   make demo       predict on a generated shop database, with a baseline beside
#   make test       lint-free default suite; make test-all adds the slow tests
#   make lint       what CI refuses; make format repairs most of it
#   make bench      where the time of a cold prediction goes: make bench FOLDER=path/to/rel-f1 (a RelBench 3 folder)
# On Linux, PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu" avoids the CUDA build of torch.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP_FLAGS ?=
PYTEST_FLAGS ?= -n 2
QUESTION ?= PREDICT AVG(results.positionOrder, 0, 60, days) FOR EACH drivers.driverId
BIN := .venv/bin
INSTALLED := .venv/.installed

.DELETE_ON_ERROR:
.PHONY: install demo test test-all lint format bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "relfm needs Python 3.11 or later: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing relfm into .venv (a few minutes the first time) ..."
	$(BIN)/python -m pip install --quiet --editable '.[dev]' --constraint constraints.txt $(PIP_FLAGS)
	@touch $@

demo: $(INSTALLED)
	$(BIN)/relfm demo

# One thread a worker: the workers already fill the cores.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not slow"

test-all: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_FLAGS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	@test -n "$(FOLDER)" || { echo "name a RelBench 3 folder: make bench FOLDER=path/to/rel-f1"; exit 1; }
	$(BIN)/python -m relfm.benchmarks.cold "$(FOLDER)" "$(QUESTION)"

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache
