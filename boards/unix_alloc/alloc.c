// The module `alloc`: counts what Python code allocates, and makes one allocation fail.
//
//   watch(counted, left_out, *apart) prefixes of file names, at most 6. An allocation counts if, from the innermost
//                                    frame outwards, a file of `counted` comes before one of `left_out`; it is
//                                    apart if a file of `apart`, which neither of the two is, came before that.
//   begin(nth=0, times=1, marks=None)
//                                    count from 1 on; the nth and those after it, `times` of them, fail as if there
//                                    were no memory. In `marks`, a bytearray, byte n becomes 1, or 2 if it is apart.
//   end() -> int                     no more; how many there were
//   failed() -> str | None           where the last one failed, innermost frame first; None since begin if none did
//   warnings() -> (int, str)         what the interpreter has warned of so far, how often and where last
//
// Growing in place counts, since it may have to move; shrinking and freeing never fail. A collection that an
// allocation started is part of it.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "py/bc.h"
#include "py/gc.h"
#include "py/mpstate.h"
#include "py/objfun.h"
#include "py/profile.h"
#include "py/runtime.h"

#define MAX_PREFIXES (6)
#define PREFIX_BYTES (256)
#define PLACE_BYTES (2048)

enum { NOT_COUNTED, COUNTED, APART };

static char prefixes[MAX_PREFIXES][PREFIX_BYTES];
static bool is_counting;
static size_t count, first, last; // the first and the last that fail
static byte *marks;
static size_t marks_length;
static bool has_failed;
static char failed_at[PLACE_BYTES];
static size_t warnings;
static char warned_at[PLACE_BYTES];

static const char *file_of(const mp_code_state_t *frame) {
    #if MICROPY_EMIT_BYTECODE_USES_QSTR_TABLE
    return qstr_str(frame->fun_bc->context->constants.qstr_table[0]);
    #else
    return qstr_str(frame->fun_bc->context->constants.source_file);
    #endif
}

static bool begins(const char *file, int which) {
    size_t length = strlen(prefixes[which]);
    return length != 0 && strncmp(file, prefixes[which], length) == 0;
}

static bool is_apart(const char *file) {
    for (int which = 2; which < MAX_PREFIXES; which++) {
        if (begins(file, which)) {
            return true;
        }
    }
    return false;
}

static int kind_of_place(void) {
    int kind = COUNTED;
    for (const mp_code_state_t *frame = MP_STATE_THREAD(current_code_state); frame; frame = frame->prev_state) {
        const char *file = file_of(frame);
        if (is_apart(file)) {
            kind = APART;
        } else if (begins(file, 1)) {
            return NOT_COUNTED;
        } else if (begins(file, 0)) {
            return kind;
        }
    }
    return NOT_COUNTED;
}

static void tell_place(char *text) {
    size_t at = 0;
    text[0] = '\0';
    for (const mp_code_state_t *frame = MP_STATE_THREAD(current_code_state); frame; frame = frame->prev_state) {
        const mp_raw_code_t *code = frame->fun_bc->rc;
        int added = snprintf(text + at, PLACE_BYTES - at, "%s%s:%u", at ? " < " : "", file_of(frame),
            (unsigned)mp_prof_bytecode_lineno(code, frame->ip - code->prelude.opcodes));
        if (added < 0 || at + (size_t)added >= PLACE_BYTES) {
            return;
        }
        at += added;
    }
}

// Whether the allocation that is asked for must fail.
static bool must_fail(void) {
    if (!is_counting || MP_STATE_THREAD(gc_lock_depth) > 0) {
        return false;
    }
    int kind = kind_of_place();
    if (kind == NOT_COUNTED) {
        return false;
    }
    count++;
    if (marks != NULL && count < marks_length) {
        marks[count] = kind;
    }
    if (count < first || count > last) {
        return false;
    }
    has_failed = true;
    tell_place(failed_at);
    return true;
}

void *__real_gc_alloc(size_t size, unsigned int flags);
void *__wrap_gc_alloc(size_t size, unsigned int flags) {
    return size != 0 && must_fail() ? NULL : __real_gc_alloc(size, flags);
}

void *__real_gc_realloc(void *memory, size_t size, bool may_move);
void *__wrap_gc_realloc(void *memory, size_t size, bool may_move) {
    bool grows = size != 0 && (memory == NULL || size > gc_nbytes(memory));
    return grows && must_fail() ? NULL : __real_gc_realloc(memory, size, may_move);
}

void __real_mp_warning(const char *category, const char *text, ...);
void __wrap_mp_warning(const char *category, const char *text, ...) {
    warnings++;
    tell_place(warned_at);
    __real_mp_warning(category, "%s", text);
}

// Frames of sys.settrace would be allocations that a board does not make.
mp_obj_t __wrap_mp_prof_frame_enter(mp_code_state_t *frame) {
    (void)frame;
    return MP_OBJ_NULL;
}

mp_obj_t __wrap_mp_prof_frame_update(const mp_code_state_t *frame) {
    (void)frame;
    return MP_OBJ_NULL;
}

static mp_obj_t alloc_watch(size_t n_args, const mp_obj_t *args) {
    for (size_t i = 0; i < MAX_PREFIXES; i++) {
        const char *prefix = i < n_args ? mp_obj_str_get_str(args[i]) : "";
        if (strlen(prefix) >= PREFIX_BYTES) {
            mp_raise_ValueError(MP_ERROR_TEXT("prefix too long"));
        }
        strcpy(prefixes[i], prefix);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(alloc_watch_obj, 2, MAX_PREFIXES, alloc_watch);

static mp_obj_t alloc_begin(size_t n_args, const mp_obj_t *args) {
    first = n_args > 0 ? (size_t)mp_obj_get_int(args[0]) : 0;
    last = n_args > 1 ? first + (size_t)mp_obj_get_int(args[1]) - 1 : first;
    marks = NULL;
    if (n_args > 2 && args[2] != mp_const_none) {
        mp_buffer_info_t buffer;
        mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
        marks = buffer.buf;
        marks_length = buffer.len;
    }
    count = 0;
    has_failed = false;
    is_counting = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(alloc_begin_obj, 0, 3, alloc_begin);

static mp_obj_t alloc_end(void) {
    is_counting = false;
    marks = NULL;
    return MP_OBJ_NEW_SMALL_INT(count);
}
static MP_DEFINE_CONST_FUN_OBJ_0(alloc_end_obj, alloc_end);

static mp_obj_t alloc_failed(void) {
    return has_failed ? mp_obj_new_str(failed_at, strlen(failed_at)) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(alloc_failed_obj, alloc_failed);

static mp_obj_t alloc_warnings(void) {
    mp_obj_t items[] = { MP_OBJ_NEW_SMALL_INT(warnings), mp_obj_new_str(warned_at, strlen(warned_at)) };
    return mp_obj_new_tuple(2, items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(alloc_warnings_obj, alloc_warnings);

static const mp_rom_map_elem_t alloc_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_alloc) },
    { MP_ROM_QSTR(MP_QSTR_watch), MP_ROM_PTR(&alloc_watch_obj) },
    { MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&alloc_begin_obj) },
    { MP_ROM_QSTR(MP_QSTR_end), MP_ROM_PTR(&alloc_end_obj) },
    { MP_ROM_QSTR(MP_QSTR_failed), MP_ROM_PTR(&alloc_failed_obj) },
    { MP_ROM_QSTR(MP_QSTR_warnings), MP_ROM_PTR(&alloc_warnings_obj) },
};
static MP_DEFINE_CONST_DICT(alloc_globals, alloc_globals_table);

const mp_obj_module_t alloc_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&alloc_globals,
};
MP_REGISTER_MODULE(MP_QSTR_alloc, alloc_module);
