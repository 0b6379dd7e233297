"""tinyproxy: an HTTP proxy with Basic auth, which connects to some ports only."""
import installation
import processes

CONFIGURATION = """
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 60
MaxClients 100
BasicAuth {user} {password}
{ports}
"""


def start(folder, user, password, allowed_ports):
    """Its process, and its port."""
    program, port = installation.program("tinyproxy"), processes.free_port()
    ports = "\n".join(f"ConnectPort {allowed}" for allowed in allowed_ports)
    (folder / "tinyproxy.conf").write_text(CONFIGURATION.format(port=port, user=user, password=password, ports=ports))
    return processes.start_part([program, "-d", "-c", "tinyproxy.conf"], folder, port), port
