//! Character identification (文字同定): which glyph is meant by what was written.

use crate::glyph::Glyph;
use crate::private_code::MjPlus;
use crate::tables::Characters;
use crate::written::{Written, is_ideograph, is_private, is_selector};

/// What the tables say about one written character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'t> {
    /// Exactly this glyph.
    Glyph(&'t Glyph),
    /// Kana, Latin letters, digits, punctuation: the code point says all.
    Plain,
    /// A sequence of a collection other than the MJ table's. Most fonts would draw the bare
    /// character and say nothing; the form meant must be found by a person.
    OtherCollection(Collection),
    /// A selector that no Japanese collection has registered with this character.
    UnknownSequence,
    /// A character that the city's own repertoire adds to the MJ table, and that the city's font
    /// has ([`Characters::with_added`]).
    MjPlus(MjPlus),
    /// A private-use code point: means something only where it was written.
    PrivateUse,
    /// An ideograph that the MJ table does not have.
    OutsideTable,
    /// A control character or a selector that stands alone.
    NotACharacter,
}

/// A collection of the Ideographic Variation Database besides `Moji_Joho`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// `Hanyo-Denshi`.
    HanyoDenshi,
    /// `Adobe-Japan1`.
    AdobeJapan1,
}

impl Collection {
    /// Its registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::HanyoDenshi => "Hanyo-Denshi",
            Self::AdobeJapan1 => "Adobe-Japan1",
        }
    }
}

impl Characters {
    /// Says which glyph `character` is.
    pub fn identify(&self, character: Written) -> Identity<'_> {
        let Written { base, selector } = character;
        if is_selector(base) || base.is_control() {
            return Identity::NotACharacter;
        }
        if is_private(base) {
            let added =
                MjPlus::of(base).filter(|added| selector.is_none() && self.has_added(*added));
            return added.map_or(Identity::PrivateUse, Identity::MjPlus);
        }
        let Some(selector) = selector else {
            return self.plain(base);
        };
        if let Some(glyph) = self
            .forms(base)
            .find(|glyph| glyph.code_point == Some(base) && glyph.selector == Some(selector))
        {
            return Identity::Glyph(glyph);
        }
        match self.sequence(base, selector) {
            Some(sequence) if sequence.hanyo_denshi => {
                Identity::OtherCollection(Collection::HanyoDenshi)
            }
            Some(sequence) if sequence.adobe_japan1 => {
                Identity::OtherCollection(Collection::AdobeJapan1)
            }
            Some(_) | None => Identity::UnknownSequence,
        }
    }

    fn plain(&self, base: char) -> Identity<'_> {
        match self.forms(base).find(|glyph| glyph.plain == Some(base)) {
            Some(glyph) => Identity::Glyph(glyph),
            None if is_ideograph(base) => Identity::OutsideTable,
            None => Identity::Plain,
        }
    }
}
