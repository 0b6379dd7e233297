"""Captures what passes on both sides of a relay on loopback, and compares it. Needs `dumpcap` (Debian's wireshark-common) and its rights."""
import re
import struct
import subprocess
import time

STARTUP_SECONDS = 20
# Megabytes that the kernel holds for dumpcap, so that it misses nothing while the machine is busy.
KERNEL_BUFFER = 512
ETHERNET_HEADER = 14
SYN = 0x02
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
    """The first difference between the two connections, each a pair of the client's bytes and the server's."""
    differing = []
    for who, ours, theirs in zip(("client", "server"), before, behind):
        ours, theirs = (REWRITTEN.sub(b"", head) + b"\r\n\r\n" + rest for head, _, rest in
                        (octets.partition(b"\r\n\r\n") for octets in (ours, theirs)))
        if ours != theirs:
            place = next((place for place, (one, other) in enumerate(zip(ours, theirs)) if one != other), min(len(ours), len(theirs)))
            differing.append(f"what the {who} sends differs from byte {place} on ({len(ours)} and {len(theirs)} bytes)")
    return "; ".join(differing)


def connections_by_key(file, port):
    """The connections to `port`: from the key of their upgrade to the client's bytes and the server's."""
    streams = {}
    for source, destination, sequence, flags, payload in segments(file):
        if port in (source, destination):
            if flags & SYN:
                streams[(source, destination)] = (sequence + 1, bytearray())
            start, octets = streams[(source, destination)]
            place = (sequence - start) % 2**32
            if payload:
                octets[place:place + len(payload)] = payload
    connections = {}
    for (source, destination), (_, octets) in streams.items():
        key = re.search(rb"^Sec-WebSocket-Key: *(\S+)", octets, re.IGNORECASE | re.MULTILINE)
        if destination == port and key:
            connections[key[1]] = (bytes(octets), bytes(streams[(destination, source)][1]))
    return connections


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
