"""What nodes and those who carry for them exchange: policy one way, events the other."""
