"""Apache httpd, and what is wrong with it."""
import sys
from pathlib import Path

import installation
import processes
from sick.site import Site, change, give, paste_into, same_command

PORTS = ("plain", "tls")
MODULES = ["mpm_event", "authn_core", "authz_core", "authn_file", "authz_user", "auth_basic", "alias", "rewrite", "headers", "setenvif", "env",
           "proxy", "proxy_http", "proxy_wstunnel", "socache_shmcb", "ssl", "http2"]
PASS = 'ProxyPass "/ws" "http://127.0.0.1:{backend}/ws" upgrade=websocket'
SOUND = {"server": [], "proxy": [PASS], "both": [], "tls": []}
CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
PidFile httpd.pid
ErrorLog error.log
Mutex pthread
{modules}
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{tls_port}
StartServers 1
{server}
<VirtualHost *:{plain}>
    DocumentRoot {folder}/pages
    <Directory {folder}/pages>
        Require all granted
    </Directory>
{proxy}
{both}
</VirtualHost>
<VirtualHost *:{tls_port}>
    DocumentRoot {folder}/pages
    SSLEngine on
    SSLCertificateFile {certificate}
    SSLCertificateKeyFile {key}
{proxy}
{both}
{tls}
</VirtualHost>
"""


def start(site):
    program = installation.program("apache2", "httpd")
    folder = next(filter(Path.is_dir, map(Path, ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"))), None)
    if folder is None:
        raise installation.Missing("the modules of Apache are not installed")
    (site.folder / "pages").mkdir(exist_ok=True)
    modules = "\n".join(f"LoadModule {name}_module {folder}/mod_{name}.so" for name in MODULES if (folder / f"mod_{name}.so").exists())
    pieces = {name: site.lines(name).replace("{backend}", str(site.lab.backend)).replace("TLS", str(site.ports["tls"])) for name in SOUND}
    text = CONFIGURATION.format(folder=site.folder, modules=modules, plain=site.ports["plain"], tls_port=site.ports["tls"], **pieces, **site.lab.files)
    (site.folder / "httpd.conf").write_text(text)
    return processes.start_part([program, "-X", "-d", site.folder, "-f", "httpd.conf"], site.folder, site.ports["plain"])


def version():
    return installation.run([installation.program("apache2", "httpd"), "-v"]).split("\n")[0].split()[2]


def situations(lab):
    """Name, cause, site, cure."""
    trust, cookie = ["--cacert", lab.files["authority"]], ["-H", f"Cookie: theme={'x' * 900}"]
    plain, tls = "ws://127.0.0.1:{plain}/ws", "wss://localhost:{tls}/ws"
    site = lambda url=plain, flags=(), **pieces: Site(lab, sys.modules[__name__], url, flags, **pieces)
    drops = ['ProxyPass "/ws" "http://127.0.0.1:{backend}/ws"']
    asks = ['<Location "/ws">', "AuthType Basic", 'AuthName "the echo"', f"AuthUserFile {lab.files['users']}", "Require valid-user", "</Location>"]
    https = ["RewriteEngine on", 'RewriteCond "%{HTTPS}" off', 'RewriteRule "^/ws" "https://localhost:TLS/ws" [R=301,L]']
    others = ["RewriteEngine on", 'RewriteCond "%{HTTP_HOST}" "!^localhost"', 'RewriteRule "^" "-" [F]']
    return [
        ("no Upgrade", "upgrade-dropped", site(proxy=drops), paste_into("proxy")),
        ("HTTP/1.0 upstream", "http-1.0-upstream", site(both=["SetEnv force-proxy-request-1.0 1"]), change("both", "force-proxy-request-1.0")),
        ("basic auth", "unauthorized", site(both=asks), give("`--user NAME`", "--user", lab.login)),
        ("wrong path", "other-path", site(plain.replace("/ws", "/socket")), same_command),
        ("redirect to TLS", "redirect", site(flags=trust, both=https), give("`-L`", "-L")),
        ("head buffers too small", "head-too-large", site(flags=cookie, server=["LimitRequestFieldSize 512"]),
         change("server", "LimitRequestFieldSize", "LimitRequestFieldSize 8190")),
        ("Host not allowed", "host-not-allowed", site(both=others), same_command),
        ("client certificate wanted", "client-certificate-wanted",
         site(tls, trust, tls=["SSLVerifyClient require", f"SSLCACertificateFile {lab.files['authority']}"]),
         give("`--cert FILE --key FILE`", *lab.certificate)),
    ]


def healthy(lab):
    return [("Apache and websockets", Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws"))]


def idle(lab):
    return Site(lab, sys.modules[__name__], "ws://127.0.0.1:{plain}/ws", server=["Timeout 5"]), change("server", "`Timeout`")
