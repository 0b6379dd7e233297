// npm `ws` as an echo client or an echo server.
//
//   node ws_peer.js client URL            echoes until the server closes
//   node ws_peer.js server PORT           echoes on 127.0.0.1
const { WebSocket, WebSocketServer } = require("ws");

function echo(socket) {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("error", () => {});
}

const [role, where] = process.argv.slice(2);
if (role === "client") {
  echo(new WebSocket(where, { perMessageDeflate: { threshold: 0 } }));
} else {
  new WebSocketServer({ host: "127.0.0.1", port: Number(where), perMessageDeflate: { threshold: 0 } }).on("connection", echo);
}
