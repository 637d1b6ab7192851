# Two commands do everything: `make demo` and `make test`. Python 3.10 or later and a C
# compiler are all they need.
PYTHON ?= python3
VENV := .venv-make
PY := $(VENV)/bin/python
SOURCES := $(wildcard src/majuscule/*.py src/majuscule/*.py[ix] src/majuscule/*/*.py src/majuscule/data/* \
  src/majuscule/data/completion/* src/majuscule/server/page/* share/man/man1/*) pyproject.toml setup.py
KERNEL_TESTS := $(addprefix tests/test_,text.py parts.py records.py features.py decode.py model.py lexicon.py choices.py restorer.py recognition.py clustering.py training.py rescorer.py rescoring.py)

# The other supported Pythons that this machine has (3.11 stands for the one in use).
OTHERS := $(foreach v,3.10 3.12 3.13,$(lastword $(wildcard /usr/bin/python$(v) /usr/local/bin/python$(v)) \
  $(wildcard $(HOME)/.pyenv/versions/$(v).*/bin/python)))

# How long `make fuzz` searches.
FUZZ_SECONDS ?= 60
FUZZ_PY := .venv-fuzz/bin/python

.PHONY: demo test lint check checked pythons site manual fuzz model bench figures clean

demo: $(VENV)/installed
	@$(PY) examples/demo.py

test: lint check checked pythons

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --group dev build
	touch $@

# The wheel that the source distribution gives, installed: what is tested and shown is what a user gets, not the checkout.
$(VENV)/installed: $(VENV)/ready $(SOURCES)
	rm -rf build dist
	$(PY) -m build --quiet
	$(PY) -m pip install --quiet --force-reinstall dist/*.whl
	touch $@

lint: $(VENV)/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

check: $(VENV)/installed
	$(PY) -m pytest -q

# The tests of text and kernels once more, with every array access checked.
checked: $(VENV)/installed
	rm -rf build/checked-tree build/lib* build/temp*
	MAJUSCULE_CHECKED=1 $(PY) -m pip install --quiet --no-deps --target build/checked-tree .
	MAJUSCULE_CHECKED=1 PYTHONPATH=build/checked-tree \
	  $(PY) -m pytest -q -m "not model" $(KERNEL_TESTS) tests/test_checked.py

# And with every other supported Python that this machine has.
pythons: $(VENV)/installed
	rm -rf build/lib* build/temp*
	set -e; for python in $(OTHERS); do \
	  $$python --version; \
	  $$python -m venv --clear build/python; \
	  build/python/bin/python -m pip install --quiet --upgrade pip; \
	  build/python/bin/python -m pip install --quiet . pytest hypothesis; \
	  build/python/bin/python -m pytest -q $(KERNEL_TESTS); \
	done

# The documents as a site, in build/site; and what is made of the command's parser.
site: $(VENV)/installed
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

manual: $(VENV)/installed
	$(PY) share/make.py

# Search for texts that break a promise, with every array access checked; fuzz/README.md says more.
fuzz: build/fuzz/ready
	mkdir -p build/fuzz/found
	PYTHONPATH=build/fuzz/tree:tests:benchmarks $(FUZZ_PY) fuzz/target.py -max_total_time=$(FUZZ_SECONDS) \
	  -timeout=20 -dict=fuzz/dictionary -artifact_prefix=build/fuzz/ build/fuzz/found fuzz/corpus

build/fuzz/ready: .venv-fuzz/ready $(SOURCES)
	rm -rf build/fuzz/tree build/lib* build/temp*
	MAJUSCULE_CHECKED=1 $(FUZZ_PY) -m pip install --quiet --no-deps --target build/fuzz/tree .
	touch $@

.venv-fuzz/ready:
	$(PYTHON) -m venv .venv-fuzz
	$(FUZZ_PY) -m pip install --quiet --upgrade pip
	@$(FUZZ_PY) -m pip install --quiet --only-binary=atheris atheris "numpy>=1.24" "safetensors>=0.4" || { \
	  echo "make fuzz: needs atheris, which has wheels for CPython on Linux x86-64 alone (3.10 to 3.14);" \
	    "say which Python with PYTHON=python3.11"; rm -rf .venv-fuzz; exit 1; }
	touch $@

# The rest needs ../shared, the corpus and the evaluation sets.
model: $(VENV)/installed
	$(PY) models/en/build.py

bench: $(VENV)/installed
	$(PY) benchmarks/run.py
	$(PY) benchmarks/splice.py

figures:
	$(PYTHON) benchmarks/splice.py

clean:
	rm -rf build dist $(VENV) .venv-fuzz src/*.egg-info src/majuscule/*.so
