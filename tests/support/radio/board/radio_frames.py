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

# Of a central: what it asks, and what it is told (radio_central).
SCAN = 50  # 1 or 0 to stop, ms
CONNECT = 51  # type of the address; the address
CANCEL = 52
SERVICES = 53  # connection; a UUID or nothing
CHARACTERISTICS = 54  # connection, first handle; last handle, a UUID or nothing
DESCRIPTORS = 55  # likewise
READ = 56  # connection, attribute
WRITE_VALUE = 57  # connection, attribute; 1 for a response, the value
EXCHANGE_MTU = 58  # connection, MTU

SCAN_RESULT = 5  # type of the address, kind; the address, the strength, the data
SCAN_DONE = 6
PERIPHERAL_CONNECTED = 7  # as CONNECTED
PERIPHERAL_GONE = 8
SERVICE_RESULT = 9  # connection, first handle; last handle, UUID
SERVICE_DONE = 10  # connection, status
CHARACTERISTIC_RESULT = 11  # connection, value's handle; last handle, properties, UUID
CHARACTERISTIC_DONE = 12
DESCRIPTOR_RESULT = 13  # connection, handle; UUID
DESCRIPTOR_DONE = 14
READ_RESULT = 15  # connection, attribute; the value
READ_DONE = 16  # connection, attribute; status
WRITE_DONE = 17
NOTIFIED = 18  # connection, attribute; the value
INDICATED = 19
