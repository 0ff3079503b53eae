// A server of CouchDB's protocol that keeps its databases in FOLDER: node server.js FOLDER READY
// Writes its address into READY once it listens.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const express = require("express");
const PouchDB = require("pouchdb");

const [folder, ready] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });
const Kept = PouchDB.defaults({ prefix: folder + path.sep });
const app = express();
app.use("/", require("express-pouchdb")(Kept, {
  mode: "minimumForPouchDB",
  configPath: path.join(folder, "config.json"),
  logPath: path.join(folder, "server.log"),
}));
const server = app.listen(0, "127.0.0.1", () => {
  const { address, port } = server.address();
  fs.writeFileSync(ready, `${address}:${port}\n`);
});
