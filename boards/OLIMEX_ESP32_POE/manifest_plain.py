"""The same, a module a file: takes 29 KB more of the heap, and a traceback needs no map."""

include("../esp32/manifest.py", arch="xtensawin", joined=False)
