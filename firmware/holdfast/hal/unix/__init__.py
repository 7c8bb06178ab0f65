"""The unix variant: hardware is lines of JSON, the radio is a loopback socket."""
