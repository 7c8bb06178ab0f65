"""What a board keeps: its key and its settings."""
