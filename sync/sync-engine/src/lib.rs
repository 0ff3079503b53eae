//! The replication conversation as a state machine: no sockets, no clock
