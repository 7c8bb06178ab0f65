"""What is frozen into the other image: all that goes to a board, with its machine code."""

include("manifest.py")
include("../../firmware/manifest.py", hal="none")
freeze_mpy("../../build/native/rv32imc")
