"""Closes every descriptor there is."""

import os

os.closerange(0, 4096)
