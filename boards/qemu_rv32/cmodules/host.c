// RISC-V semihosting: files of the machine that runs qemu.
#include <string.h>
#include "qemu_rv32.h"

enum {
    SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c, SYS_GET_CMDLINE = 0x15,
};

static long host_call(long operation, uintptr_t *arguments) {
    register long a0 __asm ("a0") = operation;
    register uintptr_t *a1 __asm ("a1") = arguments;
    // These three instructions are the call. They must be uncompressed and within one page.
    __asm volatile (
        ".option push\n.option norvc\n.balign 16\n"
        "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop"
        : "+r" (a0) : "r" (a1) : "memory");
    return a0;
}

int host_open(const char *name, int mode) {
    uintptr_t arguments[] = { (uintptr_t)name, mode, strlen(name) };
    return host_call(SYS_OPEN, arguments);
}

void host_close(int file) {
    uintptr_t arguments[] = { file };
    if (file >= 0) {
        host_call(SYS_CLOSE, arguments);
    }
}

long host_length(int file) {
    uintptr_t arguments[] = { file };
    return host_call(SYS_FLEN, arguments);
}

bool host_seek(int file, size_t position) {
    uintptr_t arguments[] = { file, position };
    return host_call(SYS_SEEK, arguments) >= 0;
}

size_t host_read(int file, void *to, size_t length) {
    uintptr_t arguments[] = { file, (uintptr_t)to, length };
    return host_call(SYS_READ, arguments);
}

size_t host_write(int file, const void *from, size_t length) {
    uintptr_t arguments[] = { file, (uintptr_t)from, length };
    return host_call(SYS_WRITE, arguments);
}

bool host_command_line(char *to, size_t size) {
    uintptr_t arguments[] = { (uintptr_t)to, size };
    return host_call(SYS_GET_CMDLINE, arguments) == 0;
}
