#!/usr/bin/env python3
"""What the action does on a runner: installs ftaudit, audits, and writes the job's summary and SARIF.

The inputs of action.yml come as variables named FTAUDIT_*. No shell sees them: each becomes arguments of one program. The
exit status of the audit is an output of the step, since what follows is to upload the reports whatever was found; this
script fails only where there is no audit.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

RELEASE = re.compile(r"[0-9][0-9A-Za-z.!+]*")


def main():
    folder = Path(os.environ["RUNNER_TEMP"]) / f"ftaudit-{os.getpid()}"
    folder.mkdir(parents=True)
    program = install(folder / "env")
    summary, sarif, annotations = folder / "summary.md", folder / "ftaudit.sarif", folder / "annotations.txt"
    formats = ["human", f"markdown={summary}", f"sarif={sarif}", f"github={annotations}", *lines("FORMATS")]
    command = [program, "check"]
    command += [word for target in words("TARGETS") for word in ("--target", target)]
    command += [word for platform in words("PLATFORMS") for word in ("--platform", platform)]
    command += [word for one in formats for word in ("--format", one)]
    command += [*lines("ARGS"), "--", *lines("FILES")]
    status = subprocess.run(command, check=False).returncode
    # Code scanning shows findings in their place by itself.
    if given("UPLOAD_SARIF") != "true" and annotations.is_file():
        print(annotations.read_text(encoding="utf-8"), flush=True)
    text = "ftaudit audited nothing: the log says why." if not summary.is_file() else summary.read_text(encoding="utf-8")
    append("GITHUB_STEP_SUMMARY", text)
    append("GITHUB_OUTPUT", f"status={status}")
    if sarif.is_file():
        append("GITHUB_OUTPUT", f"sarif={sarif}")


def install(place):
    """The program, in an environment of its own: uv is quicker, and pip is what comes with Python."""
    what = package()
    uv = shutil.which("uv")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, place)
        run(uv, "pip", "install", "--python", place, what)
    else:
        run(sys.executable, "-m", "venv", place)
        run(python_of(place), "-m", "pip", "install", "--disable-pip-version-check", what)
    return programs_of(place) / ("ftaudit.exe" if os.name == "nt" else "ftaudit")


def package():
    """What is installed. A name alone would be whatever an index has under it, so that it always comes with a version."""
    version = given("VERSION")
    if not version:
        return os.environ["GITHUB_ACTION_PATH"]
    if version.endswith(".whl") and not version.startswith("-"):
        return version
    if RELEASE.fullmatch(version):
        return f"ftaudit=={version}"
    sys.exit(f"error: {version!r} is no version\nhint: a release (0.1.0), or the path or address of a wheel")


def programs_of(place):
    return place / ("Scripts" if os.name == "nt" else "bin")


def python_of(place):
    return programs_of(place) / "python"


def given(name):
    return os.environ.get(f"FTAUDIT_{name}", "").strip()


def lines(name):
    return [line.strip() for line in given(name).splitlines() if line.strip()]


def words(name):
    return given(name).replace(",", " ").split()


def append(variable, text):
    with open(os.environ[variable], "a", encoding="utf-8") as file:
        file.write(text + "\n")


def run(*command):
    done = subprocess.run(list(map(str, command)), check=False)
    if done.returncode != 0:
        sys.exit("error: ftaudit could not be installed")


if __name__ == "__main__":
    main()
