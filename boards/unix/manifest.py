"""What is frozen into the unix port: MicroPython's own asyncio, the firmware, its libraries."""

include("$(MPY_DIR)/extmod/asyncio")
include("../../firmware/manifest.py", hal="unix")
