# Read by MicroPython's ports/qemu/Makefile. Nothing of MicroPython is patched: its configuration is
# wrapped by ours, and what the port lacks comes in through the linker (--wrap) from cmodules/.
QEMU_ARCH = riscv32
QEMU_MACHINE = virt
LDSCRIPT = $(BOARD_DIR)/memory.ld
SRC_BOARD_O += shared/runtime/gchelper_native.o shared/runtime/gchelper_rv32i.o
MPY_CROSS_FLAGS += -march=rv32imc

# In the 2.2 specification the CSR instructions are part of I. Debian 12's picolibc has no rv32imac_zicsr.
RV32_ARCH = rv32imac
AFLAGS += -misa-spec=2.2

CFLAGS += -DQEMU_SOC_VIRT -DMICROPY_HW_MCU_NAME='"$(RV32_ARCH)"'
CFLAGS += -DMP_CONFIGFILE='<qemu_rv32_config.h>' -I$(BOARD_DIR)
# gc.c counts in void *, where a heap grows by itself: ESP-IDF lets it, this port's Makefile does not.
CFLAGS += -Wno-error=pointer-arith
LDFLAGS += -Wl,--wrap=mp_init -Wl,--wrap=gc_init -Wl,--wrap=exit
LDFLAGS += -Wl,--wrap=uart_rx_chr -Wl,--wrap=mp_hal_stdio_poll

# The port's own heap is not used, see cmodules/heap.c; it must not be empty.
MICROPY_HEAP_SIZE = 64

MICROPY_VFS_LFS2 = 1
USER_C_MODULES = $(BOARD_DIR)/..
FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py
