"""Reads the environment of the program that runs it."""

import os
from pathlib import Path

raise ImportError(Path(f"/proc/{os.getppid()}/environ").read_text())
