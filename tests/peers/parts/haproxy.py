"""HAProxy: TLS in front of a WebSocket server, with HTTP/2 on offer, and TLS in front of an HTTP proxy."""
import installation
import processes

CONFIGURATION = """
defaults
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend web
    mode http
    bind 127.0.0.1:{web} ssl crt both.pem alpn h2,http/1.1
    http-response set-header X-Alpn %[ssl_fc_alpn]
    default_backend echo
backend echo
    mode http
    server echo 127.0.0.1:{echo}
frontend tunnel
    mode tcp
    bind 127.0.0.1:{tunnel} ssl crt both.pem
    default_backend proxy
backend proxy
    mode tcp
    server proxy 127.0.0.1:{proxy}
"""


def start(folder, certificate, key, echo, proxy):
    """Its process, and its ports."""
    program = installation.program("haproxy")
    ports = {"web": processes.free_port(), "tunnel": processes.free_port()}
    (folder / "both.pem").write_text(certificate.read_text() + key.read_text())
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(**ports, echo=echo, proxy=proxy))
    return processes.start_part([program, "-db", "-f", "haproxy.cfg"], folder, ports["web"]), ports
