# What a developer and CI type. `make` alone lists it all.

# Any Python from 3.11 on; say PYTHON=… to choose another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
TOOLS := .local/tools
CODE := conftest.py shared services deploy bench tests

.DEFAULT_GOAL := help
.PHONY: help setup pins fmt lint docs dashboards test demo up replay ledger faults scale bench check clean

help: ## List the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/dev.installed ## Make .venv with everything pinned; done once

$(VENV)/dev.installed: requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/bench.installed: requirements/bench.txt $(VENV)/dev.installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

pins: ## Pin requirements/*.in anew, with hashes
	@test -x $(TOOLS)/bin/uv || { $(PYTHON) -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet uv; }
	@for list in run dev bench; do \
		$(TOOLS)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-header --no-emit-index-url --no-emit-find-links \
			requirements/$$list.in --output-file requirements/$$list.txt || exit 1; \
	done

fmt: setup ## Format, and mend what can be mended
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lint: setup ## Format, rules, types and walls, without changing anything
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy $(CODE)
	$(VENV)/bin/lint-imports

docs: setup ## Make docs/api anew from the code
	@mkdir -p docs/api
	$(RUN) -m shared.events.asyncapi > docs/api/asyncapi.yaml
	@for service in intake deadline feedback; do \
		$(RUN) -m services.$$service openapi > docs/api/$$service.openapi.json || exit 1; \
	done

dashboards: setup ## Make Grafana's dashboards anew from deploy/monitoring/dashboards
	$(RUN) -m deploy.monitoring

test: setup ## All tests on the embedded broker (KAFKA=apache: on Apache Kafka)
	$(RUN) -m pytest $(ARGS)

demo: setup ## One Friday in Chơn Thành, through all three services
	$(RUN) -m deploy.local demo $(ARGS)

up: setup ## Start everything on free ports; Ctrl-C stops it
	$(RUN) -m deploy.local up $(ARGS)

replay: setup ## Replay a real log: make replay LOG=file.csv.gz
	@test -n "$(LOG)" || { echo "Which log? make replay LOG=file.csv.gz" >&2; exit 2; }
	$(RUN) -m deploy.local replay "$(LOG)" $(ARGS)

ledger: setup ## Prove that nothing was lost, doubled, reordered or stuck in a running stack
	$(RUN) -m deploy.local ledger $(ARGS)

faults: setup ## Kill, cut and poison under load, then the ledger
	$(RUN) -m deploy.local faults $(ARGS)

scale: setup ## Replicas 1, 2, 4, 2 under load, one killed, all renewed, then the ledger
	$(RUN) -m deploy.local scale $(ARGS)

bench: $(VENV)/bench.installed ## Measure, against the floor and against peers
	$(RUN) -m bench $(ARGS)

check: ## Exactly what CI runs
	bash .ci/run

clean: ## Remove what was made here: .venv, .local and caches
	rm -rf $(VENV) .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
