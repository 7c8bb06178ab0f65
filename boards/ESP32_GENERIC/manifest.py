"""What is frozen into this board's image: all that goes to a board, joined into few modules."""

include("../esp32/manifest.py", arch="xtensawin", joined=True)
