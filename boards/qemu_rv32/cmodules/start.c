// What an ESP32's main() does and the port's does not: boot.py, main.py, and a reset that starts again.
#include "py/cstack.h"
#include "py/runtime.h"
#include "shared/runtime/pyexec.h"
#include "qemu_rv32.h"

#define FINISHER (*(volatile uint32_t *)0x00100000)
#define FINISHER_RESET (0x7777)

// The stack of an ESP32's task; the port's region for it is larger.
#define STACK_BYTES (16 * 1024)

void __real_mp_init(void);

void __wrap_mp_init(void) {
    static bool powered_on = false;
    if (!powered_on) {
        powered_on = true;
        console_init();
        rom_load();
    }
    lines_reset();
    // After a soft reset the areas of the heap were given back, and machine code is that of the run before.
    system_begin();
    mp_cstack_init_with_sp_here(STACK_BYTES);
    __real_mp_init();
    MP_STATE_PORT(board_machine_code) = MP_OBJ_NULL;
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && !(result & PYEXEC_FORCED_EXIT)) {
        pyexec_file_if_exists("main.py");
    }
}

void __real_exit(int status) __attribute__((noreturn));

// machine.reset() is exit(0) in this port. The status of a crash still ends qemu.
void __attribute__((noreturn)) __wrap_exit(int status) {
    if (status == 0) {
        FINISHER = FINISHER_RESET;
    }
    __real_exit(status);
}
