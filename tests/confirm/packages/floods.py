"""Writes more than anybody reads, everywhere."""

import os
import sys

for _ in range(400):
    print("out" * 10_000)
    print("err" * 10_000, file=sys.stderr)
    os.write(1, b"x" * 50_000)
    os.write(2, b"y" * 50_000)
