"""Reads the memory of the program that runs it."""

import os

with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
    raise ImportError(repr(memory))
