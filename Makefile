# Two commands: `make book` and `make test`. Both install what they need into .venv.
# Needs Python 3.11 or later (choose one with PYTHON=python3.12), git and make.

PYTHON ?= python3
STUDY  ?= studies/demo.yaml
# A folder that `make wheels` filled: packages are installed from it and from nowhere else.
WHEELS ?=
VENV   := .venv
RUN    := $(VENV)/bin/python
# Two processes take files of tests in the order that tests/conftest.py gives.
BESIDE := --no-loadscope-reorder --numprocesses 2

# A run and the tests start hundreds of processes, and each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help book pdf slides test test-fast lab questions bench benches evidence faults music-trial check wheels lint clean

help:
	@echo 'make book                            build the book on simulated data (some minutes)'
	@echo 'make book STUDY=studies/eegmat.yaml  the same on another study'
	@echo 'make pdf                             the book as one PDF too, by Chromium'
	@echo 'make slides                          slides of each chapter too'
	@echo 'make test                            run the tests (some minutes)'
	@echo 'make test-fast                       without training, browser and workflow'
	@echo 'make lab                             open the notebooks in JupyterLab'
	@echo 'make questions                       write the bank of questions for Moodle'
	@echo 'make bench                           measure speed and memory, and how they grow with subjects (two hours)'
	@echo 'make benches                         try each bench with twenty random settings'
	@echo 'make evidence                        measure what is claimed of the statistics (half an hour)'
	@echo 'make faults                          try spoilt recordings and results, full disks, kills (an hour or two)'
	@echo 'make music-trial                     fetch, run and build the film-music study on made-up signals'
	@echo 'make check STUDY=...                 look at the recordings of a study, compute nothing'
	@echo 'make wheels                          fill the folder wheels/ for machines without internet,'
	@echo '                                     where make book WHEELS=wheels installs from it'
	@echo 'make clean                           remove results and the environment'

book: $(VENV)/installed
	@$(RUN) -m emolib run $(STUDY)

pdf: book
	@$(RUN) -m emolib pdf $(STUDY)

slides: book
	@$(RUN) -m emolib slides $(STUDY)

check: $(VENV)/installed
	@$(RUN) -m emolib check $(STUDY)

test: $(VENV)/installed
	$(RUN) -m pytest $(BESIDE)

test-fast: $(VENV)/installed
	$(RUN) -m pytest $(BESIDE) -m "not slow and not network and not browser and not workflow and not faults and not benches"

lint: $(VENV)/installed
	$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

lab: $(VENV)/installed
	$(RUN) -m jupyter lab notebooks

questions: $(VENV)/installed
	@$(RUN) -m emolib.book.questions results/questions.xml

bench: $(VENV)/installed
	$(RUN) -m benchmarks.benches
	$(RUN) -m benchmarks.scale

benches: $(VENV)/installed
	$(RUN) -m pytest -m benches

evidence: $(VENV)/installed
	$(RUN) -m benchmarks.evidence

faults: $(VENV)/installed
	$(RUN) -m benchmarks.own_recordings
	$(RUN) -m benchmarks.mutated_inputs
	$(RUN) -m benchmarks.full_disk
	$(RUN) -m benchmarks.kills
	$(RUN) -m benchmarks.formats
	$(RUN) -m pytest -m faults

music-trial: $(VENV)/installed
	$(RUN) -m benchmarks.music

# All that an installation takes, what builds the project itself included, for this Python and processor.
wheels: $(VENV)/installed
	@echo 'filling the folder $(or $(WHEELS),wheels) (some minutes)'
	@$(RUN) -m pip wheel --quiet --disable-pip-version-check --wheel-dir $(or $(WHEELS),wheels) \
		--constraint constraints.txt --editable '.[test]' 'setuptools>=77'
	@rm -f $(or $(WHEELS),wheels)/emolib-*.whl

clean:
	rm -rf results $(VENV)

# The stamp names the Python that made it, so that the environment follows these files alone.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)") if sys.version_info < (3, 11) else 0'
	@echo 'installing into $(VENV) (once, a few minutes)'
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check $(if $(WHEELS),--no-index --find-links $(WHEELS)) \
		--constraint constraints.txt --editable '.[test]'
	@touch $@
