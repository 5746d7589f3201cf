"""Exits like a program."""

import sys

sys.exit("this is a program")
