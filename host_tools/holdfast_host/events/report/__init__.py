"""A report of events: what is counted, and the page that shows it."""
