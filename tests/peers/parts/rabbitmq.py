"""RabbitMQ with its plugins for MQTT and STOMP over WebSocket: a node of its own, with all that it writes in one folder."""
import os

import installation
import processes

CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{amqp}
mqtt.listeners.tcp.1 = 127.0.0.1:{mqtt}
web_mqtt.tcp.ip = 127.0.0.1
web_mqtt.tcp.port = {port}
stomp.listeners.tcp.1 = 127.0.0.1:{stomp}
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = {web_stomp}
"""
# Debian's program in the path wants to change the user; this one does not.
PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"


class Node:
    """The broker, and Erlang's port mapper, which it needs and does not end."""

    def __init__(self, broker, mapper):
        self.broker, self.mapper, self.send_signal = broker, mapper, broker.send_signal

    def wait(self, timeout=None):
        self.broker.wait(timeout)
        processes.stop(self.mapper)

    def kill(self):
        self.broker.kill()


def start(folder):
    """Its process, and its URLs: for MQTT, for STOMP."""
    if not os.access(PROGRAM, os.X_OK):
        raise installation.Missing("rabbitmq-server is not installed")
    amqp, mqtt, port, stomp, web_stomp, distribution, mapper = (processes.free_port() for _ in range(7))
    (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(amqp=amqp, mqtt=mqtt, port=port, stomp=stomp, web_stomp=web_stomp))
    (folder / "enabled_plugins").write_text("[rabbitmq_web_mqtt,rabbitmq_web_stomp].")
    environment = os.environ | {
        "HOME": str(folder), "RABBITMQ_NODENAME": f"wscope{amqp}@localhost", "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_LOGS": "-", "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    mapper_process = processes.start_part([installation.program("epmd"), "-port", mapper, "-address", "127.0.0.1"], folder, mapper)
    broker = processes.start_part([PROGRAM], folder, port, environment)
    processes.wait_until_accepting(web_stomp, broker)
    return Node(broker, mapper_process), [f"ws://127.0.0.1:{port}/ws", f"ws://127.0.0.1:{web_stomp}/ws"]
