//! What stands on a receipt.

/// A receipt (受付控え), top to bottom. Empty parts are left out. All texts are the caller's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Office, centred.
    pub heading: String,
    /// What the paper is, centred and bold.
    pub title: String,
    /// Words above the receipt number.
    pub number_label: String,
    /// Receipt number, large; ASCII.
    pub number: String,
    /// Label and value pairs.
    pub lines: Vec<ReceiptLine>,
    /// Heading of the guidance.
    pub guidance_title: String,
    /// Guidance, one item each.
    pub guidance: Vec<String>,
    /// Content of the QR code, ASCII.
    pub qr: Option<String>,
    /// Small print, centred.
    pub footer: Vec<String>,
}

/// One label and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiptLine {
    /// Label, left.
    pub label: String,
    /// Value, right, or below the label when both do not fit on one line.
    pub value: String,
}

impl ReceiptLine {
    /// Makes a line.
    pub fn new(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
        }
    }
}

impl std::fmt::Debug for ReceiptLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptLine")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
