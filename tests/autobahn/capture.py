"""Captures what passes on both sides of a relay on loopback, and compares it. Needs `dumpcap` (Debian's wireshark-common) and its rights."""
import re
import struct
import subprocess
import time

STARTUP_SECONDS = 20
# A capture that has not grown for so long is complete.
SILENCE_SECONDS = 3
# Megabytes that the kernel holds for dumpcap, so that it misses nothing while the machine is busy.
KERNEL_BUFFER = 512
ETHERNET_HEADER = 14
SYN, RST = 0x02, 0x04
# The two lines of a head that a tap makes those of the server.
REWRITTEN = re.compile(rb"^(Host|Origin):[^\r]*", re.IGNORECASE | re.MULTILINE)


class CaptureFailure(Exception):
    """There is nothing to compare: dumpcap did not run, or it missed packets."""


class Capture:
    """What dumpcap sees on the two ports, from `__enter__` to `__exit__`."""

    def __init__(self, ports, folder):
        self.ports, self.file, self.log = ports, folder / "relay.pcap", folder / "dumpcap.log"

    def __enter__(self):
        expression = " or ".join(f"tcp port {port}" for port in self.ports)
        # `-P`: the older format, which is simple to read.
        command = ["dumpcap", "-q", "-P", "-i", "lo", "-B", str(KERNEL_BUFFER), "-f", expression, "-w", self.file]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTUP_SECONDS
        while "File: " not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise CaptureFailure(f"dumpcap does not run: {self.log.read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        # The last packets may be in the kernel's buffer still, and dumpcap drops those when it is told to end.
        size = -1
        while size != (size := self.file.stat().st_size):
            time.sleep(SILENCE_SECONDS)
        self.process.terminate()
        self.process.wait()

    def differences(self):
        """Compares each connection of the first port with the one of the second port that has its Sec-WebSocket-Key.

        Gives the number of connections compared, and a sentence for each that is not the same byte for byte."""
        told = re.search(r"received/dropped on interface .*: \d+/(\d+)", self.log.read_text())
        if not told or told[1] != "0":
            raise CaptureFailure(f"dumpcap missed packets: {self.log.read_text()}")
        before, behind = (connections_by_key(self.file, port) for port in self.ports)
        if before.keys() != behind.keys():
            return 0, [f"{len(before.keys() ^ behind.keys())} connections are on one side only"]
        return len(before), [f"connection {key.decode()}: {difference}" for key in before
                             if (difference := compare(before[key], behind[key]))]


def compare(before, behind):
    """The first difference between what arrives at the relay and what leaves it; each side is a pair of the client's stream and the server's.

    Who resets a connection gets no more of it: what is passed on may end there."""
    differing = []
    for who, arriving, leaving in (("client", before[0], behind[0]), ("server", behind[1], before[1])):
        read, passed = (REWRITTEN.sub(b"", head) + b"\r\n\r\n" + rest for head, _, rest in
                        (stream.octets.partition(b"\r\n\r\n") for stream in (arriving, leaving)))
        if read != passed and not (leaving.is_refused and read.startswith(passed)):
            place = next((place for place, (one, other) in enumerate(zip(read, passed)) if one != other), min(len(read), len(passed)))
            differing.append(f"what the {who} sends is passed on with a difference at byte {place} (of {len(read)}, {len(passed)} passed on)")
    return "; ".join(differing)


def connections_by_key(file, port):
    """The connections to `port`: from the key of their upgrade to the client's bytes and the server's."""
    streams, connections = {}, {}

    def end(client):
        """Takes the connection of this client's port, which a later connection may use again."""
        sent, received = streams.pop((client, port), None), streams.pop((port, client), None)
        key = sent and re.search(rb"^Sec-WebSocket-Key: *(\S+)", sent.octets, re.IGNORECASE | re.MULTILINE)
        if key:
            connections[key[1]] = (sent, received)

    for source, destination, sequence, flags, payload in segments(file):
        if port not in (source, destination):
            continue
        if flags & SYN:
            if destination == port:
                end(source)
            streams[(source, destination)] = Stream(sequence + 1)
        stream = streams[(source, destination)]
        stream.add(sequence, payload)
        if flags & RST:
            streams[(destination, source)].is_refused = True
    for source, destination in list(streams):
        if destination == port:
            end(source)
    return connections


class Stream:
    """What one end of a TCP connection sent."""

    def __init__(self, start):
        self.start, self.octets, self.is_refused = start, bytearray(), False

    def add(self, sequence, payload):
        """Segments come in any order, and some more than once."""
        place = (sequence - self.start) % 2**32
        if payload:
            self.octets.extend(bytes(max(0, place - len(self.octets))))
            self.octets[place:place + len(payload)] = payload


def segments(file):
    """Every TCP segment of a capture in pcap's format: source port, destination port, sequence number, flags, payload."""
    with open(file, "rb") as capture:
        capture.read(24)
        while header := capture.read(16):
            captured, length = struct.unpack("<8xII", header)
            if captured < length:
                raise CaptureFailure(f"a packet of {length} bytes was cut to {captured}")
            packet = capture.read(captured)
            transport = ETHERNET_HEADER + (packet[ETHERNET_HEADER] & 0x0F) * 4
            source, destination, sequence = struct.unpack_from("!HHI", packet, transport)
            payload = packet[transport + (packet[transport + 12] >> 4) * 4:]
            yield source, destination, sequence, packet[transport + 13], payload
