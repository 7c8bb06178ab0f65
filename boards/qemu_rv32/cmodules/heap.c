// The heap lies in memory of its own, so that its size is chosen at the start of qemu and not of the build:
// `-append heap=262144`. It grows in areas out of the system's memory if there is any: system.c.
#include <stdlib.h>
#include <string.h>
#include "py/gc.h"
#include "qemu_rv32.h"

// As on an ESP32-C3: boards/README.md.
#define DEFAULT_HEAP_BYTES (128 * 1024)
#define HEAP_START (0x82000000)
#define HEAP_LIMIT_BYTES (64 * 1024 * 1024)

size_t board_option(const char *name, size_t limit) {
    char line[256];
    const char *asked = host_command_line(line, sizeof(line)) ? strstr(line, name) : NULL;
    size_t bytes = asked ? strtoul(asked + strlen(name), NULL, 10) & ~(size_t)15 : 0;
    return bytes <= limit ? bytes : 0;
}

void __real_gc_init(void *start, void *end);

void __wrap_gc_init(void *start, void *end) {
    (void)start;
    (void)end;
    size_t bytes = board_option("heap=", HEAP_LIMIT_BYTES);
    __real_gc_init((void *)HEAP_START, (void *)(HEAP_START + (bytes ? bytes : DEFAULT_HEAP_BYTES)));
}
