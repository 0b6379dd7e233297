// npm `ws` as a peer of wscope's.
//
//   node ws_peer.js serve CERTIFICATE KEY   serves on two loopback ports, named in its first line of output; see README.md
//   node ws_peer.js check URL [CA]          sends the mixed messages, checks that they come back, closes with 4003
//   node ws_peer.js stay URL [CA]           stays until the server closes
//   node ws_peer.js echo URL                echoes until the server closes (the Autobahn|Testsuite's client role)
//   node ws_peer.js echo-server PORT        echoes on 127.0.0.1 (its server role)
const fs = require("fs");
const http = require("http");
const https = require("https");
const { WebSocket, WebSocketServer } = require("ws");
const { COUNT, mixedMessage } = require("./mixed_messages.js");

// A threshold of 0 compresses every message.
const perMessageDeflate = { threshold: 0 };
const say = (what) => console.log(JSON.stringify(what));

function echo(socket) {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("error", () => {});
}

function serve(certificate, key) {
  const tls = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
  // As `ws` does where it has a port of its own.
  const refuse = (_, response) => response.writeHead(426).end(http.STATUS_CODES[426]);
  const servers = [http.createServer(refuse), https.createServer(tls, refuse)];
  for (const server of servers) {
    const sockets = new WebSocketServer({
      server,
      perMessageDeflate,
      handleProtocols: (offered) => offered.has("chat.v2") && "chat.v2",
      verifyClient: ({ req }, done) =>
        done(!req.url.startsWith("/private") || !!req.headers.authorization, 401, "Unauthorized", { "WWW-Authenticate": "Basic" }),
    });
    sockets.on("connection", (socket, request) => {
      const { pathname, searchParams } = new URL(request.url, "ws://localhost");
      const id = searchParams.get("id");
      say({ id, event: "open", subprotocol: socket.protocol, headers: request.headers, extensions: socket.extensions });
      socket.on("close", (code, reason) => say({ id, event: "closed", code, reason: reason.toString() }));
      echo(socket);
      const [, task, code, reason] = pathname.split("/");
      if (task === "close") {
        socket.send("before the close");
        socket.close(Number(code), decodeURIComponent(reason));
      }
    });
    server.listen(0, "127.0.0.1", () => {
      if (servers.every((server) => server.listening)) {
        say({ plain: servers[0].address().port, tls: servers[1].address().port });
      }
    });
  }
}

function connect(url, authority) {
  return new WebSocket(url, { perMessageDeflate, ca: authority && fs.readFileSync(authority) });
}

function check(socket) {
  let received = 0;
  let identical = 0;
  socket.on("open", () => {
    for (let number = 0; number < COUNT; number++) {
      const message = mixedMessage(number);
      socket.send(number % 2 === 0 ? message : Buffer.from(message));
    }
  });
  socket.on("message", (data, isBinary) => {
    if (isBinary === (received % 2 === 1) && data.toString() === mixedMessage(received)) identical += 1;
    received += 1;
    if (received === COUNT) socket.close(4003, "all checked");
  });
  socket.on("close", (code, reason) => say({ received, identical, extensions: socket.extensions, code, reason: reason.toString() }));
}

function stay(socket) {
  socket.on("open", () => say({ event: "open" }));
  socket.on("close", (code, reason) => say({ event: "closed", code, reason: reason.toString() }));
}

const [role, ...rest] = process.argv.slice(2);
switch (role) {
  case "serve":
    serve(...rest);
    break;
  case "check":
    check(connect(...rest));
    break;
  case "stay":
    stay(connect(...rest));
    break;
  case "echo":
    echo(connect(...rest));
    break;
  case "echo-server":
    new WebSocketServer({ host: "127.0.0.1", port: Number(rest[0]), perMessageDeflate }).on("connection", echo);
    break;
}
