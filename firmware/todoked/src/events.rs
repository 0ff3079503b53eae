//! The events a counter takes, as data: what each is called, its steps, its fields and its form.
//!
//! One table, `texts/events.toml`. Nothing else in the daemon knows one event from another, except
//! the rules of the law in `counter-domain`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use counter_api::Step;
use serde::Deserialize;

use crate::fields::{FieldDef, When, fields};
use crate::texts::Both;

/// The event a counter begins with when nobody chose one.
pub const FIRST: (&str, &str) = ("move_in", "card");

/// Where a reception begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// With a card on the reader.
    Card,
    /// With the household in the resident copy.
    Copy,
    /// With what is typed.
    #[default]
    Hand,
}

/// What staff tick for each person of a household of which only a part is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What a person it concerns is called.
    #[serde(rename = "move")]
    pub moves: String,
    /// What the others are called.
    pub stay: String,
    /// The fact of the guide that is the same thing, for example `newborn`.
    #[serde(default)]
    pub fact: Option<String>,
}

/// Where values of the resident copy go, by the last part of the path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyTo {
    /// Paths the household's address goes to.
    #[serde(default)]
    pub address: Vec<String>,
    /// Paths the name of its head goes to.
    #[serde(default)]
    pub head: Vec<String>,
    /// Fields of each member the relation goes to.
    #[serde(default)]
    pub relation: Vec<String>,
}

/// One event with how it is filed.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says a thing of its own about an event, as the table of events does"
)]
pub struct Plan {
    /// What stands in `event.type`.
    pub code: String,
    /// What stands in `event.flow`; may be empty.
    pub flow: String,
    /// Its name.
    pub name: Both,
    /// The button below its group.
    pub short: String,
    /// The form that is signed.
    pub form: String,
    /// The form that is signed where nobody it concerns is a foreign resident, if it is another.
    pub form_japanese: Option<String>,
    /// Where it begins.
    pub start: Start,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What staff tick per person, where a part of a household may be concerned.
    pub mark: Option<Mark>,
    /// Its day may lie ahead.
    pub ahead: bool,
    /// Households are shown before and after.
    pub sides: bool,
    /// It concerns everybody until staff say otherwise.
    pub everybody: bool,
    /// Procedures are picked that somebody came for alone.
    pub picks: bool,
    /// Where the resident copy goes.
    pub copy: CopyTo,
    /// What is filled in when it is chosen.
    pub defaults: BTreeMap<String, String>,
    of_the_move: Vec<FieldDef>,
    of_a_member: Vec<FieldDef>,
    /// Paths of those that are asked beside the certificates.
    in_request: BTreeSet<String>,
    /// Paths of those that are asked where identity is checked.
    at_identity: BTreeSet<String>,
}

impl Plan {
    /// A plan without fields, for a table that cannot be read, which a test would have found.
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Plan> = LazyLock::new(|| Plan {
            code: String::new(),
            flow: String::new(),
            name: Both {
                ja: String::new(),
                en: String::new(),
            },
            short: String::new(),
            form: String::new(),
            form_japanese: None,
            start: Start::Hand,
            steps: STEPS.to_vec(),
            mark: None,
            ahead: false,
            sides: false,
            everybody: true,
            picks: false,
            copy: CopyTo::default(),
            defaults: BTreeMap::new(),
            of_the_move: Vec::new(),
            of_a_member: Vec::new(),
            in_request: BTreeSet::new(),
            at_identity: BTreeSet::new(),
        });
        &NONE
    }

    /// Its fields that are about nobody in particular, in order.
    pub fn of_the_move(&self) -> impl Iterator<Item = &FieldDef> {
        self.of_the_move.iter()
    }

    /// Whether a field is asked beside the certificates rather than before them.
    pub fn is_in_request(&self, def: &FieldDef) -> bool {
        self.in_request.contains(&def.path)
    }

    /// Whether a field is asked where identity is checked.
    pub fn is_at_identity(&self, def: &FieldDef) -> bool {
        self.at_identity.contains(&def.path)
    }

    /// Its fields of each person, in order.
    pub fn of_a_member(&self) -> impl Iterator<Item = &FieldDef> {
        self.of_a_member.iter()
    }

    /// Its definition for a path such as `member.2.name`.
    pub fn find(&self, path: &str) -> Option<&FieldDef> {
        let mut all = self.of_the_move.iter().chain(&self.of_a_member);
        all.find(|def| def.is_at(path))
    }

    /// Whether certificates are asked for.
    pub fn asks_for_certificates(&self) -> bool {
        self.is_request() && !self.picks
    }

    /// Whether something is asked for and no record changes.
    pub fn is_request(&self) -> bool {
        self.steps.contains(&Step::Request)
    }
}

/// A group of events, as offered.
#[derive(Debug)]
pub struct Group {
    /// Its name.
    pub name: Both,
    /// Its events, by place in the table.
    pub plans: Vec<usize>,
}

/// The table.
#[derive(Debug, Default)]
pub struct Events {
    /// Groups in the order offered.
    pub groups: Vec<Group>,
    plans: Vec<Plan>,
}

static EVENTS: LazyLock<Events> =
    LazyLock::new(|| Events::parse(include_str!("../texts/events.toml")).unwrap_or_default());

/// The table.
pub fn events() -> &'static Events {
    &EVENTS
}

impl Events {
    /// The plan of an event and its flow; that of the event alone when the flow has none of its own.
    pub fn plan(&self, code: &str, flow: &str) -> Option<&Plan> {
        let of_event = || self.plans.iter().filter(|plan| plan.code == code);
        of_event()
            .find(|plan| plan.flow == flow)
            .or_else(|| of_event().next())
    }

    /// The plan a button of a group stands for.
    pub fn offered(&self, place: usize) -> Option<&Plan> {
        self.plans.get(place)
    }

    /// Name of an event; `None` when the table does not have it.
    pub fn name(&self, code: &str) -> Option<&Both> {
        self.name_of(code, "")
    }

    /// Name of an event that is called otherwise with one of its flows.
    pub fn name_of(&self, code: &str, flow: &str) -> Option<&Both> {
        self.plan(code, flow).map(|plan| &plan.name)
    }

    /// Reads the table. `None` when something in it does not fit together, which a test would say.
    fn parse(text: &str) -> Option<Self> {
        let file: File = toml::from_str(text).ok()?;
        let mut rows: Vec<Row> = Vec::new();
        for row in file.event {
            let base = match &row.same_as {
                None => None,
                Some(key) => Some(rows.iter().find(|known| known.key() == *key)?),
            };
            rows.push(row.over(base));
        }
        let groups = file.group.into_iter().map(|group| {
            let place = |key: &String| rows.iter().position(|row| row.key() == *key);
            Some(Group {
                name: Both {
                    ja: group.ja,
                    en: group.en,
                },
                plans: group.events.iter().map(place).collect::<Option<_>>()?,
            })
        });
        let groups = groups.collect::<Option<_>>()?;
        let plans = rows.into_iter().map(|row| row.plan(&file.sets));
        Some(Self {
            groups,
            plans: plans.collect::<Option<_>>()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<GroupRow>,
    sets: BTreeMap<String, Vec<String>>,
    event: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupRow {
    ja: String,
    en: String,
    events: Vec<String>,
}

/// An event as written; what is not written is as in `same_as`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    #[serde(default)]
    flow: String,
    ja: String,
    en: String,
    short: String,
    same_as: Option<String>,
    form: Option<String>,
    form_japanese: Option<String>,
    start: Option<Start>,
    steps: Option<Vec<Step>>,
    part: Option<bool>,
    ahead: Option<bool>,
    sides: Option<bool>,
    everybody: Option<bool>,
    picks: Option<bool>,
    mark: Option<Mark>,
    fields: Option<Vec<String>>,
    #[serde(default)]
    request: Vec<String>,
    identity: Option<Vec<String>>,
    member: Option<Vec<String>>,
    copy: Option<CopyTo>,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    labels: BTreeMap<String, Both>,
}

/// The steps of an event that changes a record.
const STEPS: [Step; 7] = [
    Step::Documents,
    Step::Household,
    Step::Questions,
    Step::Procedures,
    Step::Identity,
    Step::Sign,
    Step::Finish,
];

/// What is asked where identity is checked, unless an event says otherwise.
const AT_IDENTITY: [&str; 3] = ["identity.paper.1", "identity.paper.2", "proof.authority"];

impl Row {
    /// `move_in/card`, or `birth`.
    fn key(&self) -> String {
        if self.flow.is_empty() {
            self.code.clone()
        } else {
            [self.code.as_str(), &self.flow].join("/")
        }
    }

    fn over(self, base: Option<&Self>) -> Self {
        let Some(base) = base.cloned() else {
            return self;
        };
        let mut labels = base.labels;
        labels.extend(self.labels);
        let mut defaults = base.defaults;
        defaults.extend(self.defaults);
        Self {
            form: self.form.or(base.form),
            form_japanese: self.form_japanese.or(base.form_japanese),
            start: self.start.or(base.start),
            steps: self.steps.or(base.steps),
            part: self.part.or(base.part),
            ahead: self.ahead.or(base.ahead),
            sides: self.sides.or(base.sides),
            everybody: self.everybody.or(base.everybody),
            picks: self.picks.or(base.picks),
            mark: self.mark.or(base.mark),
            fields: self.fields.or(base.fields),
            identity: self.identity.or(base.identity),
            member: self.member.or(base.member),
            copy: self.copy.or(base.copy),
            labels,
            defaults,
            ..self
        }
    }

    fn plan(self, sets: &BTreeMap<String, Vec<String>>) -> Option<Plan> {
        let ahead = self.ahead.unwrap_or(false);
        let everybody = self.everybody.unwrap_or(self.mark.is_none());
        let defs = |paths: Option<Vec<String>>| -> Option<Vec<FieldDef>> {
            let mut found: Vec<FieldDef> = Vec::new();
            for written in expanded(&paths?, sets)? {
                let def = self.field(&written, ahead)?;
                match found.iter_mut().find(|known| known.path == def.path) {
                    Some(known) => known.required |= def.required,
                    None => found.push(def),
                }
            }
            Some(found)
        };
        let mark = || Mark {
            moves: crate::texts::word("mark", "moves"),
            stay: crate::texts::word("mark", "stays"),
            fact: None,
        };
        let mark = match (self.part.unwrap_or(false), self.mark.clone()) {
            (false, _) => None,
            (true, written) => Some(written.unwrap_or_else(mark)),
        };
        let in_request = expanded(&self.request, sets)?;
        let at_identity = match &self.identity {
            Some(paths) => expanded(paths, sets)?,
            None => AT_IDENTITY.map(str::to_owned).to_vec(),
        };
        let of_the_move = self.fields.clone().map(|mut paths| {
            paths.extend(in_request.iter().chain(&at_identity).cloned());
            paths
        });
        let of_the_move = defs(of_the_move)?;
        Some(Plan {
            of_the_move: without_what_stays(of_the_move),
            in_request: in_request.into_iter().collect(),
            at_identity: at_identity.into_iter().collect(),
            of_a_member: defs(self.member.clone())?,
            form: self.form?,
            form_japanese: self.form_japanese,
            start: self.start.unwrap_or_default(),
            steps: self.steps.unwrap_or_else(|| STEPS.to_vec()),
            mark,
            ahead,
            sides: self.sides.unwrap_or(true),
            everybody,
            picks: self.picks.unwrap_or(false),
            copy: self.copy.unwrap_or_default(),
            defaults: self.defaults,
            code: self.code,
            flow: self.flow,
            name: Both {
                ja: self.ja,
                en: self.en,
            },
            short: self.short,
        })
    }

    /// The definition of a written path, as this event has it.
    fn field(&self, written: &str, ahead: bool) -> Option<FieldDef> {
        let path = written.trim_end_matches('!');
        let mut def = fields().all().find(|def| def.path == path)?.clone();
        // What is asked only sometimes says itself whether it must be filled then.
        def.required = written.ends_with('!') || (def.required && def.when != When::Always);
        if path == "event.date" && ahead {
            def.past = false;
        }
        if let Some(label) = self.labels.get(path) {
            def.label = label.clone();
        }
        Some(def)
    }
}

/// An address and a head of which the event has no former one stay as they are.
fn without_what_stays(mut defs: Vec<FieldDef>) -> Vec<FieldDef> {
    let has = |path: &str| defs.iter().any(|def| def.path == path);
    let moves = has("address.old");
    let head_changes = moves || has("head.old");
    for def in &mut defs {
        match def.path.as_str() {
            "address.new" | "address.new.building" => def.changes &= moves,
            "head.new" => def.changes &= head_changes,
            _ => {}
        }
    }
    defs
}

/// Paths with their sets written out.
fn expanded(paths: &[String], sets: &BTreeMap<String, Vec<String>>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for path in paths {
        match path.strip_prefix('@') {
            Some(set) => found.extend(sets.get(set)?.iter().cloned()),
            None => found.push(path.clone()),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use counter_domain::event::Event;

    #[test]
    fn the_table_fits_together_and_its_events_are_of_the_law() {
        let table = Events::parse(include_str!("../texts/events.toml")).expect("the table");
        assert!(!table.groups.is_empty());
        for plan in &table.plans {
            assert!(Event::from_code(&plan.code).is_some(), "{}", plan.code);
            assert_eq!(plan.steps.last(), Some(&Step::Finish));
            assert!(plan.find("member.1.name").is_some(), "{}", plan.code);
        }
        let offered = table.groups.iter().flat_map(|group| &group.plans);
        assert_eq!(offered.count(), table.plans.len(), "each is offered once");
    }

    #[test]
    fn every_event_of_the_law_is_in_the_table() {
        let missing: Vec<&str> = Event::all()
            .map(Event::code)
            .filter(|code| events().name(code).is_none())
            .collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn an_address_changes_only_where_there_was_another() {
        let changes = |event: &str, path: &str| {
            let plan = events().plan(event, "").expect("a plan");
            plan.find(path).is_some_and(|def| def.changes)
        };
        assert!(changes("move_within", "address.new") && changes("move_within", "head.new"));
        assert!(changes("hh_head", "head.new") && !changes("hh_head", "address.new"));
        for event in ["birth", "relation_change", "correction", "cancel"] {
            assert!(!changes(event, "address.new"), "{event}");
            assert!(!changes(event, "head.new"), "{event}");
        }
    }

    #[test]
    fn what_is_the_same_is_written_once() {
        let paper = events().plan("move_in", "paper").expect("a plan");
        let card = events().plan("move_in", "card").expect("a plan");
        assert_eq!(paper.form, card.form);
        let out = events().plan("move_out_abroad", "").expect("a plan");
        let label = |path: &str| out.find(path).map(|def| def.label.ja.clone());
        assert_eq!(label("event.date").as_deref(), Some("出国予定日"));
        assert_eq!(label("head.old").as_deref(), Some("今の世帯主"));
        assert!(out.find("event.date").is_some_and(|def| !def.past));
    }
}
