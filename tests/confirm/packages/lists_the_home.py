"""Looks what there is in the user's home."""

import os

raise ImportError(f"there is {os.listdir('@HOME@')}")
