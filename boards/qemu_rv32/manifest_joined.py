"""What is frozen into the third image: the reader joined (joined.toml), and its machine code."""

include("manifest.py")
freeze("../../build/joined/rv32/modules")
freeze_mpy("../../build/native/rv32imc")
