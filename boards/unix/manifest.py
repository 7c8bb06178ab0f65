"""What is frozen into the unix port: MicroPython's own asyncio, the firmware, its libraries.

The ESP32's hal goes along for its tests, which bring what an ESP32's port has.
"""

include("$(MPY_DIR)/extmod/asyncio")
include("../../firmware/manifest.py", hal="unix esp32")
