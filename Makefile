# Five words to remember: run, test, lint, axe, bench. Each brings the environment in line first.
PORT ?= 8000
DEMO ?= yes
PYTHON ?= python3
BIN = .venv/bin
export PYTHON

.PHONY: help run test lint axe bench environment dev-environment lock

help:
	@echo "make run [PORT=8000] [DEMO=no]   start Heed; data are kept in var/"
	@echo "make test                        the whole suite"
	@echo "make lint                        style, imports, templates, migrations"
	@echo "make axe                         accessibility of every page, light and dark, wide and narrow"
	@echo "make bench                       speed, as ratios"
	@echo "make lock                        write the lock files anew from requirements*.in"

environment:
	@deploy/environment requirements.txt

dev-environment: environment
	@deploy/environment requirements-dev.txt

run: environment
	@exec $(BIN)/python manage.py up --prepare --port $(PORT) --demo $(DEMO)

test: dev-environment
	@deploy/test

lint: dev-environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run

axe: dev-environment
	HEED_AXE=all $(BIN)/pytest -q -m browser -k axe

bench: environment
	$(BIN)/python manage.py bench

lock:
	uv pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11 -o requirements.txt requirements.in
	uv pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11 -c requirements.txt -o requirements-dev.txt requirements-dev.in
