// Servers of npm's packages on free ports of loopback: `node servers.mjs MODULES NAME` prints its port as a line of JSON.
import { createRequire } from "node:module";
import http from "node:http";

const [modules, name] = process.argv.slice(2);
const require = createRequire(modules + "/");

function listen(server) {
  server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
}

const servers = {
  ws() {
    const { WebSocketServer } = require("ws");
    const server = http.createServer((request, response) => response.end("a page\n"));
    new WebSocketServer({ server }).on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
    listen(server);
  },
  "socket.io"() {
    const { Server } = require("socket.io");
    const server = http.createServer((request, response) => response.end("a page\n"));
    new Server(server);
    listen(server);
  },
  sockjs() {
    const server = http.createServer();
    const echo = require("sockjs").createServer({ log() {} });
    echo.on("connection", (connection) => connection.on("data", (message) => connection.write(message)));
    echo.installHandlers(server, { prefix: "/echo" });
    listen(server);
  },
  "graphql-ws"() {
    const { GraphQLSchema, GraphQLObjectType, GraphQLString } = require("graphql");
    const { useServer } = require("graphql-ws/use/ws");
    const { WebSocketServer } = require("ws");
    const query = new GraphQLObjectType({ name: "Query", fields: { hello: { type: GraphQLString } } });
    const server = http.createServer();
    useServer({ schema: new GraphQLSchema({ query }) }, new WebSocketServer({ server, path: "/graphql" }));
    listen(server);
  },
  async vite() {
    const { createServer } = await import(require.resolve("vite").replace("index.cjs", "dist/node/index.js"));
    // For 0 it takes its usual port.
    const free = http.createServer();
    await new Promise((resolve) => free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address();
    await new Promise((resolve) => free.close(resolve));
    const vite = await createServer({ configFile: false, logLevel: "silent", server: { host: "127.0.0.1", port, strictPort: true } });
    await vite.listen();
    console.log(JSON.stringify({ port }));
  },
};

await servers[name]();
