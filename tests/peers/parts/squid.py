"""Squid: an HTTP proxy with Basic auth, which connects to some ports only."""
from pathlib import Path

import installation
import processes

CONFIGURATION = """
http_port 127.0.0.1:{port}
auth_param basic program {helper} {folder}/users
acl known proxy_auth REQUIRED
acl served port {ports}
http_access deny CONNECT !served
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
netdb_filename none
coredump_dir /
shutdown_lifetime 0 seconds
visible_hostname proxy.test
"""
HELPER = Path("/usr/lib/squid/basic_ncsa_auth")


def start(folder, user, password, allowed_ports):
    """Its process, and its port."""
    program, port = installation.program("squid"), processes.free_port()
    if not HELPER.exists():
        raise installation.Missing(f"{HELPER} is not there")
    installation.make_password_file(folder / "users", user, password)
    ports = " ".join(map(str, allowed_ports))
    (folder / "squid.conf").write_text(CONFIGURATION.format(port=port, helper=HELPER, folder=folder, ports=ports))
    # Not a daemon, and what goes wrong on stderr too.
    return processes.start_part([program, "-N", "-d", "1", "-f", folder / "squid.conf"], folder, port), port
