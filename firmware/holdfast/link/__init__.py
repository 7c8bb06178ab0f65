"""The phone's link: a byte stream of CoAP messages, a handshake, protected requests.

Knows bytes, keys and contexts; what a request means is for the resources behind ``coap.Server``.
"""
