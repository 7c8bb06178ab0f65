"""The authority's key, and what it signs for phones and devices."""
