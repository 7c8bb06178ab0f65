"""The hardware, one variant a platform. The only code that touches pins, sockets and clocks."""
