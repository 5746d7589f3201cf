"""Turns warnings into errors."""

import warnings

warnings.simplefilter("error")
