#!/usr/bin/env python3
"""What the tests of pages need: browser.py provide | show

`provide` installs the packages of tests/browser/package-lock.json with npm, each held against the hash that the lock
lists, into a folder of the cache (FTAUDIT_TEST_CACHE) that is named after the lock; it runs none of their scripts.
`show` prints as JSON where these are, and which browser is used: Chromium or Chrome from PATH, or what
FTAUDIT_TEST_BROWSER names.

The versions are the newest that run on Node 18.19, which is what Debian 12 has. The lock is made anew by
`npm install --package-lock-only --omit-lockfile-registry-resolved`, which leaves out where packages were found.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import cache

FOLDER = Path(__file__).parent.parent / "browser"
FILES = ("package.json", "package-lock.json")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = (
    "hint: on Debian, `apt-get install chromium nodejs npm`; FTAUDIT_TEST_SKIP_BROWSER=1 leaves out the tests of pages"
)


def main(verb):
    if verb == "provide":
        print(f"    packages: {provide()}")
        print(f"    browser: {browser()}")
    elif verb == "show":
        print(json.dumps({"modules": str(provide()), "browser": browser()}))
    else:
        raise SystemExit(__doc__)


def provide():
    """The folder of packages, made where it is not there."""
    lock = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in FILES)).hexdigest()
    folder = cache() / f"browser-{lock[:12]}"
    if not folder.is_dir():
        npm = shutil.which("npm") or stop("npm is not there")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Installed beside it and moved into its place: a folder that is there is whole.
        with tempfile.TemporaryDirectory(prefix="browser-", dir=folder.parent) as work:
            for name in FILES:
                shutil.copy(FOLDER / name, work)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            if done.returncode != 0:
                stop("npm could not install what tests/browser/package-lock.json lists")
            made = Path(work) / "made"
            made.mkdir()
            (Path(work) / "node_modules").rename(made / "node_modules")
            try:
                made.rename(folder)
            except OSError:
                # Another run was faster.
                if not folder.is_dir():
                    raise
    return folder / "node_modules"


def browser():
    """The browser's program."""
    named = os.environ.get("FTAUDIT_TEST_BROWSER")
    if named:
        return named
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or stop(f"no browser is there: none of {', '.join(BROWSERS)} is on PATH")


def stop(why):
    raise SystemExit(f"error: {why}\n{HINT}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main(sys.argv[1] if len(sys.argv) == 2 else "")
