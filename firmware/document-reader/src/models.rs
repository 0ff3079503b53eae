//! The two text models: where they lie and how they are loaded.
//!
//! PP-OCRv6 small: a detector of text lines and a recogniser of 18,708 characters (Apache-2.0, 31 MB).
//! They are fetched once by `make models`, checked by SHA-256, and never looked for on the network.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, ModelOptions, ThreadPool};

/// Environment variable that names the models' folder.
pub const VARIABLE: &str = "TODOKE_DOCUMENT_MODELS";
/// Where a package installs them.
pub const INSTALLED: &str = "/usr/share/todoke/document-models";
const FOLDER: &str = "document-models";
const DETECTOR: &str = "PP-OCRv6_det_small.rten";
const RECOGNISER: &str = "PP-OCRv6_rec_small.rten";
const DICTIONARY: &str = "ppocrv6_dict.txt";

/// Characters that may be answered, see `data/README.md`.
const REPERTOIRE: &str = include_str!("../data/repertoire.txt");

/// Why the models cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadModelsError {
    /// Not in any of the folders.
    #[error(
        "text models not found: run `make models`, or set {VARIABLE} to the folder that holds them"
    )]
    Missing,
    /// A file cannot be read.
    #[error("text model {0} cannot be read")]
    Unreadable(&'static str, #[source] std::io::Error),
    /// A file is not the model it should be.
    #[error("text model {0} is damaged: run `make models` again")]
    Damaged(&'static str),
}

impl LoadModelsError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "DOCUMENT-MODELS-MISSING",
            Self::Unreadable(..) => "DOCUMENT-MODELS-UNREADABLE",
            Self::Damaged(_) => "DOCUMENT-MODELS-DAMAGED",
        }
    }
}

/// The loaded models; some 60 MB.
pub(crate) struct Models {
    pub(crate) detector: Model,
    pub(crate) recogniser: Model,
    /// What each class of the recogniser stands for; `None` for what is never answered.
    pub(crate) classes: Vec<Option<char>>,
    /// The same for a strip of half-width kana: katakana and voicing marks only.
    pub(crate) kana: Vec<Option<char>>,
    /// One pool for each core that may be used: crops are read side by side.
    pub(crate) pools: Vec<Arc<ThreadPool>>,
    /// All cores together, for the one large picture of the detector.
    pub(crate) all: Arc<ThreadPool>,
}

/// The folder that holds the models: the one `VARIABLE` names, beside the program's folder, or where a
/// package installs them.
pub fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named));
    }
    let program = std::env::current_exe().ok();
    let beside = program
        .iter()
        .flat_map(|program| program.ancestors().skip(1).take(3))
        .map(|folder| folder.join(FOLDER));
    beside
        .chain([PathBuf::from(INSTALLED)])
        .find(|folder| folder.join(DETECTOR).is_file())
}

impl Models {
    /// Loads both models; `cores` is how many may be used.
    pub(crate) fn open(folder: &Path, cores: usize) -> Result<Self, LoadModelsError> {
        let classes = classes(&text(folder, DICTIONARY)?);
        let cores = cores.clamp(1, 8);
        let pool = |threads| Arc::new(ThreadPool::with_num_threads(threads));
        let kana = classes
            .iter()
            .map(|class| class.and_then(as_kana))
            .collect();
        Ok(Self {
            detector: model(folder, DETECTOR)?,
            recogniser: model(folder, RECOGNISER)?,
            classes,
            kana,
            pools: (0..cores).map(|_| pool(1)).collect(),
            all: pool(cores),
        })
    }
}

fn model(folder: &Path, name: &'static str) -> Result<Model, LoadModelsError> {
    let bytes = std::fs::read(folder.join(name)).map_err(|error| unreadable(name, error))?;
    ModelOptions::with_all_ops()
        .prepack_weights(true)
        .load(bytes)
        .map_err(|_| LoadModelsError::Damaged(name))
}

fn text(folder: &Path, name: &'static str) -> Result<String, LoadModelsError> {
    std::fs::read_to_string(folder.join(name)).map_err(|error| unreadable(name, error))
}

fn unreadable(name: &'static str, error: std::io::Error) -> LoadModelsError {
    if error.kind() == std::io::ErrorKind::NotFound {
        LoadModelsError::Missing
    } else {
        LoadModelsError::Unreadable(name, error)
    }
}

/// What a class means on a strip that holds nothing but half-width kana. Stretched, they are what
/// the model knows as kanji of the same shape.
fn as_kana(one: char) -> Option<char> {
    let kana = match one {
        'ァ'..='ヶ' | 'ー' => one,
        '゛' | '"' | '”' | '“' | '〃' => '゛',
        '゜' | '°' => '゜',
        '力' => 'カ',
        '夕' => 'タ',
        '卜' => 'ト',
        '口' => 'ロ',
        '工' => 'エ',
        '才' | '木' => 'オ',
        '二' => 'ニ',
        '三' => 'ミ',
        '八' => 'ハ',
        '千' | '干' => 'チ',
        '一' => 'ー',
        '匕' | '七' | '上' => 'ヒ',
        '又' => 'ヌ',
        '丁' => 'テ',
        '勺' => 'ク',
        '厶' | '么' => 'ム',
        '乙' => 'ス',
        '屮' => 'サ',
        'へ' => 'ヘ',
        'り' => 'リ',
        _ => return None,
    };
    Some(kana)
}

/// Class 0 is "no character", then the dictionary row by row, last a blank.
fn classes(dictionary: &str) -> Vec<Option<char>> {
    let allowed: HashSet<char> = REPERTOIRE.chars().filter(|one| *one != '\n').collect();
    let single = |row: &str| {
        let mut characters = row.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) => allowed.contains(&one).then_some(one),
            _ => None,
        }
    };
    let mut classes = vec![None];
    classes.extend(dictionary.split('\n').map(single));
    if dictionary.ends_with('\n') {
        classes.pop();
    }
    classes.push(None);
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simplified_look_alikes_are_no_answer() {
        let classes = classes("对\n対\n髙\n");
        assert_eq!(classes, [None, None, Some('対'), Some('髙'), None]);
    }

    #[test]
    fn a_folder_without_models_says_what_to_do() {
        let error = Models::open(Path::new("/nowhere"), 1).err().unwrap();
        assert!(error.to_string().contains("make models"));
    }
}
