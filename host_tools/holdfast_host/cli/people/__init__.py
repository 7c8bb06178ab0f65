"""``holdfast people``: who has access, and lists of them in and out."""
