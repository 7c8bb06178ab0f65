"""The demonstration: a real reader process, real phones and attackers, and what the reader made
of them.
"""
