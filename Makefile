# make demo: set up what running needs and run the main job on a ready case.  make quick: what to run while at work.
# make test: set up and ask everything, what is long in short.  make test-long: all of it, as .ci/run does.
# Hours: ALLOCATOR_HOURS=1 make test-long (thousands of random cases), FUZZ_SECONDS=180 make test-long (a reader).
PYTHON ?= python3
BIN := .venv/bin
RUNS := .venv/.runs
READY := .venv/.ready
BUILD := .venv/build
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# four at once on two cores: two look at pages, one kills workers, and these wait half of the time
PYTEST := $(BIN)/pytest -n 4 --dist loadgroup --no-loadscope-reorder -rs
QUICK := tests/rules tests/engine tests/reasons --ignore-glob='*test_dense.py'
MADE_FROM := pyproject.toml hatch_build.py $(wildcard assets/*)
# modules stay compiled: the processes that tests begin would each compile the program anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick test-long checks all-tests quick-tests fmt docs bench lock wheel clean

demo: $(if $(wildcard $(READY)),$(READY),$(RUNS))
	$(BIN)/allocator demo

test test-long: $(READY)
	@$(MAKE) --no-print-directory -j2 checks all-tests

quick: $(READY)
	@$(MAKE) --no-print-directory -j2 checks quick-tests

test-long: export ALLOCATOR_LONG = 1

checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

all-tests:
	$(PYTEST)

quick-tests:
	$(PYTEST) -n 3 $(QUICK)

fmt: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)
	$(BIN)/python -m docs.generate

bench: $(READY)
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.service
	$(BIN)/python -m tests.benchmarks.race
	$(BIN)/python -m tests.benchmarks.scale
	$(BIN)/python -m tests.benchmarks.scale --write
	$(BIN)/python -m tests.benchmarks.workers
	$(BIN)/python -m tests.benchmarks.workers --beside

wheel: $(READY)
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# pinned, with hashes, without download addresses; needs uv
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate
lock:
	$(LOCK) pyproject.toml --group dev -o requirements/dev.lock
	$(LOCK) pyproject.toml -o requirements/run.lock
	$(LOCK) --group build -c requirements/dev.lock -o requirements/build.lock

$(BIN)/python:
	$(PYTHON) -m venv .venv

# most modules are never run, so none is compiled beforehand; what building the package takes is put aside and thrown away: a hundred megabytes of Node for three small files
$(RUNS): requirements/run.lock requirements/build.lock $(MADE_FROM) | $(BIN)/python
	$(PIP) --no-compile --require-hashes -r requirements/run.lock
	$(PIP) --no-compile --require-hashes -r requirements/build.lock --target $(BUILD) --upgrade
	PYTHONPATH=$(BUILD) $(PIP) --no-deps --no-build-isolation -e .
	rm -rf $(BUILD)
	touch $@

$(READY): requirements/dev.lock $(MADE_FROM) | $(BIN)/python
	$(PIP) --require-hashes -r requirements/dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv dist build
