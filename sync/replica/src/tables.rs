//! The replicated tables: what a change may name and hold.

/// A replicated table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [KeyColumn],
    pub(crate) column: &'static str,
    pub(crate) bytes_max: usize,
    pub(crate) editable: Editable,
    pub(crate) content: Content,
}

/// A column of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyColumn {
    /// So many bytes.
    Blob(usize),
    /// 1 to 120 bytes of UTF-8. cr-sqlite packs a length of 128 to 255 into one signed byte.
    Path,
}

/// Whether a cell may be written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Editable {
    ByItsWriter,
    Never,
}

/// What the document column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    DraftField,
    Event,
    Snapshot,
    BlobRef,
}

pub(crate) const PATH_BYTES_MAX: usize = 120;

pub(crate) const TABLES: [Table; 4] = [
    Table {
        name: "draft",
        key: &[KeyColumn::Blob(16), KeyColumn::Path, KeyColumn::Blob(16)],
        column: "doc",
        bytes_max: 64 << 10,
        editable: Editable::ByItsWriter,
        content: Content::DraftField,
    },
    Table {
        name: "case_event",
        key: &[KeyColumn::Blob(16), KeyColumn::Blob(16)],
        column: "doc",
        bytes_max: 256 << 10,
        editable: Editable::Never,
        content: Content::Event,
    },
    Table {
        name: "snapshot",
        key: &[KeyColumn::Blob(16), KeyColumn::Blob(32)],
        column: "doc",
        bytes_max: 1 << 20,
        editable: Editable::Never,
        content: Content::Snapshot,
    },
    Table {
        name: "blob_ref",
        key: &[KeyColumn::Blob(16), KeyColumn::Blob(32)],
        column: "doc",
        bytes_max: 4 << 10,
        editable: Editable::Never,
        content: Content::BlobRef,
    },
];

/// The table of that name.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
