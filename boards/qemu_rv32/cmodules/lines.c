// Two lines that a Wiegand reader plays, and each as a pin of an ESP32: a falling edge asks for a call of the
// pin's handler, in the queue of eight that MicroPython keeps for that; where it is full, the edge is lost.
#include "py/runtime.h"
#include "qemu_rv32.h"

#define LOW_TICKS (500) // 50 us, for which a line is low after its edge
#define IRQ_FALLING (2)

typedef struct {
    mp_obj_base_t base;
    uint64_t fell_at;
} line_t;

extern const mp_obj_type_t qemu_rv32_line_type;
static line_t lines[] = {{{&qemu_rv32_line_type}, 0}, {{&qemu_rv32_line_type}, 0}};

// What is played: twice the microseconds from the edge before, and the line; kept in wiegand_edges.
static const uint32_t *edges;
static size_t edge_count, next_edge;
static uint64_t next_at;
static mp_uint_t lost_count;

static void set_next(void) {
    if (next_edge < edge_count) {
        next_at += (uint64_t)(edges[next_edge] >> 1) * 10;
        board_alarm(next_at);
    } else {
        board_alarm(BOARD_NEVER);
    }
}

// In the timer's interrupt: all edges until now.
void lines_interrupt(uint64_t now) {
    while (next_edge < edge_count && next_at <= now) {
        size_t which = edges[next_edge++] & 1;
        lines[which].fell_at = next_at;
        mp_obj_t handler = MP_STATE_VM(wiegand_handlers)[which];
        if (handler != MP_OBJ_NULL && handler != mp_const_none
            && !mp_sched_schedule(handler, MP_OBJ_FROM_PTR(&lines[which]))) {
            lost_count++;
        }
        set_next();
    }
}

static mp_obj_t line_init(size_t n_args, const mp_obj_t *args) {
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(line_init_obj, 1, 3, line_init);

// irq(handler, trigger): on the falling edge, whatever the trigger; None for no calls.
static mp_obj_t line_irq(size_t n_args, const mp_obj_t *args) {
    MP_STATE_VM(wiegand_handlers)[(line_t *)MP_OBJ_TO_PTR(args[0]) - lines] = args[1];
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(line_irq_obj, 2, 3, line_irq);

static mp_obj_t line_value(mp_obj_t self) {
    uint64_t fell_at = ((line_t *)MP_OBJ_TO_PTR(self))->fell_at;
    bool is_low = fell_at != 0 && board_time_ns() / 100 - fell_at < LOW_TICKS;
    return MP_OBJ_NEW_SMALL_INT(!is_low);
}
static MP_DEFINE_CONST_FUN_OBJ_1(line_value_obj, line_value);

static const mp_rom_map_elem_t line_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&line_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_irq), MP_ROM_PTR(&line_irq_obj) },
    { MP_ROM_QSTR(MP_QSTR_value), MP_ROM_PTR(&line_value_obj) },
    { MP_ROM_QSTR(MP_QSTR_IN), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_FALLING), MP_ROM_INT(IRQ_FALLING) },
};
static MP_DEFINE_CONST_DICT(line_dict, line_table);

// Line(0) and Line(1): D0 and D1.
static mp_obj_t line_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    return MP_OBJ_FROM_PTR(&lines[mp_obj_get_int(args[0]) & 1]);
}

MP_DEFINE_CONST_OBJ_TYPE(
    qemu_rv32_line_type, MP_QSTR_Line, MP_TYPE_FLAG_NONE, make_new, line_make_new, locals_dict, &line_dict
    );

// play(edges): from now on, an array of 32 bits each: twice the microseconds from the edge before, and the line.
static mp_obj_t lines_play(mp_obj_t given) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(given, &buffer, MP_BUFFER_READ);
    uint32_t status = board_disable_interrupts();
    MP_STATE_VM(wiegand_edges) = given;
    edges = buffer.buf;
    edge_count = buffer.len / sizeof(uint32_t);
    next_edge = lost_count = 0;
    next_at = board_time_ns() / 100;
    set_next();
    board_restore_interrupts(status);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(qemu_rv32_play_obj, lines_play);

// played(): how many edges have come.
static mp_obj_t lines_played(void) {
    return MP_OBJ_NEW_SMALL_INT(next_edge);
}
MP_DEFINE_CONST_FUN_OBJ_0(qemu_rv32_played_obj, lines_played);

// lost(): for how many of them there was no place in the queue.
static mp_obj_t lines_lost(void) {
    return MP_OBJ_NEW_SMALL_INT(lost_count);
}
MP_DEFINE_CONST_FUN_OBJ_0(qemu_rv32_lost_obj, lines_lost);

// After a soft reset the heap is new: nothing of before is to be played or called.
void lines_reset(void) {
    edge_count = next_edge = 0;
    board_alarm(BOARD_NEVER);
    for (size_t which = 0; which < 2; which++) {
        MP_STATE_VM(wiegand_handlers)[which] = MP_OBJ_NULL;
    }
}

MP_REGISTER_ROOT_POINTER(mp_obj_t wiegand_handlers[2]);
MP_REGISTER_ROOT_POINTER(mp_obj_t wiegand_edges);
