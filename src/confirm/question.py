"""What an interpreter is, as one JSON object: python -I -S -c QUESTION"""

import json
import os
import platform
import sys
import sysconfig


def folders():
    """Where the interpreter reads from: its own folders, those of the library, and those of what is linked."""
    found = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    found += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [sysconfig.get_config_var("LIBDIR"), os.path.dirname(os.path.realpath(sys.executable))]
    return sorted({os.path.realpath(folder) for folder in found if folder and os.path.isdir(folder)})


def musl():
    """Whether a Python for Linux is built for musl, by the names of its extension modules; None where these do not say."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX") or ""
    return "-musl" in suffix if "-linux" in suffix else None


def main():
    site_packages = sysconfig.get_path("purelib")
    print(
        json.dumps(
            {
                "executable": sys.executable,
                "implementation": platform.python_implementation(),
                "version": platform.python_version(),
                "minor": sys.version_info[1] if sys.version_info[0] == 3 else None,  # noqa: PLR2004
                "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
                "platform": sysconfig.get_platform(),
                "musl": musl(),
                "prefix": os.path.realpath(sys.prefix),
                "base_prefix": os.path.realpath(sys.base_prefix),
                "folders": folders(),
                "pip": os.path.isdir(os.path.join(site_packages, "pip")),
            }
        )
    )


main()
