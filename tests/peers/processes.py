"""The processes that take part: peers that report in JSON lines, servers and proxies, wscope in a pipe and in a terminal."""
import json
import os
import pty
import select
import signal
import socket
import subprocess
import threading
import time

SECONDS = 60
GIVEN_PORTS = set()


def free_port():
    """A port that is free, and was not given before: what is to listen there may take its time to start."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        if port not in GIVEN_PORTS:
            GIVEN_PORTS.add(port)
            return port


def stop(process, by=signal.SIGTERM):
    process.send_signal(by)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Reporter:
    """A process whose output is lines of JSON, each a report; other lines are its complaints."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.reports, self.complaints, self.ended, self.arrived = [], [], False, threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.arrived:
                try:
                    self.reports.append(json.loads(line))
                except ValueError:
                    self.complaints.append(line.strip())
                self.arrived.notify_all()
        with self.arrived:
            self.ended = True
            self.arrived.notify_all()

    def wait_for(self, **wanted):
        """The first report that has all of these."""

        def find():
            return next((report for report in self.reports if wanted.items() <= report.items()), None)

        with self.arrived:
            self.arrived.wait_for(lambda: find() or self.ended, SECONDS)
            if not find():
                raise AssertionError(f"the peer never reported {wanted}, only {self.reports[-3:]} {self.complaints[-3:]}")
            return find()

    def first(self):
        return self.wait_for()


def start_part(command, folder, port, environment=None):
    """Starts a program in its folder, where its output goes too; returns when it accepts connections."""
    with open(folder / "output.txt", "wb") as output:
        process = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until_accepting(port, process)
    except AssertionError as failure:
        stop(process)
        raise AssertionError(f"{failure}: {(folder / 'output.txt').read_text()[-600:]}") from None
    return process


def wait_until_accepting(port, process):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"{process.args[0]} ended with status {process.returncode} before it listened")
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"{process.args[0]} does not listen on port {port}")


def in_a_pipe(command, given=b"", **variables):
    """Runs wscope with this input, and with no proxy in its environment but those in `variables`; its status and all that it
    printed."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | variables
    result = subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=SECONDS)
    return result.returncode, result.stdout, result.stderr.decode(errors="replace")


class Terminal:
    """wscope in a pseudo-terminal, with keys typed by the test."""

    def __init__(self, command, folder):
        master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "XDG_STATE_HOME": str(folder)}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
        os.close(slave)
        self.master, self.screen = master, b""

    def wait_for(self, text):
        deadline = time.monotonic() + SECONDS
        while text.encode() not in self.screen:
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"the terminal never showed {text!r}, only {self.screen!r}")
            try:
                self.screen += os.read(self.master, 65536)
            except OSError:
                raise AssertionError(f"wscope left before it showed {text!r}: {self.screen!r}") from None

    def type(self, text):
        os.write(self.master, text.encode())

    def close(self):
        stop(self.process, signal.SIGKILL)
        os.close(self.master)
