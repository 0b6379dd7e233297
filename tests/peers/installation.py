"""Brings the peers onto this machine, outside the tree, and makes a private CA for them. Standard library only."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

WEBSOCKETS = "websockets"


class Missing(Exception):
    """A peer that cannot be had here; says why."""


def cache_folder():
    """Where peers are installed: `$LAB_DIR`, or a folder of ours under the user's cache."""
    if "LAB_DIR" in os.environ:
        return Path(os.environ["LAB_DIR"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wscope-lab"


def program(*names):
    """The first of these programs that is installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if not found:
        raise Missing(f"{names[0]} is not installed")
    return found


def run(command, **options):
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        raise Missing(f"{' '.join(map(str, command))} failed: {result.stdout.strip()[-500:]}")
    return result.stdout


def node_with(package, version):
    """The command that runs JavaScript with a package of npm's, and its environment."""
    node, modules = program("node"), cache_folder() / "node_modules"
    if not (modules / package).exists():
        cache_folder().mkdir(parents=True, exist_ok=True)
        print(f"installing npm {package} into {modules}", flush=True)
        run([program("npm"), "install", "--silent", "--no-fund", "--no-audit", "--prefix", cache_folder(), f"{package}@{version}"])
    return [node], {**os.environ, "NODE_PATH": str(modules)}


# What `doctor` examines besides `ws`.
NPM_SERVERS = ["ws@8", "socket.io@4", "sockjs@0.3", "graphql-ws@6", "graphql@16", "vite@6"]


def npm_servers():
    """The folder of npm's packages in which all of `NPM_SERVERS` are; one of their own, for they are many."""
    folder = cache_folder() / "npm-servers"
    if not (folder / ".ok").exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"installing {' '.join(NPM_SERVERS)} into {folder}", flush=True)
        run([program("npm"), "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder, *NPM_SERVERS])
        (folder / ".ok").touch()
    return folder / "node_modules"


def node_with_ws():
    """JavaScript with npm's `ws`."""
    return node_with("ws", "8")


def python_environment(package):
    """The virtual environment that has a package of PyPI's."""
    environment = cache_folder() / f"{package}-venv"
    if not (environment / ".ok").exists():
        print(f"installing python {package} into {environment}", flush=True)
        run([sys.executable, "-m", "venv", "--clear", environment])
        run([environment / "bin/pip", "-q", "--disable-pip-version-check", "install", package])
        (environment / ".ok").touch()
    return environment


def python_with_websockets():
    """The command that runs Python with `websockets`, and its environment."""
    return [str(python_environment(WEBSOCKETS) / "bin/python")], {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


# Long enough that none is said to expire soon.
DAYS = "90"
# A key pair on P-256: made at once, accepted everywhere.
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def make_authority(folder):
    """A private CA and certificates of its, for localhost and for a client: the files `ca.pem`, `certificate.pem` and `key.pem`,
    `client-certificate.pem` and `client-key.pem`."""
    run([program("openssl"), "req", "-x509", *NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS, "-subj", "/CN=wscope test authority",
         "-addext", "keyUsage=critical,keyCertSign"], cwd=folder)
    issue(folder, "", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    issue(folder, "client-", "/CN=ada", "extendedKeyUsage=clientAuth\n")


def issue(folder, prefix, subject, extensions):
    openssl, key, certificate = program("openssl"), f"{prefix}key.pem", f"{prefix}certificate.pem"
    run([openssl, "req", *NEW_KEY, "-keyout", key, "-out", "request.pem", "-subj", subject], cwd=folder)
    (folder / "extensions.txt").write_text(f"{extensions}basicConstraints=critical,CA:FALSE\n")
    run([openssl, "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS,
         "-extfile", "extensions.txt", "-out", certificate], cwd=folder)


def make_password_file(path, user, password):
    """A user for Basic auth, as Apache's htpasswd writes it."""
    hashed = run([program("openssl"), "passwd", "-apr1", password])
    path.write_text(f"{user}:{hashed}")
