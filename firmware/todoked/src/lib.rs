//! The daemon of the counter and the todoke command line
