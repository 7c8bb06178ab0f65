// The ROMFS partition: code and data that are used where they lie and take no heap. romfs.img is read at
// power-on; `mpremote romfs deploy` writes it.
#include <string.h>
#include "py/mperrno.h"
#include "py/objarray.h"
#include "py/runtime.h"
#include "extmod/vfs.h"
#include "qemu_rv32.h"

#define ROM_START ((uint8_t *)0x81000000)
#define ROM_BYTES (2 * 1024 * 1024)

static const mp_obj_array_t rom = { { &mp_type_memoryview }, 'B', 0, ROM_BYTES, ROM_START };

void rom_load(void) {
    memset(ROM_START, 0xff, ROM_BYTES);
    int file = host_open("romfs.img", HOST_READ);
    if (file >= 0) {
        host_read(file, ROM_START, ROM_BYTES);
        host_close(file);
    }
}

static int rom_store(void) {
    int file = host_open("romfs.img", HOST_WRITE);
    if (file < 0) {
        return -MP_EIO;
    }
    size_t missing = host_write(file, ROM_START, ROM_BYTES);
    host_close(file);
    return missing ? -MP_EIO : 0;
}

static int rom_write(mp_obj_t offset_in, mp_obj_t data) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(data, &buffer, MP_BUFFER_READ);
    size_t offset = mp_obj_get_int(offset_in);
    if (offset > ROM_BYTES || buffer.len > ROM_BYTES - offset) {
        return -MP_EINVAL;
    }
    memcpy(ROM_START + offset, buffer.buf, buffer.len);
    return 0;
}

mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    int result = -MP_EINVAL;
    int command = mp_obj_get_int(args[0]);
    if (command == MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS) {
        result = 1;
    } else if (n_args > 1 && mp_obj_get_int(args[1]) == 0) {
        if (command == MP_VFS_ROM_IOCTL_GET_SEGMENT) {
            return MP_OBJ_FROM_PTR(&rom);
        } else if (command == MP_VFS_ROM_IOCTL_WRITE_PREPARE && n_args == 3) {
            bool fits = (size_t)mp_obj_get_int(args[2]) <= ROM_BYTES;
            if (fits) {
                memset(ROM_START, 0xff, ROM_BYTES);
            }
            result = fits ? 4 : -MP_ENOMEM; // 4: the least a write may be
        } else if (command == MP_VFS_ROM_IOCTL_WRITE && n_args == 4) {
            result = rom_write(args[2], args[3]);
        } else if (command == MP_VFS_ROM_IOCTL_WRITE_COMPLETE) {
            result = rom_store();
        }
    }
    return MP_OBJ_NEW_SMALL_INT(result);
}
