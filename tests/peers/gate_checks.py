"""What wscope does at nginx and HAProxy. Each check gets the program, the ports, and what it needs to log in."""
import processes
from checks import expect
from proxy_checks import MESSAGES, PASSWORD, USER, Server

LOGIN = ["-u", f"{USER}:{PASSWORD}"]


class Gate:
    """nginx in front of the peer: its ports, and the flags for each way in."""

    def __init__(self, reporter, ports, files):
        self.ports = ports
        self.trust = ["--cacert", str(files["authority"])]
        self.certificate = ["--cert", str(files["client certificate"]), "--key", str(files["client key"])]
        ways = {"plain": ("ws", []), "tls": ("wss", self.trust), "demanding": ("wss", self.trust)}
        self.ways = {name: Server(scheme, reporter, ports[name], flags) for name, (scheme, flags) in ways.items()}

    def run(self, wscope, way, path, *flags):
        """Status, output, diagnostics and the number of the connection."""
        server = self.ways[way]
        url, identifier = server.url(path)
        command = [wscope, *server.flags, *flags, "-x", "hi", "-1", url]
        return *processes.in_a_pipe(command), identifier

    def opened(self, wscope, way, path, *flags):
        """What wscope said, and the headers that arrived."""
        status, output, diagnostics, identifier = self.run(wscope, way, path, *flags)
        expect(status == 0 and output == b"hi\n", status, output, diagnostics)
        return diagnostics, self.ways[way].headers(identifier)


def client_certificate_opens(wscope, gate):
    gate.opened(wscope, "demanding", "/echo", *gate.certificate)


def missing_client_certificate_is_named(wscope, gate):
    status, _, diagnostics, _ = gate.run(wscope, "demanding", "/echo")
    # nginx ends the handshake well, and refuses with a page.
    expect(status == 5 and "400" in diagnostics and "`--cert FILE --key FILE`" in diagnostics, status, diagnostics)


def basic_auth_opens(wscope, gate):
    for way in ("plain", "tls"):
        diagnostics, _ = gate.opened(wscope, way, "/private", *LOGIN, "-v")
        expect(PASSWORD not in diagnostics, diagnostics)


def basic_auth_that_fails_is_named(wscope, gate):
    for flags, hint in (([], "`--user NAME`"), (["-u", f"{USER}:wr0ng"], "credentials")):
        status, _, diagnostics, _ = gate.run(wscope, "plain", "/private", *flags)
        expect(status == 5 and "401" in diagnostics and hint in diagnostics and "wr0ng" not in diagnostics, status, diagnostics)


def redirect_is_followed_only_when_asked(wscope, gate):
    for way in ("plain", "tls"):
        status, _, diagnostics, _ = gate.run(wscope, way, "/relative")
        expect(status == 5 and "302" in diagnostics and "-L" in diagnostics, status, diagnostics)
        gate.opened(wscope, way, "/relative", "-L")


def same_origin_keeps_credentials(wscope, gate):
    _, headers = gate.opened(wscope, "plain", "/relative", "-L", *LOGIN, "-H", "X-Mine: yes")
    expect("authorization" in headers and headers["x-mine"] == "yes", headers)


def cookie_of_a_sign_in_goes_along(wscope, gate):
    status, _, diagnostics, _ = gate.run(wscope, "plain", "/members")
    expect(status == 5 and "sign in first" in diagnostics, status, diagnostics)
    for way in ("plain", "tls"):
        _, headers = gate.opened(wscope, way, "/sign-in", "-L")
        expect(headers["cookie"] == "session=s3cret", headers)


def other_origin_gets_no_secret(wscope, gate):
    secrets = [*LOGIN, "-H", "X-Mine: yes", "-H", "Cookie: mine=1"]
    diagnostics, headers = gate.opened(wscope, "plain", "/elsewhere", "-L", *secrets)
    expect(not {"authorization", "x-mine"} & headers.keys() and "mine" not in headers.get("cookie", ""), headers)
    expect("not" in diagnostics, diagnostics)
    _, headers = gate.opened(wscope, "plain", "/elsewhere", "-L", "--location-trusted", *secrets)
    expect("authorization" in headers and headers["x-mine"] == "yes", headers)


def other_origin_gets_no_client_certificate(wscope, gate):
    status, _, diagnostics, _ = gate.run(wscope, "tls", "/to-certificates", "-L", *gate.certificate)
    expect(status == 5 and "400" in diagnostics, status, diagnostics)
    gate.opened(wscope, "tls", "/to-certificates", "-L", "--location-trusted", *gate.certificate)


def redirect_leads_up_to_tls_and_never_down(wscope, gate):
    gate.opened(wscope, "plain", "/secure", "-L", *gate.trust)
    status, _, diagnostics, _ = gate.run(wscope, "tls", "/insecure", "-L")
    expect(status == 5 and "TLS" in diagnostics, status, diagnostics)


def redirect_in_a_circle_ends(wscope, gate):
    status, _, diagnostics, _ = gate.run(wscope, "plain", "/loop", "-L", "--max-redirs", "5")
    expect(status == 5 and "/loop" in diagnostics and "5" in diagnostics, status, diagnostics)


def http_1_is_spoken_where_http_2_is_offered(wscope, server):
    url, _ = server.url()
    status, output, diagnostics = processes.in_a_pipe([wscope, *server.flags, "-v", url], MESSAGES)
    expect(status == 0 and output == MESSAGES, status, len(output), diagnostics)
    # What HAProxy says that ALPN agreed on.
    expect("x-alpn: http/1.1" in diagnostics.lower(), diagnostics)


CHECKS = [client_certificate_opens, missing_client_certificate_is_named, basic_auth_opens, basic_auth_that_fails_is_named,
          redirect_is_followed_only_when_asked, same_origin_keeps_credentials, cookie_of_a_sign_in_goes_along, other_origin_gets_no_secret,
          other_origin_gets_no_client_certificate, redirect_leads_up_to_tls_and_never_down, redirect_in_a_circle_ends]
