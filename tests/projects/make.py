#!/usr/bin/env python3
"""Makes the lock files in fixtures/ anew, with the tools of today.

Builds a few tiny distributions with made-up names, serves them on loopback as an index (HTML and JSON), and lets each
tool lock the same project against it, so that every URL in the fixtures is loopback's. What a tool exports of its own
lock file is kept beside it: the tests hold what is read against that.

    python3 tests/projects/make.py TOOLS

TOOLS is a folder with a virtual environment for each tool (`poetry` with `poetry-plugin-export`, `pdm`, `pipenv`,
`pip-tools`, `pip`); uv is taken from the search path. Writes the versions to fixtures/VERSIONS.
"""

import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile

PORT = 38641
INDEX = f"http://127.0.0.1:{PORT}/simple/"
FIXTURES = pathlib.Path(__file__).parent / "fixtures"
MOMENT = (2026, 1, 1, 0, 0, 0)

LINUX = "cp314-cp314t-manylinux_2_28_x86_64"
WINDOWS = "cp314-cp314t-win_amd64"
# For the Python that the tools themselves run on: pip and pipenv resolve for no other.
HOST = "cp311-cp311-manylinux_2_17_x86_64"
PURE = "py3-none-any"

# Name, version, tags of wheels, whether there is a source archive, what it needs, extras.
DISTRIBUTIONS = [
    ("alder", "1.0", [PURE], True, ["birch>=1", "cedar ; sys_platform == 'win32'"], {"fast": ["elm>=1"]}),
    ("alder", "2.0", [PURE], True, ["birch>=1"], {}),
    ("birch", "1.0", [PURE], False, [], {}),
    ("birch", "1.5", [LINUX, WINDOWS, HOST], True, [], {}),
    ("cedar", "1.0", [PURE], False, ["birch"], {}),
    ("elm", "1.0", [PURE], False, ["ginkgo"], {}),
    ("fir", "1.0", [PURE], False, [], {}),
    ("fir", "2.0", [PURE], False, ["Ginkgo_Tree.leaf"], {}),
    ("ginkgo", "1.0", [PURE], False, [], {}),
    ("Ginkgo_Tree.leaf", "3.1", [PURE], False, [], {}),
    ("hazel", "1.0", [PURE], False, ["ivy"], {}),
    ("ivy", "1.0", [PURE], False, [], {}),
    ("juniper", "1.0", [PURE], False, [], {}),
]

PROJECT = """\
[project]
name = "orchard"
version = "0.1.0"
description = ""
requires-python = ">=3.11"
dependencies = [
    "alder[fast]>=1,<2",
    "fir==1.0 ; sys_platform == 'win32'",
    "fir==2.0 ; sys_platform != 'win32'",
]

[project.optional-dependencies]
docs = ["hazel"]

[dependency-groups]
dev = ["juniper"]
"""


def normalised(name):
    return name.lower().replace("_", "-").replace(".", "-")


def metadata(name, version, needs, extras):
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", "Requires-Python: >=3.9"]
    lines += [f"Requires-Dist: {need}" for need in needs]
    for extra, more in extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {need} ; extra == '{extra}'" for need in more]
    return "\n".join(lines) + "\n"


def wheel(name, version, tag, about):
    stem = name.replace("-", "_").replace(".", "_").lower()
    info = f"{stem}-{version}.dist-info"
    kind = f"Wheel-Version: 1.0\nGenerator: make.py\nRoot-Is-Purelib: {tag == PURE}\nTag: {tag}\n".lower()
    kind = kind.replace("wheel-version", "Wheel-Version").replace("tag:", "Tag:")
    files = {f"{stem}.py": "", f"{info}/METADATA": about, f"{info}/WHEEL": kind}
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(file, MOMENT), text)
    return f"{stem}-{version}-{tag}.whl", buffer.getvalue()


def source(name, version, about):
    stem = f"{name}-{version}"
    build = '[build-system]\nrequires = []\nbuild-backend = "none"\n'
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for file, text in {"PKG-INFO": about, "pyproject.toml": build}.items():
            member = tarfile.TarInfo(f"{stem}/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    import gzip

    return f"{stem}.tar.gz", gzip.compress(raw.getvalue(), mtime=0)


def build():
    """Every file by name, and the files of each distribution."""
    files, index = {}, {}
    for name, version, tags, has_source, needs, extras in DISTRIBUTIONS:
        about = metadata(name, version, needs, extras)
        made = [wheel(name, version, tag, about) for tag in tags]
        if has_source:
            made.append(source(name, version, about))
        for file, content in made:
            files[file] = content
            if file.endswith(".whl"):
                files[file + ".metadata"] = about.encode()
            index.setdefault(normalised(name), []).append(file)
    return files, index


class Index(http.server.BaseHTTPRequestHandler):
    files, index = {}, {}

    def do_GET(self):
        parts = [part for part in self.path.split("#")[0].split("?")[0].split("/") if part]
        if parts[:1] == ["files"] and len(parts) == 2 and parts[1] in self.files:
            return self.answer("application/octet-stream", self.files[parts[1]])
        if parts[:1] == ["simple"] and len(parts) == 2 and normalised(parts[1]) in self.index:
            names = self.index[normalised(parts[1])]
            if "json" in self.headers.get("Accept", ""):
                return self.answer("application/vnd.pypi.simple.v1+json", self.json(parts[1], names))
            return self.answer("text/html", self.html(names))
        self.send_error(404)

    def hash(self, name):
        return hashlib.sha256(self.files[name]).hexdigest()

    def json(self, project, names):
        def one(name):
            entry = {"filename": name, "url": f"http://127.0.0.1:{PORT}/files/{name}"}
            entry |= {"hashes": {"sha256": self.hash(name)}, "size": len(self.files[name])}
            entry |= {"requires-python": ">=3.9", "upload-time": "2026-01-01T00:00:00Z"}
            if name + ".metadata" in self.files:
                entry["core-metadata"] = {"sha256": self.hash(name + ".metadata")}
            return entry

        content = {"meta": {"api-version": "1.1"}, "name": normalised(project), "files": [one(name) for name in names]}
        content["versions"] = sorted({name.split("-")[1].removesuffix(".tar.gz") for name in names})
        return json.dumps(content).encode()

    def html(self, names):
        link = '<a href="/files/{0}#sha256={1}" data-requires-python="&gt;=3.9">{0}</a><br>'
        return ("<!DOCTYPE html><html><body>" + "".join(link.format(name, self.hash(name)) for name in names)).encode()

    def answer(self, kind, content):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def run(folder, *command, keep=None, **more):
    """Runs a tool with nothing of the caller's settings; keeps what it prints where that is asked for."""
    environment = {name: os.environ[name] for name in ("PATH",)}
    environment |= {"HOME": str(folder / "home"), "NO_COLOR": "1", "UV_CACHE_DIR": str(folder / "cache")}
    environment |= {"UV_PYTHON_DOWNLOADS": "never", "PIP_INDEX_URL": INDEX, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment |= {"PIPENV_VENV_IN_PROJECT": "1", "PDM_CHECK_UPDATE": "0", "POETRY_VIRTUALENVS_IN_PROJECT": "1"}
    environment |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"} | more
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{command} failed\n{done.stdout}\n{done.stderr}")
    if keep:
        (FIXTURES / keep).parent.mkdir(parents=True, exist_ok=True)
        lines = [line for line in done.stdout.splitlines() if not line.startswith(("#", "--index", "-i "))]
        (FIXTURES / keep).write_text("\n".join(lines).strip() + "\n")
    return done.stdout


def project(folder, text):
    folder.mkdir(parents=True)
    (folder / "home").mkdir()
    (folder / "pyproject.toml").write_text(text)
    return folder


def keep(folder, *names):
    into = FIXTURES / folder.name
    into.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(folder / name, into / name)


def with_uv(root):
    settings = f'\n[[tool.uv.index]]\nurl = "{INDEX}"\ndefault = true\n'
    folder = project(root / "uv", PROJECT + settings)
    run(folder, "uv", "lock")
    export = ["uv", "export", "--quiet", "--no-emit-project", "--no-header"]
    run(folder, *export, keep="uv/export.txt")
    run(folder, *export, "--extra", "docs", "--no-dev", keep="uv/export-docs.txt")
    run(folder, *export, "--no-dev", "--format", "pylock.toml", "-o", "pylock.toml")
    script = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['alder[fast]<2']\n# [[tool.uv.index]]\n"
    script += f"# url = '{INDEX}'\n# default = true\n# ///\n"
    (folder / "script.py").write_text(script)
    run(folder, "uv", "lock", "--script", "script.py")
    keep(folder, "uv.lock", "pyproject.toml", "script.py", "script.py.lock", "pylock.toml")
    (folder / "requirements.in").write_text("alder[fast]<2\nfir==2.0\n")
    compiled = ["uv", "pip", "compile", "--quiet", "--no-header", "--default-index", INDEX, "--universal", "requirements.in"]
    (FIXTURES / "uv/compiled.txt").write_text(run(folder, *compiled))
    conflicts = PROJECT.replace('docs = ["hazel"]', 'docs = ["hazel", "birch==1.0"]\nnew = ["birch==1.5"]')
    conflicts += settings + '\n[tool.uv]\nconflicts = [[{ extra = "docs" }, { extra = "new" }]]\n'
    folder = project(root / "uv-conflicts", conflicts)
    run(folder, "uv", "lock")
    keep(folder, "uv.lock")
    for extra in ("docs", "new"):
        run(folder, *export, "--extra", extra, keep=f"uv-conflicts/export-{extra}.txt")
    folder = project(root / "uv-workspace", PROJECT + settings + '\n[tool.uv.workspace]\nmembers = ["press"]\n')
    member = '[project]\nname = "press"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["hazel"]\n'
    (folder / "press").mkdir()
    (folder / "press/pyproject.toml").write_text(member)
    run(folder, "uv", "lock")
    keep(folder, "uv.lock")
    run(folder, *export, "--all-packages", "--no-emit-workspace", keep="uv-workspace/export.txt")


def with_poetry(root, tools):
    poetry = tools / "poetry/bin/poetry"
    source = f'\n[[tool.poetry.source]]\nname = "loopback"\nurl = "{INDEX}"\npriority = "primary"\n'
    folder = project(root / "poetry", PROJECT + "\n[tool.poetry]\npackage-mode = false\n" + source)
    run(folder, poetry, "lock")
    keep(folder, "poetry.lock")
    run(folder, poetry, "export", "--with", "dev", keep="poetry/export.txt")
    run(folder, poetry, "export", "--extras", "docs", keep="poetry/export-docs.txt")


def with_pdm(root, tools):
    pdm = tools / "pdm/bin/pdm"
    source = f'\n[tool.pdm]\ndistribution = false\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{INDEX}"\nverify_ssl = false\n'
    # PDM does not fork: one version of a name for all platforms.
    folder = project(root / "pdm", PROJECT.replace("    \"fir==1.0 ; sys_platform == 'win32'\",\n", "") + source)
    run(folder, pdm, "use", "-f", sys.executable)
    run(folder, pdm, "lock", "-G", ":all")
    keep(folder, "pdm.lock", "pyproject.toml")
    run(folder, pdm, "export", "-f", "requirements", "--without", "docs", keep="pdm/export.txt")
    run(folder, pdm, "export", "-f", "requirements", "-G", "docs", "--prod", keep="pdm/export-docs.txt")
    run(folder, pdm, "export", "-f", "pylock", "-G", ":all", "-o", "pylock.toml")
    keep(folder, "pylock.toml")


def with_pipenv(root, tools):
    folder = project(root / "pipenv", "")
    (folder / "pyproject.toml").unlink()
    pipfile = f'[[source]]\nname = "loopback"\nurl = "{INDEX}"\nverify_ssl = false\n\n[packages]\n'
    pipfile += 'alder = {version = "<2", extras = ["fast"]}\nfir = {version = "==1.0", sys_platform = "== \'win32\'"}\n'
    (folder / "Pipfile").write_text(pipfile + '\n[dev-packages]\njuniper = "*"\n')
    pipenv = tools / "pipenv/bin/pipenv"
    run(folder, pipenv, "lock", "--python", sys.executable)
    keep(folder, "Pipfile.lock")
    run(folder, pipenv, "requirements", "--hash", keep="pipenv/export.txt")
    run(folder, pipenv, "requirements", "--hash", "--dev", keep="pipenv/export-dev.txt")


def with_pip(root, tools):
    folder = project(root / "pip-tools", PROJECT)
    compile = [tools / "pip-tools/bin/pip-compile", "--quiet", "--no-header", "--no-emit-index-url", "-i", INDEX]
    (FIXTURES / "pip-tools").mkdir(exist_ok=True)
    for name, options in {"plain": [], "hashes": ["--generate-hashes"], "line": ["--annotation-style", "line"]}.items():
        run(folder, *compile, *options, "-o", f"{name}.txt", "pyproject.toml")
        keep(folder, f"{name}.txt")
    folder = project(root / "pip", PROJECT)
    (folder / "requirements.in").write_text("alder[fast]<2\nfir==2.0\n")
    run(folder, tools / "pip/bin/pip", "lock", "-r", "requirements.in", "-o", "pylock.toml")
    keep(folder, "pylock.toml")
    run(folder, tools / "pip/bin/python", "-m", "venv", "environment")
    python = folder / "environment/bin/python"
    run(folder, python, "-m", "pip", "install", "alder[fast]<2", "fir==2.0")
    report = ["-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", "alder[fast]<2", "fir==2.0"]
    installed = json.loads(run(folder, python, *report))["install"]
    names = sorted(f"{entry['metadata']['name']}=={entry['metadata']['version']}" for entry in installed)
    (FIXTURES / "pip/report.txt").write_text("\n".join(names) + "\n")


def versions(tools):
    words = [run(pathlib.Path(tempfile.gettempdir()), "uv", "--version").split()[1]]
    lines = [f"uv {words[0]}"]
    for tool in ("poetry", "pdm", "pipenv", "pip-tools", "pip"):
        show = "import importlib.metadata as m; print(m.version('%s'))" % tool
        lines.append(f"{tool} " + run(tools, tools / tool / "bin/python", "-c", show).strip())
    (FIXTURES / "VERSIONS").write_text("\n".join(lines) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tools = pathlib.Path(sys.argv[1]).absolute()
    Index.files, Index.index = build()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    FIXTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        with_uv(root)
        with_poetry(root, tools)
        with_pdm(root, tools)
        with_pipenv(root, tools)
        with_pip(root, tools)
    versions(tools)
    server.shutdown()


if __name__ == "__main__":
    main()
