"""Forks, and both go on."""

import os

os.fork()
