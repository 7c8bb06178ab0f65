"""What is frozen into it: MicroPython's own asyncio. The firmware is taken from files, as it is now."""

include("$(MPY_DIR)/extmod/asyncio")
