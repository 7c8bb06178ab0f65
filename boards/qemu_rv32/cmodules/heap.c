// The heap lies in memory of its own, so that its size is chosen at the start of qemu and not of the build:
// `-append heap=262144`.
#include <stdlib.h>
#include <string.h>
#include "py/gc.h"
#include "qemu_rv32.h"

// As on an ESP32-C3: boards/README.md.
#define DEFAULT_HEAP_BYTES (128 * 1024)
#define HEAP_START (0x82000000)
#define HEAP_LIMIT_BYTES (64 * 1024 * 1024)

static size_t heap_bytes(void) {
    char line[256];
    const char *asked = host_command_line(line, sizeof(line)) ? strstr(line, "heap=") : NULL;
    size_t bytes = asked ? strtoul(asked + 5, NULL, 10) & ~(size_t)15 : 0;
    return bytes && bytes <= HEAP_LIMIT_BYTES ? bytes : DEFAULT_HEAP_BYTES;
}

void __real_gc_init(void *start, void *end);

void __wrap_gc_init(void *start, void *end) {
    (void)start;
    (void)end;
    __real_gc_init((void *)HEAP_START, (void *)(HEAP_START + heap_bytes()));
}
