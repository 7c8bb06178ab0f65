"""The time as a decision sees it, and what a board can conclude of it."""
