"""The field VM in Xtensa assembly (ESP32, ESP32-S3), as ``@micropython.asm_xtensa`` takes it."""
