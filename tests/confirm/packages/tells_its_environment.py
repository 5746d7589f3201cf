"""Tells which variables there are."""

import os

raise ImportError(" ".join(sorted(os.environ)))
