//! What the Slint compiler generated.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    let_underscore_drop,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::clone_on_ref_ptr,
    clippy::str_to_string,
    clippy::todo,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::wildcard_enum_match_arm,
    clippy::string_slice,
    clippy::as_underscore,
    clippy::let_underscore_must_use,
    reason = "generated code; which of these it needs changes with the compiler"
)]

slint::include_modules!();
