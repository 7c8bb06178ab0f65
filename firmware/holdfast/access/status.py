"""What a device says of itself to who looks after it: the keys of the map (docs/protocol.md)."""

DOOR = 1  # id, text
FIRMWARE = 2  # its version, text, null if not known
CRYPTO = 3  # the name of what computes: only the machine code, such as rv32, is constant time
CRYPTO_REASON = 4  # why no machine code does, text; empty if it does
CLOCK_SOURCE = 5  # as in /time
CLOCK_ERROR = 6  # by how many seconds the time may be off
POLICY = 7  # [number, hash] of the last changeset followed
REVOCATIONS_AGE = 8  # seconds since that one was signed, null if nobody knows what time it is
UPTIME = 9  # seconds since the start
CERTIFICATE_ENDS = 10  # seconds until its first certificate ends, from 60 days before; 0 after it
FAULTS = 11  # [piece, error, "file:line", count] of the last eight different ones, if any
MICROPYTHON = 12  # the interpreter and its version, text
BOARD = 13  # what it runs on, text
RESET_CAUSE = 14  # why it started, text
CRASHES = 15  # how often an error has ended a run, since the board began anew
ENDED_BY = 16  # what ended the run before this one, text
DOORWAY = 17  # [state, what is wrong, what was since the start] of a door with inputs: numbers
TIMED = 18  # outputs, such as strike, whose pulse ends only when the interpreter has time, text
WIRING = 19  # who decides for its door, text as in the settings; on a LAN, or if not itself
CONTROLLER = 20  # [id, whether it is there] of the node that its events go to, if there is one
PEERS = 21  # how many other nodes it knows
KNOWLEDGE_AGE = (
    22  # seconds since a peer last showed that it knows no later policy; null: none did
)
NETWORK = 23  # its own IPv4 address, text, and after a slash the mask, if it knows that
