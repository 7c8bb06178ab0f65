# MicroPython takes in every boards/*/micropython.mk: this one is for this board alone.
ifeq ($(BOARD),QEMU_RV32)
SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/cmodules/, console.c flash.c heap.c host.c lines.c module.c rom.c start.c system.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)/cmodules
# The port links no timeutils; the calendar functions of `time` need it.
SRC_USERMOD_LIB_C += shared/timeutils/timeutils.c
endif
