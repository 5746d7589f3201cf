#!/usr/bin/env python3
"""What makes a book of the pages in docs: mdbook.py

Builds mdBook into the cache with cargo, at one version and with what that version's own lock file names, unless it is
there. Prints the path of the program.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import cache

VERSION = "0.5.4"


def main():
    folder = cache() / f"mdbook-{VERSION}"
    if not folder.is_dir():
        provide(folder)
    print(folder / "bin" / "mdbook")


def provide(folder):
    """First beside its place, so that nobody meets half of it; another process may do the same at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    print("    building mdBook (some 4 minutes on two cores)", file=sys.stderr)
    command = ["cargo", "install", "--quiet", "--locked", "--no-default-features", "--features", "search"]
    command += ["--root", work / "root", f"mdbook@{VERSION}"]
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
    # Below a repository, cargo would take its configuration for this.
    done = subprocess.run(list(map(str, command)), cwd=work, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: cargo did not build mdBook\n{done.stdout.strip()}")
    try:
        (work / "root").rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
