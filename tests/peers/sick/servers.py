"""Servers of npm, Tomcat and RabbitMQ, asked in the wrong way."""
import json
import os
import subprocess
from pathlib import Path

import installation
import processes
from sick.site import give, same_command

TOMCAT, RABBIT = Path("/usr/share/tomcat10"), Path("/usr/lib/rabbitmq")
TOMCAT_CONFIGURATION = """<Server port="-1"><Service name="Catalina">
<Connector address="127.0.0.1" port="{port}"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="{folder}/apps" autoDeploy="false">
<Context path="/examples" docBase="{examples}"/></Host></Engine></Service></Server>
"""
# Filters, and with them WebSockets, are only reached where some servlet is.
TOMCAT_SERVLETS = """<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
<servlet><servlet-name>default</servlet-name><servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>
<servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
</web-app>
"""
RABBIT_CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{amqp}
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = {port}
stomp.listeners.tcp.1 = 127.0.0.1:{stomp}
"""


class Asked:
    """A server that is right, and the command that asks it."""

    def __init__(self, url, flags=()):
        self.url, self.flags = url, list(flags)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def asked(self):
        return self.url


def new_folder(lab, name):
    folder = lab.folder / name
    folder.mkdir()
    return folder


def started(lab, process, port):
    lab.cleanup.callback(processes.stop, process)
    return port


def of_npm(name):
    def start(lab):
        command = [installation.program("node"), str(Path(__file__).with_suffix(".mjs")), str(installation.npm_servers()), name]
        folder = new_folder(lab, name)
        with open(folder / "output.txt", "wb") as output:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output)
        return started(lab, process, json.loads(process.stdout.readline())["port"])

    return start


def tomcat(lab):
    examples = TOMCAT.with_name("tomcat10-examples") / "examples"
    if not examples.is_dir():
        raise installation.Missing("tomcat10-examples is not installed")
    folder, port = new_folder(lab, "tomcat"), processes.free_port()
    for name in ("conf", "logs", "temp", "work", "apps"):
        (folder / name).mkdir()
    (folder / "conf/server.xml").write_text(TOMCAT_CONFIGURATION.format(port=port, folder=folder, examples=examples))
    (folder / "conf/web.xml").write_text(TOMCAT_SERVLETS)
    places = [f"-Dcatalina.home={TOMCAT}", f"-Dcatalina.base={folder}", f"-Djava.io.tmpdir={folder}/temp"]
    jars = os.pathsep.join(str(TOMCAT / "bin" / jar) for jar in ("bootstrap.jar", "tomcat-juli.jar"))
    command = [installation.program("java"), *places, "-cp", jars, "org.apache.catalina.startup.Bootstrap", "start"]
    return started(lab, processes.start_part(command, folder, port), port)


def mosquitto(lab):
    folder, ports = new_folder(lab, "mosquitto"), {"mqtt": processes.free_port(), "web": processes.free_port()}
    lines = ["allow_anonymous true", f"listener {ports['mqtt']} 127.0.0.1", f"listener {ports['web']} 127.0.0.1", "protocol websockets"]
    (folder / "mosquitto.conf").write_text("\n".join([*lines, f"persistence_location {folder}/", ""]))
    started(lab, processes.start_part([installation.program("mosquitto"), "-c", "mosquitto.conf"], folder, ports["web"]), ports)
    return ports


def rabbitmq(lab):
    server = RABBIT / "bin/rabbitmq-server"
    if not server.exists():
        raise installation.Missing("rabbitmq-server is not installed")
    folder, port, mapper = new_folder(lab, "rabbitmq"), processes.free_port(), processes.free_port()
    ports = {"amqp": processes.free_port(), "stomp": processes.free_port(), "port": port}
    (folder / "rabbitmq.conf").write_text(RABBIT_CONFIGURATION.format(**ports))
    (folder / "plugins").write_text("[rabbitmq_web_stomp].")
    environment = {**os.environ, "HOME": str(folder), "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1",
                   "RABBITMQ_NODENAME": "doctor@localhost", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
                   "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
                   "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_DIST_PORT": str(processes.free_port()),
                   "RABBITMQ_PID_FILE": str(folder / "pid")}
    # Erlang would leave one running.
    names = processes.start_part([installation.program("epmd")], folder, mapper, environment)
    lab.cleanup.callback(processes.stop, names)
    return started(lab, processes.start_part([server], folder, port, environment), port)


SERVERS = {name: of_npm(name) for name in ("ws", "socket.io", "sockjs", "graphql-ws", "vite")} | {
    "Tomcat": tomcat, "RabbitMQ": rabbitmq, "Mosquitto": mosquitto}


def situations(name, lab, port):
    """Situation, cause, what is asked, cure."""
    if name == "Mosquitto":
        web, mqtt = f"ws://127.0.0.1:{port['web']}/", Asked(f"ws://127.0.0.1:{port['mqtt']}/", ["-s", "mqtt"])
        return [("its port without WebSockets", "other-protocol", mqtt, lambda finding, site: setattr(site, "url", web))]
    here = f"ws://127.0.0.1:{port}"
    graphql = give("`-s graphql-transport-ws`", "-s", "graphql-transport-ws")
    return {
        "ws": [],
        "socket.io": [("asked at `/`", "other-path", Asked(f"{here}/"), same_command)],
        "sockjs": [("asked at its base path", "sockjs", Asked(f"{here}/echo"), same_command)],
        "graphql-ws": [("asked without its subprotocol", "closed-at-once", Asked(f"{here}/graphql"), graphql),
                       ("asked at `/`", "other-path", Asked(f"{here}/"), same_command, graphql)],
        "vite": [("asked without its subprotocol", "subprotocol-wanted", Asked(f"{here}/"), same_command),
                 ("another Host", "host-not-allowed", Asked(f"{here}/", ["-s", "vite-hmr", "-H", "Host: x.example"]), same_command)],
        "Tomcat": [("examples asked at `/`", "other-path", Asked(f"{here}/"), same_command)],
        "RabbitMQ": [("web-stomp asked at `/`", "other-path", Asked(f"{here}/"), same_command)],
    }[name]


def healthy(name, lab, port):
    if name == "Mosquitto":
        return [(name, Asked(f"ws://127.0.0.1:{port['web']}/", ["-s", "mqtt"]))]
    here = f"ws://127.0.0.1:{port}"
    return [(name, {
        "ws": Asked(here),
        "socket.io": Asked(f"{here}/socket.io/?EIO=4&transport=websocket"),
        "sockjs": Asked(f"{here}/echo/websocket"),
        "graphql-ws": Asked(f"{here}/graphql", ["-s", "graphql-transport-ws"]),
        "vite": Asked(here, ["-s", "vite-hmr"]),
        "Tomcat": Asked(f"{here}/examples/websocket/echoProgrammatic"),
        "RabbitMQ": Asked(f"{here}/ws", ["-s", "v12.stomp"]),
    }[name])]
