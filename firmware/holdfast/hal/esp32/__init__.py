"""The ESP32 variant: its radio, pins and flash. One module a function."""
