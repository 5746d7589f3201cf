"""Imports somebody else's module that needs the GIL."""

import culprit.x  # noqa: F401
