"""The ESP32 variant: pins, pulses, inputs, clocks and flash as MicroPython's port has them."""
