"""Leaves something in the memory that programs share."""

from pathlib import Path

Path("/dev/shm/ftaudit-@MARK@").write_text("found")
