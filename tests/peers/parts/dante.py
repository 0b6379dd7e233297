"""Dante: a SOCKS 5 proxy with user and password, which connects to some ports only.

It asks PAM about users. pam_wrapper (Debian's libpam-wrapper) has it ask a file of ours instead of the machine's users.
"""
import os
from pathlib import Path

import installation
import processes

SERVICE = "wscope-peers"
CONFIGURATION = """
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: pam.username
{users}
client pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0
}}
{rules}
socks block {{
    from: 0.0.0.0/0 to: 0.0.0.0/0
}}
"""
RULE = """
socks pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0 port = {allowed}
    command: connect
    pam.servicename: {service}
}}
"""


def start(folder, user, password, allowed_ports):
    """Its process, and its port."""
    program, port = installation.program("danted"), processes.free_port()
    matrix = next(Path("/usr/lib").glob("*/pam_wrapper/pam_matrix.so"), None)
    if matrix is None:
        raise installation.Missing("pam_wrapper (libpam-wrapper) is not installed")
    rules = "".join(RULE.format(allowed=allowed, service=SERVICE) for allowed in allowed_ports)
    # Root has to say as whom it serves.
    users = "user.privileged: root\nuser.unprivileged: nobody" if os.geteuid() == 0 else ""
    (folder / "danted.conf").write_text(CONFIGURATION.format(port=port, users=users, rules=rules))
    (folder / "users").write_text(f"{user}:{password}:{SERVICE}\n")
    services = folder / "services"
    services.mkdir()
    (services / SERVICE).write_text("".join(f"{kind} required {matrix} passdb={folder}/users\n" for kind in ("auth", "account")))
    wrapped = {"LD_PRELOAD": "libpam_wrapper.so", "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": str(services)}
    return processes.start_part([program, "-f", "danted.conf"], folder, port, {**os.environ, **wrapped}), port
