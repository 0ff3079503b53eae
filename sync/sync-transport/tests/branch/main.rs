//! What a branch does without a line to head office: courier files, and counters that talk to each
//! other. Real certificates, real files and real sockets on the loopback; stores in memory.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod city;
mod courier;
mod damage;
mod neighbours;
