//! What benchmarks and demonstrations share.

pub mod invented;
