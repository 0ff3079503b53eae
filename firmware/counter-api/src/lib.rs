//! The seam between daemon and screens: requests, replies, events
