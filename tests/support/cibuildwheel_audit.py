"""What cibuildwheel does with a project's configuration when it audits a wheel: cibuildwheel_audit.py PROJECT WORK WHEEL

Its own code reads the configuration, installs what the audit requires and runs the commands; only the container that the
wheel would come out of is left out, and the environment is made here, since cibuildwheel would download virtualenv.
"""

import sys
import venv
from pathlib import Path

from cibuildwheel.audit import run_audit
from cibuildwheel.errors import FatalError
from cibuildwheel.options import CommandLineArguments, compute_options


def main(project, work, wheel):
    arguments = CommandLineArguments.defaults()
    arguments.package_dir, arguments.platform = project, "linux"
    options = compute_options(platform="linux", command_line_arguments=arguments, env={})
    if not (work / "audit_venv").exists():
        venv.create(work / "audit_venv", with_pip=True)
    try:
        run_audit(tmp_dir=work, build_options=options.build_options(identifier=None), wheel=wheel)
    except FatalError as error:
        print(error, file=sys.stderr)
        sys.exit(error.return_code)


main(*map(Path, sys.argv[1:]))
