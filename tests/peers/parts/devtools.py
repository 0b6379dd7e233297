"""Chromium, steered through its DevTools port."""
import json
import urllib.request

import installation
import processes


def start(folder):
    """Its process, and the URL of the browser."""
    program, port = installation.program("chromium", "chromium-browser", "google-chrome"), processes.free_port()
    # Chromium's own sandbox refuses to run for root, as in most containers; no page is loaded but an empty one.
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}", f"--remote-debugging-port={port}"]
    process = processes.start_part([program, *flags, "about:blank"], folder, port)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/version", timeout=processes.SECONDS) as response:
        return process, json.load(response)["webSocketDebuggerUrl"]
