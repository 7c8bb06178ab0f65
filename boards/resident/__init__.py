"""Puts what is constant of an image's modules into its ROM: README.md."""
