//! What came back of what was handed over, and writing it again.

use std::path::Path;

use hub_store::{Actor, HandOverRow, Mismatch};

use super::names::{Names, names};
use super::{DataFailed, DeskData, audit, failed, may_see, visible};
use crate::desk::session::Viewer;
use crate::export;
use crate::hand_over::adapters::{self, Adapters};
use crate::hand_over::answers::{self, Outcome, Reading};
use crate::line_file::{EncodingChoice, LayoutFile};

use replica::AuditAction;

/// Everything somebody has to look at.
pub(crate) struct CameBack {
    /// In a file and not answered, with the moment it was written.
    pub(crate) unanswered: Vec<(HandOverRow, u64)>,
    /// Refused, with the other system's words.
    pub(crate) refused: Vec<(HandOverRow, String)>,
    /// What does not fit.
    pub(crate) unfitting: Vec<Mismatch>,
    /// Adapters with mistakes.
    pub(crate) broken: Vec<(String, Vec<String>)>,
}

/// What became of a file of answers.
pub(crate) enum AnswersTaken {
    /// It was read.
    Done(Outcome),
    /// Lines to correct; nothing was taken.
    Problems(Vec<String>),
    /// It is another file; why, in words.
    OtherFile(String),
}

impl DeskData {
    /// What came back, of the branches the viewer may see. Values of a case are a look at it.
    pub(crate) async fn came_back(
        &self,
        viewer: &Viewer,
        hand_over: &Path,
    ) -> Result<(CameBack, Names), DataFailed> {
        let (viewer, folder) = (viewer.clone(), adapters::folder_of(hand_over));
        self.run(move |store| {
            let mut came = CameBack {
                unanswered: store.unanswered().map_err(|error| failed(&error))?,
                refused: store.core_refused().map_err(|error| failed(&error))?,
                unfitting: Vec::new(),
                broken: Vec::new(),
            };
            came.unanswered
                .retain(|(row, _)| may_see(&viewer, &row.branch));
            came.refused
                .retain(|(row, _)| may_see(&viewer, &row.branch));
            let mut seen = Vec::new();
            for mut one in store.mismatches().map_err(|error| failed(&error))? {
                if let Some(case) = one.case {
                    let Some(record) = visible(store, &viewer, case)? else {
                        continue;
                    };
                    if record.protected {
                        (one.ours, one.theirs) = (String::new(), String::new());
                    } else if !seen.contains(&case) {
                        seen.push(case);
                    }
                }
                came.unfitting.push(one);
            }
            for case in seen {
                audit(store, &viewer.staff, AuditAction::CaseViewed, Some(case))?;
            }
            let all = Adapters::load(&folder).map_err(|error| failed(&*error))?;
            came.broken = all
                .broken
                .into_iter()
                .map(|(name, faults)| (name, faults.iter().map(ToString::to_string).collect()))
                .collect();
            Ok((came, names(store)))
        })
        .await?
    }

    /// Takes a file of answers, given as text.
    pub(crate) async fn take_answers(
        &self,
        viewer: &Viewer,
        text: String,
        hand_over: &Path,
    ) -> Result<AnswersTaken, DataFailed> {
        let (by, folder) = (viewer.staff.clone(), adapters::folder_of(hand_over));
        let scratch = hand_over.to_owned();
        let wake = self.wake.clone();
        self.run(move |store| {
            let layout = answers::layout_in(&folder).map_err(|error| failed(&*error))?;
            // Fixed widths are counted in the bytes of the other system.
            let fixed = layout.as_ref().is_some_and(LayoutFile::is_fixed);
            let (bytes, encoding) = if fixed {
                let bytes = encoding_rs::SHIFT_JIS.encode(&text).0.into_owned();
                (bytes, EncodingChoice::ShiftJis)
            } else {
                (text.into_bytes(), EncodingChoice::Utf8)
            };
            let file = Scratch::put(&scratch, &bytes).map_err(|error| failed(&error))?;
            let reading = Reading {
                layout: layout.as_ref(),
                encoding,
                check: false,
            };
            let mut unheard = std::io::sink();
            let taken = answers::take(
                store,
                &Actor::Staff(by),
                file.path(),
                &reading,
                &mut unheard,
            );
            match taken {
                Ok(done) if done.problems.is_empty() => {
                    wake.everyone();
                    Ok(AnswersTaken::Done(done))
                }
                Ok(done) => Ok(AnswersTaken::Problems(done.problems)),
                Err(error) if error.is::<hub_store::ReviewError>() => Err(failed(&*error)),
                Err(error) => Ok(AnswersTaken::OtherFile(error.to_string())),
            }
        })
        .await?
    }

    /// Notes that somebody put a mismatch right.
    pub(crate) async fn settle_mismatch(&self, viewer: &Viewer, id: i64) -> Result<(), DataFailed> {
        let by = viewer.staff.clone();
        self.run(move |store| {
            let settled = store.settle_mismatch(id, &by);
            settled.map(drop).map_err(|error| failed(&error))
        })
        .await?
    }

    /// Writes the cases of an earlier file again; `None` when there is none the viewer may see.
    pub(crate) async fn hand_over_again(
        &self,
        viewer: &Viewer,
        file: String,
        folder: &Path,
    ) -> Result<Option<String>, DataFailed> {
        let (viewer, folder) = (viewer.clone(), folder.to_owned());
        let now = self.clock.unix_ms();
        self.run(move |store| {
            let cases = store
                .handed_over_in(&file)
                .map_err(|error| failed(&error))?;
            let cases = cases
                .into_iter()
                .filter(|row| may_see(&viewer, &row.branch));
            let by = Actor::Staff(viewer.staff.clone());
            export::write_again(store, &by, &folder, now, cases.collect())
                .map_err(|error| failed(&*error))
        })
        .await?
    }
}

/// A private file that goes when it is not needed any more.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn put(folder: &Path, bytes: &[u8]) -> std::io::Result<Self> {
        use std::io::Write as _;
        std::fs::create_dir_all(folder)?;
        let mark = blake3::hash(bytes).to_hex();
        let path = folder.join(format!(
            ".answers-{}.part",
            mark.get(..16).unwrap_or_default()
        ));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = crate::folder::private_file(&path)?;
        let scratch = Self(path);
        file.write_all(bytes)?;
        Ok(scratch)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "a file of answers is left");
        }
    }
}
