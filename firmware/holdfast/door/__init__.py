"""The door: strike, indicator, and what moves them."""
