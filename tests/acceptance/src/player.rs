//! Plays a script step by step and tells what each person sees.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::figures::Figures;
use crate::outcome::{form, hand_over, receipt};
use crate::screen::Screen;
use crate::script::{
    Act, CableAct, CardAct, CounterAct, OutcomeAct, PageAct, ScreenAct, Script, TimerAct,
};
use crate::stage::Stage;

/// Says what happens; a terminal, or nobody in a test.
pub type Narrator<'a> = &'a mut dyn FnMut(&str);

/// Plays a script on a stage. Pictures and papers are left in `pictures`.
///
/// # Errors
/// At the first step that does not happen as written; the message names the step and the deed.
pub fn play(
    script: &Script,
    script_folder: &Path,
    stage: &mut Stage,
    pictures: &Path,
    tell: Narrator<'_>,
) -> Result<Figures> {
    fs::create_dir_all(pictures)?;
    let mut figures = Figures::default();
    figures.start("screen start");
    stage.open_screens()?;
    figures.stop("screen start");
    stage.open_browser()?;
    let mut player = Player {
        stage,
        scripts: script_folder,
        pictures,
        tell,
        figures,
    };
    for (number, step) in (1..).zip(&script.step) {
        (player.tell)(&format!("\n{number}. {}", step.tell));
        for act in &step.acts {
            player
                .act(act)
                .with_context(|| format!("step {number}: {}: {act:?}", step.tell))?;
        }
    }
    let mut figures = player.figures;
    figures.memory_kib = stage.memory_kib();
    Ok(figures)
}

struct Player<'a> {
    stage: &'a mut Stage,
    scripts: &'a Path,
    pictures: &'a Path,
    tell: Narrator<'a>,
    figures: Figures,
}

impl Player<'_> {
    fn act(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Staff(deed) => {
                self.say("職員", &in_words(deed));
                let files = self.files();
                screen_act(
                    self.stage.staff.as_mut().context("no staff screen")?,
                    deed,
                    &files,
                )
            }
            Act::Resident(deed) => {
                self.say("住民", &in_words(deed));
                let files = self.files();
                screen_act(
                    self.stage.resident.as_mut().context("no resident screen")?,
                    deed,
                    &files,
                )
            }
            Act::Reviewer(deed) => self.page_act(deed),
            Act::Cable(CableAct::Cut) => {
                self.say("回線", "本庁との回線を切る");
                self.stage.cable.cut();
                Ok(())
            }
            Act::Cable(CableAct::Join) => {
                self.say("回線", "本庁との回線をつなぐ");
                self.stage.cable.join().context("cannot join the cable")
            }
            Act::Card(deed) => self.card_act(*deed),
            Act::Counter(CounterAct::Kill) => {
                self.say("窓口", "電源が抜ける（SIGKILL）");
                self.stage.kill_counter()
            }
            Act::Counter(CounterAct::Start) => {
                self.say("窓口", "電源を入れ直す");
                self.stage.start_counter()
            }
            Act::Timer(TimerAct::Start(name)) => {
                self.figures.start(name);
                Ok(())
            }
            Act::Timer(TimerAct::Stop(name)) => {
                let took = self
                    .figures
                    .stop(name)
                    .context("this span was not started")?;
                self.say("時間", &format!("{name}: {:.2} 秒", took.as_secs_f64()));
                Ok(())
            }
            Act::Outcome(deed) => self.outcome_act(deed),
        }
    }

    fn card_act(&mut self, deed: CardAct) -> Result<()> {
        match deed {
            CardAct::Insert => {
                self.say("カード", "カードを置く");
                self.stage.insert_card()
            }
            CardAct::Remove => {
                self.say("カード", "カードを取る");
                self.stage.remove_card()
            }
        }
    }

    fn page_act(&mut self, deed: &PageAct) -> Result<()> {
        self.say("審査", &page_in_words(deed));
        let reviewer = self.stage.reviewer.as_ref().context("no browser")?;
        match deed {
            PageAct::Open(path) => reviewer.open(path),
            PageAct::See(text) => reviewer.see(text),
            PageAct::NotSee(text) => reviewer.not_see(text),
            PageAct::SeeFirstInQueue(text) => reviewer.see_first_in_queue(text),
            PageAct::Click(label) => reviewer.click(label),
            PageAct::Fill { into, text } => reviewer.fill(into, text),
            PageAct::Choose { from, entry } => reviewer.choose(from, entry),
            PageAct::Picture(name) => reviewer.picture(&self.picture(name)),
        }
    }

    fn outcome_act(&mut self, deed: &OutcomeAct) -> Result<()> {
        let kept = match deed {
            OutcomeAct::Form(words) => form(self.stage, self.pictures, words)?,
            OutcomeAct::Receipt => receipt(self.stage, self.pictures)?,
            OutcomeAct::HandOver(columns) => hand_over(self.stage, self.pictures, columns)?,
        };
        for file in kept {
            self.say("保存", &file.display().to_string());
        }
        Ok(())
    }

    fn say(&mut self, who: &str, what: &str) {
        (self.tell)(&format!("   {who}  {what}"));
    }

    fn picture(&self, name: &str) -> PathBuf {
        self.pictures.join(format!("{name}.png"))
    }

    fn files(&self) -> Files {
        Files {
            scripts: self.scripts.to_owned(),
            pictures: self.pictures.to_owned(),
        }
    }
}

/// Where a screen's deeds read and write files.
struct Files {
    scripts: PathBuf,
    pictures: PathBuf,
}

fn screen_act(screen: &mut Screen, deed: &ScreenAct, files: &Files) -> Result<()> {
    match deed {
        ScreenAct::See(text) => screen.see(text),
        ScreenAct::NotSee(text) => screen.not_see(text),
        ScreenAct::Tap(label) => screen.tap(label, None),
        ScreenAct::Choose { label, id } => screen.tap(label, Some(id)),
        ScreenAct::Type { into, field, text } => screen.type_into(into, field.as_deref(), text),
        ScreenAct::Sign(file) => {
            let text = fs::read_to_string(files.scripts.join(file))?;
            screen.draw(&serde_json::from_str(&text).context("the strokes are not JSON")?)
        }
        ScreenAct::Picture(name) => screen.picture(&files.pictures.join(format!("{name}.png"))),
    }
}

fn in_words(deed: &ScreenAct) -> String {
    match deed {
        ScreenAct::See(text) => format!("「{text}」が見える"),
        ScreenAct::NotSee(text) => format!("「{text}」は見えない"),
        ScreenAct::Tap(label) | ScreenAct::Choose { label, .. } => format!("［{label}］を押す"),
        ScreenAct::Type { into, .. } => format!("{into} を入力する"),
        ScreenAct::Sign(_) => "署名する".to_owned(),
        ScreenAct::Picture(name) => format!("画面を残す: {name}.png"),
    }
}

fn page_in_words(deed: &PageAct) -> String {
    match deed {
        PageAct::Open(path) => format!("{path} を開く"),
        PageAct::See(text) => format!("「{text}」が見える"),
        PageAct::NotSee(text) => format!("「{text}」は見えない"),
        PageAct::SeeFirstInQueue(text) => format!("一覧の一番上に「{text}」が見える"),
        PageAct::Click(label) => format!("［{label}］を押す"),
        PageAct::Fill { into, .. } => format!("{into} を入力する"),
        PageAct::Choose { from, entry } => format!("{from} から「{entry}」を選ぶ"),
        PageAct::Picture(name) => format!("画面を残す: {name}.png"),
    }
}
