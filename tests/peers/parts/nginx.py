"""nginx in front of WebSocket servers: passing the upgrade on or dropping it, asking for logins, and redirecting."""
import installation
import processes

CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    proxy_http_version 1.1;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    {servers}
}}
"""
SERVER = "server {{ {listen} {content} }}\n"
UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $http_host;"
PASSING = "location /{name}/ {{ proxy_pass http://127.0.0.1:{port}/; " + UPGRADE + " }}"
DROPPING = "location /dropping/{name}/ {{ proxy_pass http://127.0.0.1:{port}/; }}"

# What `start_gate` serves everywhere: the paths that the checks ask for.
GATE = """
location /echo {{ proxy_pass http://127.0.0.1:{echo}; """ + UPGRADE + """ }}
location /private {{ auth_basic "the echo"; auth_basic_user_file users; proxy_pass http://127.0.0.1:{echo}; """ + UPGRADE + """ }}
location /members {{ if ($cookie_session != "s3cret") {{ return 403 "sign in first\\n"; }}
                     rewrite ^ /echo break; proxy_pass http://127.0.0.1:{echo}; """ + UPGRADE + """ }}
location /sign-in {{ add_header Set-Cookie "session=s3cret; Path=/members; HttpOnly" always; return 302 /members?$args; }}
location /relative {{ return 302 echo?$args; }}
location /loop {{ return 302 /loop; }}
location /elsewhere {{ add_header Set-Cookie "session=s3cret; Path=/" always; return 307 http://localhost:{plain_elsewhere}/echo?$args; }}
location /secure {{ return 301 https://localhost:{tls}/echo?$args; }}
location /insecure {{ return 302 http://localhost:{plain}/echo?$args; }}
location /to-certificates {{ return 308 https://localhost:{demanding}/echo?$args; }}
"""


def start(program, folder, files, servers, first_port):
    configuration = CONFIGURATION.format(certificate=files["certificate"], key=files["key"], servers=servers)
    (folder / "nginx.conf").write_text(configuration)
    return processes.start_part([program, "-p", folder, "-c", "nginx.conf", "-e", "error.log"], folder, first_port)


def listen(port, more=""):
    return f"listen 127.0.0.1:{port}{more};"


def start_in_front(folder, files, backends):
    """nginx in front of each backend: at /NAME/ with the two lines that an upgrade needs, at /dropping/NAME/ without."""
    program = installation.program("nginx")
    ports = {"plain": processes.free_port(), "tls": processes.free_port()}
    content = "\n".join(line.format(name=name, port=port) for name, port in backends.items() for line in (PASSING, DROPPING))
    server = SERVER.format(listen=listen(ports["plain"]) + listen(ports["tls"], " ssl"), content=content)
    return start(program, folder, files, server, ports["plain"]), ports


def start_gate(folder, files, echo, user, password):
    """nginx that asks for a client certificate, for Basic auth, or for neither, and redirects from each to the others."""
    program = installation.program("nginx")
    ports = {name: processes.free_port() for name in ("plain", "plain_elsewhere", "tls", "demanding")}
    installation.make_password_file(folder / "users", user, password)
    content = GATE.format(echo=echo, **ports)
    demand = f"ssl_verify_client on; ssl_client_certificate {files['authority']};"
    servers = [listen(ports["plain"]), listen(ports["plain_elsewhere"]), listen(ports["tls"], " ssl"), listen(ports["demanding"], " ssl") + demand]
    servers = "".join(SERVER.format(listen=server, content=content) for server in servers)
    return start(program, folder, files, servers, ports["plain"]), ports
