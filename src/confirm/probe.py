"""Imports extension modules one after the other and says what became of each: python -I -S -B -v -c PROBE

The request is one JSON object on the standard input:

    folders   folders to import from, as if they stood in the environment's site-packages
    site      whether the interpreter's own site-packages are used too
    modules   dotted names, imported in this order
    threads   0, or how many threads import each module at the same moment

The answers are JSON objects, one a line, on what was the standard output at the start. What modules print goes to the
standard error. Nothing that they do to the descriptors 0 to 2, to `sys.stderr` or to `warnings` changes the answers.
A crash writes the Python stack behind the answers (faulthandler), which is no JSON.
"""

import _thread
import faulthandler
import importlib
import importlib._bootstrap as bootstrap
import importlib.machinery
import io
import os
import re
import sys
import warnings

# Descriptors of this number and above are rarely closed by modules that tidy up after a fork.
FIRST_DESCRIPTOR = 400
# What ends this process where the answers can no longer be written.
NO_ANSWERS = 70
# The longest message that is passed on: some errors quote whole files.
LONGEST_MESSAGE = 4000

CULPRIT = re.compile(
    r"# loading module '(?P<line>[^']*)', which requires the GIL"
    r"|has been enabled to load module '(?P<warning>[^']*)'"
)


class Answers:
    """The pipe that answers go to, out of the way of whatever modules do to the standard streams."""

    def __init__(self):
        self.process = os.getpid()
        self.descriptor = None
        # Modules may replace what the standard library calls by these names.
        self.write, self.exit, self.dumps = os.write, os._exit, None
        # What happens before the pipe is in its place: these imports are watched like any other.
        self.waiting = []

    def open(self):
        """Gives the standard streams to the modules, and the pipe to the answers."""
        import json

        self.dumps = json.dumps
        self.descriptor = out_of_the_way(1)
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        # All threads: the one that crashes need not be the one that imports.
        faulthandler.enable(self.descriptor)
        for event, facts in self.waiting:
            self.tell(event, **facts)

    def tell(self, event, **facts):
        """Writes one answer. In a process that a module has forked off, ends it instead."""
        if os.getpid() != self.process:
            self.exit(0)
        if self.descriptor is None:
            self.waiting.append((event, facts))
            return
        line = self.dumps({"event": event, **facts}).encode() + b"\n"
        try:
            while line:
                line = line[self.write(self.descriptor, line) :]
        except OSError:
            self.exit(NO_ANSWERS)


def out_of_the_way(descriptor):
    """A copy of a descriptor with a high number."""
    try:
        import fcntl
    except ImportError:
        return os.dup(descriptor)
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)


class Listener(io.TextIOBase):
    """Stands in for `sys.stderr` while an init function runs, and picks out the interpreter's words on the GIL."""

    def __init__(self, stream, culprits):
        self.stream = stream
        self.culprits = culprits

    def write(self, text):
        for found in CULPRIT.finditer(text):
            self.culprits.append(found["line"] or found["warning"])
        if self.stream is None:
            return len(text)
        return self.stream.write(text)

    def flush(self):
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name):
        return getattr(self.stream, name)


class Before:
    """How things stood before an init function ran."""

    def __init__(self, culprits, calls, gil):
        self.culprits = culprits
        self.calls = calls
        self.gil = gil


class Watch:
    """Sees every import begin and every extension module being created, whoever asks for it."""

    def __init__(self, answers):
        self.answers = answers
        self.culprits = []
        self.names = set()
        self.stacks = {}
        self.calls = self.depth = 0
        loader = importlib.machinery.ExtensionFileLoader
        self.create_module = loader.create_module
        self.load_unlocked = bootstrap._load_unlocked
        # A function, so that the loader comes along as its first argument.
        loader.create_module = lambda *arguments: self.create(*arguments)
        bootstrap._load_unlocked = self.load

    def load(self, spec):
        """In the place of importlib's function that runs when a module is neither loaded nor being loaded."""
        stack = self.stacks.setdefault(_thread.get_ident(), [])
        stack.append(spec.name)
        try:
            return self.load_unlocked(spec)
        finally:
            stack.pop()

    def create(self, loader, spec):
        """In the place of the method that calls a module's init function."""
        before = Before(len(self.culprits), self.calls, sys._is_gil_enabled())
        stream = sys.stderr
        listener = Listener(stream, self.culprits)
        sys.stderr = listener
        self.calls += 1
        self.depth += 1
        try:
            module = self.create_module(loader, spec)
        except RuntimeWarning as warning:
            # Somebody has turned warnings into errors. That it was raised at all is the answer.
            for found in CULPRIT.finditer(str(warning)):
                self.culprits.append(found["warning"])
            if spec.name in self.culprits[before.culprits :]:
                self.created(spec, "used")
            raise
        finally:
            self.depth -= 1
            heard = sys.stderr is listener
            if heard:
                sys.stderr = stream
        self.created(spec, self.verdict(spec.name, before, heard))
        return module

    def verdict(self, name, before, heard):
        """What the interpreter took a module's declaration for: it names those that need the GIL."""
        named = self.culprits[before.culprits :]
        if name in named:
            return "used"
        if not sys._is_gil_enabled():
            return "not-used"
        nested = self.depth > 0 or self.calls > before.calls + 1
        if named or (before.gil and self.culprits):
            # From the second culprit on there is a line of -v for each, whatever is done to warnings.
            return "not-used" if heard else "unknown"
        if nested:
            # While an init function runs the GIL is on for a time: which of the two turned it on for good is
            # only told by the warning, and there was none.
            return "unknown"
        return "not-used" if before.gil and heard else "used"

    def created(self, spec, gil):
        """Tells that there is a module now, and which imports led to it, the nearest first."""
        self.names.add(spec.name)
        stack = self.stacks.get(_thread.get_ident(), [])
        chain = [spec.name, *(name for name in reversed(stack) if name != spec.name)]
        self.answers.tell("created", name=spec.name, gil=gil, chain=chain, file=spec.origin)

    def ask(self, name):
        """Runs a module's init function by itself, where the import did not get to it.

        What its package lacks says nothing of the module. And compiled packages may create their modules without
        the import system, which then asks nothing.
        """
        if name in self.names:
            return
        *packages, _ = name.split(".")
        try:
            spec = importlib.machinery.PathFinder.find_spec(
                name, [os.path.join(entry, *packages) for entry in sys.path]
            )
            if spec is not None and isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
                bootstrap.module_from_spec(spec)
        # That it does not run by itself is no news.
        except BaseException as error:
            if isinstance(error, ImportError) and "does not define module export function" in str(error):
                self.answers.tell("hookless", name=name)


def import_one(name):
    """Imports a module's packages and then the module; the failure and the name that it was met at, if any."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        part = ".".join(parts[:end])
        try:
            importlib.import_module(part)
        # A module may raise anything at all, SystemExit and KeyboardInterrupt included.
        except BaseException as error:
            return failure(part, error)
    module = sys.modules.get(name)
    file = getattr(getattr(module, "__spec__", None), "origin", None) or getattr(module, "__file__", None)
    return {"file": file if isinstance(file, str) else None}


def failure(at, error):
    """What was raised. Its own methods are a module's code as well."""
    kind = type(error)
    names = [base.__name__ for base in kind.__mro__]
    try:
        message = str(error)[:LONGEST_MESSAGE]
    except BaseException as inner:
        message = f"<its message raises {type(inner).__name__}>"
    missing = error.name if isinstance(error, ModuleNotFoundError) and isinstance(error.name, str) else None
    return {"at": at, "error": kind.__name__, "bases": names, "message": message, "missing": missing}


def import_at_once(name, count):
    """Imports a module in many threads at the same moment."""
    gate = _thread.allocate_lock()
    gate.acquire()
    done = []
    failures = []

    def work():
        with gate:
            pass
        found = import_one(name)
        if "error" in found:
            failures.append(found)
        done.append(None)

    for _ in range(count):
        _thread.start_new_thread(work, ())
    gate.release()
    wait = importlib.import_module("time").sleep
    while len(done) < count:
        wait(0.005)
    return failures[0] if failures else {"file": None}


def put_back(stderr, filters, show):
    """Undoes what a module did to what the next one's import depends on."""
    sys.stderr = stderr
    warnings.filters[:] = filters
    warnings.showwarning = show
    # The C code keeps its own idea of the filters until it is told that they changed.
    for name in ("_filters_mutated", "_filters_mutated_lock_held"):
        changed = getattr(warnings, name, None)
        if changed is not None:
            try:
                changed()
            except RuntimeError:
                # 3.14 wants its lock to be held for the second one.
                with warnings._lock:
                    changed()
            return


def close_inherited():
    """Closes what whoever started this program has left open: files and connections that no sandbox forbids."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            descriptors = [int(name) for name in os.listdir(folder)]
        except OSError:
            continue
        for descriptor in descriptors:
            if descriptor > 2:  # noqa: PLR2004
                try:
                    os.close(descriptor)
                except OSError:
                    # The one that the folder was read through.
                    pass
        return


def main():
    close_inherited()
    answers = Answers()
    # What -v says of each file is nobody's concern, and takes time; the lines on the GIL come from the C code.
    bootstrap._verbose_message = lambda *_, **__: None
    importlib._bootstrap_external._verbose_message = bootstrap._verbose_message
    watch = Watch(answers)
    import json
    import site

    with open(0, encoding="utf-8", closefd=False) as stream:
        request = json.load(stream)
    answers.open()
    answers.tell("ready", version=sys.version, gil=sys._is_gil_enabled())
    if request["site"]:
        site.main()
    for folder in request["folders"]:
        site.addsitedir(folder)
    stderr, filters, show = sys.stderr, warnings.filters[:], warnings.showwarning
    for name in request["modules"]:
        answers.tell("begin", name=name)
        found = import_at_once(name, request["threads"]) if request["threads"] else import_one(name)
        answers.tell("end", name=name, **found)
        if not request["threads"]:
            watch.ask(name)
        put_back(stderr, filters, show)
    answers.tell("done")
    # Nothing of the modules' own runs any more: they may crash on the way out, which is not asked here.
    answers.exit(0)


main()
