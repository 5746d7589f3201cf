"""Runs the `ftaudit` program that this package was installed with. There is nothing to import: use the command line."""
