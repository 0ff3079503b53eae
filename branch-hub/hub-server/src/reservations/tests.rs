//! Files of invented people through the importers: what is taken, and what must be corrected.

use counter_domain::protection::likeness;
use encoding_rs::SHIFT_JIS;

use super::*;

const RESERVATIONS: &str = include_str!("../../samples/reservations.csv");
const MOVE_OUTS: &str = include_str!("../../samples/move-outs.csv");

/// The pool after a file: the outcome, what was said, and what stands in the file to correct.
struct After {
    pool: Pool,
    said: String,
    outcome: Result<Outcome>,
    to_correct: String,
}

impl After {
    /// Who is in the pool: number, revision, people; a number alone is withdrawn.
    fn taken(&self) -> String {
        let of = |one: &Prepared| {
            let names = one.people.iter().map(|person| person.name.as_str());
            let names: Vec<&str> = names.collect();
            format!("{}/{} {}", one.number, one.revision, names.join("・"))
        };
        let all: Vec<String> = self.pool.0.values().map(of).collect();
        all.join("\n")
    }
}

fn run<C: Form>(pool: Pool, file: &[u8], protected: &[Digest]) -> After {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    std::fs::write(&path, file).unwrap();
    let protected = protected.iter().copied().collect();
    let around = Around {
        city: "架空市",
        today: jiff::civil::date(2026, 11, 21),
        protected: &protected,
        gaiji: None,
    };
    let options = ImportOptions {
        check: false,
        encoding: EncodingChoice::Auto,
        characters: None,
    };
    let mut pool = pool;
    let mut said = Vec::new();
    let outcome = import::<C>(&path, &options, &mut pool, &around, &mut said);
    After {
        pool,
        said: String::from_utf8(said).unwrap(),
        outcome,
        to_correct: std::fs::read_to_string(folder.path().join("in.csv.bad.csv"))
            .unwrap_or_default(),
    }
}

/// Text of a file in; who was taken, and the reasons of the lines that were not.
#[track_caller]
fn check<C: Form>(file: &str, taken: &str, reasons: &[&str]) {
    let after = run::<C>(Pool::default(), file.as_bytes(), &[]);
    assert_eq!(after.taken(), taken);
    let bad = after.said.lines().filter(|line| line.contains("行目"));
    let bad: Vec<&str> = bad.filter(|line| !line.starts_with("注意")).collect();
    assert_eq!(bad, reasons);
    let outcome = after.outcome.as_ref().unwrap();
    assert_eq!(outcome.bad_lines, reasons.len());
    let to_correct = after.to_correct.lines().count();
    assert_eq!(
        to_correct,
        if reasons.is_empty() {
            0
        } else {
            reasons.len() + 1
        }
    );
}

const ALL_RESERVATIONS: &str = "R8-000099/4294967295 \nR8-000101/3 \nR8-000123/1 架空　太郎・架空　花子\nR8-000130/2 ＫＡＫＵ　ＭＡＲＩＡ";
const MARIA_ONLY: &str = "R8-000099/4294967295 \nR8-000101/3 \nR8-000130/2 ＫＡＫＵ　ＭＡＲＩＡ";

#[test]
fn samples_are_taken_whole() {
    check::<ReservationColumn>(RESERVATIONS, ALL_RESERVATIONS, &[]);
    check::<MoveOutColumn>(
        MOVE_OUTS,
        "131016-8-004711/1 架空　太郎・架空　花子\n131016-8-004712/1 ＫＡＫＵ　ＭＡＲＩＡ",
        &[],
    );
    let pool = run::<MoveOutColumn>(Pool::default(), MOVE_OUTS.as_bytes(), &[]).pool;
    let maria = &pool.0["131016-8-004712"];
    assert!(maria.advance && maria.special);
    let person = &maria.people[0];
    assert_eq!(
        [
            &person.birth_date,
            &person.alias,
            &person.stay_status,
            &person.card
        ],
        ["1990-05-05", "仮　真理", "永住者", "valid"]
    );
    let hanako = &pool.0["131016-8-004711"].people[1];
    assert_eq!(
        [&hanako.kana, &hanako.former_surname, &hanako.pension_kind],
        ["カクウ　ハナコ", "見本", "3号"]
    );
}

#[test]
fn shift_jis_reads_like_utf_8() {
    let (bytes, _, lossy) = SHIFT_JIS.encode(RESERVATIONS);
    assert!(!lossy);
    let japanese = run::<ReservationColumn>(Pool::default(), &bytes, &[]);
    let with_mark = format!("\u{feff}{RESERVATIONS}");
    let with_mark = run::<ReservationColumn>(Pool::default(), with_mark.as_bytes(), &[]);
    assert_eq!(japanese.taken(), ALL_RESERVATIONS);
    assert_eq!(japanese.pool.0, with_mark.pool.0);
}

#[test]
fn bad_line_keeps_its_family_back_and_nobody_else() {
    check::<ReservationColumn>(
        &RESERVATIONS.replace("平成4年11月3日", "平成4年13月3日"),
        MARIA_ONLY,
        &[
            "2行目：同じ番号の3行目に直すところがあります。直したあと、一緒に取り込んでください",
            "3行目 12列（birth_date）：暦にない日付です",
        ],
    );
    check::<ReservationColumn>(
        &RESERVATIONS.replace("令和8年11月14日,2,2,", "令和8年11月14日,2,1,"),
        MARIA_ONLY,
        &[
            "2行目：同じ番号の3行目に直すところがあります。直したあと、一緒に取り込んでください",
            "3行目 9列（member_no）：同じ番号と連番が2行目にもあります。一人を1行にしてください",
        ],
    );
    // The second line is torn off: nobody may be forgotten for it.
    let torn: Vec<&str> = RESERVATIONS
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| line)
        .collect();
    check::<ReservationColumn>(
        &torn.join("\n"),
        MARIA_ONLY,
        &["2行目：人数と行の数が合いません。同じ番号の全員の行を、連番を1から続けて入れてください"],
    );
    check::<ReservationColumn>(
        &RESERVATIONS.replacen("090-0000-0000", "090-0000-0001", 1),
        MARIA_ONLY,
        &[
            "2行目：同じ番号の3行目に直すところがあります。直したあと、一緒に取り込んでください",
            "3行目 1列（reservation_no）：同じ番号の2行目と違います。同じ値にしてください",
        ],
    );
}

#[test]
fn each_bad_line_is_told_with_its_column_and_what_to_do() {
    let cases: [(&str, &str, &str); 8] = [
        (
            "R8-000130,2,1",
            "R8-000130,x,1",
            "4行目 2列（revision）：決められた番号ではありません。1 から続く更新連番 のどれかにしてください",
        ),
        (
            "R8-000130,2,1",
            "R8 000130,2,1",
            "4行目 1列（reservation_no）：番号の形が違います。半角の英数字15字までにしてください",
        ),
        (
            "R8-000130,2,1",
            "R8-000130,2,5",
            "4行目 3列（state）：決められた番号ではありません。1 9 のどれかにしてください",
        ),
        (
            "2026-11-24",
            "令和8年11月",
            "4行目 6列（visit_on）：日まで決まった日付にしてください",
        ),
        (
            "カク　マリア",
            "カク　マリア,余り",
            "4行目：列が26個あります。見出しと同じ25個にしてください",
        ),
        (
            "ＫＡＫＵ　ＭＡＲＩＡ,カク",
            "ＫＡＫＵ\u{e001}ＭＡＲＩＡ,カク",
            "4行目 10列（name）：外字（U+E001）が外字対応表にありません。対応表に加えるか、文字情報基盤の文字に置き換えてください",
        ),
        (
            "interpreter;nhi",
            "interpreter;guide",
            "4行目 23列（wishes）：知らない資格の名前があります。仕様書の一覧の名前を「;」で区切ってください",
        ),
        (
            "英語の通訳",
            "\"英語の通訳",
            "4行目：引用符（\"）が閉じていません。項目の中に改行は使えません",
        ),
    ];
    let others = "R8-000101/3 \nR8-000123/1 架空　太郎・架空　花子";
    for (good, bad, reason) in cases {
        check::<ReservationColumn>(&RESERVATIONS.replacen(good, bad, 1), others, &[reason]);
    }
    check::<MoveOutColumn>(
        &MOVE_OUTS.replace(
            "131016,東京都千代田区,8-004712",
            "131017,東京都千代田区,8-004712",
        ),
        "131016-8-004711/1 架空　太郎・架空　花子",
        &[
            "4行目 1列（issuer_code）：番号の形が違います。検査数字を含む全国地方公共団体コード6桁にしてください",
        ],
    );
    check::<MoveOutColumn>(
        &MOVE_OUTS.replace("22222222226", ""),
        "131016-8-004711/1 架空　太郎・架空　花子",
        &["4行目 18列（resident_code）：空です。値を入れてください"],
    );
}

#[test]
fn bytes_of_another_encoding_are_told_and_never_guessed() {
    let mut bytes = RESERVATIONS.replace("カク　マリア", "@@").into_bytes();
    let at = bytes.windows(2).position(|two| two == b"@@").unwrap();
    bytes[at] = 0xff;
    bytes[at + 1] = 0xff;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    std::fs::write(&path, bytes).unwrap();
    let options = ImportOptions {
        check: false,
        encoding: EncodingChoice::Utf8,
        characters: None,
    };
    let around = Around {
        city: "架空市",
        today: jiff::civil::date(2026, 11, 21),
        protected: &BTreeSet::new(),
        gaiji: None,
    };
    let (mut pool, mut said) = (Pool::default(), Vec::new());
    import::<ReservationColumn>(&path, &options, &mut pool, &around, &mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.contains("4行目 11列（kana）：この文字コードで読めない"),
        "{said}"
    );
    assert_eq!(pool.valid(), 1);
}

#[test]
fn private_characters_are_read_by_the_sending_systems_table() {
    use counter_characters::gaiji::{GaijiRow, Meaning, Way};
    let table = GaijiTable {
        system: "move-outs".to_owned(),
        rows: vec![GaijiRow {
            code: "F040".parse().unwrap(),
            is: Meaning::try_from("MJ026190".to_owned()).unwrap(),
            text: "邉".to_owned(),
            way: Way::Both,
        }],
        open: Vec::new(),
    };
    let (before, after) = MOVE_OUTS.split_once("架空　花子,カクウ").unwrap();
    let bytes = |name: &[u8]| {
        let text = |text: &str| SHIFT_JIS.encode(text).0.into_owned();
        // 0xF040 is the first user-defined cell of code page 932.
        [
            text(before),
            name.to_vec(),
            text("　花子,カクウ"),
            text(after),
        ]
        .concat()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    let options = ImportOptions {
        check: false,
        encoding: EncodingChoice::ShiftJis,
        characters: None,
    };
    let take = |name: &[u8], gaiji: Option<GaijiTable>| {
        std::fs::write(&path, bytes(name)).unwrap();
        let around = Around {
            city: "架空市",
            today: jiff::civil::date(2026, 11, 21),
            protected: &BTreeSet::new(),
            gaiji: gaiji.map(Arc::new),
        };
        let (mut pool, mut said) = (Pool::default(), Vec::new());
        import::<MoveOutColumn>(&path, &options, &mut pool, &around, &mut said).unwrap();
        let names = pool.0.values().flat_map(|one| &one.people);
        let names: Vec<String> = names.map(|person| person.name.clone()).collect();
        (names.join(" "), String::from_utf8(said).unwrap())
    };
    let (names, _) = take(b"\xF0\x40", Some(table.clone()));
    assert!(names.contains("邉　花子"), "{names}");
    for (name, table, code) in [
        (b"\xF0\x41", Some(table), "U+E001"),
        (b"\xF0\x40", None, "U+E000"),
    ] {
        let (names, said) = take(name, table);
        assert!(!names.contains("花子"), "{names}");
        assert!(
            said.contains(&format!("外字（{code}）が外字対応表にありません")),
            "{said}"
        );
    }
}

#[test]
fn another_layout_changes_nothing() {
    for (headings, expected) in [
        (
            RESERVATIONS.replace("住民票コード", "個人番号"),
            "個人番号の列があります",
        ),
        (
            RESERVATIONS.replace("住民票コード", "すきな色"),
            "1行目 16列：知らない見出しです。仕様書（docs/reference/reservations.md）",
        ),
        (RESERVATIONS.replace("備考", "氏名"), "見出し name が2回"),
        (RESERVATIONS.replace("人数", "members"), "知らない見出し"),
        (MOVE_OUTS.to_owned(), "1行目 1列：知らない見出し"),
    ] {
        let after = run::<ReservationColumn>(Pool::default(), headings.as_bytes(), &[]);
        let refusal = after.outcome.unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn newer_revisions_replace_and_withdrawn_ones_never_come_back() {
    let first = run::<ReservationColumn>(Pool::default(), RESERVATIONS.as_bytes(), &[]);
    let outcome = first.outcome.as_ref().unwrap();
    assert_eq!((outcome.new, outcome.withdrawn, outcome.valid), (2, 1, 2));
    // The same file again says nothing new.
    let again = run::<ReservationColumn>(first.pool, RESERVATIONS.as_bytes(), &[]);
    let outcome = again.outcome.as_ref().unwrap();
    assert_eq!((outcome.new, outcome.changed, outcome.valid), (0, 0, 2));
    let headings = RESERVATIONS.lines().next().unwrap();
    let withdrawal = format!("{headings}\nR8-000123,2,9{}", ",".repeat(22));
    let withdrawn = run::<ReservationColumn>(again.pool, withdrawal.as_bytes(), &[]);
    assert_eq!(
        withdrawn.taken(),
        "R8-000099/4294967295 \nR8-000101/3 \nR8-000123/2 \nR8-000130/2 ＫＡＫＵ　ＭＡＲＩＡ"
    );
    let old = run::<ReservationColumn>(withdrawn.pool, RESERVATIONS.as_bytes(), &[]);
    assert_eq!(old.outcome.as_ref().unwrap().outdated, 1);
    assert_eq!(old.pool.valid(), 1);
    let replacing = RESERVATIONS.replace("R8-000123,1,1,,", "R8-000200,1,1,R8-000130,");
    let replaced = run::<ReservationColumn>(old.pool, replacing.as_bytes(), &[]);
    // The line of the replaced one stands in the same file, and stays replaced.
    assert!(
        replaced
            .taken()
            .ends_with("R8-000130/4294967295 \nR8-000200/1 架空　太郎・架空　花子")
    );
}

#[test]
fn what_is_too_old_is_dropped() {
    let old = RESERVATIONS.replace("2026-11-24,2026-11-22", "2026-11-06,2026-11-05");
    let after = run::<ReservationColumn>(Pool::default(), old.as_bytes(), &[]);
    assert_eq!(after.outcome.as_ref().unwrap().expired, 1);
    assert_eq!(
        after.taken(),
        "R8-000101/3 \nR8-000123/1 架空　太郎・架空　花子",
        "the number it replaced too"
    );
    let old = MOVE_OUTS.replace("令和8年11月30日", "令和8年10月21日");
    let after = run::<MoveOutColumn>(Pool::default(), old.as_bytes(), &[]);
    assert_eq!(after.outcome.as_ref().unwrap().expired, 1);
}

#[test]
fn nothing_about_where_a_protected_person_lives_is_published() {
    let hanako = likeness(&["架空　花子"], "1992-11-03", "");
    for (pool, secret) in [
        (
            run::<ReservationColumn>(Pool::default(), RESERVATIONS.as_bytes(), &hanako).pool,
            "架空ハイツ",
        ),
        (
            run::<MoveOutColumn>(Pool::default(), MOVE_OUTS.as_bytes(), &hanako).pool,
            "架空町１番地",
        ),
        (
            run::<ReservationColumn>(
                Pool::default(),
                RESERVATIONS
                    .replace("card;record,,0", "card;record,,1")
                    .as_bytes(),
                &[],
            )
            .pool,
            "090-0000",
        ),
    ] {
        let bytes = pool.pack("2026-11-21").unwrap();
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
        assert!(!text.contains(secret) && !text.contains("１番３"), "{text}");
        // Whom nobody protects keeps the address.
        assert!(text.contains("二丁目1番地"));
    }
    // The list came later: the next import leaves the address out.
    let before = run::<ReservationColumn>(Pool::default(), RESERVATIONS.as_bytes(), &[]).pool;
    let headings = RESERVATIONS.lines().next().unwrap();
    let after = run::<ReservationColumn>(before, headings.as_bytes(), &hanako);
    assert_eq!(after.outcome.as_ref().unwrap().withheld, 1);
    assert!(after.pool.0["R8-000123"].place.is_none());
}

#[test]
fn city_and_check_digit_are_told_and_taken() {
    let elsewhere = MOVE_OUTS.replace("架空市架空町二丁目", "別市架空町二丁目");
    let after = run::<MoveOutColumn>(Pool::default(), elsewhere.as_bytes(), &[]);
    assert!(
        after
            .said
            .contains("注意 4行目 31列（out_to）：転出先がこの市ではありません"),
        "{}",
        after.said
    );
    let misfit = MOVE_OUTS.replace("22222222226", "22222222225");
    let after = run::<MoveOutColumn>(after.pool, misfit.as_bytes(), &[]);
    assert!(
        after.said.contains("検査数字が合いません"),
        "{}",
        after.said
    );
    assert_eq!(after.outcome.as_ref().unwrap().valid, 2);
}

#[test]
fn published_pool_is_read_again_as_it_was() {
    let pool = run::<MoveOutColumn>(Pool::default(), MOVE_OUTS.as_bytes(), &[]).pool;
    let bytes = pool.pack("2026-11-21").unwrap();
    assert_eq!(Pool::read(Some(&bytes)).unwrap().0, pool.0);
    assert_eq!(bytes, pool.pack("2026-11-21").unwrap());
    assert!(Pool::read(Some(b"torn")).is_err());
}
