// The module qemu_rv32.
#include "py/runtime.h"
#include "qemu_rv32.h"

static uint32_t read_low(void) {
    uint32_t value;
    __asm volatile ("csrr %0, minstret" : "=r" (value) :: "memory");
    return value;
}

static uint32_t read_high(void) {
    uint32_t value;
    __asm volatile ("csrr %0, minstreth" : "=r" (value) :: "memory");
    return value;
}

uint64_t board_instructions(void) {
    uint32_t high, low;
    do {
        high = read_high();
        low = read_low();
    } while (high != read_high());
    return (uint64_t)high << 32 | low;
}

// instructions(function, *arguments): how many instructions a call executes, what it returns is dropped.
static mp_obj_t instructions(size_t n_args, const mp_obj_t *args) {
    uint64_t start = board_instructions();
    uint64_t counting = board_instructions() - start;
    start = board_instructions();
    mp_call_function_n_kw(args[0], n_args - 1, 0, args + 1);
    return mp_obj_new_int_from_ull(board_instructions() - start - counting);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(instructions_obj, 1, instructions);

extern const mp_obj_type_t qemu_rv32_flash_type;
extern const mp_obj_type_t qemu_rv32_line_type;
MP_DECLARE_CONST_FUN_OBJ_1(qemu_rv32_play_obj);
MP_DECLARE_CONST_FUN_OBJ_0(qemu_rv32_played_obj);
MP_DECLARE_CONST_FUN_OBJ_0(qemu_rv32_lost_obj);
MP_DECLARE_CONST_FUN_OBJ_1(qemu_rv32_take_obj);
MP_DECLARE_CONST_FUN_OBJ_0(qemu_rv32_largest_obj);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_qemu_rv32) },
    { MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&qemu_rv32_flash_type) },
    { MP_ROM_QSTR(MP_QSTR_Line), MP_ROM_PTR(&qemu_rv32_line_type) },
    { MP_ROM_QSTR(MP_QSTR_instructions), MP_ROM_PTR(&instructions_obj) },
    { MP_ROM_QSTR(MP_QSTR_largest), MP_ROM_PTR(&qemu_rv32_largest_obj) },
    { MP_ROM_QSTR(MP_QSTR_lost), MP_ROM_PTR(&qemu_rv32_lost_obj) },
    { MP_ROM_QSTR(MP_QSTR_play), MP_ROM_PTR(&qemu_rv32_play_obj) },
    { MP_ROM_QSTR(MP_QSTR_played), MP_ROM_PTR(&qemu_rv32_played_obj) },
    { MP_ROM_QSTR(MP_QSTR_take), MP_ROM_PTR(&qemu_rv32_take_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t qemu_rv32_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_qemu_rv32, qemu_rv32_module);
