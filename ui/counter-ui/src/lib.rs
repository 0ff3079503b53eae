//! Slint screens for staff and resident
