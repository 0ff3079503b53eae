//! Filings are found by whatever people remember of them, and a flaw in one is said.
//!
//! Each test files a few invented families in a real encrypted database and asks in one line; the
//! answer is the receipt numbers, newest first.

#![expect(
    clippy::panic_in_result_fn,
    reason = "a test stops at what it did not expect"
)]

use std::error::Error;

use case_archive::{
    ArchiveQuery, Brought, Flaw, Part, Standing, check, find, open, project, prove,
};
use counter_domain::case::{CaseStep, Remark, RemarkCategory, fold};
use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, SnapshotHash, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotForm};
use replica::{BlobKind, DatabaseKey, Replica, StoreError, Surroundings, Write};
use sync_protocol::SiteId;

type Outcome = Result<(), Box<dyn Error>>;

struct Archive {
    replica: Replica,
    /// Forms that what is signed from now on names.
    forms: Vec<SnapshotForm>,
    _folder: tempfile::TempDir,
}

struct Filed {
    case: CaseId,
}

impl Archive {
    fn new() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut state = 0_u64;
        let around = Surroundings::new(
            || 1_795_219_200_000,
            move |bytes| {
                for byte in bytes {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    *byte = state.to_be_bytes()[0];
                }
            },
        );
        let key = DatabaseKey::from_bytes([9; 32]);
        let path = folder.path().join("archive.db");
        let mut replica = Replica::open(&path, &key, SiteId([7; 16]), around)?;
        replica.open_protection()?;
        open(&mut replica)?;
        Ok(Self {
            replica,
            forms: Vec::new(),
            _folder: folder,
        })
    }

    /// Files `fields`, one `path = value` a line.
    fn file(&mut self, number: &str, day: &str, fields: &str) -> Result<Filed, Box<dyn Error>> {
        let case = self.replica.write(|write| {
            let case = write.new_case();
            let receipt_number = number.to_owned();
            let branch = BranchCode::from("12");
            let started = CaseStep::Started {
                branch,
                receipt_number,
            };
            write.add_event(case, &StaffId::from("u0312"), started)?;
            Ok::<_, StoreError>(case)
        })?;
        self.hand_in(case, (number, day, fields))?;
        Ok(Filed { case })
    }

    /// Signs and submits, as two steps of two moments.
    fn hand_in(&mut self, case: CaseId, filing: (&str, &str, &str)) -> Outcome {
        let forms = self.forms.clone();
        let snapshot = self
            .replica
            .write(|write| sign(write, case, (filing, forms)))?;
        self.replica.write(|write| {
            let step = CaseStep::Submitted { snapshot };
            write.add_event(case, &StaffId::from("u0312"), step)?;
            let connection = write.connection();
            let events = replica::case_events(connection, case)?;
            replica::project_protection(connection, case, &replica::draft(connection, case)?)?;
            project(
                connection,
                case,
                &fold(&events),
                Some(&BranchCode::from("12")),
            )
        })?;
        Ok(())
    }

    fn ask(&self, words: &str, narrow: impl FnOnce(&mut ArchiveQuery)) -> String {
        let mut query = ArchiveQuery::new(words, 50).unwrap_or_default();
        narrow(&mut query);
        let found = find(self.replica.reader(), &query).unwrap_or_default();
        let numbers: Vec<&str> = found
            .filings
            .iter()
            .map(|filing| filing.receipt_number.as_str())
            .collect();
        numbers.join(" ")
    }

    fn alter(&mut self, sql: &str) -> Outcome {
        self.replica.write(|write| {
            write.connection().execute_batch(sql)?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    fn flaws(&self, case: CaseId) -> Result<Vec<String>, StoreError> {
        let flaws = check(self.replica.reader(), case)?;
        Ok(flaws
            .iter()
            .map(|flaw| {
                format!("{flaw:?}")
                    .chars()
                    .take_while(|c| *c != '(')
                    .collect()
            })
            .collect())
    }
}

fn sign(
    write: &mut Write<'_>,
    case: CaseId,
    ((number, day, fields), forms): ((&str, &str, &str), Vec<SnapshotForm>),
) -> Result<SnapshotHash, StoreError> {
    let staff = StaffId::from("u0312");
    let mut snapshot = Snapshot {
        version: 1,
        case_id: case,
        receipt_number: number.to_owned(),
        form: "resident-move/1".to_owned(),
        forms,
        filed_on: day.to_owned(),
        language: "ja".to_owned(),
        fields: std::collections::BTreeMap::new(),
        procedures: Vec::new(),
    };
    for line in fields.lines().filter(|line| line.contains('=')) {
        let (path, value) = line.split_once('=').unwrap_or_default();
        let path = FieldPath(path.trim().to_owned());
        let value = match value.trim() {
            "yes" => FieldValue::Flag(true),
            text => FieldValue::Text(text.to_owned()),
        };
        let field = DraftField {
            value: value.clone(),
            source: Source::Staff,
            confidence: None,
            by: staff.clone(),
            at: write.at(),
            settles: None,
        };
        write.set_field(case, &path, &field)?;
        let source = Source::Staff;
        snapshot
            .fields
            .insert(path, SnapshotField { value, source });
    }
    let snapshot = write.put_snapshot(case, &snapshot)?;
    let strokes = write.put_blob(
        case,
        BlobKind::Signature,
        "application/json",
        number.as_bytes(),
    )?;
    let page = format!("page of {number}");
    let form = write.put_blob(case, BlobKind::Form, "application/pdf", page.as_bytes())?;
    let signed = CaseStep::Signed {
        snapshot,
        strokes,
        form,
    };
    write.add_event(case, &staff, signed)?;
    Ok(snapshot)
}

const FAMILY: &str = "
    event.type = move_in
    address.new = 架空市本町一丁目9番6号
    member.1.name = 髙橋　太郎
    member.1.kana = タカハシ　タロウ
    member.1.birth_date = 1985-07-14
    member.2.name = 髙橋　花
    member.2.kana = タカハシ　ハナ
    member.2.birth_date = 2019-03
";
const SINGLE: &str = "
    event.type = move_out
    address.old = 架空市本町二丁目3番
    member.1.name = 林　桜
    member.1.kana = ハヤシ　サクラ
    member.1.birth_date = 1970-03-02
";
const HIDDEN: &str = "
    event.type = move_in
    address.new = 架空市緑町5番
    member.1.name = 架空　守
    member.1.kana = カクウ　マモル
    member.1.birth_date = 1990-01-01
    member.1.protected = yes
";

fn filled() -> Result<Archive, Box<dyn Error>> {
    let mut archive = Archive::new()?;
    archive.file("12-260401-001-3", "2026-04-01", FAMILY)?;
    archive.file("12-260402-001-8", "2026-04-02", SINGLE)?;
    archive.file("12-260501-001-5", "2026-05-01", HIDDEN)?;
    Ok(archive)
}

/// `words` find the filings with these beginnings of receipt numbers.
#[track_caller]
fn check_found(archive: &Archive, words: &str, expected: &str) {
    assert_eq!(archive.ask(words, |_| ()), expected, "{words}");
}

#[test]
fn a_filing_is_found_by_whatever_people_remember_of_it() -> Outcome {
    let archive = filled()?;
    let (family, single) = ("12-260401-001-3", "12-260402-001-8");
    for words in [
        "髙橋",
        "高橋太郎",
        "たかはし",
        "ﾀｶﾊｼ ﾀﾛｳ",
        "太郎",
        "花",
        "S60.7.14",
        "19850714",
    ] {
        check_found(&archive, words, family);
    }
    for words in [
        "林",
        "林桜",
        "さくら",
        "昭和45年3月2日",
        "ハヤシ S45.3.2",
        "12260402",
        "260402",
    ] {
        let expected = if words == "260402" { "" } else { single };
        check_found(&archive, words, expected);
    }
    check_found(&archive, "本町", &format!("{single} {family}"));
    check_found(&archive, "本町1-9", family);
    check_found(&archive, "林 太郎", "");
    check_found(&archive, "鈴木", "");
    Ok(())
}

#[test]
fn a_birth_known_by_its_month_only_is_found_by_a_day_of_it() -> Outcome {
    let archive = filled()?;
    check_found(&archive, "2019-03-15", "12-260401-001-3");
    check_found(&archive, "2019-04-01", "");
    Ok(())
}

#[test]
fn kind_office_staff_and_period_narrow_what_is_found() -> Outcome {
    let archive = filled()?;
    let set = |text: &str| Some(text.to_owned());
    let (family, single, hidden) = ("12-260401-001-3", "12-260402-001-8", "12-260501-001-5");
    let ask = |narrow: &dyn Fn(&mut ArchiveQuery)| archive.ask("", narrow);
    assert_eq!(ask(&|query| query.kind = set("move_out")), single);
    assert_eq!(ask(&|query| query.branch = set("07")), "");
    assert_eq!(
        ask(&|query| query.staff = set("u0312")),
        [hidden, single, family].join(" ")
    );
    assert_eq!(ask(&|query| query.to = set("2026-04-01")), family);
    let april = |query: &mut ArchiveQuery| {
        query.from = set("2026-04-02");
        query.to = set("2026-04-30");
    };
    assert_eq!(ask(&april), single);
    Ok(())
}

#[test]
fn pages_follow_each_other_without_a_gap() -> Outcome {
    let archive = filled()?;
    let mut numbers = Vec::new();
    let mut query = ArchiveQuery::new("", 1)?;
    loop {
        let found = find(archive.replica.reader(), &query)?;
        numbers.extend(
            found
                .filings
                .into_iter()
                .map(|filing| filing.receipt_number),
        );
        match found.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    assert_eq!(
        numbers.join(" "),
        "12-260501-001-5 12-260402-001-8 12-260401-001-3"
    );
    Ok(())
}

#[test]
fn nobody_under_protection_is_found_by_where_they_live() -> Outcome {
    let archive = filled()?;
    check_found(&archive, "緑町", "");
    check_found(&archive, "架空守", "12-260501-001-5");
    Ok(())
}

#[test]
fn a_corrected_filing_is_found_by_what_is_in_force() -> Outcome {
    let mut archive = Archive::new()?;
    let filed = archive.file("12-260401-001-3", "2026-04-01", SINGLE)?;
    let remarks = vec![Remark {
        path: "member.1.name".into(),
        category: RemarkCategory::Mismatch,
        text: "氏名を確認してください".to_owned(),
    }];
    for step in [CaseStep::ReviewOpened, CaseStep::Returned { remarks }] {
        archive.replica.write(|write| {
            write.add_event(filed.case, &StaffId::from("u0101"), step)?;
            Ok::<_, StoreError>(())
        })?;
    }
    let corrected = SINGLE.replace("林　桜", "森　桜").replace("ハヤシ", "モリ");
    archive.hand_in(filed.case, ("12-260401-001-3", "2026-04-01", &corrected))?;
    check_found(&archive, "森", "12-260401-001-3");
    check_found(&archive, "林", "");
    Ok(())
}

#[test]
fn the_projection_made_anew_is_the_same() -> Outcome {
    let mut archive = filled()?;
    let before = archive.ask("", |_| ());
    archive.alter("DELETE FROM archive_state; DELETE FROM filing WHERE id = 2;")?;
    open(&mut archive.replica)?;
    assert_eq!(
        archive.ask("", |_| ()).split(' ').count(),
        before.split(' ').count()
    );
    check_found(&archive, "林", "12-260402-001-8");
    Ok(())
}

#[test]
fn every_flaw_of_a_filing_is_said() -> Outcome {
    for (damage, expected) in [
        ("SELECT 1", ""),
        ("DELETE FROM snapshot", "ContentMissing"),
        (
            "UPDATE snapshot SET doc = CAST(replace(CAST(doc AS TEXT), '桜', '松') AS BLOB)",
            "ContentAltered",
        ),
    ] {
        let mut archive = Archive::new()?;
        let filed = archive.file("12-260402-001-8", "2026-04-02", SINGLE)?;
        archive.alter(damage)?;
        assert_eq!(archive.flaws(filed.case)?.join(" "), expected, "{damage}");
    }
    Ok(())
}

#[test]
fn filings_signed_before_forms_were_named_and_after_are_both_whole() -> Outcome {
    let mut archive = Archive::new()?;
    let earlier = archive.file("12-260401-001-3", "2026-04-01", SINGLE)?;
    let form = SnapshotForm {
        number: "F001".to_owned(),
        name: "resident-move".to_owned(),
        version: 2,
    };
    archive.forms = vec![form];
    let named = archive.file("12-260402-001-8", "2026-04-02", SINGLE)?;
    for (filed, forms) in [(&earlier, 0), (&named, 1)] {
        assert_eq!(archive.flaws(filed.case)?, Vec::<String>::new());
        let connection = archive.replica.reader();
        let events = replica::case_events(connection, filed.case)?;
        let signed = fold(&events).in_force().ok_or("nothing was handed in")?;
        let content = replica::snapshot(connection, filed.case, signed)?;
        assert_eq!(content.map(|content| content.forms.len()), Some(forms));
    }
    archive.alter(
        "UPDATE snapshot SET doc = CAST(replace(CAST(doc AS TEXT), '\"version\":2', '\"version\":1') AS BLOB)",
    )?;
    assert_eq!(archive.flaws(earlier.case)?, Vec::<String>::new());
    assert_eq!(archive.flaws(named.case)?, ["ContentAltered"]);
    Ok(())
}

/// The signed content of a filing as a file.
fn content_of(archive: &Archive, filed: &Filed) -> Result<Vec<u8>, Box<dyn Error>> {
    let connection = archive.replica.reader();
    let events = replica::case_events(connection, filed.case)?;
    let signed = fold(&events).in_force().ok_or("nothing was handed in")?;
    let content = replica::snapshot(connection, filed.case, signed)?;
    Ok(content.ok_or("no content")?.to_bytes()?)
}

/// Each file in the words of whoever checks; `none` when no filing is known.
fn proved(
    archive: &Archive,
    files: &[(Part, &[u8])],
    receipt: Option<&str>,
) -> Result<String, StoreError> {
    let brought: Vec<Brought<'_>> = files
        .iter()
        .map(|(part, bytes)| Brought { part: *part, bytes })
        .collect();
    let proof = prove(archive.replica.reader(), &brought, receipt)?;
    Ok(proof.map_or_else(
        || "none".to_owned(),
        |proof| {
            let told = proof.files.iter();
            let told: Vec<String> = told.map(|file| format!("{} {file}", file.part)).collect();
            assert_eq!(proof.holds(), !told.join(" ").contains("altered"));
            told.join("; ")
        },
    ))
}

#[test]
fn files_of_a_filing_are_proved_and_an_altered_one_is_told_apart() -> Outcome {
    let mut archive = filled()?;
    let filed = archive.file("12-260601-001-2", "2026-06-01", SINGLE)?;
    archive.file("12-260602-001-1", "2026-06-02", SINGLE)?;
    let (page, strokes) = (b"page of 12-260601-001-2", b"12-260601-001-2");
    let content = content_of(&archive, &filed)?;
    let text = String::from_utf8(content.clone())?;
    let altered = text.replace("桜", "松").replace("move_out", "move_in");
    let all: [(Part, &[u8]); 3] = [
        (Part::Page, page),
        (Part::Signature, strokes),
        (Part::Content, &content),
    ];
    assert_eq!(
        proved(&archive, &all, None)?,
        "page as signed; signature as signed; content as signed"
    );
    for (place, bytes, told) in [
        (
            0,
            &b"page of 12-260601-001-3"[..],
            "page altered, or of another filing: nobody signed this page (1 of 23 bytes differ, the first is byte 23)",
        ),
        (
            1,
            b"12-2606",
            "signature altered, or of another filing: nobody signed this signature (7 bytes instead of 15, other ones from byte 8 on)",
        ),
        (
            2,
            altered.as_bytes(),
            "content altered, or of another filing: nobody signed this content (2 fields differ: event.type, member.1.name)",
        ),
        (
            1,
            b"12-260602-001-1",
            "signature altered, or of another filing: nobody signed this signature (2 of 15 bytes differ, the first is byte 9)",
        ),
    ] {
        let mut files = all;
        files[place].1 = bytes;
        let said = proved(&archive, &files, None)?;
        assert!(said.contains(told), "{said}");
        assert_eq!(said.matches("as signed").count(), 2, "{said}");
        let alone = [files[place]];
        let by_number = proved(&archive, &alone, Some("12-260601-001-2"))?;
        assert_eq!(by_number, told);
    }
    let strange: [(Part, &[u8]); 1] = [(Part::Page, b"another page")];
    assert_eq!(proved(&archive, &strange, None)?, "none");
    for number in ["12-260601-001", "12-269999-001-2", "", "*"] {
        assert_eq!(
            proved(&archive, &strange, Some(number))?,
            "none",
            "{number}"
        );
    }
    // The strokes of one filing are no page of it.
    assert_eq!(proved(&archive, &[(Part::Page, strokes)], None)?, "none");
    Ok(())
}

#[test]
fn page_that_was_signed_anew_is_told_to_be_the_earlier_one() -> Outcome {
    let mut archive = Archive::new()?;
    let filed = archive.file("12-260601-001-2", "2026-06-01", SINGLE)?;
    archive.hand_in(filed.case, ("12-260601-001-2 again", "2026-06-01", FAMILY))?;
    let pages: [(Part, &[u8]); 2] = [
        (Part::Page, b"page of 12-260601-001-2"),
        (Part::Page, b"page of 12-260601-001-2 again"),
    ];
    assert_eq!(
        proved(&archive, &pages, None)?,
        "page signed, but not the last: signed anew later; page as signed"
    );
    Ok(())
}

#[test]
fn a_page_proves_nothing_while_its_filing_is_flawed() -> Outcome {
    let mut archive = Archive::new()?;
    archive.file("12-260402-001-8", "2026-04-02", SINGLE)?;
    archive
        .alter("UPDATE blob_piece SET bytes = zeroblob(length(bytes)) WHERE length(bytes) = 15")?;
    let page = Brought {
        part: Part::Page,
        bytes: b"page of 12-260402-001-8",
    };
    let proof = prove(archive.replica.reader(), &[page], None)?.ok_or("no filing")?;
    assert_eq!(proof.files[0].standing, Standing::AsSigned);
    assert!(
        matches!(proof.flaws[..], [Flaw::SignatureAltered(_)]),
        "{proof:?}"
    );
    assert!(!proof.holds());
    assert!(proof.flaws[0].to_string().ends_with("was altered"));
    Ok(())
}

#[test]
fn forgotten_filing_leaves_no_word_in_the_index() -> Outcome {
    let mut archive = Archive::new()?;
    let gone = archive.file(
        "12-260401-0001",
        "2026-04-01",
        "event.type = move_in\nmember.1.name = 架空　太郎",
    )?;
    archive.file(
        "12-260402-0002",
        "2026-04-02",
        "event.type = move_in\nmember.1.name = 模擬　花子",
    )?;
    // Words share their beginnings in the index; the second letter of a pair is written out.
    let written = |archive: &Archive, letter: char| -> Result<bool, Box<dyn Error>> {
        let end = format!("x{:x}", u32::from(letter));
        let question = "SELECT count(*) > 0 FROM filing_token_data
            WHERE instr(block, CAST(:end AS BLOB)) > 0";
        let reader = archive.replica.reader();
        Ok(reader.query_row(question, [end], |row| row.get(0))?)
    };
    assert!(written(&archive, '郎')? && written(&archive, '子')?);
    archive
        .replica
        .write(|write| case_archive::forget(write.connection(), gone.case))?;
    let mut times = 0;
    while archive
        .replica
        .write(|write| case_archive::tidy(write.connection(), 10))?
    {
        times += 1;
        assert!(times < 100, "it never ends");
    }
    assert!(!written(&archive, '郎')?);
    assert!(written(&archive, '子')?);
    assert_eq!(archive.ask("模擬", |_| {}), "12-260402-0002");
    assert_eq!(archive.ask("架空", |_| {}), "");
    Ok(())
}

/// What keeps a filing from being put on the first shelf: a row with the last place of that.
const FULL_SHELF: &str = "INSERT INTO filing (id, case_id, receipt_number, branch, kind, staff,
    filed_on, state, persons, keys, snapshot)
    VALUES (32767, x'00', '', '', '', '', '', 'draft', '[]', '{}', x'00')";

#[test]
fn filings_of_several_shelves_are_found_on_pages_that_follow() -> Outcome {
    let mut archive = Archive::new()?;
    archive.file("12-260402-001-8", "2026-04-02", SINGLE)?;
    archive.alter(FULL_SHELF)?;
    archive.file("12-260403-001-1", "2026-04-03", SINGLE)?;
    archive.alter("DELETE FROM filing WHERE id = 32767")?;
    check_found(&archive, "林 桜", "12-260403-001-1 12-260402-001-8");
    check_found(&archive, "S45.3.2", "12-260403-001-1 12-260402-001-8");
    let first = find(archive.replica.reader(), &ArchiveQuery::new("林", 1)?)?;
    assert_eq!(first.next, Some(32_768));
    let mut behind = ArchiveQuery::new("林", 1)?;
    behind.before = first.next;
    let second = find(archive.replica.reader(), &behind)?;
    let number = second
        .filings
        .first()
        .map(|one| one.receipt_number.as_str());
    assert_eq!((number, second.next), (Some("12-260402-001-8"), None));
    Ok(())
}

#[test]
fn other_texts_and_telephone_numbers_find_a_filing() -> Outcome {
    let mut archive = Archive::new()?;
    let request = "
        event.type = request
        member.1.name = 林　桜
        notifier.phone = ０９０-0000-1234
        request.purpose = 旅券の申請のため
    ";
    archive.file("12-260402-001-8", "2026-04-02", request)?;
    archive.file(
        "12-260403-001-1",
        "2026-04-03",
        &format!("{HIDDEN}\n{request}"),
    )?;
    let both = "12-260403-001-1 12-260402-001-8";
    check_found(&archive, "090-0000", both);
    // What else was written may say where somebody under protection lives.
    check_found(&archive, "旅券", "12-260402-001-8");
    check_found(&archive, "request", "");
    Ok(())
}

#[test]
fn index_of_filings_kept_one_by_one_stays_in_few_pieces() -> Outcome {
    let mut archive = Archive::new()?;
    for number in 0..60 {
        archive.file(&format!("12-260402-{number:03}-0"), "2026-04-02", SINGLE)?;
    }
    let pieces = "SELECT count(DISTINCT segid) FROM filing_token_idx";
    let pieces: u32 = archive
        .replica
        .reader()
        .query_row(pieces, [], |row| row.get(0))?;
    assert!((1..12).contains(&pieces), "{pieces} pieces");
    Ok(())
}
