#!/usr/bin/env python3
"""Puts the tools of tests/tools.lock into the cache, in an environment of their own: tools.py

They are what other people use this program with, or hold its files against: maturin, cibuildwheel, pre-commit, tox, …
The folder of their programs is printed. pip gets them, by name and version and from wherever it is set up to look, and
keeps none with another hash than the lock's.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import cache

LOCK = Path(__file__).resolve().parent.parent / "tools.lock"


def main():
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = cache() / f"tools-{digest}"
    if not (place / "complete").is_file():
        make(place)
    print(place / "bin")


def make(place):
    """Environments cannot be moved, so that this one counts from the moment that it says it is complete."""
    print("    installing the tools of tests/tools.lock", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    run(sys.executable, "-m", "venv", place)
    with tempfile.TemporaryDirectory(prefix="ftaudit-tools-") as empty:
        install = ["install", "--quiet", "--disable-pip-version-check", "--no-compile", "--only-binary=:all:"]
        run(place / "bin/python", "-m", "pip", *install, "--require-hashes", "--requirement", LOCK, cwd=empty)
    (place / "complete").touch()


def run(*command, cwd=None):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd)
    if done.returncode != 0:
        raise SystemExit(f"error: {' '.join(map(str, command))}\n{done.stdout.strip()}")


if __name__ == "__main__":
    main()
