"""Holdfast on the board: a door decides correctly when everything behind it is down."""
