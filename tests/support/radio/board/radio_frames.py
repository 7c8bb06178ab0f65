"""What passes between a board's `bluetooth` module and the virtual radio, the same on both sides.

A frame is a header of 7 bytes and up to 514 bytes: what it is, a connection, an attribute, how
many bytes follow. What the radio tells is numbered as MicroPython numbers its events.
"""

HEADER = "<BHHH"
HEADER_LENGTH = 7
MAX_PAYLOAD = 512 + 2

# The radio tells; a board answers WRITE and READ_REQUEST with ACK, in the order of their coming.
CONNECTED = 1  # connection, type of the address; the address
DISCONNECTED = 2  # likewise
WRITE = 3  # connection, attribute; the value
READ_REQUEST = 4  # connection, attribute
INDICATE_DONE = 20  # connection, attribute; one byte of status
MTU_EXCHANGED = 21  # connection, MTU
HELLO = 100  # connections at once, notifications in flight; type of the address, the address
LEFT = 101  # one notification has left the board

# A board asks.
ADVERTISE = 32  # interval in ms, flags; length of the data, the data, the scan response
STOP_ADVERTISING = 33
REGISTER = 34  # services, characteristics and descriptors, as entries of ENTRY and a UUID
NOTIFY = 35  # connection, attribute; the value
INDICATE = 36  # likewise
UPDATED = 37  # 0, attribute; the value, to all who subscribed
DISCONNECT = 38  # connection
PREFER_MTU = 39  # 0, MTU
NAME = 40  # the name
OFF = 42  # the radio closes every connection, and then this one
ACK = 41  # 0, an ATT error or 0; what is read

CONNECTABLE = 1
HAS_DATA = 2
HAS_RESPONSE = 4

ENTRY = "<BHHB"  # kind, flags, handle, length of the UUID
ENTRY_LENGTH = 6
SERVICE = 0
CHARACTERISTIC = 1
DESCRIPTOR = 2
