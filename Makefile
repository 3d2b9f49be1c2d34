# The only entry points: people, hooks and CI call these targets and nothing else.
# Every target makes its own .venv from constraints.txt; a second run installs nothing.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PEERS  := .venv-bench
FUZZ   := .venv-fuzz
SCALE  := .venv-scale
NODE   := tools/node/node_modules/.package-lock.json
BENCH  ?=
# All but those of clusters, which have an environment of their own.
EXTRAS := brokers client codegen emitter gateway models nats parquet postgresql progress redis \
          reference remote s3 zstd

.DEFAULT_GOAL := help
.PHONY: help install validate test test-browser test-fuzz test-scale test-n8n lint format types generate generate-check examples bench bench-scale package lock clean

help:            ## list the targets
	@grep -hE '^[a-z0-9-]+: .*##|^[a-z0-9-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(READY)  ## make .venv with exactly the pinned packages

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

validate: $(READY)  ## check contract, generated models, examples, logs and events; scan this repository for PII
	$(BIN)/qp validate:api
	$(BIN)/qp scan --quiet .

# What makes TypeScript, and what documents are tested with; without npm both are left out.
$(NODE): tools/node/package.json tools/node/package-lock.json
	@if command -v npm >/dev/null; then cd tools/node && npm ci --silent && touch node_modules/.package-lock.json; \
	  else echo "no npm: TypeScript stays as it is"; fi

test: $(READY) $(NODE)  ## run the test suite, all but tests/browser, tests/fuzz, tests/scale and tests/n8n
	$(BIN)/python -m pytest

test-browser: $(READY)  ## open the pages that the toolkit writes and serves in a real Chromium; installs one where none is
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest tests/browser -n 0

test-fuzz: $(READY) $(FUZZ)/.ready  ## ask a real gateway whatever its OpenAPI document allows, and more
	$(BIN)/python -m tests.fuzz

# It holds back jsonschema-rs, so it can't be in .venv.
$(FUZZ)/.ready: tests/fuzz/constraints.txt
	$(PYTHON) -m venv --clear $(FUZZ)
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/fuzz/constraints.txt
	@touch $@

test-scale: $(SCALE)/.ready  ## have real Dask and Spark clusters of this machine check files; installs both (600 MB)
	$(SCALE)/bin/python -m pytest -n 0 -W default tests/scale

$(SCALE)/.ready: pyproject.toml tests/scale/constraints.txt
	$(PYTHON) -m venv --clear $(SCALE)
	$(SCALE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/scale/constraints.txt
	$(SCALE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

test-n8n: $(READY)  ## drive real n8n and a gateway, both ways; installs n8n (3 GB) into the cache folder
	$(BIN)/python -m tests.n8n

lint: $(READY)  ## ruff (rules and format) and the layer contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(READY)  ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

generate: $(READY) $(NODE)  ## write generated/ from _schemas/, and what is derived from the rules, docs/rules.md too
	$(BIN)/python -m quantapilot.pii.beginnings
	$(BIN)/python -m quantapilot.pii.compiled
	$(BIN)/qp generate
	$(BIN)/qp rules --format markdown > docs/rules.md.tmp
	mv docs/rules.md.tmp docs/rules.md

generate-check: $(READY) $(NODE)  ## fail when generated/ is not what _schemas/ says, or docs/rules.md what the rules say
	$(BIN)/python -m quantapilot.pii.compiled --check
	$(BIN)/qp generate --check
	$(BIN)/qp rules --format markdown | diff -u docs/rules.md -

examples: $(READY)  ## write examples/ anew from their seed
	$(BIN)/python examples/make_examples.py

bench: $(READY) $(PEERS)/.ready  ## measure speed and quality beside other tools; write docs/benchmarks.md
	$(BIN)/python -m benchmarks --peers $(PEERS) $(BENCH)

bench-scale: $(READY) $(SCALE)/.ready  ## measure processes, Dask, Spark and a live stream; write it into docs/scaling.md and streams.md
	$(BIN)/python -m benchmarks.scale --clusters $(SCALE) $(BENCH)

$(PEERS)/.ready: benchmarks/constraints.txt | $(READY)
	$(BIN)/python -m benchmarks.install $(PEERS)
	@touch $@

package: $(READY)  ## build dist/*.whl and dist/*.tar.gz
	$(BIN)/hatchling build

lock: $(READY)  ## resolve constraints.txt anew, and its part for the action
	$(BIN)/uv pip compile pyproject.toml $(EXTRAS:%=--extra %) --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --output-file constraints.txt --upgrade
	$(BIN)/uv pip compile pyproject.toml --group build --constraint constraints.txt --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --output-file constraints-core.txt --upgrade
	$(BIN)/uv pip compile --group bench --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --output-file benchmarks/constraints.txt --upgrade
	$(BIN)/uv pip compile pyproject.toml --extra dask --extra parquet --extra progress --extra remote --extra spark --extra zstd \
	  --group scale --group build --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --output-file tests/scale/constraints.txt --upgrade
	$(BIN)/uv pip compile --group fuzz --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --output-file tests/fuzz/constraints.txt --upgrade

clean:           ## remove everything that the targets make
	rm -rf $(VENV) $(PEERS) $(FUZZ) $(SCALE) tools/node/node_modules dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
