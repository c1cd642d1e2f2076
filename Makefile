# Everything starts here: each target sets up what it needs and can be the first one run on a fresh machine.
.DEFAULT_GOAL := help
.PHONY: help run serve drop status test check soak bench package clean

# Many short processes start here, and each would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
TOOLS := .venv/.ready
EMULATOR := local/node_modules/.ready
PYTEST_ARGS ?=

help: ## list these commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F '\t' '{printf "make %-8s %s\n", $$1, $$2}'

run: $(TOOLS) $(EMULATOR) ## upload a sample on this machine; MANIFEST=file, AUTH=way to sign in
	@$(PYTHON) -m local run $(if $(MANIFEST),--manifest "$(MANIFEST)") $(if $(AUTH),--auth "$(AUTH)")

serve: $(TOOLS) $(EMULATOR) ## the same, kept running until Ctrl-C, for make drop; AUTH=way
	@exec $(PYTHON) -m local serve $(if $(AUTH),--auth "$(AUTH)")

drop: $(TOOLS) ## put MANIFEST=file, or samples/laptops.csv, into make serve; WAIT=1 follows it to its end
	@$(PYTHON) -m local drop $(if $(MANIFEST),--manifest "$(MANIFEST)") $(if $(WAIT),--wait)

status: $(TOOLS) ## what became of the manifests in make serve; MANIFEST=file shows one
	@$(PYTHON) -m local status $(if $(MANIFEST),--manifest "$(MANIFEST)")

test: $(TOOLS) $(EMULATOR) ## the whole test suite
	@$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist worksteal $(PYTEST_ARGS)

check: $(TOOLS) $(EMULATOR) ## lint, types, tests, coverage: what CI runs
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@infra/scripts/compile.sh
	@$(MAKE) --no-print-directory test PYTEST_ARGS="--cov --cov-report=term $(PYTEST_ARGS)"

soak: $(TOOLS) $(EMULATOR) ## the long versions of the fault and fuzz tests
	@$(PYTHON) -m pytest -m soak $(PYTEST_ARGS)

bench: $(TOOLS) ## the benchmark, in two minutes; QUICK=1 is its short form
	@$(PYTHON) -m bench $(if $(QUICK),--quick)

package: $(TOOLS) ## the zip that is deployed, in dist/
	@$(PYTHON) -m local.package

clean: ## remove everything that the other targets have set up
	rm -rf .venv local/node_modules .local dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(TOOLS): requirements.txt requirements-dev.txt
	@python=$$(local/find-python.sh) && "$$python" local/set_up.py packages

$(EMULATOR): local/package-lock.json
	@local/check-node.sh && python=$$(local/find-python.sh) && "$$python" local/set_up.py emulator
