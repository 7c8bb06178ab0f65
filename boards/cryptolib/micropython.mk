SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/, aes.c cryptolib.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)
