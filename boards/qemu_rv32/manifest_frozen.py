"""What is frozen into the other image: all that goes to a board, the machine code too (make native)."""

include("manifest.py")
include("../../firmware/manifest.py", hal="none")
freeze_mpy("../../build/native/rv32imc")
