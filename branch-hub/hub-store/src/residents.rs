//! The residents as head office knows them: the source of the resident copy and of its changes.
//!
//! A file of its own beside the database, encrypted with a key derived from the database's. Here,
//! and only here, stand the addresses of people under protection: what is published leaves them
//! out for everybody of their household. It is no record and in no backup; a whole file of the
//! resident record system makes it again.
//!
//! A difference changes it in one transaction. What was published before and may differ now is
//! marked, so that the changes since the published copy can be published again at any time.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use counter_domain::protection::ProtectedPerson;
use counter_domain::resident::{Resident, ResidentChange, ResidentState};
use replica::{DatabaseKey, StoreError, create_side_file, edit_side_file, finish_side_file};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

/// Layout of the file; another one is made anew.
const LAYOUT: u32 = 1;
const SCHEMA: &str = include_str!("residents.sql");
const INDEX: &str = "
    CREATE UNIQUE INDEX person_by_no ON person (person_no);
    CREATE INDEX person_by_household ON person (household_no);
    CREATE INDEX person_protected ON person (protected) WHERE protected = 1;
    CREATE INDEX person_touched ON person (touched) WHERE touched = 1;";
const KEY_PURPOSE: &str = "todoke 2026-11 resident register";

/// A person with what the file says about protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The person, with their place.
    pub resident: Resident,
    /// Under protection, until this day (stored form, may be empty).
    pub protected_until: Option<String>,
}

impl Registered {
    fn lives_here(&self) -> bool {
        lives_here(&self.resident)
    }
}

fn lives_here(resident: &Resident) -> bool {
    matches!(
        resident.state,
        ResidentState::Resident | ResidentState::MovingOut
    )
}

/// Where the register is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterAbout {
    /// BLAKE3 hash of the published copy that the changes are since.
    pub copy: [u8; 32],
    /// The day of the newest file, ISO 8601.
    pub as_of: String,
    /// The city.
    pub city: String,
}

/// The register, open.
#[derive(Debug)]
pub struct ResidentRegister {
    connection: Connection,
    about: RegisterAbout,
}

/// A register being made from a whole file. Nothing is in force before [`Self::finish`].
#[derive(Debug)]
pub struct NewRegister {
    connection: Connection,
    path: PathBuf,
    target: PathBuf,
}

impl NewRegister {
    /// Begins beside the one at `path`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn beside(path: &Path, key: &DatabaseKey) -> Result<Self, StoreError> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".new");
        let unfinished = PathBuf::from(unfinished);
        remove(&unfinished)?;
        let connection = create_side_file(&unfinished, &key.derived(KEY_PURPOSE))?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch("BEGIN")?;
        Ok(Self {
            connection,
            path: unfinished,
            target: path.to_owned(),
        })
    }

    /// Adds somebody; each person once.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put(&self, person: &Registered) -> Result<(), StoreError> {
        insert(&self.connection, person, 0)
    }

    /// Makes what is needed to read it, before anything is published from it.
    ///
    /// # Errors
    /// When the disk fails, or a person stands twice.
    pub fn settle(&self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch(INDEX)?)
    }

    /// Everybody as published, in the order of the file.
    ///
    /// # Errors
    /// When it cannot be read, or `each` fails.
    pub fn each_published<E: From<StoreError>>(
        &self,
        each: impl FnMut(&Resident) -> Result<(), E>,
    ) -> Result<(), E> {
        each_published(&self.connection, each)
    }

    /// Whom the protection list names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn protected(&self) -> Result<Vec<ProtectedPerson>, StoreError> {
        protected(&self.connection)
    }

    /// Puts it in the place of the old one, which was in force until now.
    ///
    /// # Errors
    /// When the disk fails; the old one is as it was.
    pub fn finish(self, about: &RegisterAbout) -> Result<(), StoreError> {
        put_about(&self.connection, about)?;
        self.connection.execute_batch("COMMIT")?;
        finish_side_file(self.connection, &self.path)?;
        std::fs::rename(&self.path, &self.target).map_err(|_| StoreError::Damaged)
    }

    /// Leaves the old one in force.
    ///
    /// # Errors
    /// When the unfinished file cannot be removed.
    pub fn give_up(self) -> Result<(), StoreError> {
        let Self {
            connection, path, ..
        } = self;
        drop(connection);
        remove(&path)
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Damaged),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl ResidentRegister {
    /// Opens the register at `path`; `None` when there is none, or one of another layout.
    ///
    /// # Errors
    /// When it is damaged or of another key.
    pub fn open(path: &Path, key: &DatabaseKey) -> Result<Option<Self>, StoreError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = edit_side_file(path, &key.derived(KEY_PURPOSE))?;
        let about = connection
            .query_row(
                "SELECT copy, as_of, city FROM about WHERE layout = :layout",
                [LAYOUT],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let Some((copy, as_of, city)) = about else {
            return Ok(None);
        };
        let copy = blake3::Hash::from_hex(&copy).map_err(|_| StoreError::Damaged)?;
        let about = RegisterAbout {
            copy: *copy.as_bytes(),
            as_of,
            city,
        };
        Ok(Some(Self { connection, about }))
    }

    /// What it is of.
    pub fn about(&self) -> &RegisterAbout {
        &self.about
    }

    /// People in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn persons(&self) -> Result<u64, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT count(*) FROM person", [], |row| row.get(0))?)
    }

    /// People who may differ from the published copy, and who are no longer in the record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn change_counts(&self) -> Result<(u64, u64), StoreError> {
        Ok(self.connection.query_row(
            "SELECT (SELECT count(*) FROM person WHERE touched = 1), (SELECT count(*) FROM gone)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// Everybody as published.
    ///
    /// # Errors
    /// When it cannot be read, or `each` fails.
    pub fn each_published<E: From<StoreError>>(
        &self,
        each: impl FnMut(&Resident) -> Result<(), E>,
    ) -> Result<(), E> {
        each_published(&self.connection, each)
    }

    /// Every change since the published copy, as published.
    ///
    /// # Errors
    /// When it cannot be read, or `each` fails.
    pub fn each_change<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(&ResidentChange) -> Result<(), E>,
    ) -> Result<(), E> {
        each_of(&self.connection, TOUCHED, |resident| {
            each(&ResidentChange::Put(Box::new(resident.clone())))
        })?;
        let mut statement = self
            .connection
            .prepare("SELECT person_no FROM gone ORDER BY person_no")
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            let person = row.get(0).map_err(StoreError::from)?;
            each(&ResidentChange::Remove(person))?;
        }
        Ok(())
    }

    /// Whom the protection list names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn protected(&self) -> Result<Vec<ProtectedPerson>, StoreError> {
        protected(&self.connection)
    }

    /// Begins a difference. Nothing is changed before [`Difference::commit`].
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin(&mut self) -> Result<Difference<'_>, StoreError> {
        Ok(Difference {
            transaction: self.connection.transaction()?,
            households: HashSet::new(),
            hidden_before: BTreeSet::new(),
        })
    }

    /// Notes that everybody was published in a new copy.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn published(&mut self, copy: [u8; 32]) -> Result<(), StoreError> {
        let about = RegisterAbout {
            copy,
            ..self.about.clone()
        };
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE person SET touched = 0 WHERE touched = 1", [])?;
        transaction.execute("DELETE FROM gone", [])?;
        put_about(&transaction, &about)?;
        transaction.commit()?;
        self.about = about;
        Ok(())
    }
}

/// A difference on its way into the register.
#[derive(Debug)]
pub struct Difference<'r> {
    transaction: Transaction<'r>,
    /// Households somebody came to, changed in or left.
    households: HashSet<String>,
    /// Those of them that were hidden before.
    hidden_before: BTreeSet<String>,
}

impl Difference<'_> {
    /// Somebody as they stand now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn person(&self, person_no: &str) -> Result<Option<Registered>, StoreError> {
        let mut statement = self
            .transaction
            .prepare_cached("SELECT doc, protected, until FROM person WHERE person_no = :no")?;
        let found = statement.query_row([person_no], registered).optional()?;
        found.transpose()
    }

    /// Adds somebody, or puts what they are now in the place of what they were.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put(&mut self, person: &Registered) -> Result<(), StoreError> {
        self.leave(&person.resident.person_no)?;
        self.touch(&person.resident.household_no)?;
        insert(&self.transaction, person, 1)?;
        self.transaction
            .prepare_cached("DELETE FROM gone WHERE person_no = :no")?
            .execute([&person.resident.person_no])?;
        Ok(())
    }

    /// Takes somebody out. Returns whether they were there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&mut self, person_no: &str) -> Result<bool, StoreError> {
        let was_there = self.leave(person_no)?;
        if was_there {
            self.transaction
                .prepare_cached(
                    "INSERT INTO gone (person_no) VALUES (:no) ON CONFLICT (person_no) DO NOTHING",
                )?
                .execute([person_no])?;
        }
        Ok(was_there)
    }

    fn leave(&mut self, person_no: &str) -> Result<bool, StoreError> {
        let household: Option<String> = self
            .transaction
            .prepare_cached("SELECT household_no FROM person WHERE person_no = :no")?
            .query_row([person_no], |row| row.get(0))
            .optional()?;
        let Some(household) = household else {
            return Ok(false);
        };
        self.touch(&household)?;
        self.transaction
            .prepare_cached("DELETE FROM person WHERE person_no = :no")?
            .execute([person_no])?;
        Ok(true)
    }

    /// Notes how a household stood before anything in it changed.
    fn touch(&mut self, household_no: &str) -> Result<(), StoreError> {
        if self.households.insert(household_no.to_owned()) && self.is_hidden(household_no)? {
            self.hidden_before.insert(household_no.to_owned());
        }
        Ok(())
    }

    fn is_hidden(&self, household_no: &str) -> Result<bool, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT 1 FROM person WHERE household_no = :no AND protected = 1 AND here = 1",
        )?;
        Ok(statement.exists([household_no])?)
    }

    /// Makes the difference hold. Whoever lives with somebody whose protection began or ended has
    /// changed too.
    ///
    /// # Errors
    /// When the disk fails; the register is as it was.
    pub fn commit(self, as_of: &str) -> Result<(), StoreError> {
        for household in &self.households {
            if self.is_hidden(household)? != self.hidden_before.contains(household) {
                self.transaction
                    .prepare_cached("UPDATE person SET touched = 1 WHERE household_no = :no")?
                    .execute([household])?;
            }
        }
        self.transaction.execute(
            "UPDATE about SET as_of = :as_of WHERE only_row = 1",
            [as_of],
        )?;
        Ok(self.transaction.commit()?)
    }
}

const EVERYBODY: &str = "SELECT doc, protected, until FROM person ORDER BY id";
const TOUCHED: &str = "SELECT doc, protected, until FROM person WHERE touched = 1 ORDER BY id";

fn insert(connection: &Connection, person: &Registered, touched: u8) -> Result<(), StoreError> {
    let doc = serde_json::to_string(&person.resident)?;
    connection
        .prepare_cached(
            "INSERT INTO person (person_no, household_no, here, protected, until, touched, doc)
             VALUES (:person, :household, :here, :protected, :until, :touched, :doc)",
        )?
        .execute(named_params! {
            ":person": person.resident.person_no, ":household": person.resident.household_no,
            ":here": person.lives_here(), ":protected": person.protected_until.is_some(),
            ":until": person.protected_until.as_deref().unwrap_or_default(),
            ":touched": touched, ":doc": doc,
        })?;
    Ok(())
}

/// A row of the three columns doc, protected and until.
fn registered(row: &Row<'_>) -> Result<Result<Registered, StoreError>, rusqlite::Error> {
    let doc: String = row.get(0)?;
    let protected: bool = row.get(1)?;
    let until: String = row.get(2)?;
    Ok(serde_json::from_str(&doc)
        .map(|resident| Registered {
            resident,
            protected_until: protected.then_some(until),
        })
        .map_err(StoreError::from))
}

fn each_registered<E: From<StoreError>>(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(Registered) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare(sql).map_err(StoreError::from)?;
    let mut rows = statement.query([]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        each(registered(row).map_err(StoreError::from)??)?;
    }
    Ok(())
}

fn each_published<E: From<StoreError>>(
    connection: &Connection,
    each: impl FnMut(&Resident) -> Result<(), E>,
) -> Result<(), E> {
    each_of(connection, EVERYBODY, each)
}

/// People without the places of those under protection and of everybody who lives with them.
fn each_of<E: From<StoreError>>(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&Resident) -> Result<(), E>,
) -> Result<(), E> {
    let hidden = hidden_households(connection)?;
    each_registered(connection, sql, |mut person| {
        if person.protected_until.is_some()
            || (person.lives_here() && hidden.contains(&person.resident.household_no))
        {
            person.resident.place = None;
        }
        each(&person.resident)
    })
}

fn hidden_households(connection: &Connection) -> Result<HashSet<String>, StoreError> {
    let mut statement = connection
        .prepare("SELECT DISTINCT household_no FROM person WHERE protected = 1 AND here = 1")?;
    let households = statement.query_map([], |row| row.get(0))?;
    Ok(households.collect::<Result<_, _>>()?)
}

/// Everybody under protection, and who lives with them: a case of theirs would give away the same
/// address.
fn protected(connection: &Connection) -> Result<Vec<ProtectedPerson>, StoreError> {
    let mut persons = Vec::new();
    each_registered(
        connection,
        "SELECT doc, protected, until FROM person WHERE protected = 1 ORDER BY id",
        |person| {
            let until = person.protected_until.unwrap_or_default();
            persons.push(ProtectedPerson::of(&person.resident, &until));
            Ok::<_, StoreError>(())
        },
    )?;
    each_registered(
        connection,
        "SELECT doc, protected, until FROM person WHERE protected = 0 AND here = 1
             AND household_no IN
                 (SELECT household_no FROM person WHERE protected = 1 AND here = 1)
         ORDER BY id",
        |person| {
            persons.push(ProtectedPerson::of(&person.resident, ""));
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(persons)
}

fn put_about(connection: &Connection, about: &RegisterAbout) -> Result<(), StoreError> {
    let copy = blake3::Hash::from_bytes(about.copy).to_hex();
    connection.execute(
        "INSERT INTO about (only_row, layout, copy, as_of, city)
         VALUES (1, :layout, :copy, :as_of, :city)
         ON CONFLICT (only_row) DO UPDATE SET copy = excluded.copy, as_of = excluded.as_of",
        named_params! {
            ":layout": LAYOUT, ":copy": copy.as_str(), ":as_of": about.as_of, ":city": about.city,
        },
    )?;
    Ok(())
}
