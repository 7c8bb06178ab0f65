"""What is frozen into the fifth image: any node joined (joined_node.toml), and machine code."""

include("manifest.py")
freeze("../../build/joined/rv32_node/modules")
freeze_mpy("../../build/native/rv32imc")
