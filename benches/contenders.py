"""The programs that take part in the benchmark, and the command line of each."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests/peers"))
import curl_with_websocket
import installation

WEBSOCAT = "1.14.1"
WSCAT = "6.1.0"


class Contender:
    """A program that can do some of the jobs; `command` answers None for the others."""

    def __init__(self, name, jobs, over_tls=(), environment=None, path_suffix=""):
        self.name, self.jobs, self.over_tls, self.path_suffix = name, jobs, list(over_tls), path_suffix
        self.environment = {**os.environ, **(environment or {})}

    def command(self, job, url=None, tls=False, flags=()):
        if job not in self.jobs:
            return None
        return [*map(str, self.jobs[job]), *flags, *(self.over_tls if tls else []), *([url + self.path_suffix] if url else [])]


def wscope(binary, authority):
    return Contender("wscope", {
        "receive": [binary, "-N"],
        "receive binary": [binary, "-N"],
        "send": [binary, "-w", "-1"],
        "send binary": [binary, "-b", "-w", "-1"],
        "echo": [binary, "-w", "0"],
        "talk": [binary],
        "version": [binary, "--version"],
    }, over_tls=["--cacert", authority])


def websocat(authority):
    binary = installation.cache_folder() / "websocat/bin/websocat"
    if not binary.exists():
        print(f"building websocat {WEBSOCAT} into {binary.parent}", flush=True)
        installation.run([installation.program("cargo"), "install", "--quiet", "--locked", "--version", WEBSOCAT,
                          "--root", binary.parents[1], "websocat"])
    return Contender("websocat", {
        "receive": [binary, "-U"],
        "receive binary": [binary, "-bU"],
        "send": [binary],
        "send binary": [binary, "-b"],
        "echo": [binary],
        "talk": [binary],
        "version": [binary, "--version"],
    }, environment={"SSL_CERT_FILE": authority})


def wscat(authority):
    node, environment = installation.node_with("wscat", WSCAT)
    command = [*node, installation.cache_folder() / "node_modules/.bin/wscat"]
    return Contender("wscat", {
        "receive": [*command, "-c"],
        "send": [*command, "-w", "-1", "-c"],
        "echo": [*command, "-w", "2", "-c"],
        "talk": [*command, "-c"],
        "version": [*command, "--version"],
    }, environment={**environment, "NODE_EXTRA_CA_CERTS": authority})


def python_websockets(authority):
    python, environment = installation.python_with_websockets()
    script = [*python, HERE / "websockets_client.py"]
    return Contender("websockets", {
        "receive": [*script, "receive"],
        "receive binary": [*script, "receive"],
        "send": [*script, "send"],
        "echo": [*script, "echo"],
        "talk": [*script, "echo"],
    }, environment={**environment, "SSL_CERT_FILE": authority})


def curl(authority):
    binary, environment = curl_with_websocket.find()
    # It answers no Close, and takes the end of the connection for the end.
    return Contender("curl", {"receive": [binary, "-sN", "--cacert", authority]}, environment=environment, path_suffix="/cut")


PEERS = {"websocat": websocat, "wscat": wscat, "websockets": python_websockets, "curl": curl}
