"""What a node serves, one resource a file; found by its path."""
