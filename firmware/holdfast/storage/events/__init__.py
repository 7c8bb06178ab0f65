"""The events of a node on flash, numbered and chained."""
