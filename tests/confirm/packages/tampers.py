"""Turns warnings off and takes the standard error away."""

import os
import sys
import warnings

warnings.simplefilter("ignore")
warnings.showwarning = lambda *arguments, **others: None
sys.stderr = None
sys.__stderr__ = None
os.environ.clear()
os.environ["PYTHON_GIL"] = "0"
