"""Installs the Autobahn|Testsuite outside the tree and starts its `wstest`. Standard library only."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from glob import glob
from pathlib import Path

HERE = Path(__file__).resolve().parent
STARTUP_SECONDS = 60
# Long enough for `updateReports`, which the suite answers only once every report is written.
REPLY_SECONDS = 600


class MissingPython27(Exception):
    """The suite is Python 2 code, its newest release included, and no registry has the interpreter."""


class SuiteFailure(Exception):
    """The suite itself did not do its part, so there is no verdict."""


def cache_folder():
    """Where the virtual environment lives: `$LAB_DIR`, or a folder of ours under the user's cache."""
    if "LAB_DIR" in os.environ:
        return Path(os.environ["LAB_DIR"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wscope-lab"


def find_python27():
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [os.environ.get("PY27"), *sorted(glob(str(pyenv / "versions/2.7*/bin/python2.7"))), shutil.which("python2.7")]
    for candidate in filter(None, candidates):
        check = [candidate, "-c", "import sys, ssl, zlib; assert sys.version_info[:2] == (2, 7)"]
        try:
            if subprocess.run(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return candidate
        except OSError:
            continue
    raise MissingPython27


def python_with_suite():
    """The Python 2.7 that can run the suite, installed first where it is not yet."""
    environment = cache_folder() / "autobahn-venv"
    python = environment / "bin/python"
    if (environment / ".ok").exists():
        return python
    python27 = find_python27()
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    print(f"installing the Autobahn|Testsuite into {environment}", flush=True)
    maker = environment.with_name("autobahn-venv-maker")
    quiet = ["-q", "--disable-pip-version-check", "install"]
    try:
        install([sys.executable, "-m", "venv", "--clear", maker])
        # The last virtualenv that makes environments for 2.7.
        install([maker / "bin/pip", *quiet, "virtualenv==20.21.1"])
        install([maker / "bin/virtualenv", "-q", "-p", python27, environment])
        install([environment / "bin/pip", *quiet, "autobahntestsuite==0.8.2"])
        install([python, "-W", "ignore", "-c", "import autobahntestsuite.wstest"])
    finally:
        shutil.rmtree(maker, ignore_errors=True)
    (environment / ".ok").touch()
    return python


def install(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise SuiteFailure(f"{' '.join(map(str, command))} failed:\n{result.stdout[-2000:]}")


def start_wstest(python, mode, spec, folder):
    """`wstest -m MODE` with `folder` as its working folder, where its reports and its log go."""
    (folder / "spec.json").write_text(json.dumps(spec, indent=1))
    # A web port is opened only by the server mode, and only where it isn't 0.
    command = [python, "-W", "ignore", HERE / "wstest_on_loopback.py", "-m", mode, "-s", "spec.json", "-u", "0"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with open(folder / "wstest.log", "wb") as log:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_accepting(port, process, what):
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SuiteFailure(f"{what} ended with status {process.returncode} before it listened")
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
    raise SuiteFailure(f"{what} does not listen on port {port} after {STARTUP_SECONDS} s")


def stop(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ask(port, path):
    """One request to the fuzzing server's own control channel: its first text message, or None when it just closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=REPLY_SECONDS) as connection, connection.makefile("rb") as replies:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        if b" 101 " not in replies.readline():
            raise SuiteFailure(f"the fuzzing server refused {path}")
        while replies.readline().strip():
            pass
        text = None
        while True:
            header = replies.read(2)
            if len(header) < 2:
                return text
            opcode, length = header[0] & 0x0F, header[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", replies.read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", replies.read(8))
            payload = replies.read(length)
            if opcode == 0x1:
                text = payload.decode()
            elif opcode == 0x8:
                connection.sendall(bytes([0x88, 0x80 | length, 0, 0, 0, 0]) + payload)
                return text
