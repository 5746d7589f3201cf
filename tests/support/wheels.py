#!/usr/bin/env python3
"""Puts the wheels of a lock file into the cache: wheels.py LOCK FOLDER [START...]

LOCK has a line for each wheel, as sha256sum writes them: the hash, two spaces, the file name. FOLDER is a name below
the cache folder (FTAUDIT_TEST_CACHE); its path is printed. Wheels that are not there are downloaded by pip, by name
and version and from wherever pip is set up to look; a file with another hash is never kept. START leaves out all wheels
but those whose names start so.
"""

import argparse
import concurrent.futures
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lock", type=Path)
    parser.add_argument("folder")
    parser.add_argument("starts", nargs="*", metavar="START")
    arguments = parser.parse_args()
    folder = cache() / arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    lock = read_lock(arguments.lock)
    if arguments.starts:
        lock = {name: sha256 for name, sha256 in lock.items() if name.startswith(tuple(arguments.starts))}
    absent = {name: sha256 for name, sha256 in lock.items() if not holds(folder / name, sha256)}
    if absent:
        print(f"    downloading {len(absent)} of {len(lock)} wheels", file=sys.stderr)
    # pip spends most of its time on the index's pages, on one core.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(download, batches(absent), itertools.repeat(folder)):
            pass
    print(folder)


def cache():
    """The cache folder, as README says it."""
    base = os.environ.get("FTAUDIT_TEST_CACHE")
    if not base:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ftaudit"
    return Path(base).absolute()


def read_lock(path):
    """File names and their hashes."""
    lines = (line.split() for line in path.read_text().splitlines() if not line.startswith("#"))
    return {name: sha256 for sha256, name in (line for line in lines if line)}


def holds(path, sha256):
    """Whether a file is there and is what the lock says."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def batches(lock):
    """Wheels that one run of pip can fetch: of one Python and ABI tag, and each project once."""
    groups = {}
    for name, sha256 in sorted(lock.items()):
        project, _, *_, python, abi, _ = name.removesuffix(".whl").split("-")
        turn = sum(1 for (*tags, _), names in groups.items() if tags == [python, abi] and project in map(first, names))
        groups.setdefault((python, abi, turn), {})[name] = sha256
    return groups.values()


def first(name):
    """The project of a wheel's file name."""
    return name.split("-")[0]


def download(batch, folder):
    """Fetches wheels whose Python and ABI tags are the same."""
    platforms = sorted({tag for name in batch for tag in name.removesuffix(".whl").split("-")[-1].split(".")})
    *_, python, abi, _ = next(iter(batch)).removesuffix(".whl").split("-")
    # For a compressed tag set any of its tags will do; the last one is the most telling (`abi3.abi3t`).
    python, abi = python.split(".")[-1], abi.split(".")[-1]
    digits = python.lstrip("cpy")
    with tempfile.TemporaryDirectory(prefix="ftaudit-wheels-") as work:
        requirements = Path(work) / "requirements.txt"
        requirements.write_text("".join(requirement(*item) for item in batch.items()))
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--require-hashes", "--disable-pip-version-check", "--requirement", str(requirements)]
        command += ["--implementation", python.rstrip("0123456789"), "--abi", abi, "--dest", work]
        # Pure wheels (`py3`) run on any version that the project's metadata allows.
        command += ["--python-version", f"{digits[0]}.{digits[1:]}" if digits[1:] else "3.14"]
        command += [word for platform in platforms for word in ("--platform", platform)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for name, sha256 in batch.items():
            if not holds(Path(work) / name, sha256):
                raise SystemExit(f"error: pip did not bring {name}\n{done.stdout.strip()}")
            # First beside its place, so that nobody meets half a file.
            shutil.move(Path(work) / name, folder / f".{name}.part")
            (folder / f".{name}.part").rename(folder / name)


def requirement(name, sha256):
    """A line of pip's requirements file."""
    project, version, *_ = name.split("-")
    return f"{project}=={version} --hash=sha256:{sha256}\n"


if __name__ == "__main__":
    main()
