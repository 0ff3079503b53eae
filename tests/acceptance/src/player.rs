//! Plays a script step by step and tells what each person sees.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::figures::Figures;
use crate::interrupt;
use crate::narration::{in_words, page_in_words, thing_in_words};
use crate::outcome::{code_on_receipt, core_answers, form, hand_over, pages, receipt};
use crate::proof::proved;
use crate::screen::{After, Screen};
use crate::script::{
    Act, CableAct, CardAct, CounterAct, OutcomeAct, PageAct, ScreenAct, Script, TimerAct,
};
use crate::stage::codes::{self, Signer};
use crate::stage::{FarEnd, Stage};

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
    if script.has_reviewer() {
        stage.open_browser()?;
    }
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
            interrupt::check()?;
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
            Act::Staff(deed) => self.screen_act("職員", deed, |stage| stage.staff.as_mut()),
            Act::Resident(deed) => self.screen_act("住民", deed, |stage| stage.resident.as_mut()),
            Act::Neighbour(deed) => self.screen_act("隣　", deed, Stage::neighbour),
            Act::Reviewer(deed) => self.page_act(deed),
            Act::Outcome(deed) => self.outcome_act(deed),
            Act::Timer(deed) => self.timer_act(deed),
            Act::Counter(CounterAct::Refuses(reason)) => {
                self.say("窓口", "起動しない。ファイルは何も変わらない");
                let said = self.stage.counter_refuses(reason)?;
                self.say("窓口", &said);
                Ok(())
            }
            Act::Cable(_)
            | Act::Card(_)
            | Act::Reader(_)
            | Act::Printer(_)
            | Act::Pages(_)
            | Act::Scanner(_)
            | Act::Counter(_)
            | Act::Database(_)
            | Act::Disk(_)
            | Act::Courier(_)
            | Act::HeadOffice(_)
            | Act::Intruder(_) => {
                let (who, what) = thing_in_words(act);
                self.say(who, &what);
                thing_act(self.stage, act)
            }
        }
    }

    fn screen_act(
        &mut self,
        who: &str,
        deed: &ScreenAct,
        which: impl FnOnce(&mut Stage) -> Option<&mut Screen>,
    ) -> Result<()> {
        self.say(who, &in_words(deed));
        let files = self.files();
        let screen = which(self.stage).context("there is no such screen")?;
        screen_act(screen, deed, &files)
    }

    fn timer_act(&mut self, deed: &TimerAct) -> Result<()> {
        match deed {
            TimerAct::Start(name) => self.figures.start(name),
            TimerAct::Stop(name) => {
                let took = self
                    .figures
                    .stop(name)
                    .context("this span was not started")?;
                self.say("時間", &format!("{name}: {:.2} 秒", took.as_secs_f64()));
            }
        }
        Ok(())
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
            PageAct::ChooseAnswers { into, rows } => {
                reviewer.choose_file(into, "torikomi-kekka.csv", &core_answers(self.stage, rows)?)
            }
            PageAct::Picture(name) => reviewer.picture(&self.picture(name)),
        }
    }

    fn outcome_act(&mut self, deed: &OutcomeAct) -> Result<()> {
        let kept = match deed {
            OutcomeAct::Form(words) => form(self.stage, self.pictures, words)?,
            OutcomeAct::Proved => {
                self.say("窓口", "書面・署名・内容を確かめる（todoke form verify）");
                return proved(self.stage, self.pictures);
            }
            OutcomeAct::Receipt => receipt(self.stage, self.pictures)?,
            OutcomeAct::Pages { count, say, asked } => {
                pages(self.stage, self.pictures, *count, say, asked)?
            }
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
            receipts: self.stage.receipts(),
            todoke: self.stage.programs.named("todoke"),
            stage: self.stage.folder().to_owned(),
        }
    }
}

/// Where a screen's deeds read and write files.
struct Files {
    scripts: PathBuf,
    pictures: PathBuf,
    receipts: PathBuf,
    todoke: PathBuf,
    stage: PathBuf,
}

impl Files {
    fn signed(&self, content: &str, signer: Signer) -> Result<String> {
        let content = self.scripts.join(content);
        codes::signed(&self.todoke, &self.stage, &content, signer)
    }
}

fn screen_act(screen: &mut Screen, deed: &ScreenAct, files: &Files) -> Result<()> {
    match deed {
        ScreenAct::See(text) => screen.see(text),
        ScreenAct::NotSee(text) => screen.not_see(text),
        ScreenAct::Gone(text) => screen.gone(text),
        ScreenAct::Tap(label) => screen.tap(label, None),
        ScreenAct::Choose { label, id } => screen.tap(label, Some(id)),
        ScreenAct::ReadOn { by, to } => screen.read_on(by, to),
        ScreenAct::Type {
            into,
            field,
            text,
            stay,
        } => {
            let after = if *stay { After::Stay } else { After::Leave };
            screen.type_into(into, field.as_deref(), text, after)
        }
        ScreenAct::Scan(code) => screen.scan(code),
        ScreenAct::ScanReceipt => screen.scan(&code_on_receipt(&files.receipts, &files.todoke)?),
        ScreenAct::ScanShown(start) => screen.scan_shown(start),
        ScreenAct::ScanSigned(file) => screen.scan(&files.signed(file, Signer::Portal)?),
        ScreenAct::ScanForged(file) => screen.scan(&files.signed(file, Signer::Forger)?),
        ScreenAct::Sign(file) => {
            let text = fs::read_to_string(files.scripts.join(file))?;
            screen.draw(&serde_json::from_str(&text).context("the strokes are not JSON")?)
        }
        ScreenAct::Picture(name) => screen.picture(&files.pictures.join(format!("{name}.png"))),
    }
}

/// What happens to a thing that is nobody's screen.
pub(crate) fn thing_act(stage: &mut Stage, act: &Act) -> Result<()> {
    match act {
        Act::Cable(CableAct::Cut) => stage.cable.cut(),
        Act::Cable(CableAct::Silence) => stage.cable.silence(),
        Act::Cable(CableAct::Impostor) => return stage.lead_cable(FarEnd::Impostor),
        Act::Cable(CableAct::Join) => {
            stage.lead_cable(FarEnd::OurHub)?;
            stage.cable.join().context("cannot join the cable")?;
        }
        Act::Card(CardAct::Insert) => return stage.insert_card(),
        Act::Card(CardAct::InsertUnknown) => return stage.insert_unknown_card(),
        Act::Card(CardAct::Remove) => return stage.remove_card(),
        Act::Card(CardAct::PullAfter(commands)) => return stage.pull_card_after(*commands),
        Act::Reader(deed) => return stage.plug_reader(*deed),
        Act::Printer(deed) => return stage.printer(*deed),
        Act::Pages(deed) => return stage.page_printer(*deed),
        Act::Scanner(deed) => return stage.scanner(*deed),
        Act::Counter(CounterAct::Kill) => return stage.kill_counter(),
        Act::Counter(CounterAct::Start) => return stage.start_counter(None),
        Act::Counter(CounterAct::Recover) => return stage.recover_counter(),
        Act::Counter(CounterAct::Logs(text)) => return stage.counter_logs(text),
        Act::Counter(CounterAct::Checks(text)) => return stage.archive_checks(text),
        Act::Counter(CounterAct::Mends(text)) => return stage.archive_mends(text),
        Act::Counter(CounterAct::StartWithClock(offset)) => {
            return stage.start_counter(Some(offset));
        }
        Act::Database(deed) => return stage.database(*deed),
        Act::Disk(deed) => return stage.disk(*deed),
        Act::Courier(deed) => return stage.courier(*deed),
        Act::HeadOffice(deed) => return stage.head_office(deed),
        Act::Intruder(deed) => return stage.intrude(*deed),
        Act::Counter(CounterAct::Refuses(_))
        | Act::Staff(_)
        | Act::Resident(_)
        | Act::Neighbour(_)
        | Act::Reviewer(_)
        | Act::Timer(_)
        | Act::Outcome(_) => {}
    }
    Ok(())
}
