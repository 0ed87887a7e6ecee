# Everything starts from Python 3.11 or newer with pip. Choose the interpreter with `make PYTHON=python3.12 …`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2

.PHONY: demo test lint bench bench-check docs examples figures explorer explorer-check hooks clean
.DELETE_ON_ERROR:

demo: $(VENV)/.core  ## wind-up under three concentrations of ketamine: figure and table in out/
	$(BIN)/nmdasim windup --ketamine "0 uM,1 uM,10 uM" --repeats 5 --out out

test: lint  ## the whole suite, slow tests included
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench  ## every number, table and figure of docs/kernel.md but COBAHH's; minutes, on an idle machine
	$(BIN)/python benchmarks/kernel.py

bench-check: $(VENV)/.core  ## that the kernel is as near to code written by hand as benchmarks/limit.json has it
	$(BIN)/python benchmarks/limit.py --check

docs: $(VENV)/.docs  ## the documentation, in docs/_build/html; runs the examples
	MPLBACKEND=Agg OPENBLAS_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

examples: $(VENV)/.sweep  ## every example; figures in out/
	set -e; for example in examples/[0-9]*.py; do echo "$$example"; MPLBACKEND=Agg $(BIN)/python "$$example"; done

# Not here: docs/make_pore_block.py, which runs its study anew (20 minutes), and docs/make_explorer.py, which wants Playwright.
figures: $(VENV)/.core  ## the figures and tables of the documentation, but two scripts'; most of an hour
	MPLBACKEND=Agg $(BIN)/python docs/make_figures.py
	MPLBACKEND=Agg $(BIN)/python docs/make_house.py
	MPLBACKEND=Agg $(BIN)/python docs/make_bench.py
	MPLBACKEND=Agg $(BIN)/python docs/make_sensitization.py
	MPLBACKEND=Agg $(BIN)/python docs/make_synapses.py
	MPLBACKEND=Agg $(BIN)/python docs/make_treatment.py
	$(BIN)/python docs/make_answers.py
	$(BIN)/python docs/make_neuron.py
	$(BIN)/python docs/make_tables.py

# The page of the explorer, one file, from its sources and what the lock file names; needs Node. Users need neither.
PAGE := nmdasim/explorer/page
explorer: $(VENV)/.core $(PAGE)/node_modules  ## the explorer, nmdasim/explorer/explorer.html
	cd $(PAGE) && npm run --silent check && npm run --silent build
	$(BIN)/python -m nmdasim.explorer.build $(PAGE)/built

explorer-check: $(VENV)/.core $(PAGE)/node_modules  ## that the explorer is what its sources make
	cd $(PAGE) && npm run --silent check && npm run --silent build
	$(BIN)/python -m nmdasim.explorer.build --check $(PAGE)/built

$(PAGE)/node_modules: $(PAGE)/package-lock.json
	cd $(PAGE) && npm ci --silent --no-audit --no-fund
	touch $@

hooks: $(VENV)/.test  ## quick checks before every commit
	$(BIN)/python -m pip install pre-commit
	$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) out docs/_build docs/gallery docs/generated docs/api/generated

# One stamp per extra, renewed when pyproject.toml changes. Where Python comes without ensurepip, its own pip is used.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("nmdasim needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV) install pip; }

$(VENV)/.core: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --editable .
	touch $@

$(VENV)/.%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --editable ".[$*]"
	touch $@
