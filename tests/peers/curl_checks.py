"""Which proxy is chosen, and for which hosts none: asked of wscope, and of the machine's curl."""
import http.server
import subprocess
import threading

import processes
from checks import expect

# A host as it stands in a URL, and lists that may have it.
CASES = {
    "www.example.com": ["localhost,.example.com,.example.de", "example.com", ".example.com.", "www.example.com.", "ample.com", "*.example.com",
                        "*", "*,x", " *", "www2.example.com, .example.net", "foo,,,,,   example.com", "foo example.com", "EXAMPLE.COM", "www.example.com:80",
                        "\texample.com", "com", ".", "..example.com", ""],
    "www.example.com.": ["example.com", "www.example.com", ".example.com."],
    "nexample.com": ["example.com", ".example.com"],
    "localhost": ["localhost", "127.0.0.1", "127.0.0.1,localhost", "local"],
    "127.0.0.1": ["127.0.0.1", "127.0.0.1/8", "127.0.0.1/33", "127.0.0.2/31", "127.0.0.0/31", "0.0.0.0/0", "127.0.0.1/0", "127", "localhost", "::1", "127.0.0.1:80",
                  ".0.0.1", "127.0.0.1/", "127.0.0.1/x", "127.0.0.0/8x"],
    "192.168.0.1": ["192.168.0.0/16", "192.168.0.0/24", "192.168.0.0/32", "192.168.0.0", "foo, bar, 192.168.0.0/24"],
    "[::1]": ["::1", "[::1]", "0:0::1/128", "::1/129", "foo, ::1/64", "::/0", "[::1]/64", "1"],
    "[fd00::12]": ["fd00::/8", "fe80::/10", "FD00::12", "fd00:0:0::/48"],
}

# Where we do as curl 8 does, or as its manual says, and older ones differ: a blank without a comma ends the list, nothing else
# stands behind the number of a network, and IPv6 has networks too.
NEWER = {("www.example.com", "foo example.com"), ("127.0.0.1", "127.0.0.1/"), ("127.0.0.1", "127.0.0.1/x"), ("127.0.0.1", "127.0.0.0/8x"),
         ("[::1]", "0:0::1/128"), ("[::1]", "foo, ::1/64"), ("[fd00::12]", "fd00::/8"), ("[fd00::12]", "fd00:0:0::/48")}


# Variables, each with what it names: the proxy, another proxy that is down, or a value as it stands.
PROXY, DOWN = "http://127.0.0.1:{proxy}", "http://127.0.0.1:1"
VARIABLES = [
    {"http_proxy": PROXY}, {"HTTP_PROXY": PROXY}, {"https_proxy": PROXY}, {"HTTPS_PROXY": PROXY}, {"all_proxy": PROXY}, {"ALL_PROXY": PROXY},
    {"http_proxy": "", "ALL_PROXY": PROXY}, {"https_proxy": "", "ALL_PROXY": PROXY}, {"https_proxy": "", "HTTPS_PROXY": PROXY},
    {"http_proxy": PROXY, "ALL_PROXY": DOWN}, {"https_proxy": PROXY, "HTTPS_PROXY": DOWN}, {"all_proxy": PROXY, "ALL_PROXY": DOWN},
    {"ALL_PROXY": "127.0.0.1:{proxy}"}, {"ALL_PROXY": "ada:lovelace@127.0.0.1:{proxy}"}, {"ALL_PROXY": "HTTP://127.0.0.1:{proxy}/"},
    {"ALL_PROXY": PROXY, "NO_PROXY": "host.test"}, {"ALL_PROXY": PROXY, "no_proxy": "", "NO_PROXY": "host.test"},
    {"ALL_PROXY": PROXY, "no_proxy": "other.test", "NO_PROXY": "host.test"}, {"ALL_PROXY": PROXY, "no_proxy": "host.test", "NO_PROXY": "other.test"},
]
# `--proxy`, `--noproxy` beside variables.
FLAGS = [["--proxy", PROXY], ["--proxy", ""], ["--noproxy", "host.test"], ["--noproxy", "other.test"], ["--noproxy", ""], ["--noproxy", "*"]]


class Asked(http.server.BaseHTTPRequestHandler):
    """Refuses everything, and notes that it was asked, with TLS too."""

    def handle(self):
        self.server.times += 1
        super().handle()

    def refuse(self):
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    do_GET = do_CONNECT = refuse

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.times = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Choice:
    """A proxy and a server, and which of them wscope and curl ask."""

    def __init__(self, wscope, curl):
        self.proxy, self.server, self.different = serve(), serve(), []
        self.ours, self.theirs = [wscope, "-N"], [curl, "-s", "-o", "/dev/null"]
        self.version = subprocess.run([curl, "--version"], capture_output=True, text=True).stdout.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.shutdown()
        self.server.shutdown()

    def by(self, command, url, variables):
        """What `command URL` asks, with these variables and every connection to a server led to ours."""
        before = self.proxy.times, self.server.times
        values = {name: self.filled(value) for name, value in variables.items()}
        processes.in_a_pipe([*map(self.filled, command), "--connect-to", f"::127.0.0.1:{self.server.server_port}", url], **values)
        asked = self.proxy.times - before[0], self.server.times - before[1]
        return {(1, 0): "proxy", (0, 1): "server", (0, 0): "neither"}.get(asked, f"proxy and server, {asked} times")

    def filled(self, value):
        return value.replace("{proxy}", str(self.proxy.server_port))

    def compare(self, what, schemes, host, variables, flags=()):
        ours, theirs = (self.by([*command, *flags], f"{scheme}://{host}/", variables) for command, scheme in zip((self.ours, self.theirs), schemes))
        if ours != theirs:
            self.different.append(f"{schemes[0]}, {what}: {ours}, and for curl {self.version} {theirs}")


def no_proxy_means_what_it_means_to_curl(wscope, curl):
    with Choice(wscope, curl) as choice:
        for host, lists in CASES.items():
            for no_proxy in lists:
                if (host, no_proxy) not in NEWER:
                    choice.compare(f"{host} in {no_proxy!r}", ("ws", "http"), host, {"http_proxy": PROXY, "no_proxy": no_proxy})
        expect(not choice.different, "\n        ".join(choice.different))


def variables_and_flags_mean_what_they_mean_to_curl(wscope, curl):
    with Choice(wscope, curl) as choice:
        for schemes in (("ws", "http"), ("wss", "https")):
            for variables in VARIABLES:
                choice.compare(variables, schemes, "host.test", variables)
            for flags in FLAGS:
                for variables in ({}, {"ALL_PROXY": PROXY}, {"ALL_PROXY": PROXY, "NO_PROXY": "host.test"}):
                    choice.compare(f"{flags} {variables}", schemes, "host.test", variables, flags)
        expect(not choice.different, "\n        ".join(choice.different))


CHECKS = [no_proxy_means_what_it_means_to_curl, variables_and_flags_mean_what_they_mean_to_curl]
