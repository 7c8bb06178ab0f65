"""The policy's grants and groups on flash, found in a page or two."""
