# Two commands do everything: `make demo` and `make test`. Python 3.10 or later and a C
# compiler are all they need.
PYTHON ?= python3
VENV := .venv-make
PY := $(VENV)/bin/python
SOURCES := $(wildcard src/majuscule/*.py src/majuscule/*.pyx src/majuscule/data/*) pyproject.toml setup.py

.PHONY: demo test lint check checked model bench figures clean

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --group dev build
	touch $@

# The wheel, installed: what is tested and shown is what a user gets, not the checkout.
$(VENV)/installed: $(VENV)/ready $(SOURCES)
	rm -rf build dist
	$(PY) -m build --quiet --wheel
	$(PY) -m pip install --quiet --force-reinstall --no-deps dist/*.whl
	$(PY) -m pip install --quiet numpy safetensors
	touch $@

demo: $(VENV)/installed
	@$(PY) examples/demo.py

test: lint check checked

lint: $(VENV)/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

check: $(VENV)/installed
	$(PY) -m pytest

# The same tests of text and kernels with every array access checked.
checked: $(VENV)/ready
	rm -rf build/checked-tree
	MAJUSCULE_CHECKED=1 $(PY) -m pip install --quiet --no-deps --no-build-isolation --target build/checked-tree . \
	  || (echo "could not build the checked kernels" >&2; exit 1)
	PYTHONPATH=build/checked-tree $(PY) -m pytest -q -m "not model" tests/test_text.py tests/test_features.py \
	  tests/test_decode.py tests/test_model.py tests/test_restorer.py tests/test_training.py

# The rest needs ../shared, the corpus and the evaluation sets.
model: $(VENV)/installed
	$(PY) models/en/build.py

bench: $(VENV)/installed
	$(PY) benchmarks/run.py

figures:
	$(PYTHON) benchmarks/splice.py

clean:
	rm -rf build dist $(VENV) src/*.egg-info src/majuscule/*.so
