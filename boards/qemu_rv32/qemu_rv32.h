// What the parts of this board share. Included by MicroPython's configuration, so it knows no MicroPython type.
#ifndef HOLDFAST_QEMU_RV32_H
#define HOLDFAST_QEMU_RV32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t board_disable_interrupts(void) {
    uint32_t status;
    __asm volatile ("csrrci %0, mstatus, 8" : "=r" (status) :: "memory");
    return status;
}

static inline void board_restore_interrupts(uint32_t status) {
    __asm volatile ("csrs mstatus, %0" :: "r" (status & 8) : "memory");
}

// Sleeps until the console has input, or for timeout_ms; -1 has no end.
void board_wait(int timeout_ms);

// Nanoseconds since power-on.
uint64_t board_time_ns(void);

// Instructions executed since power-on, exact under `-icount shift=0`.
uint64_t board_instructions(void);

// Has lines_interrupt called, once the timer has come to so many ticks of 100 ns; BOARD_NEVER: not.
#define BOARD_NEVER (~(uint64_t)0)
void board_alarm(uint64_t ticks);
void lines_interrupt(uint64_t now);
void lines_reset(void);

void console_init(void);

// Files of the host, through RISC-V semihosting, by names relative to where qemu runs. A negative file
// is none. host_read and host_write give the count of bytes that were NOT transferred.
enum { HOST_READ = 1, HOST_UPDATE = 3, HOST_WRITE = 5, HOST_CREATE = 7 };
int host_open(const char *name, int mode);
void host_close(int file);
long host_length(int file);
bool host_seek(int file, size_t position);
size_t host_read(int file, void *to, size_t length);
size_t host_write(int file, const void *from, size_t length);
// The words after -append, as one string; false if they do not fit.
bool host_command_line(char *to, size_t size);

// The bytes that stand after `name` on that line, in whole blocks of 16; 0 if it is not there or above `limit`.
size_t board_option(const char *name, size_t limit);

// The system's memory beside the heap (cmodules/system.c); NULL if no piece of it is as large.
void system_begin(void);
void *system_alloc(size_t bytes);
void system_free(void *data);
void *board_commit_code(void *code, size_t length, void *relocation);

// Flash as the processor sees it, in place, filled from romfs.img at power-on.
void rom_load(void);

#endif
