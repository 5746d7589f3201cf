"""Asks not to die with its parent."""

import ctypes

PR_SET_PDEATHSIG = 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0):
    raise PermissionError(ctypes.get_errno(), "not allowed")
