# Read by MicroPython's ports/unix/Makefile, which also compiles alloc.c.
include $(VARIANT_DIR)/../unix/mpconfigvariant.mk
# Between MicroPython and its allocator, without a change to its source; frames of sys.settrace are never made.
LDFLAGS_EXTRA += -Wl,--wrap=gc_alloc,--wrap=gc_realloc,--wrap=mp_warning
LDFLAGS_EXTRA += -Wl,--wrap=mp_prof_frame_enter,--wrap=mp_prof_frame_update
