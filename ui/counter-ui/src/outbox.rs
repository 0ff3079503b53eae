//! Requests on their way to the daemon, and which input is not known to be on disk.
//!
//! Typing and answers are kept here until the daemon says that they are stored, and are sent again
//! after it was away; a deed is done by a person, who sees its effect. Input belongs to the case it
//! was typed into: it outlives the sign-in that follows a daemon's crash, and never reaches another
//! case.

use std::collections::{BTreeMap, BTreeSet};

use counter_api::{StaffAction, StaffScreen, ToDaemon};
use counter_domain::ids::CaseId;

use crate::link::Link;

/// Requests without an answer that are remembered, to send them again.
const UNANSWERED_MAX: usize = 256;

/// Where input is kept that is not known to be on disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unsaved {
    /// A field, by its path.
    Field(String),
    /// An answer to a question, by its fact.
    Answer(String),
}

/// What stands on the staff's screen, as far as input is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Sign-in: what was typed waits for its case to come back.
    Door,
    Board,
    Case(CaseId),
}

fn place_of(screen: &StaffScreen) -> Place {
    match screen {
        StaffScreen::SignIn(_) => Place::Door,
        StaffScreen::Board { .. } => Place::Board,
        StaffScreen::Reception(reception) => Place::Case(reception.case),
    }
}

/// Whether the case on the screen is there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    No,
    /// The daemon came back; its case has not been shown yet.
    Soon,
}

/// See the module.
pub(crate) struct Outbox {
    link: Option<Link>,
    lost: bool,
    back: Back,
    /// The number of the newest message.
    next: u64,
    /// The number of the newest message that was answered.
    answered: u64,
    /// The case input belongs to; stays while the sign-in screen covers it.
    case: Option<CaseId>,
    /// Typed since the last pause.
    typed: BTreeMap<String, String>,
    /// Sent, with the case each belongs to: the messages themselves do not name it.
    unanswered: BTreeMap<u64, (Option<CaseId>, ToDaemon)>,
    /// Refused, and still on the screen.
    refused: BTreeMap<String, String>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            link: None,
            lost: false,
            back: Back::No,
            next: 0,
            answered: 0,
            case: None,
            typed: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }
}

impl Outbox {
    pub(crate) fn open(&mut self, link: Link) {
        self.link = Some(link);
    }

    pub(crate) fn send(&mut self, message: impl FnOnce(u64) -> ToDaemon) {
        self.next += 1;
        let message = message(self.next);
        if let Some(what) = may_repeat(&message) {
            // Of one field only the newest value counts.
            let case = self.case;
            self.unanswered
                .retain(|_, (of, old)| *of != case || may_repeat(old).as_ref() != Some(&what));
            if self.unanswered.len() >= UNANSWERED_MAX {
                self.unanswered.pop_first();
            }
            self.unanswered.insert(self.next, (case, message.clone()));
        }
        let link = self.link.as_ref().filter(|_| !self.lost);
        if !link.is_some_and(|link| link.send(&message)) {
            // It is never answered, and nobody must wait for that.
            self.answered = self.next;
        }
    }

    pub(crate) fn type_into(&mut self, path: &str, text: &str) {
        self.refused.remove(path);
        self.typed.insert(path.to_owned(), text.to_owned());
    }

    pub(crate) fn forget_typed(&mut self, path: &str) -> Option<String> {
        self.typed.remove(path)
    }

    pub(crate) fn take_typed(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.typed)
    }

    /// The newest value of a field among what was sent and is not answered.
    pub(crate) fn on_its_way(&self, path: &str) -> Option<String> {
        let mut newest_first = self.unanswered.values().rev();
        newest_first.find_map(|(case, message)| {
            let ToDaemon::Staff {
                action: StaffAction::SetField { path: of, value },
                ..
            } = message
            else {
                return None;
            };
            (*case == self.case && of == path).then(|| value.clone())
        })
    }

    pub(crate) fn done(&mut self, id: u64) {
        self.answered = self.answered.max(id);
        self.unanswered.remove(&id);
    }

    /// Whether everything that reached the daemon has been answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered == self.next
    }

    /// The daemon did not take it; what is still on the screen is not saved.
    pub(crate) fn refused(&mut self, id: u64) {
        self.answered = self.answered.max(id);
        if let Some((case, ToDaemon::Staff { action, .. })) = self.unanswered.remove(&id)
            && case == self.case
            && let StaffAction::SetField { path, value } | StaffAction::TypeField { path, value } =
                action
        {
            self.refused.entry(path).or_insert(value);
        }
    }

    /// What the daemon shows again is no longer refused: it holds it, saved or with its own words.
    pub(crate) fn shows(&mut self, path: &str, value: &str) {
        if self.refused.get(path).is_some_and(|text| text == value) {
            self.refused.remove(path);
        }
    }

    pub(crate) fn line_lost(&mut self) {
        self.lost = true;
        self.answered = self.next;
    }

    pub(crate) fn line_back(&mut self) {
        self.back = Back::Soon;
        self.answered = self.next;
    }

    /// A view is on the screen. Sends again what belongs to it; returns how much input is lost
    /// because its case is not where people went on.
    pub(crate) fn shown(&mut self, screen: &StaffScreen) -> usize {
        self.lost = false;
        let case = match place_of(screen) {
            Place::Door => return 0,
            Place::Board => None,
            Place::Case(case) => Some(case),
        };
        if self.case != case {
            self.typed.clear();
            self.refused.clear();
        }
        self.case = case;
        if self.back == Back::No {
            return 0;
        }
        self.back = Back::No;
        let before = self.unsaved_of_all().len();
        self.unanswered.retain(|_, (of, _)| *of == case);
        self.send_again();
        before.saturating_sub(self.unsaved_of_all().len())
    }

    /// The resident's display is on the line again.
    pub(crate) fn shown_to_resident(&mut self) {
        self.lost = false;
    }

    fn send_again(&self) {
        if let Some(link) = &self.link {
            for (_, message) in self.unanswered.values() {
                link.send(message);
            }
        }
    }

    /// Whether a field's text may be only on this screen.
    pub(crate) fn is_unsaved(&self, path: &str) -> bool {
        self.typed.contains_key(path)
            || self.refused.contains_key(path)
            || self.under_way().any(|what| match what {
                Unsaved::Field(other) => other == path,
                Unsaved::Answer(_) => false,
            })
    }

    /// All input of the case that may be only on this screen.
    pub(crate) fn unsaved(&self) -> BTreeSet<Unsaved> {
        let fields = self.typed.keys().chain(self.refused.keys());
        fields
            .cloned()
            .map(Unsaved::Field)
            .chain(self.under_way())
            .collect()
    }

    fn under_way(&self) -> impl Iterator<Item = Unsaved> {
        let of_case = self.unanswered.values().filter(|(of, _)| *of == self.case);
        of_case.filter_map(|(_, message)| may_repeat(message))
    }

    fn unsaved_of_all(&self) -> BTreeSet<(Option<CaseId>, Unsaved)> {
        let all = self.unanswered.values();
        all.filter_map(|(case, message)| Some((*case, may_repeat(message)?)))
            .collect()
    }
}

/// What a message stores, when it may be sent twice without harm.
fn may_repeat(message: &ToDaemon) -> Option<Unsaved> {
    let ToDaemon::Staff { action, .. } = message else {
        return None;
    };
    if let StaffAction::SetField { path, .. } | StaffAction::TypeField { path, .. } = action {
        return Some(Unsaved::Field(path.clone()));
    }
    if let StaffAction::Answer { fact, member, .. } = action {
        let member = member.map(|number| format!("m{number}."));
        return Some(Unsaved::Answer(member.unwrap_or_default() + fact));
    }
    if let StaffAction::AnswerMembers { fact, .. } = action {
        return Some(Unsaved::Answer(fact.clone()));
    }
    None
}

#[cfg(test)]
mod tests {
    use counter_api::SignInView;

    use super::*;

    const CASE: &str = "0192f000000070008000000000000001";

    fn case(text: &str) -> CaseId {
        text.parse().unwrap()
    }

    fn outbox() -> Outbox {
        Outbox {
            case: Some(case(CASE)),
            ..Outbox::default()
        }
    }

    fn set(outbox: &mut Outbox, path: &str, value: &str) {
        let (path, value) = (path.to_owned(), value.to_owned());
        let action = StaffAction::SetField { path, value };
        outbox.send(|id| ToDaemon::Staff { id, action });
    }

    fn board() -> StaffScreen {
        StaffScreen::Board {
            returned: Vec::new(),
            open: Vec::new(),
            handed_in: Vec::new(),
        }
    }

    #[test]
    fn field_is_unsaved_from_the_first_letter_to_the_answer() {
        let mut outbox = outbox();
        outbox.type_into("head.new", "架");
        assert!(outbox.is_unsaved("head.new"));
        for (path, value) in outbox.take_typed() {
            set(&mut outbox, &path, &value);
        }
        assert!(outbox.is_unsaved("head.new"));
        assert!(!outbox.is_unsaved("head.old"));
        outbox.done(1);
        assert!(outbox.unsaved().is_empty());
    }

    #[test]
    fn nobody_waits_for_what_was_never_sent() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = folder.path().join("screens.sock");
        let mut outbox = outbox();
        outbox.open(Link::open(nobody, counter_api::Display::Staff, |_| ()).unwrap());
        set(&mut outbox, "head.new", "一");
        assert!(!outbox.is_answered());
        outbox.line_lost();
        outbox.line_back();
        // Between the daemon's return and its first view.
        set(&mut outbox, "head.new", "二");
        outbox.shown(&StaffScreen::SignIn(SignInView::default()));
        assert!(outbox.is_answered(), "the sign-in button would never wake");
    }

    #[test]
    fn only_the_newest_value_of_a_field_is_kept() {
        let mut outbox = outbox();
        set(&mut outbox, "head.new", "一");
        set(&mut outbox, "head.new", "二");
        outbox.done(1);
        assert!(outbox.is_unsaved("head.new"), "the second is under way");
        assert_eq!(outbox.unanswered.len(), 1);
    }

    #[test]
    fn input_waits_behind_the_sign_in_after_a_crash() {
        let mut outbox = outbox();
        set(&mut outbox, "head.new", "一");
        outbox.line_lost();
        outbox.line_back();
        assert_eq!(outbox.shown(&StaffScreen::SignIn(SignInView::default())), 0);
        assert_eq!(
            outbox.unsaved().into_iter().collect::<Vec<_>>(),
            [Unsaved::Field("head.new".to_owned())]
        );
    }

    #[test]
    fn input_of_a_case_nobody_went_on_with_is_told_and_dropped() {
        let mut outbox = outbox();
        set(&mut outbox, "head.new", "一");
        outbox.line_lost();
        outbox.line_back();
        assert_eq!(outbox.shown(&board()), 1);
        assert!(outbox.unanswered.is_empty());
    }

    #[test]
    fn refused_text_is_unsaved_until_the_daemon_shows_it() {
        let mut outbox = outbox();
        set(&mut outbox, "head.new", "一");
        outbox.refused(1);
        outbox.shows("head.new", "");
        assert!(outbox.is_unsaved("head.new"));
        outbox.shows("head.new", "一");
        assert!(!outbox.is_unsaved("head.new"));
    }
}
