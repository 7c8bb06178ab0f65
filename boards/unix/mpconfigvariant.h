// The unix port as the firmware's tests want it.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Which lines ran: `make coverage`. MicroPython ties the one to the other.
#define MICROPY_PY_SYS_SETTRACE (1)
#define MICROPY_PERSISTENT_CODE_SAVE (1)

#include "variants/mpconfigvariant_common.h"

// The tests mount an image of ROM.
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_VFS_ROM_IOCTL (1)
