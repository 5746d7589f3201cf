"""Changes the environment that it is imported from."""

from pathlib import Path

(Path(__file__).parent / "left_behind.py").write_text("")
