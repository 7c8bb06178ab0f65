// Included by extmod/modos.c.
#include "py/mperrno.h"
#include "py/runtime.h"
#include "qemu_rv32.h"

// The host's generator. Bytes that cannot be had are an error and never zeros.
static mp_obj_t mp_os_urandom(mp_obj_t length) {
    vstr_t bytes;
    vstr_init_len(&bytes, mp_obj_get_int(length));
    int source = host_open("/dev/urandom", HOST_READ);
    size_t missing = source < 0 ? 1 : host_read(source, bytes.buf, bytes.len);
    host_close(source);
    if (missing) {
        mp_raise_OSError(MP_EIO);
    }
    return mp_obj_new_bytes_from_vstr(&bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
