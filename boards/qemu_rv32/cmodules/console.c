// The serial console, with an interrupt and a queue as on a real board: Ctrl-C stops running code, input
// can be polled, and a board with nothing to do sleeps.
#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"
#include "qemu_rv32.h"

#define UART(offset) (*(volatile uint8_t *)(0x10000000 + (offset)))
#define UART_DATA UART(0)
#define UART_INTERRUPTS UART(1)
#define UART_FIFO UART(2)
#define UART_LINE_STATUS UART(5)

#define PLIC(offset) (*(volatile uint32_t *)(0x0c000000 + (offset)))
#define PLIC_UART (10)
#define PLIC_PRIORITY PLIC(4 * PLIC_UART)
#define PLIC_ENABLED PLIC(0x2000)
#define PLIC_THRESHOLD PLIC(0x200000)
#define PLIC_CLAIM PLIC(0x200004)

#define CLINT(offset) (*(volatile uint32_t *)(0x02000000 + (offset)))
#define CLINT_COMPARE_LOW CLINT(0x4000)
#define CLINT_COMPARE_HIGH CLINT(0x4004)
#define CLINT_TIME_LOW CLINT(0xbff8)
#define CLINT_TIME_HIGH CLINT(0xbffc)
#define CLINT_TICKS_PER_MS (10000)

#define MIE_TIMER (1 << 7)
#define MIE_EXTERNAL (1 << 11)

static uint8_t queue_bytes[1024];
static ringbuf_t queue = { queue_bytes, sizeof(queue_bytes), 0, 0 };

void mtvec_exception(void);

static void __attribute__((interrupt("machine"), used)) console_interrupt(void) {
    uint32_t source = PLIC_CLAIM;
    while (UART_LINE_STATUS & 1) {
        if (!ringbuf_free(&queue)) {
            // qemu holds back what the FIFO does not take; the reader lets it in again.
            UART_INTERRUPTS = 0;
            break;
        }
        int byte = UART_DATA;
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&queue, byte);
        }
    }
    PLIC_CLAIM = source;
}

static void set_timer(uint64_t ticks) {
    CLINT_COMPARE_HIGH = 0xffffffff;
    CLINT_COMPARE_LOW = ticks;
    CLINT_COMPARE_HIGH = ticks >> 32;
}

static uint64_t timer_ticks(void) {
    uint32_t high, low;
    do {
        high = CLINT_TIME_HIGH;
        low = CLINT_TIME_LOW;
    } while (high != CLINT_TIME_HIGH);
    return (uint64_t)high << 32 | low;
}

static uint64_t alarm = BOARD_NEVER;

void board_alarm(uint64_t ticks) {
    alarm = ticks;
    set_timer(ticks);
    if (ticks == BOARD_NEVER) {
        __asm volatile ("csrc mie, %0" :: "r" (MIE_TIMER));
    } else {
        __asm volatile ("csrs mie, %0" :: "r" (MIE_TIMER));
    }
}

static void __attribute__((interrupt("machine"), used)) timer_interrupt(void) {
    lines_interrupt(timer_ticks());
}

// The port's own table drops external interrupts. Only the causes that can happen have an entry.
static void __attribute__((naked, aligned(256))) interrupt_table(void) {
    __asm volatile (
        ".option push\n.option norvc\n"
        "j mtvec_exception\n"
        ".rept 6\nj mtvec_exception\n.endr\n"
        "j timer_interrupt\n"
        ".rept 3\nj mtvec_exception\n.endr\n"
        "j console_interrupt\n"
        ".option pop");
}

void console_init(void) {
    UART_FIFO = 1;
    UART_INTERRUPTS = 1;
    PLIC_PRIORITY = 1;
    PLIC_THRESHOLD = 0;
    PLIC_ENABLED = 1 << PLIC_UART;
    __asm volatile ("csrw mtvec, %0" :: "r" ((uintptr_t)interrupt_table | 1));
    __asm volatile ("csrw mie, %0" :: "r" (MIE_EXTERNAL));
    board_restore_interrupts(8);
}

static int read_byte(void) {
    uint32_t status = board_disable_interrupts();
    int byte = ringbuf_get(&queue);
    UART_INTERRUPTS = 1;
    board_restore_interrupts(status);
    return byte;
}

// In place of the port's uart_rx_chr(), which mp_hal_stdin_rx_chr() calls until there is a byte.
int __wrap_uart_rx_chr(void) {
    int byte = read_byte();
    if (byte < 0) {
        mp_handle_pending(true);
        board_wait(-1);
    }
    return byte;
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t wanted) {
    uintptr_t ready = MP_STREAM_POLL_WR | (ringbuf_avail(&queue) ? MP_STREAM_POLL_RD : 0);
    return ready & wanted;
}

void board_wait(int timeout_ms) {
    // With interrupts off, wfi still wakes up for one, and none can come in between the look and the sleep.
    uint32_t status = board_disable_interrupts();
    if (!ringbuf_avail(&queue) && MP_STATE_MAIN_THREAD(mp_pending_exception) == MP_OBJ_NULL
        && MP_STATE_VM(sched_state) != MP_SCHED_PENDING) {
        uint64_t before = alarm;
        if (timeout_ms >= 0) {
            board_alarm(MIN(before, timer_ticks() + (uint64_t)timeout_ms * CLINT_TICKS_PER_MS));
        }
        __asm volatile ("wfi" ::: "memory");
        board_alarm(before);
    }
    board_restore_interrupts(status);
}

uint64_t board_time_ns(void) {
    return timer_ticks() * 100;
}

uint64_t mp_hal_time_ns(void) {
    return board_time_ns();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return timer_ticks() / CLINT_TICKS_PER_MS;
}

mp_uint_t mp_hal_ticks_us(void) {
    return timer_ticks() / (CLINT_TICKS_PER_MS / 1000);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return board_instructions();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = timer_ticks() + (uint64_t)us * (CLINT_TICKS_PER_MS / 1000);
    while (timer_ticks() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = timer_ticks() + (uint64_t)ms * CLINT_TICKS_PER_MS;
    for (uint64_t now = timer_ticks(); now < end; now = timer_ticks()) {
        mp_handle_pending(true);
        uint64_t left = (end - now + CLINT_TICKS_PER_MS - 1) / CLINT_TICKS_PER_MS;
        if (ringbuf_avail(&queue)) {
            // Input that nobody reads must not keep the board awake from its work: a look now and then.
            mp_hal_delay_us(100);
        } else {
            board_wait(MIN(left, 1000));
        }
    }
    mp_handle_pending(true);
}
