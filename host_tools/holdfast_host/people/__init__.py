"""People and lists of them: from a table to the register, and from there to what is signed."""
