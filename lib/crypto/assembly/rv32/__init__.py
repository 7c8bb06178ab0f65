"""The field VM in RV32IMC assembly, as MicroPython's ``@micropython.asm_rv32`` takes it."""
