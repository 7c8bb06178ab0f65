"""In which form the firmware goes to a board, why, and the files for it: `make firmware`."""
