"""Fills the disk with files that have no name any more."""

import itertools
import os
import tempfile

chunk = bytes(1 << 20)
kept = []
for number in itertools.count():
    file = open(os.path.join(tempfile.gettempdir(), str(number)), "wb")
    os.unlink(file.name)
    file.writelines(chunk for _ in range(32))
    file.flush()
    kept.append(file)
