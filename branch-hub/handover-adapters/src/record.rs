//! One row before it is laid out.

use std::collections::BTreeMap;

/// What is known of a person, a certificate or a procedure of an accepted case. Debug tells nothing:
/// all of it is personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Case and version; with `number` it names the row for ever.
    pub key: String,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The person's number in the case; in a request, the certificate's.
    pub number: u8,
    /// The person it is about, as `*` in a path names them.
    pub member: u8,
    /// Kind of change, as in the catalogue.
    pub event: String,
    /// The procedure (`P053`), in a row about one.
    pub procedure: String,
    /// Columns of the documented list, by name.
    pub cells: BTreeMap<&'static str, String>,
    /// Everything signed, by path.
    pub fields: BTreeMap<String, String>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({} {})", self.key, self.number)
    }
}

impl Record {
    /// A column of the list, or what was signed at a path (`member.*.alias` is the row's own
    /// person); empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        if let Some(cell) = self.cells.get(name) {
            return cell;
        }
        let path = name.replace('*', &self.member.to_string());
        self.fields.get(&path).map_or("", String::as_str)
    }
}
