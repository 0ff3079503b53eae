//! HTTPS with mutual TLS for the replication conversation; enrolment
