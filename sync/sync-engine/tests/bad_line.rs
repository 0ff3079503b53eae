//! Messages are lost, doubled, reordered and old ones come again; ends forget their sessions.
//! Afterwards a quiet line brings every store to the same content. Each case is a list of steps
//! drawn by proptest; a failing list is printed and shrunk.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use sync_engine::memory::MemoryStore;
use sync_engine::{Limits, Moment, Peer, PeerRole, Session, Store};
use sync_protocol::{Message, SiteId, VersionVector, decode_all, encode_all};

const HUB: SiteId = SiteId([0xFF; 16]);
const COUNTERS: [SiteId; 2] = [SiteId([0x11; 16]), SiteId([0x22; 16])];
const NOON: Moment = Moment {
    unix_ms: 1_795_000_000_000,
    hlc: 0,
};
const LIMITS: Limits = Limits {
    round_bytes: 500,
    batch_bytes: 150,
    part_bytes: 64,
    blobs_wanted: 2,
};

#[derive(Debug, Clone)]
enum Step {
    WriteAtCounter(usize),
    WriteAtHub,
    SignAtCounter(usize),
    LogAtCounter(usize),
    Publish,
    CounterSpeaks(usize),
    HubSpeaks(usize),
    /// Delivers the message at this place of the line, wherever it stands in the queue.
    Deliver(usize, prop::sample::Index),
    DeliverInOrder(usize),
    Double(usize, prop::sample::Index),
    Lose(usize, prop::sample::Index),
    Forget(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let counter = 0..COUNTERS.len();
    let line = 0..COUNTERS.len() * 2;
    let place = any::<prop::sample::Index>();
    prop_oneof![
        2 => counter.clone().prop_map(Step::WriteAtCounter),
        1 => Just(Step::WriteAtHub),
        1 => counter.clone().prop_map(Step::SignAtCounter),
        1 => counter.clone().prop_map(Step::LogAtCounter),
        1 => Just(Step::Publish),
        4 => counter.clone().prop_map(Step::CounterSpeaks),
        4 => counter.clone().prop_map(Step::HubSpeaks),
        4 => (line.clone(), place.clone()).prop_map(|(line, at)| Step::Deliver(line, at)),
        6 => line.clone().prop_map(Step::DeliverInOrder),
        2 => (line.clone(), place.clone()).prop_map(|(line, at)| Step::Double(line, at)),
        2 => (line, place).prop_map(|(line, at)| Step::Lose(line, at)),
        1 => counter.prop_map(Step::Forget),
    ]
}

struct World {
    hub: MemoryStore,
    counters: Vec<MemoryStore>,
    /// Per counter: its own session and the hub's with it.
    sessions: Vec<(Session, Session)>,
    /// Per counter: to the hub (even) and from it (odd).
    lines: Vec<Vec<Message>>,
    written: u32,
}

impl World {
    fn new() -> Self {
        Self {
            hub: MemoryStore::new(HUB),
            counters: COUNTERS.map(MemoryStore::new).to_vec(),
            sessions: (0..COUNTERS.len()).map(sessions).collect(),
            lines: vec![Vec::new(); COUNTERS.len() * 2],
            written: 0,
        }
    }

    fn text(&mut self) -> String {
        self.written += 1;
        format!("entry {}", self.written)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::WriteAtCounter(n) => {
                let text = self.text();
                self.counters[*n].write(&[&text, "second cell"]);
            }
            Step::WriteAtHub => {
                let text = self.text();
                self.hub.write(&[&text]);
            }
            Step::SignAtCounter(n) => {
                let content = self.text().into_bytes().repeat(20);
                self.counters[*n].write_blob(content);
            }
            Step::LogAtCounter(n) => {
                let text = self.text();
                self.counters[*n].log(text.as_bytes());
            }
            Step::Publish => {
                let content = self.text().into_bytes().repeat(30);
                self.hub.publish("staff", content);
            }
            Step::CounterSpeaks(n) => self.counter_speaks(*n),
            Step::HubSpeaks(n) => self.hub_speaks(*n),
            Step::Deliver(line, at) => {
                if !self.lines[*line].is_empty() {
                    let at = at.index(self.lines[*line].len());
                    let message = self.lines[*line].remove(at);
                    self.receive(*line, message);
                }
            }
            Step::DeliverInOrder(line) => {
                for message in std::mem::take(&mut self.lines[*line]) {
                    self.receive(*line, message);
                }
            }
            Step::Double(line, at) => {
                if !self.lines[*line].is_empty() {
                    let message = at.get(&self.lines[*line]).clone();
                    self.lines[*line].push(message);
                }
            }
            Step::Lose(line, at) => {
                if !self.lines[*line].is_empty() {
                    let at = at.index(self.lines[*line].len());
                    self.lines[*line].remove(at);
                }
            }
            Step::Forget(n) => self.sessions[*n] = sessions(*n),
        }
    }

    fn counter_speaks(&mut self, n: usize) {
        let round = self.sessions[n]
            .0
            .round(&mut self.counters[n], NOON)
            .unwrap();
        self.lines[n * 2].extend(through_bytes(&round.messages));
    }

    fn hub_speaks(&mut self, n: usize) {
        let round = self.sessions[n].1.round(&mut self.hub, NOON).unwrap();
        self.lines[n * 2 + 1].extend(through_bytes(&round.messages));
    }

    fn receive(&mut self, line: usize, message: Message) {
        let n = line / 2;
        if line.is_multiple_of(2) {
            self.sessions[n]
                .1
                .receive(&mut self.hub, message, NOON)
                .unwrap();
        } else {
            self.sessions[n]
                .0
                .receive(&mut self.counters[n], message, NOON)
                .unwrap();
        }
        // A hello of long ago tells less than the counter sent since: head office refuses it as it
        // would an older copy, and the line is dialled anew.
        let (counter, hub) = &self.sessions[n];
        if counter.ending().is_some() || hub.ending().is_some() {
            self.sessions[n] = sessions(n);
        }
        self.nobody_is_told_more_than_is_held(n);
        self.no_blob_is_believed_there_that_is_not();
    }

    fn nobody_is_told_more_than_is_held(&self, n: usize) {
        let hub = self.hub.vector().unwrap();
        let counter = self.counters[n].vector().unwrap();
        let told = self.counters[n]
            .acknowledged_by(HUB)
            .cloned()
            .unwrap_or_default();
        assert!(
            within(&told, &hub),
            "counter believes {told:?}, hub holds {hub:?}"
        );
        let told = self
            .hub
            .acknowledged_by(COUNTERS[n])
            .cloned()
            .unwrap_or_default();
        assert!(
            within(&told, &counter),
            "hub believes {told:?}, counter holds {counter:?}"
        );
    }

    fn no_blob_is_believed_there_that_is_not(&self) {
        for counter in &self.counters {
            let own = counter.texts();
            let own = own.iter().filter(|(site, ..)| *site == counter.site());
            for hash in own.filter_map(|(_, _, text)| text.strip_prefix("blob:")) {
                let hash = *blake3::Hash::from_hex(hash).unwrap().as_bytes();
                assert!(
                    counter.unconfirmed().contains(&hash) || self.hub.blob(hash).is_some(),
                    "believed to be at head office"
                );
            }
        }
    }

    /// A line on which nothing happens to messages; each end is told that something is new at the
    /// other, as the transport tells it.
    fn settle(&mut self) {
        self.lines.iter_mut().for_each(Vec::clear);
        for _ in 0..60 {
            for n in 0..COUNTERS.len() {
                self.sessions[n].0.try_again();
                self.sessions[n].1.try_again();
                self.counter_speaks(n);
                self.take(&Step::DeliverInOrder(n * 2));
                self.hub_speaks(n);
                self.take(&Step::DeliverInOrder(n * 2 + 1));
            }
        }
    }
}

fn sessions(n: usize) -> (Session, Session) {
    let peer = |site, role| Peer {
        site,
        branch: "01".to_owned(),
        role,
    };
    (
        Session::new(peer(HUB, PeerRole::Hub), LIMITS),
        Session::new(peer(COUNTERS[n], PeerRole::Counter), LIMITS),
    )
}

fn through_bytes(messages: &[Message]) -> Vec<Message> {
    decode_all(&encode_all(messages).unwrap()).unwrap()
}

fn within(inner: &VersionVector, outer: &VersionVector) -> bool {
    inner
        .iter()
        .all(|(site, version)| *version <= outer.get(site).copied().unwrap_or(0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn all_stores_end_with_the_same_content(steps in prop::collection::vec(step(), 0..120)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.settle();
        for (counter, site) in world.counters.iter().zip(COUNTERS) {
            prop_assert_eq!(counter.texts(), world.hub.texts());
            prop_assert_eq!(counter.stream(site), world.hub.stream(site));
            prop_assert_eq!(counter.dataset("staff"), world.hub.dataset("staff"));
            prop_assert_eq!(counter.blobs_wanted(10).unwrap(), []);
            prop_assert!(counter.unconfirmed().is_empty(), "every blob is known to be there");
        }
        prop_assert_eq!(world.hub.blobs_wanted(10).unwrap(), []);
    }

    #[test]
    fn receiving_everything_again_changes_nothing(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        let mut heard = Vec::new();
        for step in &steps {
            if let Step::DeliverInOrder(line) = step {
                heard.extend(world.lines[*line].iter().map(|message| (*line, message.clone())));
            }
            world.take(step);
        }
        world.settle();
        let content = |world: &World| {
            let all = world.counters.iter().chain([&world.hub]);
            all.map(|store| (store.texts(), store.vector().unwrap(), store.stream_heads().unwrap()))
                .collect::<Vec<_>>()
        };
        let before = content(&world);
        for (line, message) in heard {
            if message.carries_data() {
                world.receive(line, message);
            }
        }
        prop_assert_eq!(content(&world), before);
    }
}
