//! What another system makes of a glyph: exactly it, a proposal, or nothing.

use serde::{Deserialize, Serialize};

use crate::glyph::Glyph;
use crate::identity::Identity;
use crate::tables::Characters;
use crate::written::Written;

/// A repertoire that a name may have to be expressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The standard repertoire of municipal systems (行政事務標準文字): the MJ table and what it adds,
    /// tagged.
    MjPlus,
    /// The MJ table itself, as a Unicode text with selectors of `Moji_Joho`.
    Mj,
    /// Unified characters of the resident network (住基ネット統一文字).
    ResidentNetwork,
    /// Unified characters of family registers (戸籍統一文字).
    FamilyRegister,
    /// JIS X 0213:2004, planes 1 and 2.
    JisX0213,
    /// Windows code page 932, with the extensions of NEC and IBM.
    Cp932,
    /// JIS X 0208, rows 1-8 and 16-84: what every printer with kanji has.
    JisX0208,
}

impl Target {
    /// All of them, the largest repertoire first.
    pub const ALL: [Self; 7] = [
        Self::MjPlus,
        Self::Mj,
        Self::ResidentNetwork,
        Self::FamilyRegister,
        Self::JisX0213,
        Self::Cp932,
        Self::JisX0208,
    ];

    /// Stable name for files and command lines.
    pub fn key(self) -> &'static str {
        match self {
            Self::MjPlus => "mj_plus",
            Self::Mj => "mj",
            Self::ResidentNetwork => "resident_network",
            Self::FamilyRegister => "family_register",
            Self::JisX0213 => "jis_x_0213",
            Self::Cp932 => "cp932",
            Self::JisX0208 => "jis_x_0208",
        }
    }
}

/// How a character fits into a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// The target has exactly this glyph, under this code.
    Exact(String),
    /// It does not, but the reduction map proposes characters that it has. A person chooses.
    Proposed(Vec<Proposal>),
    /// It has nothing for it: write it in kana, or hand it over as a picture.
    Missing,
}

/// One character proposed instead of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// The character.
    pub to: char,
    /// Who says so; the most binding first.
    pub source: Source,
}

/// The lists of the MJ reduction map, the most binding first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Unification rules of JIS and UCS (JIS包摂規準・UCS統合規則).
    Unification,
    /// Parent and standard characters of family registers (戸籍統一文字情報 親字・正字).
    FamilyRegister,
    /// Standard forms of the civil bureau (民二5202号通知別表 正字・俗字等対照表).
    StandardForms,
    /// Mistaken and common forms (民一2842号通達別表 誤字俗字・正字一覧表).
    CommonForms,
    /// Immigration table 4-1 (法務省告示582号別表第四 一).
    ImmigrationFirst,
    /// Immigration table 4-2 (法務省告示582号別表第四 二).
    ImmigrationSecond,
    /// Related characters of dictionaries (辞書類等による関連字).
    Dictionaries,
    /// Guessed from reading and shape (読み・字形による類推).
    Resemblance,
}

impl Source {
    /// Stable name for files and command lines.
    pub fn key(self) -> &'static str {
        match self {
            Self::Unification => "unification",
            Self::FamilyRegister => "family_register",
            Self::StandardForms => "standard_forms",
            Self::CommonForms => "common_forms",
            Self::ImmigrationFirst => "immigration_first",
            Self::ImmigrationSecond => "immigration_second",
            Self::Dictionaries => "dictionaries",
            Self::Resemblance => "resemblance",
        }
    }
}

impl Characters {
    /// How `character` fits into `target`.
    pub fn fit(&self, character: Written, target: Target) -> Fit {
        match self.identify(character) {
            Identity::Glyph(glyph) => self.fit_glyph(glyph, target),
            Identity::Plain => plain_code(character.base, target).map_or(Fit::Missing, Fit::Exact),
            Identity::MjPlus(added) if target == Target::MjPlus => Fit::Exact(added.to_string()),
            Identity::MjPlus(_)
            | Identity::OtherCollection(_)
            | Identity::UnknownSequence
            | Identity::PrivateUse
            | Identity::OutsideTable
            | Identity::NotACharacter => Fit::Missing,
        }
    }

    fn fit_glyph(&self, glyph: &Glyph, target: Target) -> Fit {
        if let Some(code) = exact_code(glyph, target) {
            return Fit::Exact(code);
        }
        let mut proposals: Vec<Proposal> = Vec::new();
        let mut ranked: Vec<_> = self.reductions(glyph).to_vec();
        ranked.sort_by_key(|reduction| (reduction.source, reduction.rank));
        for reduction in ranked {
            let known = proposals.iter().any(|proposal| proposal.to == reduction.to);
            if !known && self.has(reduction.to, target) {
                proposals.push(Proposal {
                    to: reduction.to,
                    source: reduction.source,
                });
            }
        }
        if proposals.is_empty() {
            Fit::Missing
        } else {
            Fit::Proposed(proposals)
        }
    }

    /// Whether `target` has the bare character `c`.
    fn has(&self, c: char, target: Target) -> bool {
        match self.identify(Written {
            base: c,
            selector: None,
        }) {
            Identity::Glyph(glyph) => exact_code(glyph, target).is_some(),
            Identity::Plain => plain_code(c, target).is_some(),
            Identity::MjPlus(_) => target == Target::MjPlus,
            Identity::OtherCollection(_)
            | Identity::UnknownSequence
            | Identity::PrivateUse
            | Identity::OutsideTable
            | Identity::NotACharacter => false,
        }
    }
}

fn exact_code(glyph: &Glyph, target: Target) -> Option<String> {
    match target {
        Target::MjPlus | Target::Mj => glyph.text().map(|_text| glyph.number.to_string()),
        Target::ResidentNetwork => glyph.resident_network.map(|code| format!("J+{code:04X}")),
        Target::FamilyRegister => glyph.family_register.map(|number| format!("{number:06}")),
        Target::JisX0213 => glyph.jis.map(|code| code.to_string()),
        // Both know code points only, so only the bare form of one can be meant by it.
        Target::Cp932 => glyph.plain.and_then(cp932),
        Target::JisX0208 => glyph.plain.and_then(jis_x_0208),
    }
}

/// Codes of what is not an ideograph. The unified characters of the resident network and of family
/// registers hold kana and letters under the code points of Unicode.
fn plain_code(c: char, target: Target) -> Option<String> {
    match target {
        Target::MjPlus | Target::Mj | Target::ResidentNetwork | Target::FamilyRegister => {
            is_sign(c).then(|| format!("U+{:04X}", u32::from(c)))
        }
        Target::JisX0213 | Target::JisX0208 => jis_x_0208(c),
        Target::Cp932 => cp932(c),
    }
}

/// Letters, kana and signs: no pictographs, and nothing that only steers the characters around it.
fn is_sign(c: char) -> bool {
    match c {
        '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF0}'.. => false,
        '\u{2600}'..='\u{27BF}' => jis_x_0208(c).is_some(),
        _ => !c.is_control(),
    }
}

fn cp932(c: char) -> Option<String> {
    let digits = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    cp932_of(c).map(digits)
}

/// The bytes of `c` in code page 932, without its user-defined cells.
pub(crate) fn cp932_of(c: char) -> Option<Vec<u8>> {
    let mut text = [0; 4];
    let (bytes, _, lossy) = encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut text));
    // The Windows table folds three characters into others (U+00A5, U+203E, U+2212).
    let (back, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(&bytes);
    let same = !lossy && back.chars().eq([c]);
    same.then(|| bytes.into_owned())
}

fn jis_x_0208(c: char) -> Option<String> {
    let mut text = [0; 4];
    let (bytes, _, lossy) = encoding_rs::EUC_JP.encode(c.encode_utf8(&mut text));
    let &[high, low] = bytes.as_ref() else {
        return None;
    };
    let (row, cell) = (high.checked_sub(0xA0)?, low.checked_sub(0xA0)?);
    // Row 13 and rows 89-92 are additions of NEC and IBM; 0x8E leads half-width kana.
    let standard = matches!(row, 1..=8 | 16..=84) && high != 0x8E;
    (!lossy && standard).then(|| format!("1-{row:02}-{cell:02}"))
}
