"""The unix variant: hardware is lines of JSON on standard output, the radio is a loopback socket."""
