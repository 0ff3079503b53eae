//! What a new edition of the dictionary changes: renamed, merged, new and abolished places.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::dictionary::{Addresses, Municipality, Town};

/// Share of an abolished municipality's towns that must stand in another one for it to count as
/// merged into it.
const MERGED_PERCENT: usize = 50;

/// The differences between two editions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Editions compared.
    pub editions: (String, String),
    /// Municipalities with a new name: old, new.
    pub renamed: Vec<(String, String)>,
    /// Municipalities that are gone, and what they were merged into.
    pub abolished: Vec<(String, Option<String>)>,
    /// New municipalities.
    pub created: Vec<String>,
    /// Towns with a new name (same municipality and postal codes): old, new.
    pub towns_renamed: Vec<(String, String)>,
    /// Towns that are gone from a municipality that stays.
    pub towns_gone: Vec<String>,
    /// New towns of a municipality that stays.
    pub towns_created: Vec<String>,
    /// How many 小字 of towns that stay are new and gone.
    pub koaza: (usize, usize),
}

/// An edition by code: the municipality with its towns by name.
type Edition<'a> = BTreeMap<u32, (&'a Municipality, BTreeMap<&'a str, &'a Town>)>;

fn edition(addresses: &Addresses) -> Edition<'_> {
    let mut edition = Edition::new();
    for (place, one) in (0..).zip(addresses.municipalities()) {
        if one.is_abolished() {
            continue;
        }
        let towns = addresses.towns_of(place);
        let towns = towns.map(|(_, town)| (town.name.as_str(), town));
        edition.insert(one.code, (one, towns.collect()));
    }
    edition
}

impl Report {
    /// Compares two editions.
    pub fn between(old: &Addresses, new: &Addresses) -> Self {
        let mut report = Self {
            editions: (old.edition().to_owned(), new.edition().to_owned()),
            ..Self::default()
        };
        let (before, after) = (edition(old), edition(new));
        for (code, (one, towns)) in &before {
            match after.get(code) {
                None => {
                    let into = merged_into(towns, &before, &after, code / 1000);
                    report.abolished.push((one.full_name(), into));
                }
                Some((now, towns_now)) => {
                    if now.full_name() != one.full_name() {
                        report.renamed.push((one.full_name(), now.full_name()));
                    }
                    report.towns(now, towns, towns_now);
                }
            }
        }
        let created = after.iter().filter(|(code, _)| !before.contains_key(code));
        report.created = created.map(|(_, (one, _))| one.full_name()).collect();
        report
    }

    fn towns(
        &mut self,
        of: &Municipality,
        before: &BTreeMap<&str, &Town>,
        after: &BTreeMap<&str, &Town>,
    ) {
        let only_in = |one: &BTreeMap<&str, &Town>, other: &BTreeMap<&str, &Town>| {
            let names = one.keys().filter(|name| !other.contains_key(**name));
            names
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<String>>()
        };
        for (town, now) in before
            .iter()
            .filter_map(|(name, town)| Some((town, after.get(name)?)))
        {
            let names = |town: &Town| -> BTreeSet<String> {
                town.koaza.iter().map(|one| one.name.clone()).collect()
            };
            let (old, new) = (names(town), names(now));
            self.koaza.0 += new.difference(&old).count();
            self.koaza.1 += old.difference(&new).count();
        }
        let mut gone = only_in(before, after);
        let mut created = only_in(after, before);
        let name = of.full_name();
        for old in gone.clone() {
            let codes = before.get(old.as_str()).map(|town| &town.postal_codes);
            let mut same = created
                .iter()
                .filter(|new| after.get(new.as_str()).map(|town| &town.postal_codes) == codes);
            if let (Some(new), None) = (same.next().cloned(), same.next()) {
                gone.remove(&old);
                created.remove(&new);
                self.towns_renamed
                    .push((format!("{name}{old}"), format!("{name}{new}")));
            }
        }
        self.towns_gone
            .extend(gone.iter().map(|town| format!("{name}{town}")));
        self.towns_created
            .extend(created.iter().map(|town| format!("{name}{town}")));
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        let Self {
            editions: _,
            renamed,
            abolished,
            created,
            towns_renamed,
            towns_gone,
            towns_created,
            koaza,
        } = self;
        renamed.is_empty()
            && abolished.is_empty()
            && created.is_empty()
            && towns_renamed.is_empty()
            && towns_gone.is_empty()
            && towns_created.is_empty()
            && *koaza == (0, 0)
    }
}

/// The municipality of the prefecture that has most of these towns now and had them not before.
fn merged_into(
    towns: &BTreeMap<&str, &Town>,
    before: &Edition<'_>,
    after: &Edition<'_>,
    prefecture: u32,
) -> Option<String> {
    let same = after.range(prefecture * 1000..(prefecture + 1) * 1000);
    let shared = same.map(|(code, (one, now))| {
        let had = before.get(code).map(|(_, towns)| towns);
        let came = towns
            .keys()
            .filter(|name| now.contains_key(**name))
            .filter(|name| had.is_none_or(|had| !had.contains_key(**name)));
        (came.count(), one.full_name())
    });
    let (count, name) = shared.max_by_key(|(count, _)| *count)?;
    (count * 100 >= towns.len() * MERGED_PERCENT && count > 0).then_some(name)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}", self.editions.0, self.editions.1)?;
        if self.is_empty() {
            return writeln!(f, "変わったところはありません");
        }
        for (old, into) in &self.abolished {
            match into {
                Some(into) => writeln!(f, "廃止（合併）　{old} → {into}")?,
                None => writeln!(f, "廃止　{old}")?,
            }
        }
        for (old, new) in &self.renamed {
            writeln!(f, "名称変更　{old} → {new}")?;
        }
        for one in &self.created {
            writeln!(f, "新設　{one}")?;
        }
        for (old, new) in &self.towns_renamed {
            writeln!(f, "町の名称変更　{old} → {new}")?;
        }
        for one in &self.towns_gone {
            writeln!(f, "町の廃止　{one}")?;
        }
        for one in &self.towns_created {
            writeln!(f, "新しい町　{one}")?;
        }
        writeln!(
            f,
            "市区町村　廃止 {}、名称変更 {}、新設 {}　　町　廃止 {}、名称変更 {}、新 {}　　小字　廃止 {}、新 {}",
            self.abolished.len(),
            self.renamed.len(),
            self.created.len(),
            self.towns_gone.len(),
            self.towns_renamed.len(),
            self.towns_created.len(),
            self.koaza.1,
            self.koaza.0
        )
    }
}
