"""Boards: making them nodes of a site, and running one as a process."""
