//! The offices, the lines between them, and what happens to both.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use counter_store::CounterStore;
use hub_store::HubStore;
use replica::StoreError;
use sync_engine::{Answer, Ending, Limits, Moment, Peer, Session, answer, answer_neighbour};
use sync_protocol::{Message, decode_all, version};
use tempfile::TempDir;

use crate::action::{Action, Cases, Place};
use crate::chance::Chance;
use crate::check;
use crate::faults::{Standby, Twin};
use crate::line::{Body, LIMITS, Line, Server, To, spoken_with};
use crate::moves;
use crate::office::{Office, RightTime, Room};
use crate::recovery::Recoveries;
use crate::template::{BRANCHES, HUB, Template, scratch};
use crate::truth::{Cells, Truth, cells_of};
use crate::work::{self, Outcome};

/// Rounds in which everything must have come together once nothing goes wrong any more.
const SETTLING_ROUNDS: usize = 60;

/// Counters of a hundred whose program is of today.
const UPDATED_PERCENT: u64 = 75;

/// Rounds after which each end tries again what was refused.
const ROUNDS_APART: usize = 4;

/// The offices and the lines between them.
pub(crate) struct World {
    pub(crate) hub: Office<HubStore>,
    pub(crate) counters: Vec<Office<CounterStore>>,
    pub(crate) lines: Vec<Line>,
    pub(crate) truth: Truth,
    pub(crate) recoveries: Recoveries,
    pub(crate) cases: Cases,
    pub(crate) twin: Option<Twin>,
    /// Clones that were ever made.
    pub(crate) twins: u64,
    pub(crate) standby: Option<Standby>,
    time: RightTime,
    /// Removed with everything in it at the end.
    folder: TempDir,
}

/// Lines of so many counters: each to head office, and each to every other of its branch.
pub(crate) fn lines(counters: usize) -> Vec<(usize, Option<usize>)> {
    let to_hub = (0..counters).map(|client| (client, None));
    let branch = |counter: usize| BRANCHES.get(counter);
    let across = (0..counters).flat_map(|client| {
        (0..counters)
            .filter(move |server| *server != client && branch(*server) == branch(client))
            .map(move |server| (client, Some(server)))
    });
    to_hub.chain(across).collect()
}

/// Newest version of each counter's program: most are of today, some are updated at the end.
fn versions(counters: usize, seed: u64) -> Vec<u8> {
    let mut chance = Chance::new(seed ^ 0x0000_00e2_71b4_c95a_u64);
    let older = u64::from(version::CURRENT - version::MIN);
    let drawn = (0..counters).map(|_| {
        if chance.percent(UPDATED_PERCENT) {
            return version::CURRENT;
        }
        let behind = u8::try_from(chance.below(older)).unwrap_or(0);
        version::MIN + behind
    });
    drawn.collect()
}

impl World {
    pub(crate) fn new(counters: usize, cases: Cases, seed: u64) -> Result<Self> {
        let template = Template::get()?;
        let folder = scratch()?;
        let time = RightTime::at_noon();
        let path = template.copy("hub", folder.path())?;
        let mut hub = Office::open(path, HUB, "00", time.clone())?;
        if cases == Cases::Move {
            moves::enrol_all(hub.store()?, counters)?;
        }
        let mut offices = Vec::with_capacity(counters);
        for (number, branch) in (1_u8..).zip(BRANCHES).take(counters) {
            let path = template.copy(&format!("counter-{}", number - 1), folder.path())?;
            offices.push(Office::open(path, number, branch, time.clone())?);
        }
        let versions = versions(counters, seed);
        let newest = |counter: usize| versions.get(counter).copied().unwrap_or(version::CURRENT);
        let lines = lines(counters).into_iter();
        let lines = lines.map(|(client, server)| {
            let of_both = newest(client).min(server.map_or(version::CURRENT, newest));
            Line::new(client, server.map_or(Server::Hub, Server::Counter), of_both)
        });
        Ok(Self {
            hub,
            counters: offices,
            lines: lines.collect(),
            truth: Truth::default(),
            recoveries: Recoveries::default(),
            cases,
            twin: None,
            twins: 0,
            standby: None,
            time,
            folder,
        })
    }

    /// Lets one thing happen, and everything that is due by then arrive.
    pub(crate) fn take(&mut self, action: &Action) -> Result<()> {
        self.deliver_due()?;
        self.rescue_a_little()?;
        match action {
            Action::Work(place, entropy) => self.work(*place, *entropy)?,
            Action::Speak(line, entropy) => self.speak(*line, Some(*entropy))?,
            Action::Wait(ms) => self.time.pass(*ms),
            Action::Cut(line) => self.line(*line)?.cut(),
            Action::Heal(line) => self.line(*line)?.up = true,
            Action::Forget(line) => self.line(*line)?.session = None,
            Action::PowerCut(place) => self.power_cut(*place)?,
            Action::Tear(place, entropy) => self.tear(*place, *entropy)?,
            Action::FillDisk(counter) => self.set_full(*counter, true)?,
            Action::FreeDisk(counter) => self.set_full(*counter, false)?,
            Action::SetAside(counter) => self.set_aside(*counter)?,
            Action::PutBack(counter) => self.put_back(*counter)?,
            Action::Recover(counter) => self.recover(*counter)?,
            Action::Slow(line, bytes) => self.line(*line)?.bytes_a_second = *bytes,
            Action::FillHub => self.set_hub_full(true)?,
            Action::FreeHub => self.set_hub_full(false)?,
            Action::LyingDisk(counter, entropy) => self.lying_disk(*counter, *entropy)?,
            Action::Replace(counter) => self.replace(*counter)?,
            Action::Clone(counter) => self.clone_counter(*counter)?,
            Action::CloneWorks(entropy) => self.clone_works(*entropy)?,
            Action::CloneSpeaks(entropy) => self.clone_speaks(*entropy)?,
            Action::CopyHub => self.copy_hub()?,
            Action::Promote => self.promote()?,
            Action::Move(place, entropy) => self.move_case(*place, *entropy)?,
            Action::Clock(place, wrong_ms) => match place {
                Place::Hub => self.hub.set_clock_wrong(*wrong_ms),
                Place::Counter(counter) => self.counter(*counter)?.set_clock_wrong(*wrong_ms),
            },
        }
        Ok(())
    }

    /// Ends every fault, lets everything come together, and checks what must hold then.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.hub.set_clock_wrong(0);
        self.set_hub_full(false)?;
        self.every_clone_is_found()?;
        for counter in 0..self.counters.len() {
            self.set_full(counter, false)?;
            self.counter(counter)?.set_clock_wrong(0);
        }
        for line in &mut self.lines {
            line.cut();
            line.up = true;
            line.bytes_a_second = 0;
            line.newest = version::CURRENT;
            line.session = None;
        }
        for round in 0..SETTLING_ROUNDS {
            for counter in 0..self.counters.len() {
                self.recover(counter)?;
            }
            self.rescue_a_little()?;
            for line in 0..self.lines.len() {
                // Not in every round: what nobody has is asked for first, and must be refused before
                // anything else is.
                if let Some(session) = &mut self.line(line)?.session
                    && round % ROUNDS_APART == 0
                {
                    session.try_again();
                }
                self.speak(line, None)?;
                self.deliver_due()?;
            }
            if check::has_settled(self)? {
                return check::at_the_end(self);
            }
        }
        check::at_the_end(self).context("nothing came together")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn office(&mut self, counter: usize) -> Result<&mut Office<CounterStore>> {
        self.counter(counter)
    }

    fn line(&mut self, line: usize) -> Result<&mut Line> {
        self.lines.get_mut(line).context("no such line")
    }

    fn counter(&mut self, counter: usize) -> Result<&mut Office<CounterStore>> {
        self.counters.get_mut(counter).context("no such counter")
    }

    fn work(&mut self, place: Place, entropy: u64) -> Result<()> {
        let outcome = self.labour(place, entropy)?;
        self.acknowledge(place, outcome)
    }

    fn labour(&mut self, place: Place, entropy: u64) -> Result<Outcome> {
        match place {
            Place::Hub => {
                let full = self.hub.full;
                let outcome = work::at_hub(self.hub.store()?, entropy)?;
                let excused = full || !matches!(outcome, Outcome::DiskFull);
                ensure!(excused, "a disk with room was called full at head office");
                Ok(outcome)
            }
            Place::Counter(counter) => {
                let office = self.counter(counter)?;
                let (branch, full) = (office.peer.branch.clone(), office.full);
                let outcome = work::at_counter(office.store()?, &branch, entropy)?;
                let excused = full || !matches!(outcome, Outcome::DiskFull);
                ensure!(excused, "a disk with room was called full");
                Ok(outcome)
            }
        }
    }

    /// The person saw that it was done.
    fn acknowledge(&mut self, place: Place, outcome: Outcome) -> Result<()> {
        match place {
            Place::Hub => self.truth.note(self.hub.store()?),
            Place::Counter(counter) => {
                let office = self.counters.get_mut(counter).context("no such counter")?;
                if let Outcome::Started { number, case } = outcome {
                    self.truth.note_start(number, case, &office.peer.branch)?;
                }
                self.truth.note(office.store()?)
            }
        }
    }

    /// The client of a line says a round. Without entropy nothing goes wrong on the way.
    fn speak(&mut self, line: usize, entropy: Option<u64>) -> Result<()> {
        let line = self.lines.get_mut(line).context("no such line")?;
        let client = self.counters.get_mut(line.client).context("no client")?;
        let server = match line.server {
            Server::Hub => self.hub.peer.clone(),
            Server::Counter(_) => Peer {
                site: sync_protocol::SiteId([other_site(line.server)?; 16]),
                ..client.peer.clone()
            },
        };
        let branch = client.peer.branch.clone();
        let between_counters = matches!(line.server, Server::Counter(_));
        let session = line.session.get_or_insert_with(|| {
            let session = Session::new(server.clone(), LIMITS).subscribed_to(vec![branch]);
            if between_counters {
                session.between_counters()
            } else {
                session
            }
        });
        if let Some(entropy) = entropy
            && Chance::new(entropy ^ 1).percent(20)
        {
            session.try_again();
        }
        let now = client.moment()?;
        let round = session.round(client.store()?, now)?;
        let spoken = session.version();
        check_all(&self.truth, &round.messages, &server)?;
        let bytes = line.in_bytes(&round.messages, spoken)?;
        match entropy {
            Some(entropy) => line.carry(To::Server, bytes, self.time.now(), entropy),
            None => line.carry_well(To::Server, bytes, self.time.now()),
        }
        Ok(())
    }

    fn deliver_due(&mut self) -> Result<()> {
        for line in 0..self.lines.len() {
            let now = self.time.now();
            while let Some(body) = self.line(line)?.due(now) {
                match body.to {
                    To::Server => self.reach_server(line, &body)?,
                    To::Client => self.reach_client(line, &body)?,
                }
            }
        }
        Ok(())
    }

    /// What the server does with a request: it remembers nothing between two.
    fn reach_server(&mut self, line_number: usize, body: &Body) -> Result<()> {
        let line = self.lines.get_mut(line_number).context("no such line")?;
        let from_hub = matches!(line.server, Server::Hub);
        let client = self
            .counters
            .get(line.client)
            .context("no client")?
            .peer
            .clone();
        let Ok(messages) = decode_all(&body.bytes) else {
            return Ok(());
        };
        let spoken = spoken_with(&messages);
        let answered = match line.server {
            Server::Hub => answer_of(&mut self.hub, answer, client.clone(), messages),
            Server::Counter(server) => {
                let server = self.counters.get_mut(server).context("no server")?;
                answer_of(server, answer_neighbour, client.clone(), messages)
            }
        };
        let Some(messages) = answered? else {
            return Ok(());
        };
        check_all(&self.truth, &messages, &client)?;
        if from_hub && self.cases == Cases::Move {
            self.check_holder(&messages, client.site)?;
        }
        let line = self.lines.get_mut(line_number).context("no such line")?;
        let bytes = line.in_bytes(&messages, spoken)?;
        match body.entropy {
            0 => line.carry_well(To::Client, bytes, self.time.now()),
            entropy => line.carry(To::Client, bytes, self.time.now(), entropy),
        }
        Ok(())
    }

    fn reach_client(&mut self, line: usize, body: &Body) -> Result<()> {
        let line = self.lines.get_mut(line).context("no such line")?;
        let client = self.counters.get_mut(line.client).context("no client")?;
        let (Some(session), Ok(messages)) = (&mut line.session, decode_all(&body.bytes)) else {
            return Ok(());
        };
        let now = client.moment()?;
        for message in messages {
            match session.receive(client.store()?, message, now) {
                Ok(()) => {}
                Err(StoreError::DiskFull) if client.full => break,
                Err(StoreError::Restored { .. }) => {
                    line.session = None;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(Ending::ByPeer(_) | Ending::ByUs(_)) = session.ending() {
            line.session = None;
        }
        Ok(())
    }

    fn power_cut(&mut self, place: Place) -> Result<()> {
        match place {
            Place::Hub => cut_and_start(&mut self.hub, &self.truth),
            Place::Counter(counter) => {
                let office = self.counters.get_mut(counter).context("no such counter")?;
                cut_and_start(office, &self.truth)?;
                self.sessions_end_at(counter);
                Ok(())
            }
        }
    }

    /// Somebody works when the plug is pulled: nobody was told that it was done, so afterwards it
    /// may be there or not, but not by half.
    fn tear(&mut self, place: Place, entropy: u64) -> Result<()> {
        let mut chance = Chance::new(entropy);
        let work = chance.number();
        let (before, untouched) = match place {
            Place::Hub => before_tear(&mut self.hub)?,
            Place::Counter(counter) => before_tear(self.counter(counter)?)?,
        };
        let outcome = self.labour(place, work)?;
        let (kept, done) = match place {
            Place::Hub => tear_office(&mut self.hub, &before, &mut chance)?,
            Place::Counter(counter) => {
                let torn = tear_office(self.counter(counter)?, &before, &mut chance)?;
                self.sessions_end_at(counter);
                torn
            }
        };
        ensure!(
            kept == untouched || kept == done,
            "a torn transaction is there by half, or an acknowledged one is gone"
        );
        if kept == untouched {
            Ok(())
        } else {
            self.acknowledge(place, outcome)
        }
    }

    pub(crate) fn sessions_end_at(&mut self, counter: usize) {
        for line in &mut self.lines {
            if line.client == counter {
                line.session = None;
            }
        }
    }

    fn set_hub_full(&mut self, full: bool) -> Result<()> {
        let pages = if full { 0 } else { u32::MAX - 1 };
        self.hub.full = full;
        self.hub.store()?.limit_pages(Some(pages))?;
        Ok(())
    }

    fn set_full(&mut self, counter: usize, full: bool) -> Result<()> {
        let office = self.counter(counter)?;
        let pages = if full { 0 } else { u32::MAX - 1 };
        office.full = full;
        office.store()?.limit_pages(Some(pages))?;
        Ok(())
    }
}

fn other_site(server: Server) -> Result<u8> {
    match server {
        Server::Hub => Ok(HUB),
        Server::Counter(counter) => Ok(u8::try_from(counter)? + 1),
    }
}

pub(crate) fn check_all(truth: &Truth, messages: &[Message], to: &Peer) -> Result<()> {
    messages
        .iter()
        .try_for_each(|message| truth.check_scope(message, to))
}

/// What a server does with a request.
pub(crate) type Answering<S> =
    fn(&mut S, Peer, Limits, Vec<Message>, Moment) -> Result<Answer, StoreError>;

pub(crate) fn answer_of<S: Room>(
    office: &mut Office<S>,
    answering: Answering<S>,
    client: Peer,
    messages: Vec<Message>,
) -> Result<Option<Vec<Message>>> {
    let now = office.moment()?;
    let full = office.full;
    match answering(office.store()?, client, LIMITS, messages, now) {
        Ok(answer) => Ok(Some(answer.messages)),
        Err(StoreError::DiskFull) if full => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn cut_and_start<S: Room>(office: &mut Office<S>, truth: &Truth) -> Result<()> {
    let files = office.files()?;
    office.power_off(&files)?;
    office.power_on()?;
    if office.store()?.is_older_copy() {
        return Ok(());
    }
    check::own_records(office, truth)
}

fn before_tear<S: Room>(office: &mut Office<S>) -> Result<(crate::disk::Files, Cells)> {
    let site = office.peer.site;
    Ok((office.files()?, cells_of(office.store()?, site)?))
}

/// Returns what is there after the cut, and what would be without it.
fn tear_office<S: Room>(
    office: &mut Office<S>,
    before: &crate::disk::Files,
    chance: &mut Chance,
) -> Result<(Cells, Cells)> {
    let site = office.peer.site;
    let done = cells_of(office.store()?, site)?;
    let after = office.files()?;
    office.power_off(&before.torn(&after, chance))?;
    office.power_on()?;
    Ok((cells_of(office.store()?, site)?, done))
}
