//! Counts of pixels and places between them: the few conversions that all picture code needs.
//!
//! Pictures are bounded ([`crate::picture::PIXELS_MAX`]), so every count fits an `f32` closely enough.

/// A count as a place.
#[expect(
    clippy::cast_precision_loss,
    reason = "sides of pictures are far below 2^24, sums only feed averages"
)]
pub(crate) fn real(count: usize) -> f32 {
    count as f32
}

/// The pixel that holds a place; 0 for what lies left of the picture or is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the conversion saturates, and negatives are meant to become 0"
)]
pub(crate) fn whole(place: f32) -> usize {
    place as usize
}

/// A shade from 0 (black) to 255 (white), cut to that range.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped before; what is no number becomes black"
)]
pub(crate) fn shade(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// For matrices, which are kept in double precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "places on a picture need no more than an f32"
)]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

/// A picture's side as the seam has it.
pub(crate) fn side(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
