"""What is remembered of a decision, and its bytes."""
