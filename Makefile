# The two commands: `make demo` shows the product on a set it makes itself, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
DEMO := .demo

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif

.PHONY: demo test test-long lint bench clean

# Set up once; again when what it needs has changed.
.venv/ready: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	touch $@

demo: .venv/ready
	$(BIN)/python -m benchmarks.demo.run $(DEMO)

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n auto

test-long: .venv/ready
	$(BIN)/python -m pytest -n auto -m long

bench: .venv/ready
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.plugins
	$(BIN)/python -m benchmarks.queries
	$(BIN)/python -m benchmarks.journal
	$(BIN)/python -m benchmarks.torture

clean:
	rm -rf .venv $(DEMO) build *.egg-info
