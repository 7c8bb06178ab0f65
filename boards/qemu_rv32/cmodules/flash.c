// qemu_rv32.Flash(): the board's flash, in the host's file flash.img, so that it survives whatever ends qemu.
#include <string.h>
#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"
#include "qemu_rv32.h"

#define BLOCK_BYTES (4096)
#define LEAST_BLOCKS (256)

typedef struct {
    mp_obj_base_t base;
    int file;
    size_t blocks;
} flash_t;

static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    static int file = -1; // stays open over a soft reset
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    if (file < 0) {
        file = host_open("flash.img", HOST_UPDATE);
    }
    if (file < 0) {
        file = host_open("flash.img", HOST_CREATE);
    }
    if (file < 0) {
        mp_raise_OSError(MP_ENODEV);
    }
    flash_t *self = mp_obj_malloc(flash_t, type);
    self->file = file;
    self->blocks = MAX(LEAST_BLOCKS, host_length(file) / BLOCK_BYTES);
    return MP_OBJ_FROM_PTR(self);
}

// Gives where in the file to read or write, with the file's position set there.
static void flash_seek(flash_t *self, size_t n_args, const mp_obj_t *args, size_t length) {
    size_t block = mp_obj_get_int(args[1]);
    size_t offset = n_args > 3 ? mp_obj_get_int(args[3]) : 0;
    size_t size = self->blocks * BLOCK_BYTES;
    if (block >= self->blocks || offset > size || length > size - offset
        || block * BLOCK_BYTES > size - offset - length
        || !host_seek(self->file, block * BLOCK_BYTES + offset)) {
        mp_raise_OSError(MP_EIO);
    }
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    flash_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
    flash_seek(self, n_args, args, buffer.len);
    size_t missing = host_read(self->file, buffer.buf, buffer.len);
    if (missing > buffer.len) {
        mp_raise_OSError(MP_EIO);
    }
    // Beyond the end of the file nothing was written yet: erased.
    memset((uint8_t *)buffer.buf + buffer.len - missing, 0xff, missing);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    flash_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_READ);
    flash_seek(self, n_args, args, buffer.len);
    if (host_write(self->file, buffer.buf, buffer.len) != 0) {
        mp_raise_OSError(MP_EIO);
    }
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self_in, mp_obj_t operation, mp_obj_t argument) {
    flash_t *self = MP_OBJ_TO_PTR(self_in);
    (void)argument;
    switch (mp_obj_get_int(operation)) {
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(self->blocks);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_BYTES);
        default: // a write erases by itself, and the host keeps what was written
            return MP_OBJ_NEW_SMALL_INT(0);
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(flash_locals, flash_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    qemu_rv32_flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE,
    make_new, flash_make_new, locals_dict, &flash_locals);
