// Branches that replicate to head office: node client.js FOLDER URL DOCUMENTS BRANCHES LIVE_SECONDS
// Loads the documents (a JSON value a line, with its _id) into a database for each branch, says
// "loaded", waits for a line, pushes them all at the same moment, and says how many seconds that took.
// With LIVE_SECONDS each branch then stays connected, quiet, for so long; it says "quiet" before.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const PouchDB = require("pouchdb");

const [folder, url, file, branches, live] = process.argv.slice(2);

async function load(branch) {
  const database = new PouchDB(path.join(folder, `branch-${branch}`));
  const lines = fs.readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
  for (let at = 0; at < lines.length; at += 500) {
    const documents = lines.slice(at, at + 500).map((line) => JSON.parse(line));
    for (const document of documents) {
      document._id = `${branch}:${document._id}`;
    }
    const done = await database.bulkDocs(documents);
    if (done.some((one) => one.error)) {
      throw new Error("a document was not taken");
    }
  }
  return { database, documents: lines.length };
}

async function main() {
  fs.mkdirSync(folder, { recursive: true });
  const all = [];
  for (let branch = 1; branch <= Number(branches); branch += 1) {
    all.push(await load(branch));
  }
  const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log("loaded");
  await input.next();
  const start = process.hrtime.bigint();
  const pushed = await Promise.all(all.map(({ database }) => database.replicate.to(url)));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  pushed.forEach((push, at) => {
    if (push.docs_written !== all[at].documents) {
      throw new Error(`${push.docs_written} documents of ${all[at].documents} arrived`);
    }
  });
  console.log(JSON.stringify({ seconds, memory_kib: process.resourceUsage().maxRSS }));
  if (Number(live) > 0) {
    const lines = all.map(({ database }) => database.sync(url, { live: true, retry: true }));
    // Until both directions have caught up with what was pushed.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    console.log("quiet");
    await new Promise((resolve) => setTimeout(resolve, Number(live) * 1000));
    console.log("end");
    lines.forEach((line) => line.cancel());
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
