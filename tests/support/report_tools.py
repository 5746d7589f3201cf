#!/usr/bin/env python3
"""What others wrote to read reports, from npm: report_tools.py

Puts tests/reports/tools into the cache with what its package-lock.json names, unless that is there, and prints the folder.
The lock file pins every package by its hash; none of them may run anything on being installed.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import cache

TOOLS = Path(__file__).resolve().parent.parent / "reports" / "tools"


def main():
    digest = hashlib.sha256()
    for file in sorted(TOOLS.iterdir()):
        digest.update(file.read_bytes())
    folder = cache() / f"report-tools-{digest.hexdigest()[:12]}"
    if not (folder / "node_modules").is_dir():
        provide(folder)
    print(folder)


def provide(folder):
    """First beside its place, so that nobody meets half of it; another process may do the same at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    part = work / "tools"
    shutil.copytree(TOOLS, part)
    print("    fetching what reads reports (some 40 MB)", file=sys.stderr)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=part, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: npm did not bring what reads reports\n{done.stdout.strip()}")
    # What its own installation script does.
    (part / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool").chmod(0o755)
    try:
        part.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
