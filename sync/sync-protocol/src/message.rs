//! What two ends say to each other.

use serde::{Deserialize, Serialize};

use crate::{
    BlobPart, CasePart, CaseTurn, CaseWant, ChangeBatch, DatasetManifest, DatasetPart, Digest,
    Passed, PurgeClosed, PurgeDone, PurgeOrder, SiteId, StreamEntry, VersionVector, WantedBlob,
    version,
};

/// One message; a round of the conversation is a [`Message::Hello`], any others, and a
/// [`Message::Done`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Who is speaking and what it holds; opens every round, so that neither end needs to remember
    /// the round before.
    Hello(Hello),
    /// Transactions of one site.
    Changes(ChangeBatch),
    /// These versions are on disk here; sent only after the transaction that wrote them.
    Ack(VersionVector),
    /// The last entry held of each named device's stream.
    StreamHeads(VersionVector),
    /// Entries of a stream, in order.
    StreamEntries(Vec<StreamEntry>),
    /// Datasets to be had here.
    DatasetOffers(Vec<DatasetManifest>),
    /// Datasets wanted here, each from an offset.
    DatasetWants(Vec<DatasetWant>),
    /// A piece of a dataset.
    DatasetPart(DatasetPart),
    /// Blobs wanted here, most urgent first.
    BlobWants(Vec<WantedBlob>),
    /// A piece of a blob.
    BlobPart(BlobPart),
    /// Wanted blobs that are not here, or not for the other end to see.
    BlobRefusals(Vec<[u8; 32]>),
    /// Something is not accepted; everything else goes on, unless it is the hello.
    Refused {
        /// What is refused.
        about: About,
        /// Why.
        reason: Reason,
    },
    /// End of the round.
    Done(Remainder),
    /// Blobs that are here; which of them does the other end have? Since version 2.
    BlobOffers(Vec<[u8; 32]>),
    /// Of the blobs asked about, those that are complete on disk here. Since version 2.
    BlobsHeld(Vec<[u8; 32]>),
    /// Cases that came to the other end's branch and that it is not known to have. Since version 3.
    CaseOffers(Vec<CaseTurn>),
    /// Of those, the ones wanted here. Since version 3.
    CaseWants(Vec<CaseWant>),
    /// Rows of such a case. Since version 3.
    CasePart(CasePart),
    /// Of the offered ones, those that are whole on disk here. Since version 3.
    CasesHeld(Vec<CaseTurn>),
    /// Cases the other end's branch must not have any more. Since version 3.
    PurgeOrders(Vec<PurgeOrder>),
    /// Orders followed here. Since version 3.
    PurgesDone(Vec<PurgeDone>),
    /// Orders that every counter of the branch followed. Since version 3.
    PurgesClosed(Vec<PurgeClosed>),
    /// A hello that builds on the one before. Since version 5.
    HelloSince(HelloSince),
    /// The hello of whoever answers, told by what the asking one says. Since version 5.
    HelloBack(HelloBack),
    /// What the hello builds on is not what was noted of it here: nothing of the round was taken, it
    /// is to be said again with a whole hello. Since version 5.
    SayWhole,
    /// Of each of these sites, versions with nothing in them for the other end. Since version 5.
    Passed(Vec<Passed>),
}

/// Who is speaking and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version spoken.
    pub version_min: u8,
    /// The newest version spoken.
    pub version_current: u8,
    /// Version of the replicated schema.
    pub schema_version: u32,
    /// The speaker's own site; must be the one its certificate names.
    pub site: SiteId,
    /// Highest version on disk here of each site, without a gap.
    pub vector: VersionVector,
    /// Branches whose cases are wanted here, two digits each; a wish, not a right.
    pub subscriptions: Vec<String>,
    /// Wall clock, milliseconds since 1970.
    pub unix_ms: u64,
    /// Hybrid logical clock.
    pub hlc: u64,
}

/// A hello that builds on the one before.
///
/// Whoever answers has noted on its disk how far the asking end said it is. In a city of 59 counters
/// a whole hello is a kilobyte, of which nearly everything was said a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloSince {
    /// The vector that this one builds on.
    pub since: Digest,
    /// The last offers of datasets that were heard; the same ones need not be told again.
    pub offers: Digest,
    /// The hello; its vector names the sites that stand elsewhere than in `since`.
    pub hello: Hello,
}

/// The hello of whoever answers, told by what the asking one says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloBack {
    /// The whole vector of the hello that is answered.
    pub to: Digest,
    /// The hello. Its vector names the asking site; the sites of which less is here than `to` says;
    /// and those of which more is here than `to` says and than this round brings.
    pub hello: Hello,
}

/// A dataset wanted from an offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetWant {
    /// Which dataset.
    pub name: String,
    /// Which version of it.
    pub version: u64,
    /// Bytes already staged; go on from here.
    pub offset: u64,
}

/// What a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// The whole conversation.
    Conversation,
    /// A frame or request that could not be read.
    Request,
    /// A batch: kept aside at the receiver, not to be sent again in this conversation.
    Batch {
        /// Whose transactions.
        site: SiteId,
        /// The version before the first one.
        after: u64,
    },
}

/// What [`Reason::RolledBack`] names when not the count but the content differs: the refused end
/// wrote another history under the same numbers.
pub const HISTORY_DIFFERS: u64 = u64::MAX;

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// No version in common, or schemas too far apart.
    Version {
        /// The oldest version the refusing end speaks.
        min: u8,
        /// The newest one.
        current: u8,
    },
    /// The clocks are more than a day apart.
    Clock {
        /// The refused end's clock minus the refusing end's, milliseconds.
        ahead_ms: i64,
    },
    /// The certificate was revoked.
    Revoked,
    /// No certificate, or one of a device that is not known.
    NotEnrolled,
    /// The hello names another site than the certificate.
    NotYourSite,
    /// The refused end holds less of its own site than it sent before: a restored backup or a
    /// clone. Going on would lose its new records silently.
    RolledBack {
        /// The version it sent before, or [`HISTORY_DIFFERS`].
        held: u64,
    },
    /// Bytes that are no message.
    Malformed,
    /// Longer than allowed.
    TooLarge,
    /// Kept aside with its reason, English without personal data.
    Quarantined(String),
    /// The refusing end's disk or database is in trouble; try later.
    Unavailable,
}

/// Whether a round said everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remainder {
    /// Nothing is left to send.
    Nothing,
    /// The round's byte budget ended before the data did.
    More,
}

impl Message {
    /// About how many bytes its content has; what byte budgets count.
    pub fn weight(&self) -> usize {
        match self {
            Self::Changes(batch) => batch.weight(),
            Self::StreamEntries(entries) => entries.iter().map(|e| e.body.len() + 64).sum(),
            Self::DatasetPart(part) => part.bytes.len() + part.name.len() + 32,
            Self::BlobPart(part) => part.bytes.len() + 64,
            Self::CasePart(part) => part.weight(),
            Self::Passed(passed) => passed.len() * 24,
            Self::Hello(_)
            | Self::Ack(_)
            | Self::StreamHeads(_)
            | Self::DatasetOffers(_)
            | Self::DatasetWants(_)
            | Self::BlobWants(_)
            | Self::BlobRefusals(_)
            | Self::Refused { .. }
            | Self::Done(_)
            | Self::BlobOffers(_)
            | Self::BlobsHeld(_)
            | Self::CaseOffers(_)
            | Self::CaseWants(_)
            | Self::CasesHeld(_)
            | Self::PurgeOrders(_)
            | Self::PurgesDone(_)
            | Self::PurgesClosed(_)
            | Self::HelloSince(_)
            | Self::HelloBack(_)
            | Self::SayWhole => 0,
        }
    }

    /// How far each site is with whoever has taken it.
    pub fn brings(&self) -> Vec<(SiteId, u64)> {
        if let Self::Changes(batch) = self {
            vec![(batch.site, batch.through)]
        } else if let Self::Passed(passed) = self {
            passed.iter().map(|one| (one.site, one.through)).collect()
        } else {
            Vec::new()
        }
    }

    /// The hello in it, whole or short.
    pub fn hello_mut(&mut self) -> Option<&mut Hello> {
        if let Self::Hello(hello)
        | Self::HelloSince(HelloSince { hello, .. })
        | Self::HelloBack(HelloBack { hello, .. }) = self
        {
            Some(hello)
        } else {
            None
        }
    }

    /// The version this kind of message came with.
    pub fn since(&self) -> u8 {
        match self {
            Self::BlobOffers(_) | Self::BlobsHeld(_) => version::BLOBS_CONFIRMED,
            Self::CaseOffers(_)
            | Self::CaseWants(_)
            | Self::CasePart(_)
            | Self::CasesHeld(_)
            | Self::PurgeOrders(_)
            | Self::PurgesDone(_)
            | Self::PurgesClosed(_) => version::CASES_MOVED,
            Self::HelloSince(_) | Self::HelloBack(_) | Self::SayWhole | Self::Passed(_) => {
                version::TERSE
            }
            Self::Hello(_)
            | Self::Changes(_)
            | Self::Ack(_)
            | Self::StreamHeads(_)
            | Self::StreamEntries(_)
            | Self::DatasetOffers(_)
            | Self::DatasetWants(_)
            | Self::DatasetPart(_)
            | Self::BlobWants(_)
            | Self::BlobPart(_)
            | Self::BlobRefusals(_)
            | Self::Refused { .. }
            | Self::Done(_) => version::MIN,
        }
    }

    /// Whether it carries data, not only talk about data.
    pub fn carries_data(&self) -> bool {
        self.weight() > 0
    }
}
