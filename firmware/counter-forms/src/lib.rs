//! Form definitions and templates turned into PDF/A; the glyph gate
