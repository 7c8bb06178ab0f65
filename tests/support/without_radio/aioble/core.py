"""The stack, and who is told of what it says."""

import bluetooth


class GattError(Exception):
    """A peer has answered with an error."""


_handlers = []
_endings = []


def register_irq_handler(irq, shutdown):
    """Let ``irq(event, data)`` be called for each event, and ``shutdown()`` at the end."""
    if irq:
        _handlers.append(irq)
    if shutdown:
        _endings.append(shutdown)


def ensure_active():
    """Switch the stack on, unless it is."""
    if not ble.active():
        ble.active(True)


def stop():
    """Switch the stack off, then forget."""
    ble.active(False)
    for ending in _endings:
        ending()


def ble_irq(event, data):
    """Ask all in turn, until one has an answer."""
    for handler in _handlers:
        answer = handler(event, data)
        if answer is not None:
            return answer


ble = bluetooth.BLE()
ble.irq(ble_irq)
