// MicroPython's ports/qemu/mpconfigport.h, with what the firmware needs and an ESP32 has.
#include "mpconfigport.h"
#include "qemu_rv32.h"

// As on an ESP32, whose own images load native code and viper's, but no inline assembly.
#undef MICROPY_EMIT_INLINE_RV32
#define MICROPY_EMIT_INLINE_RV32 (0)

#undef MICROPY_PY_SYS_STDIO_BUFFER
#undef MICROPY_PY_SELECT
#undef MICROPY_PY_TIME
#undef MICROPY_PY_ASYNCIO
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_PY_SELECT (1)
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_ASYNCIO (1)
#define MICROPY_VFS_ROM_IOCTL (1)

#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_INCLUDEFILE "qemu_rv32_time.h"
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_INCLUDEFILE "qemu_rv32_os.h"

// As on an ESP32, whose serial line blocks while it is printed: what prints it is found here.
#define MICROPY_PY_STR_BYTES_CMP_WARN (1)

// As on an ESP32: the heap grows in areas out of the system's memory, and machine code lies there, too.
#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
#define MP_PLAT_ALLOC_HEAP(bytes) system_alloc(bytes)
#define MP_PLAT_FREE_HEAP(area) system_free(area)
#define MP_PLAT_COMMIT_EXEC(code, length, relocation) board_commit_code(code, length, relocation)

#define MICROPY_STACK_CHECK_MARGIN (1024)
#define MICROPY_ENABLE_SCHEDULER (1)
// As on an ESP32: so many calls of pins' handlers wait for the interpreter.
#define MICROPY_SCHEDULER_DEPTH (8)
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_BEGIN_ATOMIC_SECTION() board_disable_interrupts()
#define MICROPY_END_ATOMIC_SECTION(state) board_restore_interrupts(state)
#define MICROPY_INTERNAL_WFE(timeout_ms) board_wait(timeout_ms)
