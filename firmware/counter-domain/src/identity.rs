//! Who somebody is, where no document with a photograph shows it: two documents without one
//! (本人確認書類２点). One of them at least was issued by a public office; two of the others, which
//! anybody may have got hold of together, prove too little.

use thiserror::Error;

/// How much a document without a photograph proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Issued by a public office or an insurer.
    Official,
    /// Issued by somebody else.
    Other,
}

/// Documents without a photograph that count, as they are recorded and printed.
pub const WITHOUT_PHOTO: [(&str, Weight); 12] = [
    ("健康保険の資格確認書", Weight::Official),
    ("介護保険被保険者証", Weight::Official),
    ("年金手帳・基礎年金番号通知書", Weight::Official),
    ("年金証書", Weight::Official),
    ("子ども医療証などの医療証", Weight::Official),
    ("児童扶養手当証書", Weight::Official),
    ("生活保護受給者証", Weight::Official),
    ("学生証（写真なし）", Weight::Other),
    ("社員証（写真なし）", Weight::Other),
    ("預金通帳・キャッシュカード", Weight::Other),
    ("納税通知書・公共料金の領収書", Weight::Other),
    ("診察券", Weight::Other),
];

/// Why two documents do not prove who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TwoPapersError {
    /// The same document is named twice.
    #[error("the same document is named twice")]
    Same,
    /// Neither was issued by a public office.
    #[error("neither document was issued by a public office")]
    NeitherOfficial,
    /// A document that does not count.
    #[error("a document that does not count")]
    Unknown,
}

impl TwoPapersError {
    /// What to do now.
    pub fn advice_ja(self) -> &'static str {
        match self {
            Self::Same => "同じ書類です。別の書類をもう1点見せてもらってください。",
            Self::NeitherOfficial => {
                "官公署や保険者が出した書類が1点は要ります。なければ「口頭での質問（後日通知）」にしてください。"
            }
            Self::Unknown => "一覧にある書類を選んでください。",
        }
    }
}

/// Whether two documents without a photograph prove who somebody is.
///
/// # Errors
/// See [`TwoPapersError`].
pub fn two_papers(first: &str, second: &str) -> Result<(), TwoPapersError> {
    let weight = |name: &str| {
        let found = WITHOUT_PHOTO.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, weight)| *weight)
            .ok_or(TwoPapersError::Unknown)
    };
    let weights = [weight(first)?, weight(second)?];
    if first == second {
        return Err(TwoPapersError::Same);
    }
    if weights.contains(&Weight::Official) {
        Ok(())
    } else {
        Err(TwoPapersError::NeitherOfficial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_documents_is_a_public_offices() {
        for (first, second, expected) in [
            ("介護保険被保険者証", "年金証書", Ok(())),
            ("診察券", "年金証書", Ok(())),
            ("年金証書", "預金通帳・キャッシュカード", Ok(())),
            (
                "診察券",
                "学生証（写真なし）",
                Err(TwoPapersError::NeitherOfficial),
            ),
            ("年金証書", "年金証書", Err(TwoPapersError::Same)),
            ("年金証書", "名刺", Err(TwoPapersError::Unknown)),
        ] {
            assert_eq!(two_papers(first, second), expected, "{first} {second}");
        }
    }
}
