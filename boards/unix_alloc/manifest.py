"""What is frozen into it: MicroPython's own asyncio. The firmware comes from files."""

include("$(MPY_DIR)/extmod/asyncio")
