//! Pictures of certificates and cards to fields with confidence.
