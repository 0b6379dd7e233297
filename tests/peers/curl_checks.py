"""Which hosts are reached without a proxy: asked of wscope, and of the machine's curl."""
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


class Asked(http.server.BaseHTTPRequestHandler):
    """Refuses everything, and notes that it was asked."""

    def refuse(self):
        self.server.times += 1
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
    """A proxy and a server, and which of them a program asks."""

    def __init__(self):
        self.proxy, self.server = serve(), serve()

    def by(self, command, host, no_proxy):
        """What `command URL` asks, with these variables and every connection to a server led to ours."""
        before = self.proxy.times, self.server.times
        variables = {"http_proxy": f"http://127.0.0.1:{self.proxy.server_port}", "no_proxy": no_proxy}
        processes.in_a_pipe([*command, "--connect-to", f"::127.0.0.1:{self.server.server_port}", host], **variables)
        asked = self.proxy.times - before[0], self.server.times - before[1]
        return {(1, 0): "proxy", (0, 1): "server"}.get(asked, f"proxy and server, {asked} times")

    def stop(self):
        self.proxy.shutdown()
        self.server.shutdown()


def no_proxy_means_what_it_means_to_curl(wscope, curl):
    version = subprocess.run([curl, "--version"], capture_output=True, text=True).stdout.split()[1]
    choice = Choice()
    try:
        different = []
        for host, lists in CASES.items():
            for no_proxy in lists:
                ours = choice.by([wscope, "-N"], f"ws://{host}/", no_proxy)
                theirs = choice.by([curl, "-s", "-o", "/dev/null"], f"http://{host}/", no_proxy)
                if ours != theirs and (host, no_proxy) not in NEWER:
                    different.append(f"{host} in {no_proxy!r}: {ours}, and for curl {version} {theirs}")
        expect(not different, "\n        ".join(different))
    finally:
        choice.stop()
