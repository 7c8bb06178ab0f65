"""A site's policy on the host: its history, and what it comes to."""
