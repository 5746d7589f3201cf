#!/usr/bin/env python3
"""Free-threaded interpreters for the tests: interpreters.py list | provide

`list` prints every one at hand, as JSON. `provide` sees to it that there is at least one, and builds it if need be.

At hand are those that FTAUDIT_TEST_PYTHONS names (with colons between them), those on PATH, those of uv and pyenv,
those below /opt, and those that an earlier `provide` has put into the cache folder (FTAUDIT_TEST_CACHE).
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from wheels import cache

MINORS = (13, 14, 15)
BUILDER = Path(__file__).resolve().parent / "debian_python.sh"
QUESTION = """
import json, os, platform, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "prefix": os.path.realpath(sys.prefix),
    "version": platform.python_version(),
    "minor": sys.version_info[1],
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
}))
"""


def main(verb):
    if verb == "list":
        print(json.dumps(found(), indent=1))
    elif verb == "provide":
        provide()
        for facts in found():
            print(f"    {facts['version']}: {facts['executable']}")
    else:
        raise SystemExit(__doc__)


def found():
    """Every interpreter at hand, each installation once, by version."""
    interpreters = {}
    for path in candidates():
        facts = ask(path)
        if facts:
            interpreters.setdefault(facts["prefix"], facts)
    return sorted(interpreters.values(), key=lambda facts: (facts["minor"], facts["version"], facts["prefix"]))


def candidates():
    """Paths at which an interpreter may be."""
    named = [path for path in os.environ.get("FTAUDIT_TEST_PYTHONS", "").split(":") if path]
    for path in named:
        if not ask(path):
            raise SystemExit(f"error: FTAUDIT_TEST_PYTHONS names {path}, which is no free-threaded 3.13, 3.14 or 3.15")
    home = Path.home()
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python"
    folders = [f"{uv}/*/bin", f"{home}/.pyenv/versions/*/bin", "/opt/*/bin"]
    folders += [f"{cache()}/pythons/*/bin", f"{cache()}/pythons/*/*/bin"]
    on_path = [shutil.which(f"python3.{minor}t") for minor in MINORS]
    below = [path for folder in folders for minor in MINORS for path in sorted(glob.glob(f"{folder}/python3.{minor}t"))]
    return [*named, *filter(None, on_path), *below]


def ask(path):
    """What an interpreter says of itself; none where it does not run, or is no use for the tests."""
    try:
        answer = subprocess.run([path, "-I", "-c", QUESTION], capture_output=True, text=True, timeout=60)
        facts = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        # Such as a shim of pyenv for a version that is not switched on, or a build that was broken off.
        return None
    if not facts["free_threaded"] or facts["minor"] not in MINORS:
        return None
    if not facts["headers"]:
        print(f"    {path} is passed over: it has no headers", file=sys.stderr)
        return None
    return facts


def provide():
    """Gets an interpreter where there is none."""
    if found():
        return
    for way in (by_uv, by_debian):
        way()
        if found():
            return
    raise SystemExit(
        "error: no free-threaded interpreter is at hand, and none could be had\n"
        "hint: install one, such as with `uv python install 3.14t`, or name one in FTAUDIT_TEST_PYTHONS;\n"
        "      FTAUDIT_TEST_SKIP_INTERPRETERS=1 leaves out the tests that need one"
    )


def by_uv():
    """By uv, which fetches a ready-made build. Without access to where these lie it fails after some seconds."""
    if not shutil.which("uv"):
        return
    print("    trying uv python install 3.14t", file=sys.stderr)
    command = ["uv", "python", "install", "--no-bin", "--install-dir", f"{cache()}/pythons/uv", "3.14t"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        print("    uv took too long", file=sys.stderr)
        return
    if done.returncode != 0:
        print("    uv could not bring one", file=sys.stderr)


def by_debian():
    """By building Debian's source package; the script's hash is part of the name, so a change of it builds anew."""
    name = "debian-" + hashlib.sha256(BUILDER.read_bytes()).hexdigest()[:12]
    done = subprocess.run(["bash", str(BUILDER), f"{cache()}/pythons/{name}"], stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        print("    Debian's source package could not be built", file=sys.stderr)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main(sys.argv[1] if len(sys.argv) == 2 else "")
