#define MICROPY_HW_BOARD_NAME "Holdfast on ESP32-C3"
#define MICROPY_HW_MCU_NAME "ESP32C3"

// The console is on the USB bridge of UART0, too.
#define MICROPY_HW_ENABLE_UART_REPL (1)
