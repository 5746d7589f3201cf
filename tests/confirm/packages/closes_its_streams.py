"""Closes the descriptors 0 to 2."""

import os

os.closerange(0, 3)
