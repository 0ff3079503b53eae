//! Form definitions and templates turned into PDF/A; the glyph gate.
//!
//! A form is data: a Typst template, a `meta.toml` and samples, in a folder of its own under
//! `forms/`. A template reaches its data, the fonts given to [`Forms`], the parts in `lib.typ` and
//! its own folder; no other file, no package, no network, no clock. The same data and filing date
//! give the same bytes.
//!
//! Nothing is printed as an empty box or a lookalike: before a page is laid out, [`glyph`] checks
//! every character and variation sequence of names and addresses against the MJ font itself.

mod boxes;
mod check;
mod compact;
mod data;
mod definition;
mod error;
pub mod filing;
mod folder;
mod follow_up;
mod fonts;
pub mod glyph;
pub mod guidance;
mod keys;
mod named;
mod notices;
mod outline;
mod outlines_only;
mod page_check;
mod picture;
mod prefill;
pub mod procedure_request;
mod published;
mod render;
pub mod resident_move;
mod rules;
mod runs;
mod signature;
mod template;
mod template_paths;
mod world;

pub use boxes::{BOX, FormBox, box_in_words, is_declaration, ticks};
pub use check::Finding;
pub use data::FormData;
pub use definition::{FieldKind, FieldRule, FormMeta, People, Prefill, SampleKind, SignaturePlace};
pub use error::{OpenFormsError, RenderError, TemplateFault};
pub use folder::FormFolder;
pub use follow_up::FollowUp;
pub use fonts::FontPaths;
pub use keys::UnknownKey;
pub use named::forms_named_on;
pub use outline::OUTLINE_SIDE;
pub use picture::Picture;
pub use prefill::Answers;
pub use published::{
    FORMS, FORMS_FORMAT, PublishFormError, PublishedForm, PublishedForms, Publishing,
};
pub use render::{Assets, Forms, RenderedForm};
pub use resident_move::ResidentMoveData;
pub use signature::{Point, Stroke, qr_svg, signature_svg};
