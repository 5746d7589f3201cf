"""`python -m ftaudit`: the program that belongs to this Python, whatever PATH says."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

NAME = "ftaudit" + (sysconfig.get_config_var("EXE") or "")


def places():
    """The folders that installers put programs into: of this environment, of the user, and `pip install --target`."""
    yield Path(sysconfig.get_path("scripts"))
    yield Path(sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")))
    package = Path(__file__).resolve().parent
    yield package.parent / "bin"


def main():
    for place in places():
        program = place / NAME
        if program.is_file():
            run(program)
    looked = "".join(f"\n  {place / NAME}" for place in places())
    sys.exit(f"error: the ftaudit program is not where installers put it; looked for{looked}\n"
             "hint: install the package again")


def run(program):
    """Becomes the program, where that is possible, so that signals and the exit status are its own."""
    command = [str(program), *sys.argv[1:]]
    if os.name == "posix":
        os.execv(program, command)
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
