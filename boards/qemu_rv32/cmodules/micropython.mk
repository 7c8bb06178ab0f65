SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/, aes.c console.c cryptolib.c flash.c heap.c host.c module.c rom.c start.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)
# The port links no timeutils; the calendar functions of `time` need it.
SRC_USERMOD_LIB_C += shared/timeutils/timeutils.c
