"""The phone's side of a real radio: readers found by what they advertise, links over GATT."""
