"""A board whose radio is asked line by line: prints what each gives or raises."""

import sys

import bluetooth

ble = bluetooth.BLE()
answer_to_reads = 0  # of the handler, to a central that reads
raises_at = 0  # an event


def handler(event, data):
    """Tell of an event, or raise something if asked to."""
    print("event", event, [bytes(one) if isinstance(one, memoryview) else one for one in data])
    if event == raises_at:
        raise ValueError("as asked")
    return answer_to_reads if event == 4 else None


def refuse_reads(error):
    """Answer whoever reads from now on with an ATT error."""
    global answer_to_reads
    answer_to_reads = error


def raise_at(event):
    """Raise something when the event comes."""
    global raises_at
    raises_at = event


for number, line in enumerate(sys.stdin):
    try:
        print("%d:" % number, eval(line))
    except Exception as error:
        print("%d:" % number, repr(error))
