#!/usr/bin/env bash
# Builds a free-threaded CPython from Debian's own source package, for machines where no ready-made one can be had:
#
#     debian_python.sh PREFIX
#
# apt runs with a sources list, a state and a cache of its own below PREFIX, so the system's stay as they are, and no
# root is needed. The mirror is whichever the system itself is set up with; what comes from it counts only when it is
# signed with a key of Debian's keyring.
set -euo pipefail

suite=trixie
package=python3.13
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '    %s\n' "$*" >&2; }
fail() { printf '    error: %s\n' "$*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: debian_python.sh PREFIX"
command -v apt-get >/dev/null || fail "no apt-get: this is no Debian-like system"
[ -r "$keyring" ] || fail "$keyring is missing: install debian-archive-keyring"

mkdir -p "$(dirname "$1")"
prefix=$(realpath -m "$1")
work=$prefix.build
rm -rf "$work" "$prefix"
mkdir -p "$work"/{etc,state/lists/partial,cache/archives/partial,log,source}

# Dir::State and Dir::Cache move what apt writes; the status file of dpkg is not needed to fetch a source.
own=(-o Dir::State="$work/state" -o Dir::Cache="$work/cache" -o Dir::Log="$work/log"
    -o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o Acquire::Languages=none)
ours=("${own[@]}" -o Dir::Etc::sourcelist="$work/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null)

# `'<mirror>/dists/<suite>/InRelease' …`: one line for every repository that the system knows.
mirrors() {
    apt-get "${own[@]}" update --print-uris | sed -nE "s|^'([^']+)/dists/[^']*/(In)?Release'.*|\1|p" | awk '!seen[$0]++'
}

fetch() {
    local mirror
    for mirror in $(mirrors); do
        echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$work/etc/sources.list"
        if apt-get "${ours[@]}" update -o APT::Update::Error-Mode=any >"$work/log/update" 2>&1 &&
            (cd "$work/source" && apt-get "${ours[@]}" source --download-only "$package") >"$work/log/source" 2>&1; then
            return 0
        fi
    done
    return 1
}

say "fetching the source package $package of $suite"
fetch || {
    tail -n 5 "$work"/log/update "$work"/log/source >&2 2>/dev/null || true
    fail "no mirror of this system has $package of $suite"
}

# Only the upstream archive: Debian's patches are about where Debian installs things.
tarball=$(echo "$work"/source/"$package"_*.orig.tar.*z)
version=$(basename "$tarball" | sed -E 's/.*_([^_]+)\.orig\.tar\..*/\1/')
tar -xf "$tarball" -C "$work/source"
cd "$work/source"/*/

say "building $version with --disable-gil (some minutes)"
quietly() { "$@" >"$work/log/build" 2>&1 || { tail -n 20 "$work/log/build" >&2; fail "$1 failed"; }; }
quietly ./configure --prefix="$prefix" --disable-gil --disable-test-modules --without-ensurepip \
    OPT="-O2 -DNDEBUG"
quietly make -j"$(nproc)"
quietly make install
cd /
rm -rf "$work"
say "built $("$prefix"/bin/python3 -VV)"
