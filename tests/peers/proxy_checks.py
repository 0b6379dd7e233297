"""What wscope does through a proxy of another project. Each check gets the program, a proxy, and the server behind it."""
import itertools

import processes
from checks import expect

USER, PASSWORD = "ada", "lovelace"
MESSAGES = "".join(f"message {number}: äöü €\n" for number in range(1000)).encode()


class Server:
    """The peer behind the proxies, over ws or wss."""

    numbers = itertools.count()

    def __init__(self, scheme, reporter, port, flags):
        self.scheme, self.reporter, self.port, self.flags = scheme, reporter, port, flags

    def url(self, path="/echo"):
        """A URL, and the number under which the peer reports about this connection."""
        identifier = str(next(self.numbers))
        return f"{self.scheme}://localhost:{self.port}{path}?id={identifier}", identifier

    def headers(self, identifier):
        return self.reporter.wait_for(id=identifier, event="open")["headers"]


class Proxy:
    """A proxy, and what it says in each case."""

    def __init__(self, schemes, port, answers, flags=()):
        self.schemes, self.port, self.answers, self.flags = schemes, port, answers, list(flags)
        self.peer = f"localhost:{port}" if "https" in schemes else f"127.0.0.1:{port}"

    def url(self, scheme, userinfo=f"{USER}:{PASSWORD}@"):
        return f"{scheme}://{userinfo}{self.peer}"


def thousand_messages_come_back(wscope, proxy, server):
    for scheme in proxy.schemes:
        logins = [["--proxy", proxy.url(scheme)], ["--proxy", proxy.url(scheme, ""), "--proxy-user", f"{USER}:{PASSWORD}"]]
        for login in logins:
            url, identifier = server.url()
            status, output, diagnostics = processes.in_a_pipe([wscope, *server.flags, *proxy.flags, *login, "-v", url], MESSAGES)
            expect(status == 0 and output == MESSAGES, status, len(output), diagnostics)
            expect(f"through the proxy `{proxy.peer}`, as `--proxy` says" in diagnostics, diagnostics)
            expect(PASSWORD not in diagnostics, diagnostics)
            headers = server.headers(identifier)
            expect(headers["host"] == f"localhost:{server.port}", headers)
            expect(not any(name.startswith("proxy-") or name == "authorization" for name in headers), headers)


def refusal(wscope, proxy, server, scheme, userinfo, url):
    """What wscope says where the proxy refuses; it names the proxy and the setting in any case."""
    flags = [*server.flags, *proxy.flags, "--proxy", proxy.url(scheme, userinfo)]
    status, _, diagnostics = processes.in_a_pipe([wscope, *flags, "-x", "hi", url])
    expect(status == 3 and f"the proxy `{proxy.peer}`" in diagnostics and "as `--proxy` says" in diagnostics, status, diagnostics)
    expect("lovelace" not in diagnostics and "wr0ng" not in diagnostics, diagnostics)
    return diagnostics


def wrong_credentials_are_named(wscope, proxy, server):
    for scheme in proxy.schemes:
        diagnostics = refusal(wscope, proxy, server, scheme, f"{USER}:wr0ng@", server.url()[0])
        expect(all(text in diagnostics for text in proxy.answers["wrong"]), diagnostics)


def missing_credentials_are_named(wscope, proxy, server):
    for scheme in proxy.schemes:
        diagnostics = refusal(wscope, proxy, server, scheme, "", server.url()[0])
        expect(all(text in diagnostics for text in (proxy.answers["missing"], "hint: the proxy wants credentials")), diagnostics)


def port_that_is_not_allowed_is_named(wscope, proxy, server):
    port = processes.free_port()
    for scheme in proxy.schemes:
        diagnostics = refusal(wscope, proxy, server, scheme, f"{USER}:{PASSWORD}@", f"{server.scheme}://localhost:{port}/")
        expect(f"`localhost:{port}`" in diagnostics and "hint:" in diagnostics, diagnostics)
        expect(all(text in diagnostics for text in proxy.answers["port"]), diagnostics)


def server_that_is_down_is_named(wscope, proxy, server, dead_port):
    for scheme in proxy.schemes:
        diagnostics = refusal(wscope, proxy, server, scheme, f"{USER}:{PASSWORD}@", f"{server.scheme}://localhost:{dead_port}/")
        expect(f"`localhost:{dead_port}`" in diagnostics and proxy.answers["down"] in diagnostics, diagnostics)
        expect("hint: the proxy got no connection to the server" in diagnostics, diagnostics)


def variables_choose_it(wscope, proxy, server):
    proxy_url = proxy.url(proxy.schemes[0])
    own = {"ws": ["ws_proxy", "WS_PROXY", "http_proxy"], "wss": ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY"]}
    for variable in [*own[server.scheme], "all_proxy", "ALL_PROXY"]:
        diagnostics = opened_with(wscope, proxy, server, {variable: proxy_url})
        expect(f"through the proxy `{proxy.peer}`, as `{variable}` says" in diagnostics, variable, diagnostics)


def variables_can_leave_it_out(wscope, proxy, server):
    proxy_url = proxy.url(proxy.schemes[0])
    bypassed = [{"ALL_PROXY": proxy_url, variable: value} for variable in ("NO_PROXY", "no_proxy") for value in ("localhost", "*", "x.test, localhost")]
    foreign = {"ws": "https_proxy", "wss": "http_proxy"}[server.scheme]
    for variables in [*bypassed, {"HTTP_PROXY": proxy_url}, {foreign: proxy_url}]:
        diagnostics = opened_with(wscope, proxy, server, variables)
        expect("* through the proxy" not in diagnostics, variables, diagnostics)
        left_out_by = {"NO_PROXY", "no_proxy"} & variables.keys()
        expect(not left_out_by or f"not through the proxy that `ALL_PROXY` names, as `{left_out_by.pop()}` says" in diagnostics, diagnostics)
    # The flag goes before the variables: with an empty value there is no proxy.
    diagnostics = opened_with(wscope, proxy, server, {"ALL_PROXY": proxy_url}, "--proxy", "")
    expect("* through the proxy" not in diagnostics, diagnostics)


def opened_with(wscope, proxy, server, variables, *flags):
    """What `-v` says of a session with these variables."""
    command = [wscope, *server.flags, *proxy.flags, *flags, "-v", "-x", "hi", "-1", server.url()[0]]
    status, output, diagnostics = processes.in_a_pipe(command, **variables)
    expect(status == 0 and output == b"hi\n", variables, status, diagnostics)
    return diagnostics


CHECKS = [thousand_messages_come_back, wrong_credentials_are_named, missing_credentials_are_named, port_that_is_not_allowed_is_named,
          variables_choose_it, variables_can_leave_it_out]
