"""What a script with python `websockets` does: the library is the peer, not its interactive command.

websockets_client.py receive|send|echo URL
"""
import sys
import threading

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

task, url = sys.argv[1:]


def send_lines(connection):
    for line in sys.stdin:
        connection.send(line.removesuffix("\n"))
    if task == "echo":
        connection.close()


with connect(url, max_size=None, proxy=None) as connection:
    if task != "receive":
        threading.Thread(target=send_lines, args=[connection], daemon=True).start()
    output = sys.stdout.buffer
    try:
        for message in connection:
            output.write(message.encode() + b"\n" if isinstance(message, str) else message)
            if task == "echo":
                output.flush()
    except ConnectionClosed:
        pass
