//! Files of invented residents through the importer, and what comes out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use counter_domain::protection::{ProtectionList, household_digest, person_digest};
use counter_domain::resident::{CopyHeader, Resident, ResidentChange};
use encoding_rs::SHIFT_JIS;

use super::*;
use crate::line_file::PROBLEMS_MAX;

const HEADINGS: &str = "宛名番号,世帯番号,住民状態,住民種別,氏名,氏名カナ,生年月日,性別,続柄,住民票コード,住所,方書,前住所,支援措置,支援措置終了日";
const TARO: &str = "1001,H1,1,1,架空　太郎,ｶｸｳ ﾀﾛｳ,S45.3.2,1,世帯主,24727059608,架空市架空町一丁目９番６号,架空ハイツ２０３,仮市仮町1,0,";
const HANAKO: &str =
    "1002,H1,1,1,架空　花子,カクウ　ハナコ,昭和48年11月3日,2,妻,,架空市架空町一丁目９番６号,,,0,";
const MAMORU: &str = "2001,H2,1,1,仮名　守,カメイ　マモル,1990-05-05,1,世帯主,,架空市秘密町二丁目２番２号,秘密荘,秘密市,1,2027-03-31";
const KO: &str =
    "2002,H2,1,1,仮名　子,カメイ　コ,2015-05-05,2,子,,架空市秘密町二丁目２番２号,秘密荘,秘密市,0,";

struct Desk {
    folder: tempfile::TempDir,
    options: CopyOptions,
    /// What was published last, by name.
    published: BTreeMap<String, Vec<u8>>,
    /// The private characters of the system.
    gaiji: Option<Arc<GaijiTable>>,
}

fn desk() -> Desk {
    Desk {
        folder: tempfile::tempdir().unwrap(),
        options: CopyOptions {
            dry_run: false,
            accept_errors: false,
            encoding: EncodingChoice::Auto,
            layout: layouts::CSV.to_owned(),
            as_of: None,
        },
        published: BTreeMap::new(),
        gaiji: None,
    }
}

/// How a file is taken in.
#[derive(Clone, Copy)]
enum As {
    Whole,
    Difference,
    Corrected,
}

impl Desk {
    fn file(&self) -> PathBuf {
        self.folder.path().join("residents.csv")
    }

    /// What was said, and whether it was taken in.
    fn import(&mut self, lines: &[&str]) -> (String, Result<()>) {
        self.take(As::Whole, lines.join("\r\n").as_bytes())
    }

    fn difference(&mut self, lines: &[&str]) -> (String, Result<()>) {
        self.take(As::Difference, lines.join("\n").as_bytes())
    }

    fn take(&mut self, how: As, bytes: &[u8]) -> (String, Result<()>) {
        std::fs::write(self.file(), bytes).unwrap();
        let copy = self.published.get(RESIDENT_COPY);
        let registry = Registry {
            path: &self.folder.path().join("residents.sqlite"),
            key: &DatabaseKey::from_bytes([7; 32]),
            city: "架空市",
            today: "2026-11-21",
            published: copy.map(|copy| *blake3::hash(copy).as_bytes()),
            gaiji: self.gaiji.clone(),
        };
        let mut publish = |name: &str, bytes: &[u8]| {
            self.published.insert(name.to_owned(), bytes.to_vec());
            Ok(())
        };
        let mut said = Vec::new();
        let (file, options) = (self.folder.path().join("residents.csv"), &self.options);
        let taken = match how {
            As::Whole => import_whole(&file, options, &registry, &mut publish, &mut said),
            As::Difference => import_difference(&file, options, &registry, &mut publish, &mut said),
            As::Corrected => import_corrected(&file, options, &registry, &mut publish, &mut said),
        };
        (String::from_utf8(said).unwrap(), taken)
    }

    fn people(&self) -> Vec<Resident> {
        unpacked(&self.published[RESIDENT_COPY]).1
    }

    fn protection(&self) -> ProtectionList {
        serde_json::from_slice(&self.published[PROTECTION]).unwrap()
    }

    /// Everything published, as text.
    fn outgoing(&self) -> Vec<String> {
        let bytes = self.published.values();
        bytes
            .map(|bytes| {
                let plain = zstd::decode_all(&bytes[..]).unwrap_or_else(|_| bytes.clone());
                String::from_utf8(plain).unwrap()
            })
            .collect()
    }

    /// The changes published last: who is put with their address, and who is gone.
    fn changes(&self) -> Vec<String> {
        let text = zstd::decode_all(&self.published[RESIDENT_CHANGES][..]).unwrap();
        let text = String::from_utf8(text).unwrap();
        let mut lines = text.lines();
        let header: ChangesHeader = serde_json::from_str(lines.next().unwrap()).unwrap();
        let copy = blake3::hash(&self.published[RESIDENT_COPY]);
        assert_eq!(header.copy, copy.to_hex().as_str());
        lines
            .map(|line| match serde_json::from_str(line).unwrap() {
                ResidentChange::Put(person) => {
                    let place = person.place.map(|place| place.address);
                    format!("{} {}", person.person_no, place.unwrap_or("-".to_owned()))
                }
                ResidentChange::Remove(person) => format!("{person} gone"),
            })
            .collect()
    }
}

fn unpacked(copy: &[u8]) -> (CopyHeader, Vec<Resident>) {
    let text = String::from_utf8(zstd::decode_all(copy).unwrap()).unwrap();
    let mut lines = text.lines();
    let header = serde_json::from_str(lines.next().unwrap()).unwrap();
    (
        header,
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The refusal with what was said before it, for a file with `line` among good ones.
#[track_caller]
fn check(line: &str, expected: &str) {
    let mut desk = desk();
    let (said, taken) = desk.import(&[HEADINGS, TARO, line]);
    assert!(taken.is_err() && desk.published.is_empty(), "published");
    let first = said
        .lines()
        .find(|said| said.contains("行目"))
        .unwrap_or_default();
    assert_eq!(first, expected);
}

#[test]
fn good_file_becomes_people_and_a_protection_list() {
    let mut desk = desk();
    let (said, taken) = desk.import(&[HEADINGS, TARO, HANAKO, MAMORU, KO]);
    taken.unwrap();
    let (header, people) = unpacked(&desk.published[RESIDENT_COPY]);
    assert_eq!(
        (header.persons, header.city.as_str(), header.as_of.as_str()),
        (4, "架空市", "2026-11-21")
    );
    let taro = &people[0];
    assert_eq!(
        (taro.name.as_str(), taro.kana.as_str()),
        ("架空　太郎", "カクウ　タロウ")
    );
    assert_eq!(
        (taro.birth_date.as_str(), taro.sex.as_str()),
        ("1970-03-02", "male")
    );
    assert_eq!(
        taro.place.as_ref().unwrap().address,
        "架空市架空町一丁目９番６号"
    );
    let list = desk.protection();
    // The child of the same household is recognised too.
    assert_eq!(list.persons.len(), 2);
    assert!(list.persons[1].digests.contains(&person_digest("2002")));
    assert!(list.persons[0].digests.contains(&person_digest("2001")));
    assert!(list.persons[0].digests.contains(&household_digest("H2")));
    assert!(said.contains("4 人（うち支援措置 1 人）、直す行 0 行"));
}

#[test]
fn address_of_a_protected_household_is_in_no_dataset() {
    let mut desk = desk();
    desk.import(&[HEADINGS, TARO, KO, MAMORU]).1.unwrap();
    assert!(desk.outgoing().iter().all(|text| !text.contains("秘密")));
    // Head office itself keeps it, and not in the clear.
    let register = std::fs::read(desk.folder.path().join("residents.sqlite")).unwrap();
    let secret = "秘密".as_bytes();
    assert!(!register.windows(secret.len()).any(|part| part == secret));
}

#[test]
fn shift_jis_reads_like_utf_8() {
    let text = [HEADINGS, TARO, HANAKO].join("\n");
    let (bytes, _, _) = SHIFT_JIS.encode(&text);
    let people = |bytes: &[u8]| {
        let mut desk = desk();
        desk.take(As::Whole, bytes).1.unwrap();
        desk.people()
    };
    assert_eq!(people(&bytes), people(format!("\u{feff}{text}").as_bytes()));
}

#[test]
fn each_bad_line_is_told_with_its_column_and_what_to_do() {
    check(
        &HANAKO.replace("昭和48年11月3日", "昭和48年13月3日"),
        "3行目 7列（birth_date）：暦にない日付です",
    );
    check(
        &HANAKO.replace("H1,1,1", "H1,7,1"),
        "3行目 3列（state）：決められた番号ではありません。1 2 3 4 5 のどれかにしてください",
    );
    check(
        &HANAKO.replace("1002", ""),
        "3行目 1列（person_no）：空です。値を入れてください",
    );
    check(
        &HANAKO.replace("1002", "1001"),
        "3行目 1列（person_no）：同じ宛名番号が2行目にもあります。一人を1行にしてください",
    );
    check(
        &HANAKO.replace("架空　花子", "架空　花\u{e001}"),
        "3行目 5列（name）：外字（U+E001）が外字対応表にありません。対応表に加えるか、文字情報基盤の文字に置き換えてください",
    );
    check(
        &HANAKO.replace("架空市架空町一丁目９番６号", ""),
        "3行目 11列（address）：住民の住所が空です。住所を入れるか、住民状態を直してください",
    );
    check(
        &HANAKO.replace(",0,", ",はい,"),
        "3行目 14列（protection）：決められた番号ではありません。0 1 のどれかにしてください",
    );
    check(
        "1002,H1",
        "3行目：列が2個あります。見出しと同じ15個にしてください",
    );
    check(
        &HANAKO.replace("架空　花子", "\"架空　花子"),
        "3行目：引用符（\"）が閉じていません。項目の中に改行は使えません",
    );
    check(
        &HANAKO.replace("カクウ　ハナコ", "カクウ　花"),
        "3行目 6列（kana）：カナではない文字があります。カタカナにしてください",
    );
}

#[test]
fn private_characters_are_read_by_the_systems_table() {
    use counter_characters::gaiji::{GaijiRow, Meaning, Way};
    let row = |code: &str, number: &str, text: &str| GaijiRow {
        code: code.parse().unwrap(),
        is: Meaning::try_from(number.to_owned()).unwrap(),
        text: text.to_owned(),
        way: Way::Both,
    };
    let mut desk = desk();
    desk.gaiji = Some(Arc::new(GaijiTable {
        system: "cp932".to_owned(),
        rows: vec![
            row("F040", "MJ026190", "邉"),
            row("F041", "MJ022335", "葛\u{E0102}"),
        ],
        open: Vec::new(),
    }));
    let lines = [HEADINGS, TARO, HANAKO].join("\r\n");
    let (before, after) = lines.split_once("架空　花子").unwrap();
    let bytes = |name: &[u8]| {
        let text = |text: &str| SHIFT_JIS.encode(text).0.into_owned();
        [text(before), name.to_vec(), text(after)].concat()
    };
    // 0xF040 and 0xF041 are user-defined cells of code page 932.
    desk.options.encoding = EncodingChoice::ShiftJis;
    let (said, taken) = desk.take(As::Whole, &bytes(b"\xF0\x40\xF0\x41\x81\x40\x89\xD4"));
    taken.unwrap_or_else(|error| panic!("{error}: {said}"));
    let names: Vec<String> = desk.people().into_iter().map(|one| one.name).collect();
    assert!(names.contains(&"邉葛\u{E0102}　花".to_owned()));
    let (said, taken) = desk.take(As::Whole, &bytes(b"\xF0\x42\x81\x40\x89\xD4"));
    assert!(taken.is_err());
    assert!(
        said.contains("外字（U+E002）が外字対応表にありません"),
        "{said}"
    );
}

#[test]
fn bad_bytes_are_told_with_their_column() {
    let mut bytes = [HEADINGS, TARO, ""].join("\n").into_bytes();
    bytes.extend(b"1002,H1,1,1,\xff\xff,,1970-03-02,1,,,x,,,0,");
    let mut desk = desk();
    desk.options.encoding = EncodingChoice::Utf8;
    let (said, taken) = desk.take(As::Whole, &bytes);
    assert!(taken.is_err());
    assert!(said.contains("3行目 5列（name）：この文字コードで読めない"));
}

#[test]
fn bad_lines_are_left_out_only_when_asked_and_stand_in_a_file_to_correct() {
    let bad = HANAKO.replace("昭和48年11月3日", "いつか");
    let mut desk = desk();
    let (_, refused) = desk.import(&[HEADINGS, TARO, &bad]);
    assert!(refused.is_err());
    desk.options.accept_errors = true;
    desk.import(&[HEADINGS, TARO, &bad]).1.unwrap();
    assert_eq!(desk.people().len(), 1);
    let to_correct = std::fs::read_to_string(desk.file().with_extension("csv.bad.csv")).unwrap();
    assert_eq!(to_correct, format!("{HEADINGS}\r\n{bad}\r\n"));
    let reasons = std::fs::read_to_string(desk.file().with_extension("csv.bad.txt")).unwrap();
    assert!(reasons.starts_with("3行目 7列（birth_date）："));
    assert!(!reasons.contains("花子") && !reasons.contains("いつか"));
}

#[test]
fn lines_left_out_are_corrected_and_taken_in_by_themselves() {
    let bad = HANAKO.replace("昭和48年11月3日", "いつか");
    let others: Vec<String> = (0..60)
        .map(|number| {
            format!("9{number:05},H9{number},1,1,仮名　某,,1980-01-01,0,,,架空市仮町1,,,0,")
        })
        .collect();
    let mut lines = vec![HEADINGS, TARO, &bad];
    lines.extend(others.iter().map(String::as_str));
    let mut desk = desk();
    desk.options.accept_errors = true;
    desk.import(&lines).1.unwrap();
    desk.options.accept_errors = false;
    let to_correct = std::fs::read_to_string(desk.file().with_extension("csv.bad.csv")).unwrap();
    let corrected = to_correct.replace("いつか", "昭和48年11月3日");
    let (said, taken) = desk.take(As::Corrected, corrected.as_bytes());
    taken.unwrap();
    assert!(said.contains("追加 1 人、修正 0 人"), "{said}");
    assert_eq!(desk.changes(), ["1002 架空市架空町一丁目９番６号"]);
    let (_, again) = desk.take(As::Corrected, corrected.as_bytes());
    again.unwrap();
    assert_eq!(desk.changes().len(), 1, "twice changes nothing more");
    let (_, difference) = desk.take(As::Difference, corrected.as_bytes());
    let told = difference.unwrap_err().to_string();
    assert!(told.contains("--corrected"), "{told}");
}

#[test]
fn nobodys_protection_is_lost_with_a_bad_line() {
    let mut desk = desk();
    desk.options.accept_errors = true;
    for bad in [
        MAMORU.replace("1990-05-05", "いつか"),
        MAMORU.replace(",1,2027", ",?,2027"),
        "2001,H2".to_owned(),
    ] {
        let (_, datasets) = desk.import(&[HEADINGS, TARO, KO, &bad]);
        let refusal = datasets.unwrap_err().to_string();
        assert!(refusal.starts_with("4行目は支援措置があるか、読めないので、飛ばせません"));
    }
}

#[test]
fn every_line_that_must_not_be_left_out_is_named() {
    let mut desk = desk();
    desk.options.accept_errors = true;
    let spoilt = MAMORU.replace("1990-05-05", "いつか");
    let (_, refused) = desk.import(&[HEADINGS, TARO, &spoilt, KO, "2001,H2"]);
    let refusal = refused.unwrap_err().to_string();
    assert!(
        refusal.starts_with("3行目、5行目は支援措置があるか"),
        "{refusal}"
    );
    let many = vec!["2001,H2"; 8];
    let lines: Vec<&str> = [HEADINGS].into_iter().chain(many).collect();
    let refusal = desk.import(&lines).1.unwrap_err().to_string();
    assert!(
        refusal.starts_with("2行目、3行目、4行目、5行目、6行目ほかは"),
        "{refusal}"
    );
}

#[test]
fn a_spoilt_byte_is_a_problem_of_its_line_alone() {
    let mut desk = desk();
    desk.options.accept_errors = true;
    let text = [HEADINGS, TARO, HANAKO, &KO.replacen("仮名", "\u{1}", 1)].join("\n");
    let bytes: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == 1 { 0xFF } else { byte })
        .collect();
    let (said, taken) = desk.take(As::Whole, &bytes);
    taken.unwrap();
    assert!(
        said.contains("2 人") && said.contains("4行目 5列（name）"),
        "{said}"
    );
}

#[test]
fn dry_run_publishes_nothing() {
    let mut desk = desk();
    desk.options.dry_run = true;
    let (said, taken) = desk.import(&[HEADINGS, TARO]);
    taken.unwrap();
    assert!(desk.published.is_empty() && said.contains("公開していません"));
    assert!(!desk.folder.path().join("residents.sqlite").exists());
    assert!(!desk.folder.path().join("residents.sqlite.new").exists());
}

#[test]
fn headings_are_checked_before_any_line() {
    for (headings, expected) in [
        (
            HEADINGS.replace("前住所", "個人番号"),
            "個人番号の列があります",
        ),
        (
            HEADINGS.replace("前住所", "すきな色"),
            "1行目 13列：知らない見出しです",
        ),
        (HEADINGS.replace("前住所", "方書"), "見出し building が2回"),
        (
            HEADINGS.replace(",支援措置,", ",address_since,"),
            "見出し protection がありません",
        ),
    ] {
        let (_, datasets) = desk().import(&[&headings, TARO]);
        let refusal = datasets.unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn file_of_another_kind_is_given_up_early() {
    let line = "x".repeat(70_000);
    let lines: Vec<&str> = std::iter::once(HEADINGS)
        .chain(std::iter::repeat_n(line.as_str(), 30))
        .chain(std::iter::repeat_n("x", PROBLEMS_MAX))
        .collect();
    let (_, datasets) = desk().import(&lines);
    assert!(
        datasets
            .unwrap_err()
            .to_string()
            .contains("文字コードか列が違う")
    );
}

const CHANGES: &str = "異動区分,宛名番号,世帯番号,住民状態,住民種別,氏名,生年月日,住所,支援措置";
const BOTH: [&str; 3] = [HEADINGS, TARO, HANAKO];

/// A desk with a city of `others` more people, so that a few changes are few.
fn office(others: u32, lines: &[&str]) -> Desk {
    let mut desk = desk();
    let more: Vec<String> = (0..others)
        .map(|number| {
            format!("9{number:05},H9{number},1,1,仮名　某,,1980-01-01,0,,,架空市仮町1,,,0,")
        })
        .collect();
    let lines: Vec<&str> = lines
        .iter()
        .copied()
        .chain(more.iter().map(String::as_str))
        .collect();
    desk.import(&lines).1.unwrap();
    desk
}

#[test]
fn difference_publishes_only_what_changed() {
    let mut desk = office(100, &BOTH);
    let (said, taken) = desk.difference(&[
        CHANGES,
        "1,3001,H3,1,1,架空　三郎,1990-01-01,架空市架空町3,0",
        "2,1002,H1,1,1,架空　花子,昭和48年11月3日,架空市新町5,0",
        "3,1001,,,,,,,",
    ]);
    taken.unwrap();
    assert!(
        said.contains("追加 1 人、修正 1 人、削除 1 人（うち副本にいない人 0 人）、直す行 0 行")
    );
    assert_eq!(
        desk.changes(),
        ["3001 架空市架空町3", "1002 架空市新町5", "1001 gone"]
    );
    assert_eq!(desk.people().len(), 102, "the copy itself stays");
    // The next one adds to it: a counter needs no difference in between.
    let next = ["1,3002,H3,1,1,架空　四郎,1991-01-01,架空市架空町3,0"];
    desk.difference(&[&[CHANGES], &next[..]].concat())
        .1
        .unwrap();
    assert_eq!(desk.changes().len(), 4);
}

#[test]
fn protection_that_begins_or_ends_changes_who_lives_there() {
    let mut desk = office(100, &BOTH);
    let taro = "2,1001,H1,1,1,架空　太郎,1970-03-02,架空市架空町一丁目９番６号,";
    let (said, taken) = desk.difference(&[CHANGES, &format!("{taro}1")]);
    taken.unwrap();
    assert!(said.contains("支援措置の始まり 1 人、終わり 0 人"));
    assert_eq!(desk.changes(), ["1002 -", "1001 -"]);
    assert_eq!(desk.protection().persons.len(), 2);
    desk.difference(&[CHANGES, &format!("{taro}0")]).1.unwrap();
    let there = "架空市架空町一丁目９番６号";
    assert_eq!(
        desk.changes(),
        [format!("1002 {there}"), format!("1001 {there}")]
    );
    assert!(desk.protection().persons.is_empty());
}

#[test]
fn line_that_does_not_fit_the_copy_is_told_and_nothing_changes() {
    let mut desk = office(100, &BOTH);
    let before = desk.published.clone();
    for (line, expected) in [
        (
            "1,1001,H1,1,1,架空　次郎,1970-03-02,架空市架空町1,0",
            "2行目 1列（change）：追加ですが、同じ宛名番号の人がもう副本にいます。修正（2）にしてください",
        ),
        (
            "2,5555,H1,1,1,架空　次郎,1970-03-02,架空市架空町1,0",
            "2行目 1列（change）：修正ですが、副本にいない人です。前の差分が抜けていないか確かめ、新しい人なら追加（1）にしてください",
        ),
        (
            "9,1001,H1,1,1,架空　次郎,1970-03-02,架空市架空町1,0",
            "2行目 1列（change）：決められた番号ではありません。1 2 3 のどれかにしてください",
        ),
    ] {
        let (said, taken) = desk.difference(&[CHANGES, line]);
        assert!(taken.is_err());
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(desk.published, before);
    // The good lines go, the bad one can be corrected and taken in by itself.
    desk.options.accept_errors = true;
    desk.difference(&[
        CHANGES,
        "3,1002,,,,,,,",
        "2,5555,H1,1,1,架空　次郎,1970-03-02,架空市架空町1,0",
    ])
    .1
    .unwrap();
    assert_eq!(desk.changes(), ["1002 gone"]);
    let bad = std::fs::read_to_string(desk.file().with_extension("csv.bad.csv")).unwrap();
    desk.take(As::Difference, bad.replace("\n2,", "\n1,").as_bytes())
        .1
        .unwrap();
    assert_eq!(desk.changes(), ["5555 架空市架空町1", "1002 gone"]);
}

#[test]
fn the_same_difference_twice_changes_nothing_more() {
    let mut desk = office(100, &BOTH);
    let lines = [
        CHANGES,
        "1,3001,H3,1,1,架空　三郎,1990-01-01,架空市架空町3,0",
        "3,1002,,,,,,,",
    ];
    desk.difference(&lines).1.unwrap();
    let before = desk.changes();
    let (said, taken) = desk.difference(&lines);
    taken.unwrap();
    assert!(said.contains("副本にいない人 1 人"));
    assert_eq!(desk.changes(), before);
}

#[test]
fn difference_needs_the_copy_it_follows() {
    let mut desk = desk();
    let lines = [CHANGES, "3,1002,,,,,,,"];
    let refusal = desk.difference(&lines).1.unwrap_err().to_string();
    assert!(refusal.contains("先に全件を取り込んでください"));
    desk.import(&BOTH).1.unwrap();
    desk.published.insert(RESIDENT_COPY.to_owned(), vec![1]);
    let refusal = desk.difference(&lines).1.unwrap_err().to_string();
    assert!(refusal.contains("全件を取り込み直してください"));
    desk.import(&BOTH).1.unwrap();
    desk.options.as_of = Some("2026-11-20".parse().unwrap());
    let refusal = desk.difference(&lines).1.unwrap_err().to_string();
    assert!(refusal.contains("取り込み済みの2026-11-21より古い"));
    let refusal = desk.difference(&BOTH).1.unwrap_err().to_string();
    assert!(refusal.contains("異動区分（change）の列がありません"));
    let refusal = desk.import(&lines).1.unwrap_err().to_string();
    assert!(refusal.contains("見出し") || refusal.contains("--difference"));
}

#[test]
fn many_changes_are_a_new_copy() {
    let mut desk = office(10, &BOTH);
    let (said, taken) = desk.difference(&[CHANGES, "3,1002,,,,,,,"]);
    taken.unwrap();
    assert!(said.contains("全件を配ります"));
    assert_eq!(desk.people().len(), 11);
    desk.difference(&[CHANGES, "3,1001,,,,,,,"]).1.unwrap();
    assert_eq!(desk.people().len(), 10);
}

#[test]
fn aborted_import_leaves_everything_as_it_was() {
    let mut desk = office(100, &BOTH);
    let (register, before) = (
        desk.folder.path().join("residents.sqlite"),
        desk.published.clone(),
    );
    let bytes = std::fs::read(&register).unwrap();
    assert!(desk.import(&[HEADINGS, TARO, "x"]).1.is_err());
    assert!(desk.difference(&[CHANGES, "3,1002,,,,,,,", "x"]).1.is_err());
    assert_eq!(desk.published, before);
    assert_eq!(std::fs::read(&register).unwrap(), bytes);
    assert!(!register.with_extension("sqlite.new").exists());
}

#[test]
fn history_and_what_is_known_of_qualifications_are_taken() {
    let mut desk = desk();
    let headings = HEADINGS
        .replace("前住所", "異動履歴")
        .replace("続柄", "資格");
    let taro = TARO
        .replace("世帯主", "nhi:擬制世帯主@2019-04-01;ltc:要介護2")
        .replace("仮市仮町1", "2019-04-01|転入|仮市仮町1;2022-06-10|転居");
    desk.import(&[&headings, &taro]).1.unwrap();
    let person = desk.people().remove(0);
    let known: Vec<_> = person
        .qualifications()
        .map(|one| (one.code, one.detail, one.since))
        .collect();
    assert_eq!(
        known,
        [("nhi", "擬制世帯主", "2019-04-01"), ("ltc", "要介護2", "")]
    );
    let history = person.place.unwrap().history;
    assert_eq!(
        (history[0].what.as_str(), history[0].place.as_str()),
        ("転入", "仮市仮町1")
    );
    assert_eq!(history[1].day, "2022-06-10");
}

/// A fixed-width record of the layout that comes with the program.
fn record(fields: &[(usize, &str)]) -> Vec<u8> {
    let mut bytes = vec![b' '; 1488];
    for (at, text) in fields {
        let (text, _, _) = SHIFT_JIS.encode(text);
        bytes[at - 1..at - 1 + text.len()].copy_from_slice(&text);
    }
    bytes
}

#[test]
fn fixed_width_reads_like_csv() {
    let taro = |born| {
        record(&[
            (1, "1001"),
            (16, "H1"),
            (31, "11架空　太郎"),
            (153, "ｶｸｳ ﾀﾛｳ"),
            (473, born),
            (481, "1世帯主"),
            (502, "24727059608"),
            (543, "架空市架空町一丁目９番６号"),
            (703, "架空ハイツ２０３"),
            (1479, "0"),
        ])
    };
    let mut hall = desk();
    hall.options.layout = "todoke-fixed".to_owned();
    hall.options.encoding = EncodingChoice::ShiftJis;
    let (said, taken) = hall.take(As::Whole, &taro("19700302"));
    assert!(taken.is_ok(), "{said}");
    let fixed = hall.people().remove(0);
    let mut csv = desk();
    csv.import(&[HEADINGS, &TARO.replace(",仮市仮町1,", ",,")])
        .1
        .unwrap();
    assert_eq!(fixed, csv.people().remove(0));
    let (said, _) = hall.take(As::Whole, &taro("19701302"));
    assert!(
        said.contains("1行目 473バイト目（birth_date）：暦にない日付です"),
        "{said}"
    );
    let (said, _) = hall.take(As::Whole, &taro("19700302")[1..]);
    assert!(
        said.contains("1487バイトあります。1件は1488バイトです"),
        "{said}"
    );
}

#[test]
fn standard_list_joins_parts_translates_codes_and_passes_the_past_over() {
    let headings = "識別番号,世帯番号,履歴番号,最新フラグ,住民状態,住民種別,氏,名,生年月日,生年月日_不詳表記,性別,住所_都道府県,住所_市区郡町村名,住所_町字,住所_番地号表記,支援措置";
    let mut desk = desk();
    desk.options.layout = "standard-list".to_owned();
    desk.import(&[
        headings,
        "1001,H1,1,0,1,1,仮名,太郎,19700302,,1,仮県,仮市,仮町,1番,0",
        "1001,H1,2,1,1,1,架空,太郎,00000000,大正10年月日不詳,3,架空県,架空市,架空町一丁目,９番６号,0",
    ])
    .1
    .unwrap();
    let person = desk.people().remove(0);
    assert_eq!(
        (
            person.name.as_str(),
            person.birth_date.as_str(),
            person.sex.as_str()
        ),
        ("架空　太郎", "1921-00-00@T", "")
    );
    assert_eq!(
        person.place.unwrap().address,
        "架空県架空市架空町一丁目９番６号"
    );
    let (said, taken) = desk.import(&[
        headings,
        "1001,H1,1,1,7,1,仮名,太郎,19700302,,1,仮県,仮市,仮町,1番,0",
    ]);
    assert!(taken.is_err());
    assert!(
        said.contains("2行目 5列（state）：レイアウトの表にない番号です"),
        "{said}"
    );
}
