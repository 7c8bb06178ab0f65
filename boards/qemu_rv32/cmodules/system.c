// The memory of the system beside Python's first heap, as an ESP32 has it: radios, machine code and what
// Python's heap grows by are all taken from it, whoever comes first. `-append "heap=65536 system=163840"`.
// Without it the heap does not grow and machine code lies in it, so that one figure is all there is.
#include <string.h>
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/persistentcode.h"
#include "py/runtime.h"
#include "qemu_rv32.h"

#define SYSTEM_START (0x86000000)
#define SYSTEM_LIMIT_BYTES (16 * 1024 * 1024)

// First fit, in order of address; a block that is given back joins the free ones beside it.
typedef struct _block_t {
    size_t bytes; // with this head
    bool is_taken;
    uint64_t data[];
} block_t;

static block_t *const first = (block_t *)SYSTEM_START;
static block_t *end;

static block_t *after(block_t *block) {
    return (block_t *)((char *)block + block->bytes);
}

void system_begin(void) {
    size_t bytes = board_option("system=", SYSTEM_LIMIT_BYTES);
    end = first;
    if (bytes > sizeof(block_t)) {
        first->bytes = bytes;
        first->is_taken = false;
        end = after(first);
    }
}

void *system_alloc(size_t bytes) {
    size_t needed = (bytes + sizeof(block_t) + 15) & ~(size_t)15;
    for (block_t *block = first; block < end; block = after(block)) {
        if (block->is_taken || block->bytes < needed) {
            continue;
        }
        if (block->bytes - needed > sizeof(block_t)) {
            size_t left = block->bytes - needed;
            block->bytes = needed;
            after(block)->bytes = left;
            after(block)->is_taken = false;
        }
        block->is_taken = true;
        return block->data;
    }
    return NULL;
}

void system_free(void *data) {
    ((block_t *)data)[-1].is_taken = false;
    for (block_t *block = first; block < end; block = after(block)) {
        while (!block->is_taken && after(block) < end && !after(block)->is_taken) {
            block->bytes += after(block)->bytes;
        }
    }
}

// What Python's heap may grow by: on an ESP32 the largest free piece, all of it.
size_t gc_get_max_new_split(void) {
    size_t largest = 0;
    for (block_t *block = first; block < end; block = after(block)) {
        if (!block->is_taken) {
            largest = MAX(largest, block->bytes - sizeof(block_t));
        }
    }
    return largest & ~(size_t)15;
}

MP_REGISTER_ROOT_POINTER(mp_obj_t board_machine_code);

// In the place of the ESP32 port's esp_native_code_commit().
void *board_commit_code(void *code, size_t length, void *relocation) {
    void *to = code;
    if (end > first) {
        to = system_alloc(length);
        if (to == NULL) {
            m_malloc_fail(length);
        }
    } else if (relocation != NULL) {
        // In the heap, where somebody must hold it: its functions may begin in the midst of it.
        mp_obj_t kept[] = { MP_STATE_PORT(board_machine_code), MP_OBJ_FROM_PTR(code) };
        MP_STATE_PORT(board_machine_code) = mp_obj_new_tuple(2, kept);
    }
    if (relocation != NULL) {
        mp_native_relocate(relocation, code, (uintptr_t)to);
    }
    return to == code ? code : memcpy(to, code, length);
}

// take(bytes): what a radio takes when it starts, for good. OSError 0x101 (ESP_ERR_NO_MEM) if there is none.
static mp_obj_t take(mp_obj_t bytes) {
    if (system_alloc(mp_obj_get_int(bytes)) == NULL) {
        mp_raise_OSError(0x101);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(qemu_rv32_take_obj, take);

// largest(): bytes of the largest piece that nobody has taken.
static mp_obj_t largest(void) {
    return MP_OBJ_NEW_SMALL_INT(gc_get_max_new_split());
}
MP_DEFINE_CONST_FUN_OBJ_0(qemu_rv32_largest_obj, largest);
