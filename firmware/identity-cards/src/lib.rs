//! My Number card: which file, which PIN, which bytes; knows no PC/SC
