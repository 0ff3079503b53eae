//! The head office: replication end and review desk on the web
