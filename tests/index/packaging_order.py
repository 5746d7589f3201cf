#!/usr/bin/env python3
"""What `packaging` makes of wheel names: packaging_order.py NAMES

NAMES is a file with a wheel's name a line. For each target and platform a line is printed: both, then for each name the
place of its best tag in the list that `packaging` makes (smaller is better), or `-` where none fits. `packaging` is
fetched by pip into the cache of the tests.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

VERSION = "26.2"


def main():
    sys.path.insert(0, fetched())
    from packaging import _manylinux, _musllinux, tags
    from packaging.utils import parse_wheel_filename

    def linux(machine, musl=None):
        _musllinux._get_musl_version = lambda _: musl
        # Where there is musl there is no glibc. 2.39 and 1.2 as src/model/tags.rs has it.
        _manylinux._have_compatible_abi = lambda *_: musl is None
        _manylinux._get_glibc_version = lambda: (2, 39)
        _manylinux._is_compatible = lambda *_: True
        many = _manylinux.platform_tags([machine])
        return [*many, *_musllinux.platform_tags([machine]), f"linux_{machine}"]

    platforms = {
        "linux-x86_64": linux("x86_64"),
        "linux-aarch64": linux("aarch64"),
        "linux-musl-x86_64": linux("x86_64", _musllinux._MuslVersion(1, 2)),
        "macos-arm64": list(tags.mac_platforms((15, 0), "arm64")),
        "macos-x86_64": list(tags.mac_platforms((15, 0), "x86_64")),
        "windows-x86_64": ["win_amd64"],
        "windows-arm64": ["win_arm64"],
    }
    names = [parse_wheel_filename(name)[3] for name in Path(sys.argv[1]).read_text().split()]
    for minor, (platform, known) in itertools.product((13, 14, 15), platforms.items()):
        own = tags.cpython_tags((3, minor), [f"cp3{minor}t"], known)
        order = [*own, *tags.compatible_tags((3, minor), f"cp3{minor}", known)]
        places = {tag: place for place, tag in reversed(list(enumerate(order)))}
        best = (min((places[tag] for tag in name if tag in places), default="-") for name in names)
        print(f"3.{minor}t", platform, *best)


def fetched():
    """A folder with `packaging` in it."""
    base = os.environ.get("FTAUDIT_TEST_CACHE")
    base = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ftaudit"
    folder = base.absolute() / f"packaging-{VERSION}"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        subprocess.run([*command, "--target", part, f"packaging=={VERSION}"], check=True, stdout=sys.stderr)
        try:
            part.rename(folder)
        except OSError:
            # Somebody else was faster.
            pass
    return str(folder)


if __name__ == "__main__":
    main()
