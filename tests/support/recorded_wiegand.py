"""What a reader sent: recorded by a logic analyser at a real one that a card was held to.

From sigrok-dumps, wiegand/36bit/wiegand-8a640910.sr, by Sean Burford, in the public domain: 1.6 s
of a 13.56 MHz reader, sampled each 50 us. It sends a frame of 34 bits twice, as the card is held
there for long enough. Its pulses are 350 to 400 us long, several times what manuals ask for.
"""

FORMAT = "34"
NUMBER = bytes.fromhex("45320488")
BITS = [int(bit) for bit in "0 0100010100110010 0000010010001000 0" if bit != " "]
PULSE_US = 400

_APART_US = 2350
_SOONER_US = 2300
_BETWEEN_US = 568000  # of the first pulses of the two frames
_SOONER = ((6, 20), (13, 28))  # the pulses of each frame that came at the shorter distance


def frames() -> list:
    """The two frames: of each pulse its line, and microseconds since the first one of all."""
    found = []
    for frame, sooner in enumerate(_SOONER):
        at = frame * _BETWEEN_US
        pulses = []
        for place, bit in enumerate(BITS):
            if place:
                at += _SOONER_US if place in sooner else _APART_US
            pulses.append((bit, at))
        found.append(pulses)
    return found
