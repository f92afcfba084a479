# make demo: train on real data that comes with a package · make test: run the tests · both set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
TORCH := torch==2.13.0
WORKERS ?= 2

.PHONY: demo test coverage lint types check bench clean

$(READY): pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -c constraints.txt $(TORCH)
	$(VENV)/bin/python -m pip install -q -c constraints.txt -e ".[dev]"
	touch $(READY)

demo: $(READY)
	$(VENV)/bin/engineroom demo

test: $(READY)
	$(VENV)/bin/ruff check src tests bench
	$(VENV)/bin/mypy
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

coverage: $(READY)
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --cov=engineroom --cov-report=term:skip-covered $(ARGS)

lint: $(READY)
	$(VENV)/bin/ruff check --fix src tests bench

bench: $(READY)
	$(VENV)/bin/python bench/loop_overhead.py
	$(VENV)/bin/python bench/startup.py
	$(VENV)/bin/python bench/memory.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
