"""npm's `rpc-websockets`: a server of JSON-RPC 2.0."""
import installation
import processes

PROGRAM = """
const {{ Server }} = require("rpc-websockets");
const server = new Server({{ host: "127.0.0.1", port: {port} }});
server.register("sum", numbers => numbers[0] + numbers[1]);
"""


def start(folder):
    """Its process, and its URL."""
    command, environment = installation.node_with("rpc-websockets", "10")
    port = processes.free_port()
    (folder / "server.js").write_text(PROGRAM.format(port=port))
    return processes.start_part([*command, "server.js"], folder, port, environment), f"ws://127.0.0.1:{port}/"
