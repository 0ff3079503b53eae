//! Separator sheets (仕切り紙): which kind of paper follows in a stack on the scanner.

/// What begins the code on a separator sheet.
const MARK: &str = "TDKS1-";

/// A kind of paper in a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackedPaper {
    /// Move-out certificate (転出証明書).
    MoveOutCertificate,
    /// Letter of proxy (委任状).
    ProxyLetter,
    /// Copy of an identity document (本人確認書類の写し).
    Identity,
    /// Anything else that belongs to the case.
    Other,
}

impl StackedPaper {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::MoveOutCertificate,
        Self::ProxyLetter,
        Self::Identity,
        Self::Other,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MoveOutCertificate => "move-out-certificate",
            Self::ProxyLetter => "proxy-letter",
            Self::Identity => "identity",
            Self::Other => "other",
        }
    }

    /// The text of the code on its separator sheet: short, so that its bars are wide.
    pub fn code(self) -> String {
        let letter = match self {
            Self::MoveOutCertificate => "M",
            Self::ProxyLetter => "P",
            Self::Identity => "I",
            Self::Other => "O",
        };
        [MARK, letter].concat()
    }

    /// The kind that a code announces; `None` for any other code.
    pub fn announced_by(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.code() == code.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_announced_by_its_own_code_and_by_no_other() {
        for kind in StackedPaper::ALL {
            assert_eq!(StackedPaper::announced_by(&kind.code()), Some(kind));
        }
        for foreign in ["TDKS1-", "TDKS2-O", "O", "TDKS1-OO", ""] {
            assert_eq!(StackedPaper::announced_by(foreign), None, "{foreign}");
        }
    }
}
