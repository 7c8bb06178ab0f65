# Read by MicroPython's ports/unix/Makefile. What the firmware never asks for is left out: so the build
# needs no library of the machine and no submodule of MicroPython.
MICROPY_PY_SSL = 0
MICROPY_PY_FFI = 0
MICROPY_PY_BTREE = 0
MICROPY_PY_BLUETOOTH = 0
FROZEN_MANIFEST = $(VARIANT_DIR)/manifest.py
