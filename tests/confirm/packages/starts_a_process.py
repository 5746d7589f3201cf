"""Starts a process that is to outlive the run."""

import subprocess

subprocess.Popen(["sleep", "@MARK@"], start_new_session=True)
