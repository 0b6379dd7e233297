"""nginx, and what is wrong with it."""
import sys

import installation
import processes
from sick.site import Site, change, give, paste_into, same_command

PORTS = ("plain", "tls")
UPGRADE = ["proxy_set_header Upgrade $http_upgrade;", 'proxy_set_header Connection "upgrade";']
SOUND = {
    "listen": ["listen 127.0.0.1:{plain};", "listen 127.0.0.1:{tls} ssl;"],
    "server": [],
    "before": [],
    "location": ["proxy_http_version 1.1;", *UPGRADE],
}
CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
{before}
    server {{
{listen}
{server}
        location /ws {{
            proxy_pass http://127.0.0.1:{backend};
{location}
        }}
    }}
}}
"""


def start(site):
    pieces = {name: site.lines(name).replace("TLS", str(site.ports["tls"])) for name in ("server", "before", "location")}
    text = CONFIGURATION.format(listen=site.lines("listen").format(**site.ports), backend=site.lab.backend, **site.lab.files, **pieces)
    (site.folder / "nginx.conf").write_text(text)
    command = [installation.program("nginx"), "-p", site.folder, "-c", "nginx.conf", "-e", "error.log"]
    return processes.start_part(command, site.folder, site.ports["plain"])


def version():
    return installation.run([installation.program("nginx"), "-v"]).strip().removeprefix("nginx version: ")


def situations(lab):
    """Name, cause, site, cure."""
    trust, cookie = ["--cacert", lab.files["authority"]], ["-H", f"Cookie: theme={'x' * 900}"]
    plain, tls = "ws://127.0.0.1:{plain}/ws", "wss://localhost:{tls}/ws"
    site = lambda url=plain, flags=(), **pieces: Site(lab, sys.modules[__name__], url, flags, **pieces)
    refuses_others = ["if ($host != localhost) { return 403; }"]
    return [
        ("no Upgrade", "upgrade-dropped", site(location=["proxy_http_version 1.1;"]), paste_into("location")),
        ("HTTP/1.0 upstream", "http-1.0-upstream", site(location=UPGRADE), paste_into("location")),
        ("basic auth", "unauthorized", site(server=['auth_basic "the echo";', f"auth_basic_user_file {lab.files['users']};"]),
         give("`--user NAME`", "--user", lab.login)),
        ("wrong path", "other-path", site(plain.replace("/ws", "/socket")), same_command),
        ("redirect to TLS", "redirect", site(flags=trust, server=["if ($scheme = http) { return 301 https://localhost:TLS$request_uri; }"]),
         give("`-L`", "-L")),
        ("HTTP/2 only", "http2-only", site(listen=["listen 127.0.0.1:{plain} http2;"]),
         change("listen", "`http2`", "listen 127.0.0.1:{plain};")),
        ("head buffers too small", "head-too-large", site(flags=cookie, before=["large_client_header_buffers 1 512;", "client_header_buffer_size 256;"]),
         change("before", "large_client_header_buffers", "large_client_header_buffers 4 16k;")),
        ("Host not allowed", "host-not-allowed", site(server=refuses_others), same_command),
        ("Host not allowed, and hung up", "host-not-allowed", site(server=["if ($host != localhost) { return 444; }"]), same_command),
        ("client certificate wanted", "client-certificate-wanted",
         site(tls, trust, server=["ssl_verify_client on;", f"ssl_client_certificate {lab.files['authority']};"]),
         give("`--cert FILE --key FILE`", *lab.certificate)),
    ]


def healthy(lab):
    return [("nginx and websockets", Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws")),
            ("nginx with TLS and websockets", Site(lab, sys.modules[__name__], "wss://localhost:{tls}/ws", ["--cacert", lab.files["authority"]]))]


def idle(lab):
    broken = [*SOUND["location"], "proxy_read_timeout 5s;"]
    return Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws", location=broken), change("location", "proxy_read_timeout", *SOUND["location"])
