"""Servers of npm's packages that speak a dialect: `dialect_servers.mjs` has them."""
from pathlib import Path

import installation
import processes

SERVERS = Path(__file__).resolve().parents[1] / "dialect_servers.mjs"


class Server:
    """One of them, and the path of its URL."""

    def __init__(self, name, path):
        self.name, self.path = name, path

    def start(self, _folder):
        """Its process, and its URL."""
        command = [installation.program("node"), SERVERS, installation.npm_servers(), self.name]
        reporter = processes.Reporter(list(map(str, command)), None)
        return reporter.process, f"ws://127.0.0.1:{reporter.first()['port']}{self.path}"


socket_io = Server("socket.io", "/socket.io/?EIO=4&transport=websocket")
sockjs = Server("sockjs", "/echo/000/wscope/websocket")
graphql_ws = Server("graphql-ws", "/graphql")
graphql_ws_pings = Server("graphql-ws pings", "/")
