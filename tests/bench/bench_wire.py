"""What one unlock costs on the wire, both ways with framing: the one docs/protocol.md shows."""

import asyncio
import json

import recorded_unlock


def main():
    cold, warm = recorded_unlock.sizes(asyncio.run(recorded_unlock.record()))
    figures = {
        "wire.cold_unlock.bytes": cold,
        "wire.cold_unlock.round_trips": 2,
        "wire.warm_unlock.bytes": warm,
        "wire.warm_unlock.round_trips": 1,
    }
    print(json.dumps(figures))


main()
