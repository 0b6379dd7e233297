"""python `websockets` as a peer of wscope's: the same as `ws_peer.js`.

websockets_peer.py serve CERTIFICATE KEY
websockets_peer.py check URL [CA]
websockets_peer.py stay URL [CA]
"""
import asyncio
import http
import json
import ssl
import sys
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from mixed_messages import COUNT, mixed_message


def say(**what):
    print(json.dumps(what), flush=True)


async def answer(connection):
    headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
    url = urlsplit(connection.request.path)
    identifier = parse_qs(url.query).get("id", [""])[0]
    say(id=identifier, event="open", subprotocol=connection.subprotocol, headers=headers,
        extensions=connection.response.headers.get("Sec-WebSocket-Extensions", ""))
    task, *arguments = url.path.split("/")[1:]
    if task == "close":
        await connection.send("before the close")
        await connection.close(int(arguments[0]), unquote(arguments[1]))
    try:
        async for message in connection:
            await connection.send(message)
    except ConnectionClosed:
        pass
    say(id=identifier, event="closed", code=connection.close_code, reason=connection.close_reason)


def ask_for_credentials(connection, request):
    if request.path.startswith("/private") and "Authorization" not in request.headers:
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "credentials, please\n")


def prefer_version_2(connection, offered):
    return "chat.v2" if "chat.v2" in offered else None


async def serve_both(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    options = {"select_subprotocol": prefer_version_2, "process_request": ask_for_credentials, "max_size": None}
    async with serve(answer, "127.0.0.1", 0, **options) as plain, serve(answer, "127.0.0.1", 0, ssl=context, **options) as tls:
        plain_port, tls_port = (server.sockets[0].getsockname()[1] for server in (plain, tls))
        say(plain=plain_port, tls=tls_port)
        await asyncio.Future()


def open_connection(url, authority=None):
    context = ssl.create_default_context(cafile=authority) if authority else None
    return connect(url, ssl=context, max_size=None, proxy=None)


async def send_all(connection):
    for number in range(COUNT):
        message = mixed_message(number)
        await connection.send(message if number % 2 == 0 else message.encode())


async def check(url, authority=None):
    async with open_connection(url, authority) as connection:
        sending = asyncio.create_task(send_all(connection))
        received = identical = 0
        while received < COUNT:
            expected = mixed_message(received)
            identical += await connection.recv() == (expected if received % 2 == 0 else expected.encode())
            received += 1
        await sending
        await connection.close(4003, "all checked")
    say(received=received, identical=identical, extensions=connection.response.headers.get("Sec-WebSocket-Extensions", ""),
        code=connection.close_code, reason=connection.close_reason)


async def stay(url, authority=None):
    async with open_connection(url, authority) as connection:
        say(event="open")
        await connection.wait_closed()
    say(event="closed", code=connection.close_code, reason=connection.close_reason)


asyncio.run({"serve": serve_both, "check": check, "stay": stay}[sys.argv[1]](*sys.argv[2:]))
