"""A curl that speaks WebSocket: the machine's own, or the one of Debian's backports, taken out of its packages without installing them."""
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import installation
from installation import Missing

PACKAGES = ["curl", "libcurl4"]


def find():
    """The binary, and the environment that it needs."""
    own = shutil.which("curl")
    if own and speaks_websocket(own, {}):
        return own, {}
    folder = installation.cache_folder() / "curl"
    binary = folder / "usr/bin/curl"
    if not binary.exists():
        print(f"unpacking curl from Debian's backports into {folder}", flush=True)
        unpack_from_backports(folder)
    libraries = next(folder.glob("usr/lib/*/libcurl.so.4"), binary).parent
    environment = {"LD_LIBRARY_PATH": str(libraries)}
    if not speaks_websocket(binary, environment):
        raise Missing("no curl with WebSocket support is to be had")
    return binary, environment


def speaks_websocket(binary, environment):
    version = subprocess.run([binary, "--version"], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    return " ws " in version.stdout


def unpack_from_backports(folder):
    """Reads package lists of its own, so that the machine's stay as they are."""
    apt, dpkg = installation.program("apt-get"), installation.program("dpkg")
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    lists = folder / "apt"
    for name in ["sources", "lists/partial", "cache/archives/partial"]:
        (lists / name).mkdir(parents=True, exist_ok=True)
    (lists / "sources/backports.sources").write_text(own_source(release, f"{release}-backports"))
    options = [f"-oDir::Etc::{name}=/dev/null" for name in ["SourceList", "Preferences"]]
    options += [f"-oDir::Etc::SourceParts={lists}/sources", f"-oDir::State::Lists={lists}/lists", f"-oDir::Cache={lists}/cache"]
    installation.run([apt, *options, "update"])
    installation.run([apt, *options, "download", *(f"{package}/{release}-backports" for package in PACKAGES)], cwd=folder)
    for package in folder.glob("*.deb"):
        installation.run([dpkg, "-x", package, folder])


def own_source(release, suite):
    """Where this machine has its release of Debian from, for another suite."""
    for path in Path("/etc/apt/sources.list.d").glob("*.sources"):
        for source in path.read_text().split("\n\n"):
            if re.search(rf"^Suites: *{release}\b(?!-)", source, re.MULTILINE):
                return re.sub(r"^Suites:.*$", f"Suites: {suite}", source, flags=re.MULTILINE)
    raise Missing("no curl with WebSocket support is installed, and no Debian whose backports have one")
