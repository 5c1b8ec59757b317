.PHONY: help demo check test format

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: ## Everything on this machine, with a sandbox instead of Microsoft 365
	.venv/bin/calendar-sync demo

check: ## The linters, as CI runs them
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	npm run --silent typecheck
	npm run --silent lint

test: ## All tests
	.venv/bin/python -m pytest

format: ## Put the code into our form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
