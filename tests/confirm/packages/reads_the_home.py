"""Reads a secret from the user's home."""

from pathlib import Path

raise ImportError("the secret is " + (Path("@HOME@") / ".ssh" / "id_ed25519").read_text())
