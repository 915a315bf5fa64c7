# The one door to the project. `make help` lists what there is.

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
UV := .tools/uv/bin/uv
SAM := .tools/sam/bin/sam
# Browser and stack mostly wait, so two workers more run than there are cores; each costs seconds of collecting.
# The suite starts Python some hundred times, so compiled files are kept whatever the environment says.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m pytest -n 4 --dist loadgroup
TYPED := $(wildcard layers/hotline/python functions local tests benchmarks docs/examples)
export PYTHONPATH := $(CURDIR)/local:$(CURDIR)/layers/hotline/python:$(CURDIR)

.PHONY: help
help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: .venv/.ready ## Install what the project needs into .tools and .venv.
	@:

.PHONY: run
run: ## Build the stack, run it on this machine, load the demo wallet. Ctrl-C ends it.
	@./hotline run $(ARGS)

.PHONY: call
call: ARGS ?= --from +8613800000001
call: setup ## Call the hotline from this terminal, as a demo customer or with ARGS='--from +12025550109'.
	@./hotline call $(ARGS)

.PHONY: test
test: setup ## Run every test.
	$(PYTEST) --no-loadscope-reorder $(ARGS)

.PHONY: check
check: setup .tools/sam/.ready ## Check style, types, imports, template and flows.
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy $(TYPED)
	$(PYTHON) -m tests.support.import_contracts
	@./hotline build
	.venv/bin/cfn-lint template.yaml .build/aws/template.json
	SAM_CLI_TELEMETRY=0 $(SAM) validate --lint --region eu-central-1 --template-file template.yaml
	./hotline flows check flows
	@$(PYTHON) -m hotline_local.calendars --check

.PHONY: build
build: setup ## Build what goes to AWS into .build/aws (arm64, Python 3.13).
	@./hotline build $(ARGS)

.PHONY: deploy
deploy: setup .tools/sam/.ready ## Build, then deploy to AWS, guided by questions.
	@./hotline deploy $(ARGS)

.PHONY: schemas
schemas: setup ## Write docs/schemas from the contracts, docs/openapi.json from the API.
	@$(PYTHON) -m hotline_local.schemas

.PHONY: words
words: setup ## Bring the words of the catalogues to where they are used.
	@$(PYTHON) -m hotline_local.words

.PHONY: calendars
calendars: setup ## Write the calendars of business days, from the libraries that know holidays.
	@$(PYTHON) -m hotline_local.calendars

.PHONY: currencies
currencies: setup ## Write the names of currencies, from the library that knows CLDR.
	@$(PYTHON) -m hotline_local.currencies

.PHONY: pictures
pictures: setup ## Draw every flow again, into docs/flows.
	@./hotline flows draw flows --to docs/flows

.PHONY: bench
bench: setup ## Run the benchmarks and write docs/performance.md.
	@$(PYTHON) -m benchmarks $(ARGS)

.PHONY: soak
soak: setup ## Run the property tests for long, with fresh seeds.
	HOTLINE_SOAK=1 $(PYTEST) -m soak $(ARGS)

.PHONY: python
python: setup ## Run Python on the code of this folder, e.g. ARGS='-m tests.support.town_findings'.
	@$(PYTHON) $(ARGS)

.PHONY: mutate
mutate: setup ## Change the rules, one small thing at a time, and print what no test notices (15 minutes).
	$(PYTHON) -m tests.mutation $(ARGS)

.PHONY: vendor
vendor: .tools/desk/.ready ## Bundle the libraries of the desk (requirements/desk) into desk/vendor again.
	@cd .tools/desk && for name in lit/lit amazon-connect/workspace; do \
		node_modules/.bin/esbuild $$(basename $$name).js --bundle --format=esm --minify --target=es2022 --legal-comments=none --log-level=warning \
			--outfile=../../desk/vendor/$$name.js --allow-overwrite || exit 1; \
	done
	@cp .tools/desk/node_modules/lit/LICENSE desk/vendor/lit/LICENSE

# ---------------------------------------------------------------- the environment

.tools/uv/.ready: requirements/uv.txt
	@python3 -c 'import sys; sys.exit(7 if sys.version_info < (3, 9) else 0)' 2>/dev/null; [ $$? -ne 7 ] || { echo "python3 is too old to begin with: install Python 3.9 or newer, then run make again." >&2; exit 1; }
	@command -v python3 >/dev/null 2>&1 || { echo "No python3 was found: install Python 3.9 or newer, then run make again." >&2; exit 1; }
	@echo "Setting up uv in .tools/uv"
	@mkdir -p .tools
	@python3 -m venv --clear .tools/uv >.tools/venv.log 2>&1 || { echo "python3 could not make a virtual environment (see .tools/venv.log): install its venv module (Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/uv.txt \
		|| { echo "uv could not be installed: check the network connection, then run make again." >&2; exit 1; }
	@touch $@

# A Python 3.13 that is already there is taken; uv fetches one where there is none.
.venv/.ready: requirements/dev.txt .python-version .tools/uv/.ready
	@echo "Setting up Python 3.13 and the pinned packages in .venv"
	@.venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || $(UV) venv --quiet --clear --python 3.13 .venv \
		|| { echo "No Python 3.13 was found, and none could be fetched: install Python 3.13, then run make again." >&2; exit 1; }
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt \
		|| { echo "The pinned packages could not be installed: check the network connection, then run make again." >&2; exit 1; }
	@touch $@

# SAM's own pins differ from ours, so it lives apart.
.tools/sam/.ready: requirements/sam.txt .tools/uv/.ready
	@echo "Setting up the SAM command line in .tools/sam"
	@$(UV) venv --quiet --clear --python 3.13 .tools/sam
	@$(UV) pip sync --quiet --python .tools/sam/bin/python --require-hashes requirements/sam.txt \
		|| { echo "The SAM command line could not be installed: check the network connection, then run make again." >&2; exit 1; }
	@touch $@

.PHONY: pins
pins: .tools/uv/.ready ## Renew the pins in requirements/*.txt after a change of a *.in file.
	@for name in dependencies dev sam uv; do \
		(cd requirements && ../$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.13 $$name.in -o $$name.txt) || exit 1; \
	done

# Only who changes a library of the desk needs Node.js: the page itself is served as it stands.
.tools/desk/.ready: $(wildcard requirements/desk/*) requirements/desk/.npmrc
	@command -v npm >/dev/null 2>&1 || { echo "No npm was found: install Node.js 20 or newer, then run make vendor again." >&2; exit 1; }
	@mkdir -p .tools/desk && cp requirements/desk/.npmrc requirements/desk/* .tools/desk/
	@cd .tools/desk && npm ci --silent
	@touch $@
