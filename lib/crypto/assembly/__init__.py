"""Writes the machine code of the native backend; on a computer, never on a board.

:mod:`.isa` says what the field VM is and assembles its programs (``programs``); ``rv32`` and
``xtensa`` write the VM itself in each processor's assembly; :mod:`.model` is the same VM in
Python, which the others are tested against; :mod:`.build` writes the modules that go to a board.
"""
