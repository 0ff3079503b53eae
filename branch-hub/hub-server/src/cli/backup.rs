//! `backup key`, `now`, `verify` and `restore`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::Data;
use crate::backup::{self, Identities, Recipients, Sound};
use crate::clock::{Clock, in_japan};
use crate::folder::{Folder, Passphrase};

#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    /// Make a recovery key: the secret goes into a new file, the public key is printed
    Key {
        /// The new file; keep it away from this machine
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Back everything up while the hub runs, into one encrypted file
    Now {
        #[command(flatten)]
        data: Data,
        /// Public key that may open it, `age1...`; may be repeated. Those in DATA/backup-recipients.txt are added
        #[arg(long, value_name = "KEY")]
        recipient: Vec<String>,
        /// A new file, or a folder where it gets its name; without it DATA/backups
        #[arg(long, value_name = "PATH")]
        out: Option<PathBuf>,
        /// Afterwards remove all but this many of the newest from DATA/backups
        #[arg(long, value_name = "N", conflicts_with = "out")]
        keep: Option<usize>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Open a backup, and check all of it; exit status 1 when anything is wrong
    Verify {
        /// The backup
        file: PathBuf,
        /// File with a secret key; may be repeated
        #[arg(long, value_name = "FILE", required = true)]
        identity: Vec<PathBuf>,
        /// Where the parts lie meanwhile, the database key in the clear among them; without it the system's temporary folder
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make a new data folder from a backup; never over one that holds anything
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        data: Data,
        /// File with a secret key; may be repeated
        #[arg(long, value_name = "FILE", required = true)]
        identity: Vec<PathBuf>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

impl BackupCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Key { out: file } => {
                writeln!(out, "{}", backup::make_key(&file)?)?;
                Ok(())
            }
            Self::Now {
                data,
                recipient,
                out: place,
                keep,
                json,
            } => {
                let folder = Folder::open(&data.folder, Passphrase::of_the_environment())?;
                let recipients = Recipients::read(&recipient, &folder.recipients())?;
                if recipients.count() == 1 {
                    writeln!(
                        std::io::stderr(),
                        "Only one key opens this backup: when it is lost, so is the backup."
                    )?;
                }
                let own = folder.backups()?;
                let made =
                    backup::make(&folder, &recipients, place.as_ref().unwrap_or(&own), clock)?;
                if let Some(keep) = keep {
                    backup::prune(&own, keep)?;
                }
                tell(&made, json, out)
            }
            Self::Verify {
                file,
                identity,
                scratch,
                json,
            } => {
                let identities = Identities::read(&identity)?;
                let scratch = scratch.unwrap_or_else(std::env::temp_dir);
                tell(
                    &backup::verify(&file, &identities, &scratch, clock)?,
                    json,
                    out,
                )
            }
            Self::Restore {
                file,
                data,
                identity,
                json,
            } => {
                let identities = Identities::read(&identity)?;
                let passphrase = Passphrase::of_the_environment();
                let sound = backup::restore(&file, &identities, &data.folder, &passphrase, clock)?;
                tell(&sound, json, out)
            }
        }
    }
}

fn tell(sound: &Sound, as_json: bool, out: &mut impl Write) -> Result<()> {
    let manifest = &sound.manifest;
    let state: Value = json!({
        "file": sound.file,
        "made_at": in_japan(manifest.made_unix_ms, "%Y-%m-%dT%H:%M:%S+09:00"),
        "program": manifest.program,
        "city": manifest.city,
        "authority": sound.authority,
        "holds": manifest.holdings,
    });
    if as_json {
        writeln!(out, "{state}")?;
    } else {
        writeln!(out, "{state:#}")?;
    }
    Ok(())
}
