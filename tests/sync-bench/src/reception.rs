//! A typical case: two people move in with a card, as the scripted visit plays it, saved step by step
//! as a counter saves it. Names, numbers and days are made up and differ from case to case, so that
//! packing has as much to do as with real people.

use anyhow::{Context as _, Result};
use counter_domain::draft::{FieldPath, FieldValue, MergedField, Source};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotForm, SnapshotProcedure};
use counter_store::{CaseRecord, CounterStore, FieldEntry, NewCase, SignedForm};
use fastrand::Rng;

/// The day everything happens on.
const DAY: &str = "2026-11-21";

const FAMILY: [(&str, &str); 8] = [
    ("架空", "カクウ"),
    ("見本", "ミホン"),
    ("仮名", "カメイ"),
    ("例示", "レイジ"),
    ("試験", "シケン"),
    ("模擬", "モギ"),
    ("想定", "ソウテイ"),
    ("練習", "レンシュウ"),
];
const GIVEN: [(&str, &str); 16] = [
    ("太郎", "タロウ"),
    ("花子", "ハナコ"),
    ("一郎", "イチロウ"),
    ("良子", "ヨシコ"),
    ("健", "ケン"),
    ("美咲", "ミサキ"),
    ("大輔", "ダイスケ"),
    ("陽子", "ヨウコ"),
    ("翔太", "ショウタ"),
    ("由美", "ユミ"),
    ("誠", "マコト"),
    ("恵", "メグミ"),
    ("拓也", "タクヤ"),
    ("直美", "ナオミ"),
    ("学", "マナブ"),
    ("久美子", "クミコ"),
];
const TOWNS: [&str; 12] = [
    "架空町",
    "見本台",
    "仮名が丘",
    "例示本町",
    "試験通",
    "模擬沢",
    "想定町",
    "練習坂",
    "空想野",
    "図示町",
    "雛形",
    "標準台",
];
const BUILDINGS: [&str; 6] = [
    "ハイツ",
    "コーポ",
    "マンション",
    "荘",
    "レジデンス",
    "パレス",
];
const ANSWERS: [&str; 8] = [
    "answer.hh.dogs",
    "answer.hh.water",
    "answer.m1.pension",
    "answer.m1.health",
    "answer.m2.pension",
    "answer.m2.health",
    "answer.m1.motorbike",
    "answer.hh.city-housing",
];

/// What the resident's pen and the printed form weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Papers {
    /// Next to nothing: what the records cost by themselves.
    Token,
    /// Strokes of a signature and the form as PDF/A, as the visit leaves them.
    Real,
}

impl Papers {
    /// Bytes of strokes and of the form; the real ones were weighed after the visit.
    fn weigh(self) -> (usize, usize) {
        match self {
            Self::Token => (32, 32),
            Self::Real => (3 << 10, 96 << 10),
        }
    }
}

/// Takes in receptions, always the same ones for a seed.
pub(crate) struct Receptions {
    rng: Rng,
    by: StaffId,
    branch: BranchCode,
    papers: Papers,
}

/// A reception that is being taken in, one saved step after the other.
pub(crate) struct Reception {
    case: CaseId,
    steps: std::vec::IntoIter<Vec<FieldEntry>>,
    finished: bool,
}

impl Receptions {
    pub(crate) fn new(branch: &str, seed: u64, papers: Papers) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            by: StaffId::from("u0312"),
            branch: BranchCode::from(branch),
            papers,
        }
    }

    /// Takes in so many whole cases.
    pub(crate) fn take_in(&mut self, store: &mut CounterStore, cases: usize) -> Result<()> {
        for _ in 0..cases {
            let mut reception = self.begin(store)?;
            while self.go_on(store, &mut reception)? {}
        }
        Ok(())
    }

    /// Opens a case.
    pub(crate) fn begin(&mut self, store: &mut CounterStore) -> Result<Reception> {
        let new = NewCase {
            by: self.by.clone(),
            branch: self.branch.clone(),
            day: DAY.to_owned(),
        };
        let branch = self.branch.as_str().to_owned();
        let number = move |sequence: u32| format!("{branch}-2-261121-{sequence:05}-0");
        let started = store.start_case(&new, &number)?;
        Ok(Reception {
            case: started.case,
            steps: self.household()?.into_iter(),
            finished: false,
        })
    }

    /// Saves the next step; the last one hands the case in. Whether there is another.
    pub(crate) fn go_on(
        &mut self,
        store: &mut CounterStore,
        reception: &mut Reception,
    ) -> Result<bool> {
        if let Some(step) = reception.steps.next() {
            store.set_fields(reception.case, &self.by, &step)?;
            return Ok(true);
        }
        if !reception.finished {
            reception.finished = true;
            self.sign(store, reception.case)?;
            return Ok(true);
        }
        store.submit(reception.case, &self.by)?;
        Ok(false)
    }

    fn sign(&mut self, store: &mut CounterStore, case: CaseId) -> Result<()> {
        let record = store.case(case)?.context("the case is here")?;
        let snapshot = snapshot_of(&record);
        let (strokes, form) = self.papers.weigh();
        let strokes = self.bytes(strokes);
        let form_pdf = self.bytes(form);
        let form = SignedForm {
            snapshot: &snapshot,
            strokes: &strokes,
            form_pdf: &form_pdf,
        };
        store.sign(case, &self.by, &form)?;
        Ok(())
    }

    /// Bytes that packing cannot make smaller, as a PDF's.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.rng.fill(&mut bytes);
        bytes
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Result<T> {
        self.rng
            .choice(from)
            .copied()
            .context("a list of names is empty")
    }

    /// The steps of a household of two, each saved by itself.
    fn household(&mut self) -> Result<Vec<Vec<FieldEntry>>> {
        let (family, family_kana) = self.pick(&FAMILY)?;
        let (his, his_kana) = self.pick(&GIVEN)?;
        let (hers, her_kana) = self.pick(&GIVEN)?;
        let name = format!("{family}　{his}");
        let old = self.address("東京都千代田区")?;
        let new = self.address("六会市")?;
        let building = format!(
            "{}{}{}号室",
            family,
            self.pick(&BUILDINGS)?,
            self.rng.u32(101..=909)
        );
        let phone = format!(
            "090-{:04}-{:04}",
            self.rng.u32(0..10_000),
            self.rng.u32(0..10_000)
        );
        let mut steps = vec![
            vec![
                staff("event.type", "move_in"),
                staff("event.flow", "counter"),
                staff("event.filed_on", DAY),
                staff("guide.catalogue", "12"),
            ],
            vec![
                chip("member.1.name", &name),
                chip("member.1.birth_date", &self.day(1950, 2003)),
                chip("member.1.sex", "male"),
                chip("address.old", &old),
            ],
            vec![staff(
                "event.date",
                &format!("2026-11-{:02}", self.rng.u32(7..=20)),
            )],
            vec![staff("address.new", &new)],
            vec![staff("address.new.building", &building)],
            vec![staff("head.new", &name)],
            vec![staff("member.1.relation", "世帯主")],
            vec![staff("member.1.nationality", "日本")],
            vec![staff(
                "member.1.kana",
                &format!("{family_kana}　{his_kana}"),
            )],
            vec![staff("notifier.phone", &phone)],
            vec![staff("member.2.name", &format!("{family}　{hers}"))],
            vec![staff(
                "member.2.kana",
                &format!("{family_kana}　{her_kana}"),
            )],
            vec![staff("member.2.birth_date", &self.day(1950, 2003))],
            vec![staff("member.2.sex", "female")],
            vec![staff("member.2.relation", "妻")],
            vec![staff("member.2.nationality", "日本")],
        ];
        for answer in ANSWERS {
            let yes = self.rng.bool();
            steps.push(vec![entry(answer, FieldValue::Flag(yes), Source::Resident)]);
        }
        steps.push(vec![
            staff("identity.kind", "mncard"),
            staff("identity.method", "chip"),
            staff("notifier.member", "1"),
        ]);
        Ok(steps)
    }

    fn address(&mut self, city: &str) -> Result<String> {
        let town = self.pick(&TOWNS)?;
        let (chome, block, number) = (
            self.rng.u32(1..=7),
            self.rng.u32(1..=45),
            self.rng.u32(1..=30),
        );
        Ok(format!("{city}{town}{chome}丁目{block}番{number}号"))
    }

    fn day(&mut self, first: u32, last: u32) -> String {
        let (year, month, day) = (
            self.rng.u32(first..=last),
            self.rng.u32(1..=12),
            self.rng.u32(1..=28),
        );
        format!("{year}-{month:02}-{day:02}")
    }
}

fn staff(path: &str, text: &str) -> FieldEntry {
    entry(path, FieldValue::Text(text.to_owned()), Source::Staff)
}

fn chip(path: &str, text: &str) -> FieldEntry {
    entry(path, FieldValue::Text(text.to_owned()), Source::Chip)
}

fn entry(path: &str, value: FieldValue, source: Source) -> FieldEntry {
    FieldEntry {
        path: FieldPath::from(path),
        value,
        source,
        confidence: None,
    }
}

fn snapshot_of(record: &CaseRecord) -> Snapshot {
    let field = |(path, field): (&FieldPath, MergedField)| {
        let (value, source) = (field.shown.value, field.shown.source);
        (path.clone(), SnapshotField { value, source })
    };
    Snapshot {
        version: 1,
        case_id: record.case,
        receipt_number: record.summary.receipt_number.clone().unwrap_or_default(),
        form: "resident-move/1".to_owned(),
        forms: vec![SnapshotForm {
            number: "F001".to_owned(),
            name: "resident-move".to_owned(),
            version: 1,
        }],
        filed_on: DAY.to_owned(),
        language: "ja".to_owned(),
        fields: record.draft.fields().map(field).collect(),
        procedures: (1..=5).map(procedure).collect(),
    }
}

fn procedure(number: u8) -> SnapshotProcedure {
    SnapshotProcedure {
        id: format!("P{number:03}"),
        name: "国民健康保険の加入".to_owned(),
        member: Some(1),
        reason: "他市から転入し、勤務先の健康保険に入っていないため".to_owned(),
        deadline: "転入した日から14日以内".to_owned(),
        to_confirm: false,
    }
}
