//! Choosing a character (文字同定) under a field of a reception.
//!
//! A name is stopped where the form's font cannot draw a character exactly; where a system that the
//! city hands names to lacks one, it is only said. In both cases staff see the character large and
//! the candidates, choose once, and the choice is a row of the case (`counter_domain`'s
//! `character_choice`) stored in the same step as the changed value. Nothing is replaced by itself.

mod candidates;
mod likeness;

use counter_api::{
    CharacterAction, CharacterCell, CharacterQuery, CharactersView, GlyphPicture, GlyphRow,
    Language, Notice,
};
use counter_characters::gaiji::{GAIJI_FORMAT, GAIJI_TABLES};
use counter_characters::{Fit, GaijiTables, Target, Written, written};
use counter_domain::character_choice::{
    CHARACTER_CHOICES, CHOICES_FORMAT, CharacterChoices, ChoiceSubject,
};
use counter_domain::draft::Source;
use counter_domain::ids::CaseId;
use counter_domain::protection::tells_where;

use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::fields::{Kind, fields};
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};
use candidates::Candidates;

/// Longer conditions are none.
const ASKED_CHARS_MAX: usize = 20;

/// The choice that is open. Lost with the process, and with the case.
#[derive(Debug, Default)]
pub(super) struct Chooser {
    case: Option<CaseId>,
    path: String,
    /// The value it was opened on; another one closes it.
    value: String,
    /// Place of the character looked at.
    at: usize,
    asked: CharacterQuery,
    picture: GlyphPicture,
    message: String,
    found: Vec<GlyphRow>,
}

/// What the city says about characters.
#[derive(Debug)]
pub(super) struct CityCharacters {
    version: Option<u64>,
    published: CharacterChoices,
    /// With those of the own cases, which head office may not have yet.
    pub(super) choices: CharacterChoices,
    /// The systems that names are handed to.
    pub(super) systems: Vec<Target>,
    gaiji_version: Option<u64>,
    /// Their private characters.
    gaiji: GaijiTables,
}

impl Default for CityCharacters {
    fn default() -> Self {
        Self {
            version: None,
            published: CharacterChoices::default(),
            choices: CharacterChoices::default(),
            // The hand-over file is written in it.
            systems: vec![Target::Cp932],
            gaiji_version: None,
            gaiji: GaijiTables::default(),
        }
    }
}

impl CityCharacters {
    /// The systems a city's settings name, by their keys; unknown ones are left out.
    pub(super) fn hand_names_to(&mut self, keys: &[serde_json::Value]) {
        let known = |key: &serde_json::Value| {
            let key = key.as_str()?;
            Target::ALL.into_iter().find(|target| target.key() == key)
        };
        self.systems = keys.iter().filter_map(known).collect();
    }

    /// Whether a system has a private character for exactly this one.
    fn has_private(&self, system: Target, one: Written) -> bool {
        let table = self.gaiji.of(system.key());
        table.is_some_and(|table| table.code_for(one).is_some())
    }
}

/// What is wanted of the character looked at.
enum Wanted {
    /// The glyph that is meant; it cannot be printed as written.
    Glyph(Written),
    /// What a system gets instead.
    InSystem(Target, Written),
    /// Another character in its place.
    Other,
    /// One more behind the last.
    More,
}

impl<R: Records> Desk<R> {
    pub(super) fn character_action(&mut self, action: CharacterAction) -> Result<(), Notice> {
        match action {
            CharacterAction::Open { path } => self.open_characters(&path),
            CharacterAction::Look { at } => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                self.look_at_character(at, CharacterQuery::default())
            }
            CharacterAction::Find { query } => {
                let too_long = [
                    &query.reading,
                    &query.strokes,
                    &query.radical,
                    &query.number,
                    &query.parts,
                ]
                .iter()
                .any(|text| text.chars().count() > ASKED_CHARS_MAX);
                if too_long {
                    return Err(notice(Code::FieldTooLong));
                }
                self.look_at_character(self.chooser.at, query)
            }
            CharacterAction::Take { text } => self.take_character(&text),
            CharacterAction::Close => {
                self.close_characters();
                Ok(())
            }
        }
    }

    pub(super) fn close_characters(&mut self) {
        self.chooser = Chooser::default();
    }

    /// Takes in what head office published, and what was chosen in cases of this counter.
    pub(super) fn load_choices(&mut self) {
        let version = self.records.dataset_version(CHARACTER_CHOICES);
        if version != self.city_characters.version
            && let Some((_, bytes)) = self.records.dataset(CHARACTER_CHOICES)
        {
            match serde_json::from_slice::<CharacterChoices>(&bytes) {
                Ok(choices) if choices.format == CHOICES_FORMAT => {
                    self.city_characters.published = choices;
                    self.city_characters.version = version;
                }
                Ok(_) => tracing::warn!("published characters are of a newer form"),
                Err(error) => tracing::error!(%error, "published characters not readable"),
            }
        }
        self.load_gaiji();
        let mut choices = self.city_characters.published.clone();
        choices.take_in(&self.records.character_choices());
        self.city_characters.choices = choices;
    }

    fn load_gaiji(&mut self) {
        let version = self.records.dataset_version(GAIJI_TABLES);
        if version == self.city_characters.gaiji_version {
            return;
        }
        let Some((_, bytes)) = self.records.dataset(GAIJI_TABLES) else {
            return;
        };
        match serde_json::from_slice::<GaijiTables>(&bytes) {
            Ok(tables) if tables.format == GAIJI_FORMAT => {
                self.city_characters.gaiji = tables;
                self.city_characters.gaiji_version = version;
            }
            Ok(_) => tracing::warn!("published private characters are of a newer form"),
            Err(error) => tracing::error!(%error, "published private characters not readable"),
        }
    }

    fn open_characters(&mut self, path: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let case = visit.case();
        let is_exact = fields()
            .find(path)
            .is_some_and(|def| def.kind == Kind::Exact);
        if !is_exact || self.is_hidden(visit, path) || self.characters.tables().is_none() {
            return Err(notice(Code::NotPossibleNow));
        }
        let value = visit.text(path).to_owned();
        self.load_choices();
        let visit = self.editable()?;
        let at = self.first_to_choose(visit, &value);
        self.chooser = Chooser {
            case: Some(case),
            path: path.to_owned(),
            value,
            ..Chooser::default()
        };
        self.look_at_character(at, CharacterQuery::default())
    }

    /// The place of the first character that cannot stay as it is, else behind the last one.
    fn first_to_choose(&self, visit: &Visit, value: &str) -> usize {
        let all: Vec<Written> = written(value).collect();
        let stopped = all.iter().position(|one| self.is_stopped(*one));
        let lacking = || {
            let lacks = |one: &Written| self.lacking(visit, *one).is_some();
            all.iter().position(lacks)
        };
        stopped.or_else(lacking).unwrap_or(all.len())
    }

    fn is_hidden(&self, visit: &Visit, path: &str) -> bool {
        tells_where(&path.into()) && !self.may_see_where(visit)
    }

    fn is_stopped(&self, one: Written) -> bool {
        one.base == identity_cards::GETA || self.glyphs.missing(&one.text()).is_some()
    }

    /// A system that names are handed to, which lacks the character and nobody chose another for.
    fn lacking(&self, visit: &Visit, one: Written) -> Option<Target> {
        let tables = self.characters.tables()?;
        let systems = self.city_characters.systems.iter().copied();
        let mut lacking = systems.filter(|system| {
            let fits = matches!(tables.fit(one, *system), Fit::Exact(_));
            if fits || self.city_characters.has_private(*system, one) {
                return false;
            }
            let subject = ChoiceSubject::in_system(system.key(), one.text());
            let decided = visit.draft().text(subject.path().as_str()).is_some()
                || self.city_characters.choices.in_force(&subject).is_some();
            !decided
        });
        lacking.next()
    }

    /// What staff are told under a field whose characters a system lacks.
    pub(super) fn lacking_in_words(&self, visit: &Visit, value: &str) -> String {
        let mut all = written(value).filter(|one| !self.is_stopped(*one));
        let found = all.find_map(|one| Some((one, self.lacking(visit, one)?)));
        found.map_or_else(String::new, |(one, system)| {
            let values = [
                ("text", one.text()),
                ("system", word("character_system", system.key())),
            ];
            let values = values
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            sentence("characters", "lacking", &values)
        })
    }

    /// Whether characters can be chosen under a field.
    pub(super) fn picks_characters(&self, visit: &Visit, path: &str) -> bool {
        visit.is_editable()
            && self.characters.tables().is_some()
            && fields()
                .find(path)
                .is_some_and(|def| def.kind == Kind::Exact)
            && !self.is_hidden(visit, path)
    }

    fn wanted(&self, visit: &Visit) -> Wanted {
        match written(&self.chooser.value).nth(self.chooser.at) {
            None => Wanted::More,
            Some(one) if self.is_stopped(one) => Wanted::Glyph(one),
            Some(one) => match self.lacking(visit, one) {
                Some(system) => Wanted::InSystem(system, one),
                None => Wanted::Other,
            },
        }
    }

    fn look_at_character(&mut self, at: usize, asked: CharacterQuery) -> Result<(), Notice> {
        let visit = self.editable()?;
        if self.chooser.case != Some(visit.case()) {
            return Err(notice(Code::NotPossibleNow));
        }
        self.chooser.at = at.min(written(&self.chooser.value).count());
        let visit = self.editable()?;
        let wanted = self.wanted(visit);
        let current = written(&self.chooser.value).nth(self.chooser.at);
        let candidates = Candidates {
            tables: self
                .characters
                .tables()
                .ok_or_else(|| notice(Code::NotPossibleNow))?,
            gate: self.glyphs.as_ref(),
            choices: &self.city_characters.choices,
        };
        let (found, message) = candidates.find(&wanted, current, &asked);
        let picture = current.map_or_else(GlyphPicture::default, |one| {
            self.glyphs.outline(&one.text())
        });
        self.chooser.found = found;
        self.chooser.message = message;
        self.chooser.picture = picture;
        self.chooser.asked = asked;
        Ok(())
    }

    /// Puts a candidate where the character stands, in one step with the row that says so. A
    /// character that cannot be printed is put right in every field that has it.
    fn take_character(&mut self, text: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let chooser = &self.chooser;
        let offered = chooser.found.iter().any(|row| row.text == text);
        if chooser.case != Some(visit.case())
            || visit.text(&chooser.path) != chooser.value
            || !offered
        {
            return Err(notice(Code::NotPossibleNow));
        }
        let path = chooser.path.clone();
        let changed = |value: &str, put: &dyn Fn(usize, Written) -> bool| -> String {
            written(value)
                .enumerate()
                .map(|(at, one)| {
                    if put(at, one) {
                        text.to_owned()
                    } else {
                        one.text()
                    }
                })
                .collect()
        };
        let mut entries = Vec::new();
        match self.wanted(visit) {
            Wanted::Glyph(old) if old.base != identity_cards::GETA => {
                for (place, value) in self.exact_values(visit) {
                    let now = changed(&value, &|_, one| one == old);
                    if now != value {
                        entries.push(Entry::text(place, now, Source::Staff));
                    }
                }
                let row = ChoiceSubject::glyph(old.text()).path();
                entries.push(Entry::text(row.0, text, Source::Staff));
            }
            Wanted::InSystem(system, old) => {
                let row = ChoiceSubject::in_system(system.key(), old.text()).path();
                entries.push(Entry::text(row.0, text, Source::Staff));
            }
            Wanted::Glyph(_) | Wanted::Other => {
                let now = changed(&chooser.value, &|at, _| at == chooser.at);
                entries.push(Entry::text(path.clone(), now, Source::Staff));
            }
            Wanted::More => {
                let now = [chooser.value.as_str(), text].concat();
                entries.push(Entry::text(path.clone(), now, Source::Staff));
            }
        }
        let elsewhere = entries
            .iter()
            .filter(|entry| fields().find(entry.path.as_str()).is_some() && entry.path.0 != path)
            .count();
        self.store(&entries)?;
        self.go_on_choosing(&path)?;
        if elsewhere > 0 {
            let count = elsewhere.to_string();
            let told = [("count", count.as_str())];
            self.notice = Some(notice_with(Code::CharacterTaken, Language::Japanese, &told));
        }
        Ok(())
    }

    /// Stays open while another character of the field needs a choice.
    fn go_on_choosing(&mut self, path: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let value = visit.text(path).to_owned();
        let next = self.first_to_choose(visit, &value);
        let is_done = next == written(&value).count();
        let was_adding = self.chooser.at == written(&self.chooser.value).count();
        if is_done && !was_adding {
            self.close_characters();
            return Ok(());
        }
        self.chooser.value = value;
        self.look_at_character(next, CharacterQuery::default())
    }

    /// Names and addresses of the case that may be seen here.
    fn exact_values(&self, visit: &Visit) -> Vec<(String, String)> {
        let rows = visit.draft().fields().filter_map(|(path, field)| {
            let def = fields().find(path.as_str())?;
            let text = field.shown.value.as_text()?;
            let takes_part = def.kind == Kind::Exact && !self.is_hidden(visit, path.as_str());
            takes_part.then(|| (path.0.clone(), text.to_owned()))
        });
        rows.collect()
    }

    pub(super) fn characters_view(&self, visit: &Visit) -> Option<CharactersView> {
        let chooser = &self.chooser;
        let is_open = chooser.case == Some(visit.case())
            && visit.is_editable()
            && visit.text(&chooser.path) == chooser.value
            && !visit.unsaved.contains_key(&chooser.path);
        if !is_open {
            return None;
        }
        let current = written(&chooser.value).nth(chooser.at);
        let (about, system) = self.about_character(visit, current);
        Some(CharactersView {
            path: chooser.path.clone(),
            cells: self.cells(visit),
            about,
            picture: chooser.picture.clone(),
            code_points: current.map(Written::code_points).unwrap_or_default(),
            system,
            asked: chooser.asked.clone(),
            message: chooser.message.clone(),
            found: chooser.found.clone(),
        })
    }

    fn cells(&self, visit: &Visit) -> Vec<CharacterCell> {
        let cell = |(at, one): (usize, Written)| CharacterCell {
            text: one.text(),
            current: at == self.chooser.at,
            stopped: self.is_stopped(one) || self.lacking(visit, one).is_some(),
        };
        let mut cells: Vec<CharacterCell> =
            written(&self.chooser.value).enumerate().map(cell).collect();
        cells.push(CharacterCell {
            text: String::new(),
            current: self.chooser.at == cells.len(),
            stopped: false,
        });
        cells
    }

    fn about_character(&self, visit: &Visit, current: Option<Written>) -> (String, String) {
        match self.wanted(visit) {
            Wanted::Glyph(one) => {
                let kind = self
                    .characters
                    .tables()
                    .map_or("outside_table", |tables| candidates::kind(tables, one));
                (word("character_kind", kind), String::new())
            }
            Wanted::InSystem(system, one) => {
                let name = word("character_system", system.key());
                let values = [("text", one.text()), ("system", name.clone())];
                let values = values
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str()));
                (sentence("characters", "for_system", &values), name)
            }
            Wanted::Other => {
                let text = current.map(Written::text).unwrap_or_default();
                let values = [("text", text.as_str())];
                (sentence("characters", "other", &values), String::new())
            }
            Wanted::More => (word("characters", "more"), String::new()),
        }
    }
}
