"""One run of one contender: its time, its memory, and whether anything was lost or altered."""
import itertools
import json
import os
import pty
import queue
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
from contextlib import ExitStack, contextmanager

SECONDS = 300


class Lost(Exception):
    """What arrived is not what was sent."""


class LoadServer:
    """The server in benches/load_server, and what it says of each connection."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.authority = str(binary), folder, str(folder / "authority.pem")
        self.numbers = itertools.count()
        self.process = subprocess.Popen([binary, "serve", self.authority], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())
        self.reports = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.digests = {}

    def _read(self):
        for line in self.process.stdout:
            self.reports.put(json.loads(line))

    def url(self, task, tls):
        return f"wss://localhost:{self.ports['tls']}{task}" if tls else f"ws://127.0.0.1:{self.ports['plain']}{task}"

    def connect(self, task):
        """A plain connection on which the same bytes pass without a WebSocket."""
        connection = socket.create_connection(("127.0.0.1", self.ports["plain"]))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(f"RAW {task}\n".encode())
        return connection

    def report(self, task):
        """What it says of the connection that has just been used for `task`."""
        while True:
            report = self.reports.get(timeout=SECONDS)
            if report.get("task") == task or "error" in report:
                return report

    def forget_reports(self):
        while not self.reports.empty():
            self.reports.get()

    def expected(self, flood, folder):
        """The file that a client of this flood has to print, and its digest."""
        path = folder / flood.strip("/").replace("/", "-")
        if not path.exists():
            with open(path, "wb") as file:
                subprocess.run([self.binary, "expect", flood], stdout=file, check=True)
        return path, self.digest_of(path)

    def digest_of(self, path):
        if path not in self.digests:
            with open(path, "rb") as file:
                self.digests[path] = subprocess.run([self.binary, "digest"], stdin=file, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        return self.digests[path]


class Sink:
    """What reads a contender's output: `pipe` into a digest, `file`, `/dev/null`."""

    def __init__(self, server, kind, folder):
        self.server, self.kind, self.path, self.process = server, kind, folder / "output", None
        if kind == "pipe":
            self.process = subprocess.Popen([server.binary, "digest"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.target = self.process.stdin
        else:
            self.target = open(self.path if kind == "file" else os.devnull, "wb")

    def close(self):
        """All that the contender wrote has been read once this returns; a file is checked later."""
        self.target.close()
        self.digest = None
        if self.process:
            self.digest = self.process.stdout.read().strip()
            self.process.wait()

    def check_longer(self, expected):
        """For what is printed with more than the payload."""
        if int(self.digest.split(":")[0]) <= int(expected.split(":")[0]):
            raise Lost(explain(self.digest, expected))

    def check(self, expected):
        if self.kind == "file":
            self.server.digests.pop(self.path, None)
            self.digest = self.server.digest_of(self.path)
        if self.digest and self.digest != expected:
            raise Lost(explain(self.digest, expected))


def explain(digest, expected):
    got, wanted = (int(text.split(":")[0]) for text in (digest, expected))
    return "altered" if got == wanted else f"{got} of {wanted} bytes"


class Measured:
    """Seconds and peak memory of a run; `trouble` says what was wrong with its result."""

    def __init__(self, seconds, rss_kib, trouble="", **more):
        self.seconds, self.rss_kib, self.trouble, self.more = seconds, rss_kib, trouble, more


@contextmanager
def input_from(kind, path):
    """The contender's stdin: a file, a pipe that `cat` fills, or an open pipe on which nothing comes."""
    with ExitStack() as stack:
        if kind == "file":
            yield stack.enter_context(open(path, "rb"))
        elif kind == "pipe":
            source = stack.enter_context(subprocess.Popen(["cat", path], stdout=subprocess.PIPE))
            yield source.stdout
        else:
            silent, ours = os.pipe()
            stack.callback(os.close, ours)
            stack.callback(os.close, silent)
            yield silent


class Timed:
    """A process that the load server's `time` runs, since peak memory is inherited from the process that forks."""

    def __init__(self, server, command, **options):
        self.file = server.folder / f"time-{next(server.numbers)}"
        self.process = subprocess.Popen([server.binary, "time", self.file, *command], start_new_session=True, **options)

    def wait(self):
        """Its own seconds and its peak memory in KiB; `complaint` says what its exit status was, if not 0."""
        # `wait` with a time limit looks again every 50 ms, which would be what is measured.
        watchdog = threading.Timer(SECONDS, os.killpg, [self.process.pid, signal.SIGKILL])
        watchdog.start()
        status = self.process.wait()
        watchdog.cancel()
        if status == -signal.SIGKILL:
            self.complaint = f"killed after {SECONDS} s"
            return SECONDS, 0
        seconds, rss, status = self.file.read_text().split()
        self.complaint = "" if status == "0" else f"exit status {status}"
        self.file.unlink()
        return float(seconds), int(rss)


def peak_memory(process):
    """Of a process that is still running, in KiB."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def receive(server, contender, command, sink, expected):
    with input_from("silence", None) as silence:
        started = time.perf_counter()
        process = Timed(server, command, stdin=silence, stdout=sink.target, stderr=subprocess.DEVNULL, env=contender.environment)
        _, rss = process.wait()
        sink.close()
        seconds = time.perf_counter() - started
    return checked(seconds, rss, process.complaint, lambda: sink.check(expected))


def send(server, contender, command, task, source, path):
    """Until the client has ended and the server has said what it got."""
    server.forget_reports()
    with input_from(source, path) as given:
        started = time.perf_counter()
        process = Timed(server, command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=contender.environment)
        _, rss = process.wait()
    try:
        report = server.report(task)
    except queue.Empty:
        return Measured(time.perf_counter() - started, rss, "nothing arrived")
    seconds = time.perf_counter() - started

    def check():
        if "error" in report:
            raise Lost(report["error"])
        if report["digest"] != server.digest_of(path):
            raise Lost(explain(report["digest"], server.digest_of(path)))

    return checked(seconds, rss, process.complaint, check)


def echo(server, contender, command, sink, path):
    with open(path, "rb") as given:
        started = time.perf_counter()
        process = Timed(server, command, stdin=given, stdout=sink.target, stderr=subprocess.DEVNULL, env=contender.environment)
        _, rss = process.wait()
        sink.close()
        seconds = time.perf_counter() - started
    return checked(seconds, rss, process.complaint, lambda: sink.check(server.digest_of(path)))


def checked(seconds, rss, complaint, check):
    try:
        check()
        return Measured(seconds, rss, complaint)
    except Lost as lost:
        return Measured(seconds, rss, ", ".join(filter(None, [str(lost), complaint])))


def receive_limit(server, task, sink):
    """`cat` from a plain socket, the same frames."""
    started = time.perf_counter()
    with server.connect(task) as connection:
        _, rss = Timed(server, ["cat"], stdin=connection, stdout=sink.target).wait()
    sink.close()
    return Measured(time.perf_counter() - started, rss)


def receive_tls_limit(server, task, sink):
    """`openssl s_client`, the same frames."""
    command = ["openssl", "s_client", "-quiet", "-connect", f"localhost:{server.ports['tls']}", "-CAfile", server.authority]
    started = time.perf_counter()
    request, ours = os.pipe()
    os.write(ours, f"RAW {task}\n".encode())
    _, rss = Timed(server, command, stdin=request, stdout=sink.target, stderr=subprocess.DEVNULL).wait()
    os.close(request)
    os.close(ours)
    sink.close()
    return Measured(time.perf_counter() - started, rss)


def send_limit(server, task, path):
    """`cat` into a plain socket, until the server has said that it got everything."""
    started = time.perf_counter()
    with server.connect(task) as connection:
        _, rss = Timed(server, ["cat", path], stdout=connection).wait()
        connection.recv(64)
    return Measured(time.perf_counter() - started, rss)


def echo_limit(server, sink, path):
    """One `cat` into a plain socket, and another out of it."""
    started = time.perf_counter()
    with server.connect("/echo") as connection:
        reader = Timed(server, ["cat"], stdin=connection, stdout=sink.target)
        writer = Timed(server, ["cat", path], stdout=connection)
        _, rss = writer.wait()
        connection.shutdown(socket.SHUT_WR)
        rss += reader.wait()[1]
    sink.close()
    return Measured(time.perf_counter() - started, rss)


def round_trips(command, environment, count, greeting=b""):
    """Single messages there and back, each awaited before the next: the median as `seconds`, and `p99`."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, bufsize=0)
    given, output = process.stdin.fileno(), process.stdout.fileno()
    rss, times = 0, []
    try:
        # Until it is connected; some drop what comes before.
        time.sleep(1)
        os.write(given, greeting)
        for number in range(-100, count):
            line = b"%016d\n" % number
            before = time.perf_counter_ns()
            os.write(given, line)
            answer = b""
            while not answer.endswith(b"\n"):
                if not select.select([output], [], [], 10)[0]:
                    return Measured(0, 0, "an answer never came")
                answer += os.read(output, 4096) or b"\n"
            after = time.perf_counter_ns()
            if answer != line:
                return Measured(0, 0, f"{answer!r} came instead of {line!r}")
            if number >= 0:
                times.append((after - before) / 1e9)
        rss = peak_memory(process)
    finally:
        process.kill()
        process.wait()
    times.sort()
    return Measured(times[len(times) // 2], rss, p99=times[len(times) * 99 // 100])


def start(server, command, environment, given, expected):
    """From spawning to the end of a process that has little to do."""
    source, ours = os.pipe()
    os.write(ours, given)
    os.close(ours)
    process = Timed(server, command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    os.close(source)
    output = process.process.stdout.read()
    seconds, rss = process.wait()
    return Measured(seconds, rss, "" if expected is None or output == expected else f"{output!r} came")


def memory_when_blocked(command, environment):
    """Peak memory of a client whose output is not read, after two seconds."""
    silent, ours = os.pipe()
    process = subprocess.Popen(command, stdin=silent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    time.sleep(2)
    rss = peak_memory(process)
    process.kill()
    process.wait()
    process.stdout.close()
    os.close(silent)
    os.close(ours)
    return Measured(0, rss)


def terminal(command, environment, count):
    """Until a terminal has been given so many numbered messages, above a line that is being typed."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                               env={**environment, "TERM": "xterm", "NO_COLOR": "1", "XDG_STATE_HOME": "/dev/null"})
    os.close(slave)
    os.write(master, b"a line that is half typed")
    pieces, last = [], b"%010d" % (count - 1)
    while select.select([master], [], [], 10)[0]:
        pieces.append(os.read(master, 65536))
        if last in b"".join(pieces[-2:]):
            break
    seconds, rss = time.perf_counter() - started, peak_memory(process)
    process.kill()
    process.wait()
    os.close(master)
    shown = re.findall(rb"\b\d{10}\b", b"".join(pieces))
    complete = shown == [b"%010d" % number for number in range(count)]
    return Measured(seconds, rss, "" if complete else f"{len(shown)} numbers of {count}, or not in order")
