//! Hellos that name only what is new.
//!
//! A hello tells how far each site is here: in a city of 59 counters a kilobyte, in both directions,
//! for each step of each case. Who answers notes it anyway ([`crate::Store::acknowledged`]), so the next one
//! need only say what it builds on and what has changed; and the answer's hello need only say in what
//! it differs from the question's. Both name what they build on by a digest. Where that is not what
//! was noted (another machine goes on for head office, a backup was put back, messages came doubled),
//! nothing of the round is taken and the whole hello is asked for: a round still stands by itself.

use std::collections::BTreeSet;

use sync_protocol::{
    Digest, Hello, HelloBack, HelloSince, Message, Remainder, SiteId, VersionVector, version,
};

use crate::Session;

/// After so many misses every hello of a line is whole: a backup was put back here or there, and more
/// was noted once than is told now.
const MISSES_MAX: u8 = 2;

/// What short hellos build on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grounds {
    /// The vector of our last hello.
    said: Option<VersionVector>,
    /// What the other end has noted of us: the highest of each site in the hellos it answered.
    noted: Option<VersionVector>,
    /// How often we built on what was not noted there.
    misses: u8,
    /// The vector of the hello that is being answered.
    asked: Option<VersionVector>,
    /// What the asking end has heard of offers of datasets.
    offers: Option<Digest>,
    /// The asking end builds on something else than what is noted here.
    is_unknown: bool,
}

impl Grounds {
    /// Notes a hello of the other end: a question, or the answer to ours.
    pub(crate) fn heard(&mut self, hello: &Hello, is_question: bool) {
        self.is_unknown = false;
        if is_question {
            self.asked = Some(counted(&hello.vector));
        } else if let Some(said) = &self.said {
            let noted = self.noted.get_or_insert_default();
            for (site, held) in said {
                let highest = noted.entry(*site).or_default();
                *highest = (*highest).max(*held);
            }
        }
    }

    /// Whether no hello was said: between counters, whoever hears one first is asked.
    pub(crate) fn have_said_nothing(&self) -> bool {
        self.said.is_none()
    }

    /// What is said to an end that builds on what is not known here.
    pub(crate) fn question(&mut self) -> Option<Vec<Message>> {
        let is_asked = std::mem::take(&mut self.is_unknown);
        is_asked.then(|| vec![Message::SayWhole, Message::Done(Remainder::Nothing)])
    }

    /// The other end noted something else; the next hello is a whole one.
    pub(crate) fn missed(&mut self) {
        self.noted = None;
        self.misses = self.misses.saturating_add(1);
    }

    /// The whole of a short hello; `None` and a note when it cannot be told.
    pub(crate) fn whole_since(
        &mut self,
        noted: &VersionVector,
        short: HelloSince,
    ) -> Option<Hello> {
        let mut vector = counted(noted);
        self.is_unknown = Digest::of_vector(&vector) != short.since;
        if self.is_unknown {
            return None;
        }
        self.offers = Some(short.offers);
        vector.extend(short.hello.vector);
        Some(Hello {
            vector,
            ..short.hello
        })
    }

    /// The whole of an answer's hello; `None` when it answers another one than our last.
    pub(crate) fn whole_back(&self, short: HelloBack) -> Option<Hello> {
        let mut vector = self.said.clone()?;
        if Digest::of_vector(&vector) != short.to {
            return None;
        }
        vector.extend(short.hello.vector);
        Some(Hello {
            vector,
            ..short.hello
        })
    }
}

impl Session {
    /// Shortens the hello of a round, if the other end can tell the whole of it, and leaves out what
    /// it tells besides.
    pub(crate) fn shorten(&mut self, round: &mut Vec<Message>) {
        let Some(Message::Hello(hello)) = round.first().cloned() else {
            return;
        };
        let whole = counted(&hello.vector);
        let short = match self.grounds.asked.take() {
            Some(asked) => self.back(&asked, hello, round),
            None => self.since(&whole, hello),
        };
        self.grounds.said = Some(whole);
        let (Some(short), Some(first)) = (short, round.first_mut()) else {
            return;
        };
        *first = short;
        let heard = self.grounds.offers;
        round.retain(|message| {
            let is_heard = matches!(message, Message::DatasetOffers(offers)
                if heard == Some(Digest::of_offers(offers)));
            // An acknowledgement repeats the hello.
            !is_heard && !matches!(message, Message::Ack(_))
        });
    }

    fn since(&self, whole: &VersionVector, hello: Hello) -> Option<Message> {
        let (noted, theirs) = (self.grounds.noted.as_ref()?, self.theirs.as_ref()?);
        let none_is_gone = noted.keys().all(|site| whole.contains_key(site));
        let is_understood = self.grounds.misses < MISSES_MAX && none_is_gone;
        if self.version() < version::TERSE || !is_understood {
            return None;
        }
        let is_new = |&(site, held): &(&SiteId, &u64)| noted.get(site) != Some(held);
        let vector = whole.iter().filter(is_new).map(copied).collect();
        Some(Message::HelloSince(HelloSince {
            since: Digest::of_vector(noted),
            offers: Digest::of_offers(&theirs.offers),
            hello: Hello { vector, ..hello },
        }))
    }

    fn back(&self, asked: &VersionVector, hello: Hello, round: &[Message]) -> Option<Message> {
        if self.version() < version::TERSE || !self.is_on_a_line() {
            return None;
        }
        let of = |vector: &VersionVector, site: &SiteId| vector.get(site).copied().unwrap_or(0);
        let is_brought = |site: &SiteId, held: u64| {
            let mut brought = round.iter().flat_map(Message::brings);
            brought.any(|(of, through)| of == *site && through >= held)
        };
        let asking = self.peer().site;
        let is_told = |site: &SiteId| {
            let (told, held) = (of(asked, site), of(&hello.vector, site));
            *site == asking || held < told || (held > told && !is_brought(site, held))
        };
        let sites: BTreeSet<&SiteId> = asked.keys().chain(hello.vector.keys()).collect();
        let told = sites.into_iter().filter(|site| is_told(site));
        let vector = told.map(|site| (*site, of(&hello.vector, site))).collect();
        Some(Message::HelloBack(HelloBack {
            to: Digest::of_vector(asked),
            hello: Hello { vector, ..hello },
        }))
    }
}

/// Sites of which nothing is there are as good as not named.
fn counted(vector: &VersionVector) -> VersionVector {
    let there = vector.iter().filter(|&(_, held)| *held > 0);
    there.map(copied).collect()
}

fn copied((site, held): (&SiteId, &u64)) -> (SiteId, u64) {
    (*site, *held)
}
