# Palmetto: set-up, tests and the demonstration. Every target sets up what it needs first.
#
#   make setup           .venv with the locked packages and the CLI, the toolchain (Rocq 9.2), and the workbench (with Node.js)
#   make models          setup, and torch and transformers: local checkpoints, and training
#   make xtuner-env      setup, and the environment of the engine xtuner, in its cache (1 to 3 minutes, 2 GB)
#   make test            setup, models and xtuner-env, then all checks and tests
#   make test-rocq       setup, then the tests of the checker, its attacks, the prover and the retriever on Rocq 9.2
#   make web             the workbench, the page that the prover serves (Node.js 20.19 or newer, from apt where it can be)
#   make vscode          the VS Code extension: checked, tested and packed (Node.js 20 or newer)
#   make images          build the container images with docker, podman or buildah (ARGS="all --push ..." for docker/build)
#   make test-images     setup, then build and run the images in podman, as root (it is skipped where that cannot be)
#   make demo            setup, then check the Coq project in examples/, and prove its theorems
#   make bench-checker   setup, then measure the checker (ARGS="..." for its options)
#   make bench-proving   setup, then the default, hammer alone and recorded models on PALM's projects (ARGS="--limit 200")
#   make bench-retrieval setup, then measure the retriever (ARGS="..." for its options)
#   make lock            lock the packages anew after a change of pyproject.toml (UPGRADE=1: newest versions)
#   make clean           remove everything that was made in this checkout (the toolchain stays in its cache)
#
# PYTHON=... names the Python to use; by default the first one found that is 3.11 or newer. TEST_JOBS=N: files of tests
# at one time (2).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMPS := .venv/.stamps
EXAMPLES := $(sort $(wildcard examples/*.v))
PYTHON ?=
# Files of tests at one time.
TEST_JOBS ?= 2

# Shell functions for the recipes that set up: a failure is one sentence, and root rights come from sudo.
define SETUP_FUNCTIONS
fail() { echo "palmetto: $$*" >&2; exit 1; }
as_root() {
  if [ "$$(id -u)" = 0 ]; then "$$@"
  elif command -v sudo >/dev/null; then sudo "$$@"
  else fail "root rights are needed to install $${packages}, and sudo is not there: install $${packages} as root first."
  fi
}
install() {
  packages="$$*"
  command -v apt-get >/dev/null || fail "$${packages} missing and no apt-get here: install $${packages} with the package manager of this system."
  echo "palmetto: installing $${packages}"
  as_root apt-get -qq update || fail "apt-get update failed: see that the package mirror can be reached, then run make again."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $${packages} >/dev/null || \
    fail "apt-get could not install $${packages}: install $${packages} as root, then run make again."
}
find_python() {
  for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then command -v "$$candidate"; return; fi
  done
}
usable_environment() {
  $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
    [[ "$$($(BIN)/pip --version 2>/dev/null)" == *"$(CURDIR)/.venv/"* ]]
}
endef
export SETUP_FUNCTIONS

.PHONY: help setup models xtuner-env xtuner-env-for-tests toolchains-for-tests browser web web-for-setup web-for-tests vscode vscode-for-tests test test-rocq images test-images demo bench-checker bench-proving bench-retrieval lock clean

help:
	@sed -n 's/^#   make/make/p' $(firstword $(MAKEFILE_LIST))

setup: $(STAMPS)/project web-for-setup
	@$(BIN)/palmetto toolchain ensure

# The stamp holds where the environment was made: its scripts do not work from another place. One that works
# and was made by other means is kept: what is missing in it is added.
$(STAMPS)/venv: $(if $(filter $(CURDIR),$(shell cat $(STAMPS)/venv 2>/dev/null)),,FORCE)
	@eval "$$SETUP_FUNCTIONS"
	if [ ! -e $@ ] && usable_environment; then mkdir -p $(STAMPS); echo "$(CURDIR)" > $@; exit 0; fi
	python="$$(find_python)"
	if [ -z "$$python" ]; then install python3 python3-venv; python="$$(find_python)"; fi
	[ -n "$$python" ] || fail "Python 3.11 or newer is not here: install it, or name it with PYTHON=..."
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
	  install "$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$$python cannot make virtual environments: name another Python with PYTHON=..."
	fi
	echo "palmetto: making .venv with $$python"
	"$$python" -m venv --clear .venv
	mkdir -p $(STAMPS)
	echo "$(CURDIR)" > $@

$(STAMPS)/packages: requirements/dev.txt $(STAMPS)/venv
	@echo "palmetto: installing the locked packages"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/packages
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# For local checkpoints and training. torch comes as different wheels in different places: no hash can be given for it.
TORCH := torch==2.13.0

models: $(STAMPS)/models

$(STAMPS)/models: requirements/models.txt $(STAMPS)/project
	@echo "palmetto: installing $(TORCH) and what goes with it"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/models.txt
	touch $@

# Its pins go together with nobody else's, so it is an environment of its own; other pins, another folder of the cache.
xtuner-env: setup
	@$(BIN)/python -m trainer.xtuner.make_environment

xtuner-env-for-tests: setup
	@$(BIN)/python -m trainer.xtuner.make_environment >/dev/null || \
	  echo "palmetto: no environment of xtuner, so its tests are skipped" >&2

# For the tests of pages: without it they are skipped, and say so.
browser:
	@eval "$$SETUP_FUNCTIONS"
	for name in chromium chromium-browser google-chrome; do ! command -v "$$name" >/dev/null || exit 0; done
	(install chromium) || echo "palmetto: no browser, so the tests of pages are skipped" >&2

# The page lies beside the service that sends it; it is built anew after a change of its sources.
WEB := services/prover/server/static
HAS_NODE_FOR_WEB := command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(+(a < 20 || (a === 20 && b < 19)))' 2>/dev/null

web: $(WEB)/.built
	@:

$(WEB)/.built: web/node_modules/.installed web/index.html web/vite.config.ts web/tsconfig.json $(shell find web/src web/public -type f 2>/dev/null)
	@echo "palmetto: building the workbench"
	cd web
	npm run --silent build -- --logLevel warn
	touch ../$@

web/node_modules/.installed: web/package-lock.json
	@eval "$$SETUP_FUNCTIONS"
	if ! { $(HAS_NODE_FOR_WEB); }; then ! command -v node >/dev/null || fail "Node.js $$(node --version) is too old for the workbench: install 20.19 or newer."; install nodejs npm; fi
	{ $(HAS_NODE_FOR_WEB); } || fail "Node.js 20.19 or newer with npm is not here: install it to build the workbench."
	cd web
	npm ci --silent
	touch node_modules/.installed

# A machine that has no Node.js, or no way to its packages, has everything but the page.
web-for-setup:
	@if { $(HAS_NODE_FOR_WEB); }; then $(MAKE) web || echo "palmetto: the workbench could not be built: everything else works" >&2
	elif [ ! -e $(WEB)/index.html ]; then echo "palmetto: no Node.js 20.19 or newer, so the workbench is not built (\`make web\` installs it)" >&2
	fi

web-for-tests:
	@if $(MAKE) web; then cd web && npm run --silent all
	else echo "palmetto: no workbench, so its tests are skipped" >&2
	fi

# Packed it lies in editors/vscode/build/palmetto.vsix.
vscode: editors/vscode/node_modules/.installed
	@cd editors/vscode
	npm run --silent all

editors/vscode/node_modules/.installed: editors/vscode/package-lock.json
	@eval "$$SETUP_FUNCTIONS"
	$(HAS_NODE) || fail "Node.js 20 or newer with npm is not here: install it to build the VS Code extension."
	cd editors/vscode
	npm ci --silent
	touch node_modules/.installed

HAS_NODE := command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null

vscode-for-tests:
	@if $(HAS_NODE) && $(MAKE) editors/vscode/node_modules/.installed; then $(MAKE) vscode; else
	  echo "palmetto: no Node.js 20 or newer, or not its packages, so the tests of the VS Code extension are skipped" >&2
	fi

# Most tests run on Coq 8.20 (tests/conftest.py). Debian's unstable suite, which Rocq 9 comes from, may be broken on a day.
toolchains-for-tests: setup
	@$(BIN)/palmetto toolchain ensure coq-8.20 || echo "palmetto: no Coq 8.20, so the tests that need it are skipped" >&2
	$(BIN)/palmetto toolchain ensure rocq-9.2 || echo "palmetto: no Rocq 9.2, so the tests that need it are skipped" >&2

test: setup toolchains-for-tests models xtuner-env-for-tests browser web-for-tests vscode-for-tests
	@set -x
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint protos
	$(BIN)/pytest --numprocesses $(TEST_JOBS) --dist loadfile --no-loadscope-reorder

# `make test` runs on Coq 8.20; these are the tests that have Coq at work.
test-rocq: setup
	@$(BIN)/palmetto toolchain ensure rocq-9.2
	PALMETTO_TOOLCHAIN=rocq-9.2 $(BIN)/pytest --numprocesses $(TEST_JOBS) --dist loadfile --no-loadscope-reorder $(ROCQ_TESTS)

ROCQ_TESTS := tests/attacks tests/coq_checker tests/prover tests/retriever

images:
	@eval "$$SETUP_FUNCTIONS"
	python="$$(find_python)"
	[ -n "$$python" ] || fail "Python 3.11 or newer is not here: install it, or name it with PYTHON=..."
	"$$python" docker/build $(ARGS)

# Minutes the first time, for nothing is taken from a registry; what was built is kept in the cache folder.
test-images: setup
	@$(BIN)/python -m tests.docker.machine $(ARGS)

# Some of the examples are beyond the default: status 1 says that not all are proved.
demo: setup
	@$(BIN)/palmetto check --project examples $(EXAMPLES)
	$(BIN)/palmetto index examples
	$(BIN)/palmetto prove examples --budget 20 --jobs 2 --verbose || [ $$? = 1 ]

# The figures that stand in benchmarks/ are of Coq 8.20; what these set up is it too.
bench-checker bench-proving bench-retrieval: export PALMETTO_TOOLCHAIN ?= coq-8.20

bench-checker: setup
	$(BIN)/python -m benchmarks.checker $(ARGS)

# It goes on where it was stopped, here or elsewhere; all of it takes days, a sample of 200 theorems hours.
bench-proving: setup
	@$(BIN)/python -m benchmarks.proving take
	status=0
	$(BIN)/palmetto eval matrix benchmarks/proving/palm.toml $(ARGS) || status=$$?
	$(BIN)/python -m benchmarks.proving keep
	exit $$status

bench-retrieval: setup
	$(BIN)/python -m benchmarks.retrieval $(ARGS)

# The locking tool has an environment of its own: it is no part of what is locked.
build/lock/bin/uv:
	@eval "$$SETUP_FUNCTIONS"
	"$$(find_python)" -m venv --clear build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv

LOCK = build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
  $(if $(UPGRADE),--upgrade) pyproject.toml

lock: build/lock/bin/uv
	$(LOCK) --output-file requirements/base.txt
	$(LOCK) --extra dev --output-file requirements/dev.txt
	$(LOCK) --extra s3 --constraint requirements/base.txt --output-file requirements/s3.txt
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade) \
	  --constraint requirements/dev.txt --output-file requirements/build.txt requirements/build.in
	$(LOCK) --extra train --constraint requirements/dev.txt --override requirements/models-overrides.txt --output-file requirements/models.txt
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade) \
	  --override requirements/xtuner-overrides.txt --output-file requirements/xtuner.txt requirements/xtuner.in

clean:
	rm -rf .venv build web/node_modules $(WEB) editors/vscode/build editors/vscode/dist editors/vscode/node_modules services/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find examples \( -name '*.vo' -o -name '*.vok' -o -name '*.vos' -o -name '*.glob' -o -name '.*.aux' -o -name '.*.cache' \) -delete

.ONESHELL:
.PHONY: FORCE
FORCE:
