//! The cr-sqlite extension, packaged for SQLCipher; the only unsafe code
