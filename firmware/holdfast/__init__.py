"""Holdfast: the application on the board. A door decides correctly when everything behind it is down."""
