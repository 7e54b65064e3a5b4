# `make` alone prints what there is. The file targets are the stamps of the set-ups.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench bench-full clean

PYTHON =
STAMP = .venv/.set-up-complete
CHECKOV_STAMP = .venv-checkov/.set-up-complete
BENCH_STAMP = .venv/.bench-set-up-complete
BIN = .venv/bin

# A fixed hash seed, and a time zone far from UTC: a hidden use of local time shows.
TEST_ENVIRONMENT = PYTHONHASHSEED=0 TZ=Asia/Kathmandu

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: $(STAMP)  ## make .venv with the pinned packages (once)

demo: $(STAMP)  ## play two nights of the deployed system on this machine, no AWS account needed
	@sh scripts/set_up_mariadb.sh
	$(BIN)/fraudlake demo

test: $(STAMP)  ## run the tests; pass options with ARGS="-k velocity"
	@sh scripts/set_up_mariadb.sh
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest --numprocesses 2 $(ARGS)

check: $(STAMP) $(CHECKOV_STAMP)  ## lint, formatting, types and the CDK's templates, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/check_templates.py

format: $(STAMP)  ## put the code into its one format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(BENCH_STAMP)  ## compare with DuckDB, Polars, pandas and naive PySpark, minutes; bench-full: hours
	$(BIN)/python -m benchmarks run quick $(ARGS)

bench-full: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks run full $(ARGS)
	$(BIN)/python -m benchmarks report

clean:  ## remove .venv, caches and build results
	rm -rf .venv .venv-checkov .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist spark-warehouse
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.txt requirements-dev.txt constraints.txt pyproject.toml
	@sh scripts/set_up.sh $(STAMP) "$(PYTHON)"

$(BENCH_STAMP): $(STAMP) requirements-bench.txt
	@echo "installing requirements-bench.txt into .venv, about 200 MB" >&2
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install -r requirements-bench.txt
	@touch $@

$(CHECKOV_STAMP): constraints-checkov.txt
	@sh scripts/set_up_checkov.sh $(CHECKOV_STAMP) "$(PYTHON)"
