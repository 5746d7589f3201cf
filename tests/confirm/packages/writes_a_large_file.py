"""Writes one file that never ends."""

import tempfile

with tempfile.TemporaryFile() as file:
    while True:
        file.write(bytes(1 << 20))
