"""mosquitto: MQTT 3.1.1 and 5 over WebSocket."""
import installation
import processes

# 2.0 does not start with a listener for WebSocket alone (its issue 2284).
CONFIGURATION = """
listener {plain} 127.0.0.1
listener {port}
protocol websockets
allow_anonymous true
"""


def start(folder):
    """Its process, and its URL."""
    program, port = installation.program("mosquitto"), processes.free_port()
    (folder / "mosquitto.conf").write_text(CONFIGURATION.format(plain=processes.free_port(), port=port))
    return processes.start_part([program, "-c", "mosquitto.conf"], folder, port), f"ws://127.0.0.1:{port}/"
