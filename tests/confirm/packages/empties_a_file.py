"""Cuts off a file that it may only read."""

import os

os.open(__file__, os.O_RDONLY | os.O_TRUNC)
