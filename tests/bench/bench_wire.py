"""What one unlock costs on the wire, both ways with framing: the one docs/protocol.md shows."""

import asyncio
import json

import recorded_unlock


def main():
    steps = asyncio.run(recorded_unlock.record())
    cold, warm = recorded_unlock.sizes(steps)
    requests = [name for name, _ in steps if name.endswith(" request")]
    warm_requests = requests.count("warm request")
    figures = {
        "wire.cold_unlock.bytes": cold,
        "wire.cold_unlock.round_trips": len(requests) - warm_requests,
        "wire.warm_unlock.bytes": warm,
        "wire.warm_unlock.round_trips": warm_requests,
    }
    print(json.dumps(figures))


main()
