"""What is frozen into the image: asyncio, and the mounting of the board's own flash."""

include("$(MPY_DIR)/extmod/asyncio")
freeze("frozen", "_boot.py")
