"""Crossbar.io: a router of WAMP 2, from PyPI."""
import json

import installation
import processes


def configuration(port):
    permissions = [{"uri": "", "match": "prefix", "allow": {"call": True, "register": True, "publish": True, "subscribe": True}}]
    transport = {"type": "websocket", "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": port}, "serializers": ["json"]}
    return {"version": 2, "workers": [{"type": "router", "transports": [transport],
                                       "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": permissions}]}]}]}


def start(folder):
    """Its process, and its URL."""
    program, port = installation.python_environment("crossbar") / "bin/crossbar", processes.free_port()
    (folder / "config.json").write_text(json.dumps(configuration(port)))
    return processes.start_part([program, "start", "--cbdir", folder], folder, port), f"ws://127.0.0.1:{port}/"
