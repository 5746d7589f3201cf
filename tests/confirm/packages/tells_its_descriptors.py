"""Tells what was left open for it."""

import os

places = []
for name in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        places.append(f"{name} {os.readlink('/proc/self/fd/' + name)}")
    except OSError:
        pass
raise ImportError(", ".join(places))
