"""Imports one module and says what became of it: python -I -v probe.py FOLDER NAME [SECONDS]

The answer is one JSON object on what was the standard output at the start; what the module itself prints goes to
the standard error, where the interpreter's own messages (-v) are too. A module that does not come back is ended by
SIGALRM, one that crashes by the signal of its crash: then there is no answer, and that is the answer.
"""

import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys


def main(folder, name, seconds="60"):
    answers = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(seconds))
    sys.path.insert(0, folder)
    before = sys._is_gil_enabled()
    answer = {"outcome": "imported", "error": None, "message": None}
    try:
        load(folder, name)
    # A module may raise anything at all, SystemExit and KeyboardInterrupt included.
    except BaseException as error:
        answer = {"outcome": "raised", "error": type(error).__name__, "message": str(error)}
    answer["gil"] = {"before": before, "after": sys._is_gil_enabled()}
    os.write(answers, json.dumps(answer).encode())
    # Nothing of the module's own runs any more: it may crash on the way out, which is not asked here.
    os._exit(0)


def load(folder, name):
    """Imports a module; if its packages need something that is not there, loads it without them."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        *packages, _ = name.split(".")
        spec = importlib.machinery.PathFinder.find_spec(name, [os.path.join(folder, *packages)])
        if not packages or spec is None:
            raise
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "__main__":
    main(*sys.argv[1:])
