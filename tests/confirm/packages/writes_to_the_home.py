"""Leaves something in the user's home."""

from pathlib import Path

(Path("@HOME@") / ".bashrc").write_text("echo I was here\n")
