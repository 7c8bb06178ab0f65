"""The host's half of Holdfast: the site's authority, the phone, and readers as processes."""
