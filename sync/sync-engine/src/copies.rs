//! Cases that go from branch to branch: whole copies for whom they were handed to, orders to
//! overwrite the copies of whom they were taken from.
//!
//! Head office offers and orders until it is told that it was done; a counter tells in every round
//! what is on its disk of what it was offered or ordered in the last one. So each end may forget the
//! session, and messages may be lost or doubled. It tells so behind the end of its log: of a cloned
//! disk there are two logs, and what one appliance did must not be taken for what the other one did.

use sync_protocol::limits::CASES_MAX;
use sync_protocol::{
    CasePart, CaseTurn, CaseWant, Message, PurgeClosed, PurgeDone, PurgeOrder, VersionVector,
    version,
};

use crate::outgoing::Data;
use crate::session::{Ends, Theirs};
use crate::{Peer, Session, Store};

/// What the conversation about moved cases needs of a database. Without an answer of its own a
/// store takes no part in it.
pub trait CaseCopies {
    /// Its error; an error means the disk or the database, never the peer.
    type CopyError;

    /// Cases that came to the peer's branch and that this device is not known to have whole.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn case_offers(&self, _peer: &Peer) -> Result<Vec<CaseTurn>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Which of the offered cases are wanted, and from where.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn cases_wanted(&self, _offers: &[CaseTurn]) -> Result<Vec<CaseWant>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Which of the offered cases are whole on disk here.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn cases_whole(&self, _offers: &[CaseTurn]) -> Result<Vec<CaseTurn>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// The next rows of a wanted case, about `bytes_max` bytes; `None` when it is not the peer's.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn case_part(
        &self,
        _peer: &Peer,
        _want: &CaseWant,
        _bytes_max: usize,
    ) -> Result<Option<CasePart>, Self::CopyError> {
        Ok(None)
    }

    /// Checks and keeps rows of a case, said when the peer held `held`; returns how many changes were
    /// taken.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn take_case(
        &mut self,
        _peer: &Peer,
        _part: &CasePart,
        _held: &VersionVector,
    ) -> Result<usize, Self::CopyError> {
        Ok(0)
    }

    /// Notes that `peer` has these cases whole on its disk.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn cases_held(&mut self, _peer: &Peer, _held: &[CaseTurn]) -> Result<(), Self::CopyError> {
        Ok(())
    }

    /// Orders that `peer` is not known to have followed.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn purge_orders(&self, _peer: &Peer) -> Result<Vec<PurgeOrder>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Keeps genuine orders and follows those that can be followed now.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn purge(&mut self, _peer: &Peer, _orders: &[PurgeOrder]) -> Result<(), Self::CopyError> {
        Ok(())
    }

    /// How far this device is with the orders it was told.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn purges_done(&self, _told: &[CaseTurn]) -> Result<Vec<PurgeDone>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Which closed orders are forgotten here: nothing on its way can bring the cases back.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn purges_forgotten(&self, _closed: &[PurgeClosed]) -> Result<Vec<PurgeDone>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Notes how far `peer` is.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn purged(&mut self, _peer: &Peer, _done: &[PurgeDone]) -> Result<(), Self::CopyError> {
        Ok(())
    }

    /// Orders that every counter followed and that `peer` is not known to have forgotten.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn purges_closed(&self, _peer: &Peer) -> Result<Vec<PurgeClosed>, Self::CopyError> {
        Ok(Vec::new())
    }

    /// Forgets orders that nothing on its way can undo any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn forget_purged(&mut self, _closed: &[PurgeClosed]) -> Result<(), Self::CopyError> {
        Ok(())
    }
}

impl Session {
    /// Takes a message about moved cases. What only head office may say is taken from it alone.
    pub(crate) fn receive_copies<S: Store>(
        &mut self,
        store: &mut S,
        message: Message,
    ) -> Result<(), S::Error> {
        let from_hub = self.ends == Ends::CounterToHub;
        let from_counter = self.ends == Ends::HubToCounter;
        let Some(theirs) = &mut self.theirs else {
            return Ok(());
        };
        match message {
            Message::CaseOffers(mut offers) if from_hub => {
                offers.truncate(CASES_MAX);
                theirs.case_offers = offers;
            }
            Message::CasePart(part) if from_hub => {
                let taken = store.take_case(&self.peer, &part, &theirs.vector)?;
                self.note_changed(taken);
            }
            Message::CaseWants(mut wants) if from_counter => {
                wants.truncate(CASES_MAX);
                theirs.case_wants = wants;
            }
            Message::CasesHeld(held) if from_counter => {
                store.cases_held(&self.peer, within(&held))?;
            }
            Message::PurgeOrders(mut orders) if !from_counter => {
                orders.truncate(CASES_MAX);
                store.purge(&self.peer, &orders)?;
                let told = orders.iter().map(|one| (one.case, one.turn));
                theirs.purges_told = told.map(|(case, turn)| CaseTurn { case, turn }).collect();
            }
            Message::PurgesClosed(mut closed) if from_hub => {
                closed.truncate(CASES_MAX);
                store.forget_purged(&closed)?;
                theirs.purges_closed = closed;
            }
            Message::PurgesDone(done) if from_counter => {
                store.purged(&self.peer, within(&done))?;
            }
            Message::CaseOffers(_)
            | Message::CaseWants(_)
            | Message::CasePart(_)
            | Message::CasesHeld(_)
            | Message::PurgeOrders(_)
            | Message::PurgesDone(_)
            | Message::PurgesClosed(_)
            | Message::Hello(_)
            | Message::Changes(_)
            | Message::Ack(_)
            | Message::StreamHeads(_)
            | Message::StreamEntries(_)
            | Message::DatasetOffers(_)
            | Message::DatasetWants(_)
            | Message::DatasetPart(_)
            | Message::BlobWants(_)
            | Message::BlobPart(_)
            | Message::BlobRefusals(_)
            | Message::Refused { .. }
            | Message::Done(_)
            | Message::BlobOffers(_)
            | Message::BlobsHeld(_)
            | Message::HelloSince(_)
            | Message::HelloBack(_)
            | Message::SayWhole
            | Message::Passed(_) => {}
        }
        Ok(())
    }

    /// What the other end told, when its program knows of moved cases.
    fn knowing_moves(&self) -> Option<&Theirs> {
        let theirs = self.theirs.as_ref();
        theirs.filter(|theirs| theirs.version >= version::CASES_MOVED)
    }

    /// Offers, orders and wants.
    pub(crate) fn tell_copies<S: Store>(
        &self,
        spoken: &mut Vec<Message>,
        store: &S,
    ) -> Result<(), S::Error> {
        let Some(theirs) = self.knowing_moves() else {
            return Ok(());
        };
        match self.ends {
            Ends::HubToCounter => {
                say(
                    spoken,
                    Message::PurgeOrders,
                    store.purge_orders(&self.peer)?,
                );
                say(
                    spoken,
                    Message::PurgesClosed,
                    store.purges_closed(&self.peer)?,
                );
                say(spoken, Message::CaseOffers, store.case_offers(&self.peer)?);
            }
            Ends::CounterToHub => {
                let offers = &theirs.case_offers;
                say(spoken, Message::CaseWants, store.cases_wanted(offers)?);
            }
            Ends::Counters => {
                say(
                    spoken,
                    Message::PurgeOrders,
                    store.purge_orders(&self.peer)?,
                );
            }
        }
        Ok(())
    }

    /// What is here of the cases offered, and how far the orders are followed.
    pub(crate) fn tell_taken_in<S: Store>(
        &self,
        data: &mut Data,
        store: &S,
    ) -> Result<(), S::Error> {
        let Some(theirs) = self.knowing_moves() else {
            return Ok(());
        };
        let mut spoken = Vec::new();
        let held = store.cases_whole(&theirs.case_offers)?;
        say(&mut spoken, Message::CasesHeld, held);
        let mut done = store.purges_done(&theirs.purges_told)?;
        done.extend(store.purges_forgotten(&theirs.purges_closed)?);
        say(&mut spoken, Message::PurgesDone, done);
        for message in spoken {
            data.push(message);
        }
        Ok(())
    }
}

/// Names an empty list by saying nothing.
fn say<T>(spoken: &mut Vec<Message>, message: impl FnOnce(Vec<T>) -> Message, mut list: Vec<T>) {
    if !list.is_empty() {
        list.truncate(CASES_MAX);
        spoken.push(message(list));
    }
}

fn within<T>(list: &[T]) -> &[T] {
    list.get(..CASES_MAX).unwrap_or(list)
}

/// Sends the rows of the cases the other end wants.
pub(crate) fn cases<S: Store>(
    data: &mut Data,
    store: &S,
    peer: &Peer,
    wants: &[CaseWant],
    bytes_max: usize,
) -> Result<(), S::Error> {
    for want in wants {
        let mut want = want.clone();
        loop {
            let Some(bytes) = data.share(bytes_max) else {
                return Ok(());
            };
            let Some(part) = store.case_part(peer, &want, bytes)? else {
                break;
            };
            let next = part.next.clone();
            data.push(Message::CasePart(part));
            if next.is_empty() || next == want.after {
                break;
            }
            want.after = next;
        }
    }
    Ok(())
}
