"""Ends the program that runs it."""

import os
import signal

os.kill(os.getppid(), signal.SIGKILL)
