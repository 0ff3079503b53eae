//! Files of invented residents through the importer, and what comes out.

use std::path::PathBuf;

use counter_domain::protection::{ProtectionList, household_digest, person_digest};
use counter_domain::resident::{CopyHeader, Resident};
use encoding_rs::SHIFT_JIS;

use super::*;

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
}

fn desk() -> Desk {
    Desk {
        folder: tempfile::tempdir().unwrap(),
        options: CopyOptions {
            dry_run: false,
            accept_errors: false,
            encoding: EncodingChoice::Auto,
            as_of: None,
        },
    }
}

impl Desk {
    fn file(&self) -> PathBuf {
        self.folder.path().join("residents.csv")
    }

    /// What was said, and what would be published.
    fn import(&self, lines: &[&str]) -> (String, Result<Option<Datasets>>) {
        self.import_bytes(lines.join("\r\n").as_bytes())
    }

    fn import_bytes(&self, bytes: &[u8]) -> (String, Result<Option<Datasets>>) {
        std::fs::write(self.file(), bytes).unwrap();
        let origin = Origin {
            city: "架空市",
            today: "2026-11-21",
        };
        let mut said = Vec::new();
        let datasets = import(&self.file(), &self.options, origin, &mut said);
        (String::from_utf8(said).unwrap(), datasets)
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
    let (said, datasets) = desk().import(&[HEADINGS, TARO, line]);
    assert!(datasets.is_err(), "published");
    let first = said
        .lines()
        .find(|said| said.contains("行目"))
        .unwrap_or_default();
    assert_eq!(first, expected);
}

#[test]
fn good_file_becomes_people_and_a_protection_list() {
    let (said, datasets) = desk().import(&[HEADINGS, TARO, HANAKO, MAMORU, KO]);
    let datasets = datasets.unwrap().unwrap();
    let (header, people) = unpacked(&datasets.copy);
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
    let list: ProtectionList = serde_json::from_slice(&datasets.protection).unwrap();
    // The child of the same household is recognised too.
    assert_eq!(list.persons.len(), 2);
    assert!(list.persons[1].digests.contains(&person_digest("2002")));
    assert!(list.persons[0].digests.contains(&person_digest("2001")));
    assert!(list.persons[0].digests.contains(&household_digest("H2")));
    assert!(said.contains("4 人（うち支援措置 1 人）、直す行 0 行"));
}

#[test]
fn address_of_a_protected_household_is_in_no_dataset() {
    let (_, datasets) = desk().import(&[HEADINGS, TARO, KO, MAMORU]);
    let datasets = datasets.unwrap().unwrap();
    let copy = String::from_utf8(zstd::decode_all(&datasets.copy[..]).unwrap()).unwrap();
    let list = String::from_utf8(datasets.protection).unwrap();
    for outgoing in [copy, list] {
        assert!(!outgoing.contains("秘密"));
    }
}

#[test]
fn shift_jis_reads_like_utf_8() {
    let text = [HEADINGS, TARO, HANAKO].join("\n");
    let (bytes, _, _) = SHIFT_JIS.encode(&text);
    let (_, japanese) = desk().import_bytes(&bytes);
    let (_, with_mark) = desk().import_bytes(format!("\u{feff}{text}").as_bytes());
    let people = |datasets: Result<Option<Datasets>>| unpacked(&datasets.unwrap().unwrap().copy);
    assert_eq!(people(japanese), people(with_mark));
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
        "3行目 5列（name）：外字（私用領域の文字）があります。文字情報基盤の文字に置き換えてください",
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
fn bad_bytes_are_told_with_their_column() {
    let mut bytes = [HEADINGS, TARO, ""].join("\n").into_bytes();
    bytes.extend(b"1002,H1,1,1,\xff\xff,,1970-03-02,1,,,x,,,0,");
    let mut desk = desk();
    desk.options.encoding = EncodingChoice::Utf8;
    let (said, datasets) = desk.import_bytes(&bytes);
    assert!(datasets.is_err());
    assert!(said.contains("3行目 5列（name）：この文字コードで読めない"));
}

#[test]
fn bad_lines_are_left_out_only_when_asked_and_stand_in_a_file_to_correct() {
    let bad = HANAKO.replace("昭和48年11月3日", "いつか");
    let mut desk = desk();
    let (_, refused) = desk.import(&[HEADINGS, TARO, &bad]);
    assert!(refused.is_err());
    desk.options.accept_errors = true;
    let (_, datasets) = desk.import(&[HEADINGS, TARO, &bad]);
    assert_eq!(unpacked(&datasets.unwrap().unwrap().copy).1.len(), 1);
    let to_correct = std::fs::read_to_string(desk.file().with_extension("csv.bad.csv")).unwrap();
    assert_eq!(to_correct, format!("{HEADINGS}\r\n{bad}\r\n"));
    let reasons = std::fs::read_to_string(desk.file().with_extension("csv.bad.txt")).unwrap();
    assert!(reasons.starts_with("3行目 7列（birth_date）："));
    assert!(!reasons.contains("花子") && !reasons.contains("いつか"));
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
fn dry_run_publishes_nothing() {
    let mut desk = desk();
    desk.options.dry_run = true;
    let (said, datasets) = desk.import(&[HEADINGS, TARO]);
    assert!(datasets.unwrap().is_none());
    assert!(said.contains("公開していません"));
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
    let english: Vec<&str> = layout::COLUMNS
        .iter()
        .map(|(_, english, ..)| *english)
        .collect();
    assert!(
        Layout::of(
            &english
                .iter()
                .map(|&one| one.to_owned())
                .collect::<Vec<_>>()
        )
        .is_ok()
    );
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
