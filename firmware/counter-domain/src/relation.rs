//! Relation to the head of the household (続柄, `domain.md` D.9): a chain of steps from the head.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// One step of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// 世帯主.
    Head,
    /// 夫.
    Husband,
    /// 妻.
    Wife,
    /// 夫（未届）.
    HusbandUnregistered,
    /// 妻（未届）.
    WifeUnregistered,
    /// 子.
    Child,
    /// 父.
    Father,
    /// 母.
    Mother,
    /// 兄.
    ElderBrother,
    /// 弟.
    YoungerBrother,
    /// 姉.
    ElderSister,
    /// 妹.
    YoungerSister,
    /// 縁故者.
    Relative,
    /// 同居人.
    Lodger,
    /// 使用人.
    Employee,
}

/// Steps with their Japanese word and their code, longer words first.
const STEPS: [(Step, &str, &str); 15] = [
    (
        Step::HusbandUnregistered,
        "夫（未届）",
        "HUSBAND_UNREGISTERED",
    ),
    (Step::WifeUnregistered, "妻（未届）", "WIFE_UNREGISTERED"),
    (Step::Head, "世帯主", "HEAD"),
    (Step::Relative, "縁故者", "RELATIVE"),
    (Step::Lodger, "同居人", "LODGER"),
    (Step::Employee, "使用人", "EMPLOYEE"),
    (Step::Husband, "夫", "HUSBAND"),
    (Step::Wife, "妻", "WIFE"),
    (Step::Child, "子", "CHILD"),
    (Step::Father, "父", "FATHER"),
    (Step::Mother, "母", "MOTHER"),
    (Step::ElderBrother, "兄", "ELDER_BROTHER"),
    (Step::YoungerBrother, "弟", "YOUNGER_BROTHER"),
    (Step::ElderSister, "姉", "ELDER_SISTER"),
    (Step::YoungerSister, "妹", "YOUNGER_SISTER"),
];

impl Step {
    fn row(self) -> Option<&'static (Self, &'static str, &'static str)> {
        STEPS.iter().find(|(step, _, _)| *step == self)
    }

    /// Its code in data, for example `CHILD`.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |(_, _, code)| code)
    }

    /// Its word on forms.
    pub fn word(self) -> &'static str {
        self.row().map_or("", |(_, word, _)| word)
    }
}

/// Relation to the head, for example 妻の子.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation(Vec<Step>);

/// The text is no chain of known relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a relation to the head of a household")]
pub struct RelationError;

impl Relation {
    /// The head.
    pub fn head() -> Self {
        Self(vec![Step::Head])
    }

    /// Whether this is the head.
    pub fn is_head(&self) -> bool {
        self.0 == [Step::Head]
    }

    /// The steps from the head.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("の")?;
            }
            f.write_str(step.word())?;
        }
        Ok(())
    }
}

/// Reads `妻の子`, and codes: `WIFE,CHILD`. 長男, 長女 and 養子 are written 子 since 1995.
impl FromStr for Relation {
    type Err = RelationError;

    fn from_str(text: &str) -> Result<Self, RelationError> {
        let text = text.trim().replace('(', "（").replace(')', "）");
        let steps: Option<Vec<Step>> = text
            .split(['の', ',', ' '])
            .filter(|word| !word.is_empty())
            .map(step_of)
            .collect();
        let steps = steps
            .filter(|steps| !steps.is_empty())
            .ok_or(RelationError)?;
        let alone = [Step::Head, Step::Relative, Step::Lodger, Step::Employee];
        if steps.len() > 1 && steps.iter().any(|step| alone.contains(step)) {
            return Err(RelationError);
        }
        Ok(Self(steps))
    }
}

fn step_of(word: &str) -> Option<Step> {
    match word {
        "長男" | "長女" | "二男" | "二女" | "養子" => Some(Step::Child),
        "本人" => Some(Step::Head),
        _ => STEPS
            .iter()
            .find(|(_, japanese, code)| *japanese == word || *code == word)
            .map(|(step, _, _)| *step),
    }
}
