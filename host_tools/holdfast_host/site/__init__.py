"""A site's folder."""
