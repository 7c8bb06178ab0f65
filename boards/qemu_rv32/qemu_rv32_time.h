// Included by extmod/modtime.c. Like an ESP32 without a network, the board wakes up at its epoch, in 2000.
#include "shared/timeutils/timeutils.h"
#include "qemu_rv32.h"

static mp_int_t seconds_since_power_on(void) {
    return board_time_ns() / 1000000000;
}

static mp_obj_t mp_time_localtime_get(void) {
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time(seconds_since_power_on(), &tm);
    mp_obj_t fields[8] = {
        mp_obj_new_int(tm.tm_year), mp_obj_new_int(tm.tm_mon), mp_obj_new_int(tm.tm_mday),
        mp_obj_new_int(tm.tm_hour), mp_obj_new_int(tm.tm_min), mp_obj_new_int(tm.tm_sec),
        mp_obj_new_int(tm.tm_wday), mp_obj_new_int(tm.tm_yday),
    };
    return mp_obj_new_tuple(8, fields);
}

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_int(seconds_since_power_on());
}
