//! What peers said they have on disk, and what that tells about ourselves.

use rusqlite::{OptionalExtension, named_params};
use sync_engine::{Peer, PeerRole};
use sync_protocol::{SiteId, VersionVector};

use crate::database::{Replica, set_meta};
use crate::error::StoreError;

/// Most sites noted of one peer; a city has some hundred counters in all its years.
const SITES_MAX: usize = 1024;

impl Replica {
    /// Notes what `peer` has. When head office has more of this device than the device itself,
    /// the file was restored from a backup: nothing is written or sent from then on, because new
    /// records under used version numbers would be lost silently. Returns whether it is news.
    ///
    /// # Errors
    /// When the database cannot be written; [`StoreError::Restored`].
    pub fn acknowledged(
        &mut self,
        peer: &Peer,
        vector: &VersionVector,
    ) -> Result<bool, StoreError> {
        let held = vector.get(&self.site).copied().unwrap_or(0);
        let own = self.own_version()?;
        if peer.role == PeerRole::Hub && held > own {
            self.write_local(|write| {
                set_meta(write.connection(), "restored", &held.to_be_bytes())
            })?;
            self.restored = Some((own, held));
            return Err(StoreError::Restored { own, held });
        }
        let noted = self.noted_of(peer.site)?;
        let vector = self.bounded(&noted, vector)?;
        let is_news =
            |(site, through): (&SiteId, &u64)| noted.get(site).copied().unwrap_or(0) < *through;
        if !vector.iter().any(is_news) {
            return Ok(false);
        }
        self.write_local(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO acked (peer, site, through) VALUES (:peer, :site, :through)
                 ON CONFLICT (peer, site) DO UPDATE SET through = max(through, excluded.through)",
            )?;
            for (site, through) in &vector {
                let through = (*through).min(1 << 62);
                let row =
                    named_params! { ":peer": peer.site.0, ":site": site.0, ":through": through };
                statement.execute(row)?;
            }
            Ok(true)
        })
    }

    /// Head office says that it holds more of this device than the device itself (`held` versions),
    /// or another history ([`sync_protocol::HISTORY_DIFFERS`]): from then on nothing is written or
    /// sent here. What it says is compared first, because an answer to a question of long ago says
    /// less than is here now. Returns whether it is so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn told_rolled_back(&mut self, held: u64) -> Result<bool, StoreError> {
        let own = self.own_version()?;
        if held <= own {
            return Ok(false);
        }
        if self.restored.is_none() {
            self.write_local(|write| {
                set_meta(write.connection(), "restored", &held.to_be_bytes())
            })?;
            self.restored = Some((own, held));
        }
        Ok(true)
    }

    /// Whether this database is known to be an older copy, which writes and sends nothing.
    pub fn is_restored(&self) -> bool {
        self.restored.is_some()
    }

    /// Lets this database be written although it is an older copy, until what this returns is given
    /// back with [`Self::put_restored`]. What is written meanwhile is never sent from here: whoever
    /// goes on for this device finds it in the file.
    pub fn lift_restored(&mut self) -> Option<(u64, u64)> {
        self.restored.take()
    }

    /// See [`Self::lift_restored`].
    pub fn put_restored(&mut self, known: Option<(u64, u64)>) {
        self.restored = known;
    }

    /// How many transactions somebody is known to hold and this database does not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn to_arrive(&self) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coalesce(sum(max(0, a.through - coalesce(v.through, 0))), 0)
             FROM (SELECT site, max(through) AS through FROM acked
                   WHERE site <> :own GROUP BY site) a
             LEFT JOIN peer_vector v ON v.site = a.site",
        )?;
        Ok(statement.query_row([self.site.0], |row| row.get(0))?)
    }

    /// What a peer said without more sites than there can be: one that makes some up must not fill
    /// the disk. Those that are known here always count.
    fn bounded(
        &self,
        noted: &VersionVector,
        told: &VersionVector,
    ) -> Result<VersionVector, StoreError> {
        let known = self.vector()?;
        let mut room = SITES_MAX.saturating_sub(noted.len());
        let mut counts = |site: &SiteId| {
            let fits = known.contains_key(site) || noted.contains_key(site) || room > 0;
            room = room.saturating_sub(usize::from(fits));
            fits
        };
        Ok(told
            .iter()
            .filter(|(site, _)| counts(site))
            .map(|(site, through)| (*site, *through))
            .collect())
    }

    /// Highest version of each site that `peer` said it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn noted_of(&self, peer: SiteId) -> Result<VersionVector, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT site, through FROM acked WHERE peer = :peer")?;
        let rows = statement.query_map([peer.0], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Highest version of `site` that `peer` said it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn acked_by(&self, peer: SiteId, site: SiteId) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT through FROM acked WHERE peer = :peer AND site = :site")?;
        let row = named_params! { ":peer": peer.0, ":site": site.0 };
        Ok(statement
            .query_row(row, |row| row.get(0))
            .optional()?
            .unwrap_or(0))
    }
}
