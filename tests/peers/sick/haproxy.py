"""HAProxy, and what is wrong with it."""
import sys

import installation
import processes
from sick.site import Site, change, give, same_command

PORTS = ("plain", "tls")
SOUND = {
    "global": [],
    "defaults": ["timeout client 60s", "timeout server 60s", "timeout tunnel 60s"],
    "bind": ["bind 127.0.0.1:{plain}", "bind 127.0.0.1:{tls} ssl crt both.pem alpn h2,http/1.1"],
    "frontend": [],
    "backend": ["server echo 127.0.0.1:{backend}"],
}
CONFIGURATION = """
global
{global}
defaults
    mode http
    timeout connect 5s
{defaults}
userlist people
    user {user} insecure-password {password}
frontend web
{bind}
{frontend}
    use_backend echo if {{ path_beg /ws }}
backend echo
{backend}
"""


def start(site):
    files, (user, password) = site.lab.files, site.lab.login.split(":")
    (site.folder / "both.pem").write_text(files["certificate"].read_text() + files["key"].read_text())
    names = {**site.ports, **files, "backend": site.lab.backend}
    pieces = {name: site.lines(name).format(**names) if name in ("bind", "backend") else site.lines(name) for name in SOUND}
    pieces["frontend"] = pieces["frontend"].replace("TLS", str(site.ports["tls"]))
    text = CONFIGURATION.format(**pieces, user=user, password=password)
    (site.folder / "haproxy.cfg").write_text(text)
    return processes.start_part([installation.program("haproxy"), "-db", "-f", "haproxy.cfg"], site.folder, site.ports["plain"])


def version():
    return "HAProxy " + installation.run([installation.program("haproxy"), "-v"]).split()[2]


def situations(lab):
    """Name, cause, site, cure."""
    trust, cookie = ["--cacert", lab.files["authority"]], ["-H", f"Cookie: theme={'x' * 3000}"]
    plain, tls = "ws://127.0.0.1:{plain}/ws", "wss://localhost:{tls}/ws"
    site = lambda url=plain, flags=(), **pieces: Site(lab, sys.modules[__name__], url, flags, **pieces)
    deletes = ["http-request del-header upgrade", "http-request del-header connection"]
    others = ["http-request deny unless { req.hdr(host) localhost }"]
    return [
        ("no Upgrade", "upgrade-dropped", site(frontend=deletes), change("frontend", "del-header")),
        ("basic auth", "unauthorized", site(frontend=["http-request auth unless { http_auth(people) }"]), give("`--user NAME`", "--user", lab.login)),
        ("wrong path", "other-path", site(plain.replace("/ws", "/socket")), same_command),
        ("redirect to TLS", "redirect", site(flags=trust, frontend=["http-request redirect location https://localhost:TLS%[path] unless { ssl_fc }"]),
         give("`-L`", "-L")),
        ("HTTP/2 only", "http2-only", site(bind=["bind 127.0.0.1:{plain} proto h2"]), change("bind", "proto h2", *SOUND["bind"])),
        ("head buffers too small", "head-too-large", site(flags=cookie, **{"global": ["tune.bufsize 2048", "tune.maxrewrite 512"]}),
         change("global", "tune.bufsize", "tune.bufsize 16384")),
        ("Host not allowed", "host-not-allowed", site(frontend=others), same_command),
        ("client certificate wanted", "client-certificate-wanted",
         site(tls, trust, bind=[SOUND["bind"][0], "bind 127.0.0.1:{tls} ssl crt both.pem ca-file {authority} verify required"]),
         give("`--cert FILE --key FILE`", *lab.certificate)),
    ]


def healthy(lab):
    return [("HAProxy and websockets", Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws"))]


def idle(lab):
    broken = ["timeout client 60s", "timeout server 60s", "timeout tunnel 5s"]
    return Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws", defaults=broken), change("defaults", "timeout tunnel", *SOUND["defaults"])
