"""What every device is, with a door or without."""
