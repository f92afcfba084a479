# make demo: train on real data that comes with a package · make test: run the tests · make docs: build the documentation into site/ · all set up .venv.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
TORCH := torch==2.13.0
WORKERS ?= 2

.PHONY: demo test coverage lint types check bench docs docs-serve clean

$(READY): pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -c constraints.txt $(TORCH)
	$(VENV)/bin/python -m pip install -q -c constraints.txt -e ".[dev]"
	touch $(READY)

demo: $(READY)
	$(VENV)/bin/engineroom demo

test: $(READY)
	$(VENV)/bin/ruff check src tests bench docs
	$(VENV)/bin/mypy
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

coverage: $(READY)
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --cov=engineroom --cov-report=term:skip-covered $(ARGS)

lint: $(READY)
	$(VENV)/bin/ruff check --fix src tests bench docs

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

docs-serve: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs serve

bench: $(READY)
	$(VENV)/bin/python bench/loop_overhead.py
	$(VENV)/bin/python bench/startup.py
	$(VENV)/bin/python bench/memory.py

clean:
	rm -rf $(VENV) build site *.egg-info .pytest_cache .mypy_cache .ruff_cache
