"""The rest of a simulated ESP32 (simulated_esp32.py): watchdog, lights, I2C, flash, radio."""

import simulated_esp32 as simulated


class WDT:
    """machine.WDT: made again it has another time; nothing takes it away."""

    def __init__(self, *, id=0, timeout=5000):
        assert timeout > 0
        simulated.chip.watchdog_us = timeout * 1000
        self.feed()

    def feed(self):
        chip = simulated.chip
        chip.fed_until = chip.now + chip.watchdog_us
        chip.at(chip.fed_until, _bark)


def _bark():
    chip = simulated.chip
    if chip.fed_until is not None and chip.now >= chip.fed_until:
        chip.reset(3)
        raise simulated.Reset("watchdog")


def reset():
    simulated.chip.reset(2)
    raise simulated.Reset("machine.reset")


def reset_cause():
    return simulated.chip.cause


class PWM:
    """machine.PWM: what the pin last was told."""

    def __init__(self, dest, *, freq, duty_u16):
        self._pad = simulated.chip.pad(dest.number)
        self.freq = freq
        self._pad.duties = []
        self.duty_u16(duty_u16)

    def duty_u16(self, value):
        self._pad.duties.append((simulated.chip.now // 1000, value))


class I2C:
    """machine.I2C, with the chips of ``chip.i2c``."""

    def __init__(self, id=-1, *, scl, sda, freq=400000):
        pass

    def scan(self):
        return sorted(simulated.chip.i2c)

    def readfrom_mem_into(self, addr, memaddr, buf):
        buf[:] = self._of(addr)[memaddr : memaddr + len(buf)]

    def writeto_mem(self, addr, memaddr, buf):
        self._of(addr)[memaddr : memaddr + len(buf)] = buf

    def _of(self, addr):
        if addr not in simulated.chip.i2c:
            raise OSError(19)
        return simulated.chip.i2c[addr]


class NeoPixel:
    """neopixel.NeoPixel."""

    def __init__(self, pin, n):
        self._colours = [(0, 0, 0)] * n

    def __setitem__(self, index, val):
        self._colours[index] = val

    def fill(self, v):
        for place in range(len(self._colours)):
            self._colours[place] = v

    def write(self):
        simulated.chip.shown.append((simulated.chip.now // 1000, tuple(self._colours)))


class Partition:
    """esp32.Partition."""

    TYPE_DATA = 1

    @classmethod
    def find(cls, type=0, subtype=255, label=None):
        return [label]

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        simulated.chip.is_image_kept = True


class BLE:
    """bluetooth.BLE, as far as a start goes."""

    def active(self, *on):
        if on:
            simulated.chip.is_radio_on = on[0]
        return simulated.chip.is_radio_on

    def config(self, **named):
        pass

    def irq(self, handler):
        pass


MACHINE = {
    "WDT": WDT,
    "PWM": PWM,
    "I2C": I2C,
    "reset": reset,
    "reset_cause": reset_cause,
    "PWRON_RESET": 1,
    "HARD_RESET": 2,
    "WDT_RESET": 3,
    "DEEPSLEEP_RESET": 4,
    "SOFT_RESET": 5,
}
