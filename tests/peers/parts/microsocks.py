"""microsocks: a SOCKS 5 proxy with user and password, which connects to every port."""
import installation
import processes


def start(folder, user, password, _allowed_ports):
    """Its process, and its port."""
    program, port = installation.program("microsocks"), processes.free_port()
    return processes.start_part([program, "-i", "127.0.0.1", "-p", port, "-u", user, "-P", password], folder, port), port
