# For a build whose manifest calls in_rom.keep, and which is told so: RESIDENT=1.
ifdef RESIDENT
SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/, none.c resident.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)
LDFLAGS += -Wl,--wrap=mp_obj_new_module -Wl,--wrap=mp_make_function_from_proto_fun
LDFLAGS += -Wl,--wrap=mp_load_build_class
endif
