//! The events a counter takes (`domain.md` D.2): who must file, when, and what each needs.

use std::fmt;

/// What happened to the residents (異動).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// 転入.
    MoveIn,
    /// 国外転入.
    MoveInAbroad,
    /// 転出.
    MoveOut,
    /// 国外転出.
    MoveOutAbroad,
    /// 転居.
    MoveWithin,
    /// 世帯主変更.
    HeadChange,
    /// 世帯分離.
    HouseholdSplit,
    /// 世帯合併.
    HouseholdMerge,
    /// 世帯構成変更.
    HouseholdChange,
    /// 続柄変更.
    RelationChange,
    /// 中長期在留者等となった.
    BecomingMidLong,
    /// 出生.
    Birth,
    /// 死亡.
    Death,
    /// 婚姻.
    Marriage,
    /// 離婚.
    Divorce,
    /// 養子縁組.
    Adoption,
    /// 養子離縁.
    AdoptionDissolved,
    /// 認知.
    Acknowledgement,
    /// 転籍.
    DomicileTransfer,
    /// 氏名変更.
    NameChange,
    /// 国籍取得・帰化.
    NationalityAcquired,
    /// 国籍喪失.
    NationalityLost,
    /// 住居表示実施・町名地番変更.
    AddressRenamed,
    /// 更正・職権修正.
    Correction,
    /// 異動取消.
    Cancellation,
    /// 個別手続き.
    Request,
}

/// When an event may be filed, seen from the day it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filing {
    /// Only on the day or later, within so many days (住基法).
    AfterWithin(u16),
    /// Before it happens; later at the latest within so many days.
    BeforeOrWithin(u16),
    /// On the day or later, within so many days counted with the first (戸籍法43条).
    RegisterWithin(u16),
    /// It takes effect by being filed, or has no day.
    AnyDay,
}

/// Events with code, law and when they are filed.
const EVENTS: [(Event, &str, &str, Filing); 26] = [
    (
        Event::MoveIn,
        "move_in",
        "住基法22条",
        Filing::AfterWithin(14),
    ),
    (
        Event::MoveInAbroad,
        "move_in_abroad",
        "住基法22条・30条の46",
        Filing::AfterWithin(14),
    ),
    (
        Event::MoveOut,
        "move_out",
        "住基法24条",
        Filing::BeforeOrWithin(14),
    ),
    (
        Event::MoveOutAbroad,
        "move_out_abroad",
        "住基法24条",
        Filing::BeforeOrWithin(14),
    ),
    (
        Event::MoveWithin,
        "move_within",
        "住基法23条",
        Filing::AfterWithin(14),
    ),
    (
        Event::HeadChange,
        "hh_head",
        "住基法25条",
        Filing::AfterWithin(14),
    ),
    (
        Event::HouseholdSplit,
        "hh_split",
        "住基法25条",
        Filing::AfterWithin(14),
    ),
    (
        Event::HouseholdMerge,
        "hh_merge",
        "住基法25条",
        Filing::AfterWithin(14),
    ),
    (
        Event::HouseholdChange,
        "hh_change",
        "住基法25条",
        Filing::AfterWithin(14),
    ),
    (
        Event::RelationChange,
        "relation_change",
        "住基法30条の48",
        Filing::AfterWithin(14),
    ),
    (
        Event::BecomingMidLong,
        "becoming_midlong",
        "住基法30条の47",
        Filing::AfterWithin(14),
    ),
    (
        Event::Birth,
        "birth",
        "戸籍法49条",
        Filing::RegisterWithin(14),
    ),
    (
        Event::Death,
        "death",
        "戸籍法86条",
        Filing::RegisterWithin(7),
    ),
    (Event::Marriage, "marriage", "戸籍法74条", Filing::AnyDay),
    (Event::Divorce, "divorce", "戸籍法76条", Filing::AnyDay),
    (Event::Adoption, "adoption", "戸籍法66条", Filing::AnyDay),
    (
        Event::AdoptionDissolved,
        "adoption_dissolve",
        "戸籍法70条",
        Filing::AnyDay,
    ),
    (
        Event::Acknowledgement,
        "acknowledgement",
        "戸籍法60条",
        Filing::AnyDay,
    ),
    (
        Event::DomicileTransfer,
        "koseki_transfer",
        "戸籍法108条",
        Filing::AnyDay,
    ),
    (
        Event::NameChange,
        "name_change",
        "戸籍法107条",
        Filing::AnyDay,
    ),
    (
        Event::NationalityAcquired,
        "nationality_acquire",
        "戸籍法102条",
        Filing::AnyDay,
    ),
    (
        Event::NationalityLost,
        "nationality_loss",
        "戸籍法103条",
        Filing::AnyDay,
    ),
    (
        Event::AddressRenamed,
        "addr_rename",
        "住居表示法",
        Filing::AnyDay,
    ),
    (Event::Correction, "correction", "住基法8条", Filing::AnyDay),
    (Event::Cancellation, "cancel", "住基法8条", Filing::AnyDay),
    (Event::Request, "request", "", Filing::AnyDay),
];

impl Event {
    /// All events.
    pub fn all() -> impl Iterator<Item = Self> {
        EVENTS.iter().map(|(event, _, _, _)| *event)
    }

    fn row(self) -> Option<&'static (Self, &'static str, &'static str, Filing)> {
        EVENTS.iter().find(|(event, _, _, _)| *event == self)
    }

    /// Its code in facts and drafts, for example `move_in`.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |(_, code, _, _)| code)
    }

    /// The event of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        let found = EVENTS.iter().find(|(_, known, _, _)| *known == code)?;
        Some(found.0)
    }

    /// The law that asks for it.
    pub fn law(self) -> &'static str {
        self.row().map_or("", |(_, _, law, _)| law)
    }

    /// When it may be filed.
    pub fn filing(self) -> Filing {
        self.row()
            .map_or(Filing::AnyDay, |(_, _, _, filing)| *filing)
    }

    /// Whether somebody comes to live in the city.
    pub fn comes_in(self) -> bool {
        matches!(self, Self::MoveIn | Self::MoveInAbroad)
    }

    /// Whether somebody leaves the city.
    pub fn goes_out(self) -> bool {
        matches!(self, Self::MoveOut | Self::MoveOutAbroad)
    }

    /// Whether the draft needs a new address.
    pub fn needs_new_address(self) -> bool {
        self.comes_in() || self.goes_out() || self == Self::MoveWithin
    }

    /// Whether the draft needs the address before the event.
    pub fn needs_old_address(self) -> bool {
        self.needs_new_address()
    }

    /// Whether members it does not concern live in another household afterwards.
    pub fn parts_a_household(self) -> bool {
        self.goes_out()
            || matches!(
                self,
                Self::MoveWithin | Self::HouseholdSplit | Self::HouseholdChange
            )
    }

    /// Whether only members of one address change households (世帯変更).
    pub fn changes_households(self) -> bool {
        matches!(
            self,
            Self::HeadChange | Self::HouseholdSplit | Self::HouseholdMerge | Self::HouseholdChange
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
