// Servers of npm's packages that speak a dialect, on free ports of loopback: `node dialect_servers.mjs MODULES NAME` prints the
// port as a line of JSON. Their time-outs are short: three of them are three seconds at most.
import { createRequire } from "node:module";
import http from "node:http";

const [modules, name] = process.argv.slice(2);
const require = createRequire(modules + "/");
const server = http.createServer();

const servers = {
  "socket.io"() {
    const { Server } = require("socket.io");
    const io = new Server(server, { pingInterval: 300, pingTimeout: 700 });
    const serve = (socket) => {
      socket.on("ask", (question, answer) => answer("you asked " + question));
      socket.on("bytes", (bytes, answer) => answer(Buffer.concat([bytes, bytes])));
      socket.on("be asked", () => socket.emit("question", 1, () => socket.emit("thanks")));
    };
    io.on("connection", serve);
    io.of("/admin").use((socket, next) => next(socket.handshake.auth.token === "abc" ? undefined : new Error("no token")));
    io.of("/admin").on("connection", serve);
  },
  sockjs() {
    const sockjs = require("sockjs").createServer({ log() {} });
    sockjs.on("connection", (connection) => {
      connection.on("data", (message) => (message === "leave" ? connection.close(3000, "Go away!") : connection.write(message)));
    });
    sockjs.installHandlers(server, { prefix: "/echo" });
  },
  "graphql-ws"() {
    const { GraphQLSchema, GraphQLObjectType, GraphQLInt, GraphQLString } = require("graphql");
    const { useServer } = require("graphql-ws/use/ws");
    const { WebSocketServer } = require("ws");
    const query = new GraphQLObjectType({ name: "Query", fields: { hello: { type: GraphQLString, resolve: () => "world" } } });
    async function* count() {
      for (const number of [3, 2, 1]) yield { countdown: number };
    }
    const countdown = { type: GraphQLInt, subscribe: count };
    const subscription = new GraphQLObjectType({ name: "Subscription", fields: { countdown } });
    const webSockets = new WebSocketServer({ server, path: "/graphql" });
    useServer({ schema: new GraphQLSchema({ query, subscription }), connectionInitWaitTimeout: 500 }, webSockets);
  },
  // No server of its own: the library serves none that pings by message, and clients have to answer that all the same.
  "graphql-ws pings"() {
    const { handleProtocols } = require("graphql-ws");
    const { WebSocketServer } = require("ws");
    new WebSocketServer({ server, handleProtocols }).on("connection", (socket) => {
      let isAnswered = true;
      const pings = setInterval(() => {
        if (!isAnswered) return socket.close(4000, "no pong");
        isAnswered = false;
        socket.send('{"type":"ping"}');
      }, 700);
      socket.on("message", (text) => (isAnswered ||= JSON.parse(text).type === "pong"));
      socket.on("close", () => clearInterval(pings));
    });
  },
};

servers[name]();
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
