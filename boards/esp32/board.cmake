# Read by MicroPython's ports/esp32/CMakeLists.txt through a board's mpconfigboard.cmake, which sets before:
#   HOLDFAST_CHIP          Espressif's name of the chip, such as esp32c3
#   HOLDFAST_PARTITIONS    the table of this folder that its flash gets
#   HOLDFAST_PORT_CONFIGS  files of the port's folder boards/ that it needs besides those of its chip
# Relative paths are ports/esp32's, in which CMake runs.

if(EXISTS ${CMAKE_SOURCE_DIR}/boards/mpconfigboard_${HOLDFAST_CHIP}_common.cmake)
    include(boards/mpconfigboard_${HOLDFAST_CHIP}_common.cmake)
else()
    # Until 1.25 each board of the port named all files of its chip.
    set(IDF_TARGET ${HOLDFAST_CHIP})
    set(SDKCONFIG_DEFAULTS boards/sdkconfig.base boards/sdkconfig.ble)
    set(HOLDFAST_OLDER_esp32s3 usb spiram_sx)
    set(HOLDFAST_OLDER_esp32c6 c6)
    foreach(name ${HOLDFAST_OLDER_${HOLDFAST_CHIP}})
        list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.${name})
    endforeach()
endif()

foreach(name ${HOLDFAST_PORT_CONFIGS})
    list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.${name})
endforeach()

# ESP-IDF looks for the table in ports/esp32 unless its path is absolute, which no file here can know.
set(HOLDFAST_TABLE ${CMAKE_BINARY_DIR}/sdkconfig.partitions)
file(WRITE ${HOLDFAST_TABLE}
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CMAKE_CURRENT_LIST_DIR}/${HOLDFAST_PARTITIONS}\"\n")

# A later file has the last word.
list(APPEND SDKCONFIG_DEFAULTS
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.holdfast
    ${MICROPY_BOARD_DIR}/sdkconfig.board
    ${HOLDFAST_TABLE})

# A file of one's own in the environment comes last, such as sdkconfig.secure: docs/boards.md.
if(DEFINED ENV{HOLDFAST_SDKCONFIG})
    list(APPEND SDKCONFIG_DEFAULTS $ENV{HOLDFAST_SDKCONFIG})
endif()

# FROZEN_MANIFEST=... on make's command line names another one, such as manifest_plain.py.
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# What manifest.py has in ROM of a joined image is looked for there: boards/resident.
list(APPEND USER_C_MODULES ${CMAKE_CURRENT_LIST_DIR}/../resident)
