"""How nodes come in: CoAP over UDP."""
