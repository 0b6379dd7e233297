"""What is measured: the rows of the table, and what each must reach."""
import measure
from measure import Sink

# (title, flood, sink): receiving.
RECEIVE = [
    ("receive 1 M × 32 B text into a pipe", "/flood/1000000/32/text", "pipe"),
    ("receive 1 M × 32 B text into a file", "/flood/1000000/32/text", "file"),
    ("receive 1 M × 32 B text into /dev/null", "/flood/1000000/32/text", "/dev/null"),
    ("receive 1 M × 128 B text into a pipe", "/flood/1000000/128/text", "pipe"),
    ("receive 1 M × 128 B text into a file", "/flood/1000000/128/text", "file"),
    ("receive 1 M × 128 B text into /dev/null", "/flood/1000000/128/text", "/dev/null"),
    ("receive 10 k × 64 KiB binary into a pipe", "/flood/10000/65536/binary", "pipe"),
    ("receive 10 k × 64 KiB binary into /dev/null", "/flood/10000/65536/binary", "/dev/null"),
    ("receive 64 × 16 MiB binary into a pipe", "/flood/64/16777216/binary", "pipe"),
    ("receive 64 × 16 MiB binary into /dev/null", "/flood/64/16777216/binary", "/dev/null"),
]
RECEIVE_BARS = {
    "receive 1 M × 32 B text into a pipe": {"limit": 2, "websocat": 1 / 20, "curl": 1 / 15},
    "receive 1 M × 128 B text into a pipe": {"limit": 1.5, "websocat": 1 / 8},
    "receive 10 k × 64 KiB binary into a pipe": {"limit": 1.2},
    "receive 64 × 16 MiB binary into a pipe": {"limit": 1.2},
    "receive 1 M × 32 B text over TLS": {"websocat": 1 / 10},
    "receive 10 k × 64 KiB binary over TLS": {"limit": 1 / 0.9},
    "receive 1 M × 32 B text, `--frames`": {"wscope, plain": 5},
    "receive 100 k × 1 KiB JSON, compressed": {"wscat": 1 / 3},
}
RECEIVE_TLS = [
    ("receive 1 M × 32 B text over TLS", "/flood/1000000/32/text"),
    ("receive 10 k × 64 KiB binary over TLS", "/flood/10000/65536/binary"),
]
VIEWS = [["--frames"], ["--hex"], ["-t"], ["--output", "json"]]
# With its header, a frame of this flood has as many bytes as the JSON line of a message of 32 bytes.
AS_LONG_AS_JSON = "/flood/1000000/178/text"


class Row:
    """One line of the table. `measure(contender)` is one run; None where that contender has no part in it."""

    def __init__(self, title, measure, limit="", bars=None):
        self.title, self.measure, self.limit, self.bars = title, measure, limit, bars or {}


def all_rows(server, folder):
    for title, flood, kind in RECEIVE:
        yield receiving(server, folder, title, flood, kind)
    for title, flood in RECEIVE_TLS:
        yield receiving(server, folder, title, flood, "pipe", tls=True)
    yield receiving(server, folder, "receive 100 k × 1 KiB JSON, compressed", "/flood/100000/1024/json", "pipe", suffix="/deflate")
    for flags in VIEWS:
        yield viewing(server, folder, flags)
    yield showing(server, 100_000)
    yield sending(server, folder, "send 1 M lines of 32 B from a file", "/flood/1000000/32/text", "file", {"websocat": 1 / 15})
    yield sending(server, folder, "send 1 M lines of 32 B from a pipe", "/flood/1000000/32/text", "pipe", {"websocat": 1 / 15})
    yield sending(server, folder, "send 1 M lines of 128 B from a file", "/flood/1000000/128/text", "file")
    yield sending(server, folder, "send 1 M lines of 128 B from a pipe", "/flood/1000000/128/text", "pipe")
    yield sending(server, folder, "send 1 GiB binary from a file", "/flood/64/16777216/binary", "file", {"limit": 1.5})
    yield sending(server, folder, "send 1 M lines of 32 B over TLS", "/flood/1000000/32/text", "file", tls=True)
    yield echoing(server, folder, "1 M lines of 32 B there and back", "/flood/1000000/32/text", {"websocat": 1 / 15})
    yield tripping(server, "a single message there and back", 10_000)
    yield from starting(server)
    yield blocked(server)


def receiving(server, folder, title, flood, kind, tls=False, suffix=""):
    binary = flood.endswith("binary")
    task = flood + suffix
    limit = "" if suffix else "openssl s_client" if tls else "cat"

    def measure_one(contender):
        _, expected = server.expected(flood, folder)
        if contender == "limit":
            run = measure.receive_tls_limit if tls else measure.receive_limit
            return run(server, task, Sink(server, kind, folder))
        command = contender.command("receive binary" if binary else "receive", server.url(task, tls), tls)
        return command and measure.receive(server, contender, command, Sink(server, kind, folder), expected)

    return Row(title, measure_one, limit, RECEIVE_BARS.get(title))


def viewing(server, folder, flags):
    flood = "/flood/1000000/32/text"
    title = f"receive 1 M × 32 B text, `{' '.join(flags)}`"
    shapes_output = flags[0] in ("-t", "--output")

    def measure_one(contender):
        if contender == "limit":
            return measure.receive_limit(server, AS_LONG_AS_JSON, Sink(server, "pipe", folder))
        if not contender.name.startswith("wscope"):
            return None
        _, expected = server.expected(flood, folder)
        sink = Sink(server, "pipe", folder)
        viewed = [] if contender.name == "wscope, plain" else flags
        if viewed and shapes_output:
            sink.check = sink.check_longer
        command = contender.command("receive", server.url(flood, False), flags=viewed)
        return measure.receive(server, contender, command, sink, expected)

    return Row(title, measure_one, "cat of as many bytes" if "json" in flags else "", RECEIVE_BARS.get(title))


def showing(server, count):
    def measure_one(contender):
        if not contender.name.startswith("wscope"):
            return None
        command = contender.command("talk", server.url(f"/flood/{count}/32/text", False))
        return measure.terminal(command, contender.environment, count)

    return Row(f"show {count // 1000} k × 32 B on a terminal while a line is typed", measure_one)


def sending(server, folder, title, flood, source, bars=None, tls=False):
    binary = flood.endswith("binary")

    def measure_one(contender):
        path, _ = server.expected(flood, folder)
        size = path.stat().st_size
        if contender == "limit":
            return None if tls else measure.send_limit(server, f"/sink/{size}", path)
        task = f"/sink/{size if binary else size - payload_newlines(flood)}"
        command = contender.command("send binary" if binary else "send", server.url(task, tls), tls)
        return command and measure.send(server, contender, command, task, source, path)

    return Row(title, measure_one, "" if tls else "cat", bars)


def payload_newlines(flood):
    """One for each message."""
    return int(flood.split("/")[2])


def echoing(server, folder, title, flood, bars):
    def measure_one(contender):
        path, _ = server.expected(flood, folder)
        if contender == "limit":
            return measure.echo_limit(server, Sink(server, "pipe", folder), path)
        command = contender.command("echo", server.url("/echo", False))
        return command and measure.echo(server, contender, command, Sink(server, "pipe", folder), path)

    return Row(title, measure_one, "cat and cat", bars)


def tripping(server, title, count):
    def measure_one(contender):
        if contender == "limit":
            return measure.round_trips(["nc", "127.0.0.1", str(server.ports["plain"])], None, count, b"RAW /echo\n")
        command = contender.command("talk", server.url("/echo", False))
        return command and measure.round_trips(command, contender.environment, count)

    return Row(title, measure_one, "nc", {"limit": 1.1, "websocat": 1.05})


def starting(server):
    def version(contender):
        if contender == "limit":
            return measure.start(server, ["/bin/true"], None, b"", b"")
        command = contender.command("version")
        return command and measure.start(server, command, contender.environment, b"", None)

    def one_message(tls):
        def measure_one(contender):
            if contender == "limit":
                command = ["nc", "-N", "127.0.0.1", str(server.ports["plain"])]
                return None if tls else measure.start(server, command, None, b"RAW /echo\nhi\n", b"hi\n")
            command = contender.command("echo", server.url("/echo", tls), tls)
            return command and measure.start(server, command, contender.environment, b"hi\n", b"hi\n")

        return measure_one

    yield Row("`--version`", version, "/bin/true", {"limit": 1.5, "websocat": 1})
    yield Row("connect, one message, close", one_message(False), "nc", {"limit": 2, "websocat": 1})
    yield Row("connect, one message, close over TLS", one_message(True), "", {"websocat": 1})


def blocked(server):
    """Peak memory while the output is not read; the time says nothing."""

    def measure_one(contender):
        command = contender.command("receive", server.url("/flood/1000000/1024/text", False))
        return measure.memory_when_blocked(command, contender.environment) if command else None

    return Row("peak memory, 1 M × 1 KiB, output blocked", measure_one)
