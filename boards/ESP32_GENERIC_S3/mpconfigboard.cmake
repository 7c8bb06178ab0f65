# Read by MicroPython's ports/esp32/CMakeLists.txt; the rest is in ../esp32/board.cmake.
set(HOLDFAST_CHIP esp32s3)
set(HOLDFAST_PARTITIONS partitions-8MiB.csv)
set(HOLDFAST_PORT_CONFIGS 240mhz spiram_oct)
include(${MICROPY_BOARD_DIR}/../esp32/board.cmake)
