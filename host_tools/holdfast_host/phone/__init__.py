"""The phone's side of an unlock: the link, the messages, the order in which they are tried."""
