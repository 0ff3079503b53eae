//! Pages drawn as text in, fields as text out.

use counter_addresses::Addresses;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use super::*;
use crate::page::{Character, sketch};
use value::Judged;

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../counter-addresses/data/towns.bin");
    Finder::standard()
        .unwrap()
        .with_places(Places::new(&Addresses::open(&file).unwrap()))
        .with_today(jiff::civil::date(2026, 11, 1))
});

/// One row of text, read without doubt, as a value.
pub(super) fn value_of(field: FieldName, text: &str) -> Judged {
    value_held(field, text, ('\0', '\0'))
}

/// The same, where the first `read` was held to be `other` as well.
pub(super) fn value_held(field: FieldName, text: &str, (read, other): (char, char)) -> Judged {
    let mut page = sketch::parse(&format!(
        "page 2000 100\nline 0 0 {} 40 {text}",
        text.chars().count() * 40
    ))
    .unwrap();
    let mut all = page.lines.iter_mut().flat_map(|line| &mut line.characters);
    if let Some(one) = all.find(|one| one.value == read) {
        one.alternatives.push((other, 0.2));
    }
    let rows: Vec<Vec<&Character>> = page
        .lines
        .iter()
        .map(|line| line.characters.iter().collect())
        .collect();
    value::judge(field, &rows)
}

/// A page is drawn as a table of characters: `|` and `-` rule cells, everything else is text. Each
/// character is 20 wide, a wide one 40; each row 60 high.
fn drawn(drawing: &str) -> Page {
    let rows: Vec<&str> = drawing
        .lines()
        .map(str::trim_end)
        .skip_while(|row| row.is_empty())
        .collect();
    let mut sketched = String::from("page 2400 3400\n");
    let mut open: Vec<(f32, f32, f32)> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let y = count(place) * 60.0;
        let mut x = 0.0;
        let mut bars = Vec::new();
        let mut text = String::new();
        let mut start = 0.0;
        let mut blank = 0.0;
        let mut finish = |text: &mut String, start: f32, end: f32| {
            let trimmed = text.trim_end().to_owned();
            if !trimmed.is_empty() {
                writeln!(
                    sketched,
                    "line {start} {} {} 40 {trimmed}",
                    y + 10.0,
                    end - start
                )
                .unwrap();
            }
            text.clear();
        };
        for c in row.chars() {
            let width = if c.is_ascii() || ('\u{ff61}'..='\u{ff9f}').contains(&c) {
                20.0
            } else {
                40.0
            };
            match c {
                '|' => {
                    finish(&mut text, start, x - blank);
                    bars.push(x + 10.0);
                    blank = 0.0;
                }
                ' ' | '\u{3000}' => {
                    blank += width;
                    if !text.is_empty() {
                        text.push(c);
                    }
                }
                _ => {
                    if blank > 70.0 {
                        finish(&mut text, start, x - blank);
                    }
                    if text.is_empty() {
                        start = x;
                    }
                    blank = 0.0;
                    text.push(c);
                }
            }
            x += width;
        }
        finish(&mut text, start, x - blank);
        for pair in bars.windows(2) {
            open.push((pair[0], pair[1], y));
        }
    }
    for (left, right, y) in open {
        writeln!(sketched, "cell {left} {y} {} 60", right - left).unwrap();
    }
    sketch::parse(&sketched).unwrap()
}

/// `member name value` for each field, in order.
#[track_caller]
fn check(kind: DocumentKind, drawings: &[&str], expected: &str) {
    let pages: Vec<Page> = drawings.iter().map(|drawing| drawn(drawing)).collect();
    let found: Vec<String> = FINDER
        .find(kind, &pages)
        .iter()
        .map(|field| format!("{} {} {}", field.member, field.name.label(), field.value))
        .collect();
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|row| !row.is_empty())
        .collect();
    assert_eq!(found, expected);
}

const OUT: DocumentKind = DocumentKind::MoveOutCertificate;

#[test]
fn labels_left_of_their_cells() {
    check(
        OUT,
        &["
|旧　住　所|神奈川県藤沢市朝日町１番地の１|
|転出先住所|静岡県沼津市御幸町１６番１号|
|世帯主氏名|架空　太郎|異動予定日|令和８年１０月７日|
"],
        "
        -1 世帯主 架空　太郎
        -1 旧住所 神奈川県藤沢市朝日町１番地の１
        -1 新住所 静岡県沼津市御幸町１６番１号
        -1 転出予定日 2026-10-07
        ",
    );
}

#[test]
fn persons_in_rows_of_a_table() {
    check(
        OUT,
        &["
|氏名      |生年月日       |性別|続柄  |個人番号    |
|架空　太郎|昭和60年7月14日|男  |世帯主|123456789018|
|架空　花子|S63.1.28       |女  |妻    |            |
|架空　一郎|H27.3.30       |男  |子    |379474484458|
"],
        "
        0 氏名 架空　太郎
        0 生年月日 1985-07-14
        0 性別 男
        0 続柄 世帯主
        0 個人番号 123456789018
        1 氏名 架空　花子
        1 生年月日 1988-01-28
        1 性別 女
        1 続柄 妻
        2 氏名 架空　一郎
        2 生年月日 2015-03-30
        2 性別 男
        2 続柄 子
        2 個人番号 379474484458
        ",
    );
}

#[test]
fn persons_in_columns_of_a_table() {
    check(
        OUT,
        &["
|フリガナ|カクウ　タロウ|カクウ　ハナコ|
|氏　　名|架空　太郎    |架空　花子    |
|生年月日|昭和60.7.14   |平成2.2.2     |
|性　　別|男            |女            |
|続　　柄|世帯主        |妻            |
|本　　籍|神奈川県藤沢市|              |
"],
        "
        0 氏名 架空　太郎
        0 氏名カナ カクウ　タロウ
        0 生年月日 1985-07-14
        0 性別 男
        0 続柄 世帯主
        0 本籍 神奈川県藤沢市
        1 氏名 架空　花子
        1 氏名カナ カクウ　ハナコ
        1 生年月日 1990-02-02
        1 性別 女
        1 続柄 妻
        ",
    );
}

#[test]
fn blocks_without_any_ruled_line() {
    check(
        OUT,
        &["
転出前の住所：神奈川県藤沢市朝日町１番地の１
転出先の住所：静岡県沼津市御幸町１６番１号
転出予定日　：令和８年１０月７日

（１）氏名：架空　太郎　　　　性別：男　　　続柄：世帯主
　　　生年月日：昭和６０年　７月１４日　　　国民健康保険：有
（２）氏名：架空　花子　　　　性別：女　　　続柄：妻
　　　生年月日：昭和６３年　１月２８日　　　国民健康保険：無
"],
        "
        -1 旧住所 神奈川県藤沢市朝日町１番地の１
        -1 新住所 静岡県沼津市御幸町１６番１号
        -1 転出予定日 2026-10-07
        0 氏名 架空　太郎
        0 生年月日 1985-07-14
        0 性別 男
        0 続柄 世帯主
        0 国保 有
        1 氏名 架空　花子
        1 生年月日 1988-01-28
        1 性別 女
        1 続柄 妻
        1 国保 無
        ",
    );
}

#[test]
fn a_continuation_sheet_goes_on_counting() {
    check(
        OUT,
        &[
            "
|氏名      |性別|
|架空　太郎|男  |
",
            "
|氏名      |性別|
|架空　花子|女  |
",
        ],
        "
        0 氏名 架空　太郎
        0 性別 男
        1 氏名 架空　花子
        1 性別 女
        ",
    );
}

#[test]
fn a_misread_town_is_corrected_where_all_can_see_it() {
    let pages = [drawn(
        "
|旧住所|神奈川県藤沢市朝目町１番地の１|
",
    )];
    let found = FINDER.find(OUT, &pages);
    let one = found.first().unwrap();
    assert_eq!(one.value, "神奈川県藤沢市朝日町１番地の１");
    assert_eq!(one.as_read, "神奈川県藤沢市朝目町１番地の１");
    assert_eq!(one.alternatives, ["神奈川県藤沢市朝目町１番地の１"]);
}

#[test]
fn the_individual_number_is_not_read_where_nobody_needs_it() {
    let finder = Finder::standard()
        .unwrap()
        .without(FieldName::IndividualNumber);
    let pages = [drawn(
        "
|氏名    |架空　太郎  |
|個人番号|123456789018|
",
    )];
    let found = finder.find(OUT, &pages);
    assert!(
        found
            .iter()
            .all(|one| one.name != FieldName::IndividualNumber)
    );
    assert!(found.iter().any(|one| one.name == FieldName::Name));
}

#[test]
fn a_passport_is_read_by_its_zone() {
    check(
        DocumentKind::Passport,
        &["
P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UT0740812ZF1204159ZE184226B<<<<<1O
"],
        "
        0 氏名 ERIKSSON ANNA MARIA
        0 生年月日 1974-08-12
        0 性別 女
        0 番号 L898902C3
        0 国籍・地域 UTO
        0 有効期限 2012-04-15
        ",
    );
}

#[test]
fn debug_of_a_field_tells_no_value() {
    let found = FINDER.find(OUT, &[drawn("|氏名|架空　太郎|")]);
    assert!(!format!("{found:?}").contains('架'));
}

#[test]
fn a_value_before_a_label_is_no_part_of_it() {
    check(
        OUT,
        &["
【氏名】架空　新　　　【性別】男　　　【続柄】世帯主
【個人番号】123456789018　　　【住民票コード】25208017643
"],
        "
        0 氏名 架空　新
        0 性別 男
        0 続柄 世帯主
        0 住民票コード 25208017643
        0 個人番号 123456789018
        ",
    );
}

#[test]
fn boxes_before_their_words() {
    check(
        OUT,
        &["
|氏名|架空　太郎                  |
|資格|☑国保　☐後期高齢　☑児童手当|
"],
        "
        0 氏名 架空　太郎
        0 国保 有
        0 後期高齢 無
        0 児童手当 有
        ",
    );
}

#[test]
fn a_label_that_its_cell_broke_is_one_label() {
    let page = sketch::parse(
        "page 900 300
cell 0 0 200 120
cell 200 0 500 120
line 10 10 160 40 転出(予定)年月
line 10 60 40 40 日
line 220 40 260 40 令和8年10月7日",
    )
    .unwrap();
    let found = FINDER.find(OUT, &[page]);
    assert_eq!(
        found.first().map(|one| one.value.as_str()),
        Some("2026-10-07")
    );
}

#[test]
fn a_value_whose_cell_was_not_seen_stands_beside_its_label_all_the_same() {
    let page = sketch::parse(
        "page 1900 300
cell 0 0 200 100
line 10 30 120 40 旧住所
line 220 30 800 40 神奈川県藤沢市朝日町1番地の1",
    )
    .unwrap();
    let found = FINDER.find(OUT, &[page]);
    assert_eq!(
        found.first().map(|one| one.value.as_str()),
        Some("神奈川県藤沢市朝日町1番地の1")
    );
}

#[test]
fn strips_of_other_headings_are_not_the_next_persons() {
    check(
        OUT,
        &["
|氏名      |性別|
|架空　太郎|男  |
|国保      |介護|
|非該当    |該当|
|氏名      |性別|
|架空　花子|女  |
"],
        "
        0 氏名 架空　太郎
        0 性別 男
        0 国保 無
        0 介護 有
        1 氏名 架空　花子
        1 性別 女
        ",
    );
}

#[test]
fn numbers_of_addresses_are_read_without_blanks() {
    check(
        OUT,
        &["
|旧住所|沖縄県名護市済井出　1　8　0番地　ヴィラ桜1　04号|
|新住所|神奈川県藤沢市朝日町１番地の１　ヴィラ桜|
"],
        "
        -1 旧住所 沖縄県名護市済井出180番地　ヴィラ桜104号
        -1 新住所 神奈川県藤沢市朝日町１番地の１　ヴィラ桜
        ",
    );
}

#[test]
fn a_reading_has_no_more_parts_than_its_name() {
    check(
        OUT,
        &["
|氏名カナ|イ　ワサキ　ナリヤス|
|氏名    |岩崎　斉保          |
"],
        "
        0 氏名 岩崎　斉保
        0 氏名カナ イワサキ　ナリヤス
        ",
    );
    check(
        OUT,
        &["
|氏名カナ|イ　ヒデオ|
|氏名    |井　秀雄  |
"],
        "
        0 氏名 井　秀雄
        0 氏名カナ イ　ヒデオ
        ",
    );
}

#[test]
fn a_value_under_its_label_is_not_the_end_of_the_label() {
    let page = sketch::parse(
        "page 900 300
cell 0 0 400 140
line 10 20 220 32 世帯主との続柄
line 10 80 40 40 妻",
    )
    .unwrap();
    let found = FINDER.find(OUT, &[page]);
    assert_eq!(found.first().map(|one| one.value.as_str()), Some("妻"));
}

#[test]
fn places_are_written_as_the_dictionary_writes_them() {
    check(
        OUT,
        &["
|旧住所|北海道虻田郡二セコ町近藤2285      |
|新住所|長﨑県長﨑市髙平町1番地　髙﨑ハイツ|
"],
        "
        -1 旧住所 北海道虻田郡ニセコ町近藤2285
        -1 新住所 長崎県長崎市高平町1番地　髙﨑ハイツ
        ",
    );
}

#[test]
fn a_name_said_again_in_another_form_is_no_further_person() {
    check(
        OUT,
        &["
|氏名      |生年月日     |
|高橋　凛  |平成20年1月2日|
|高橋　湊  |平成22年3月4日|
|氏名      |国保         |
|高橋　凜  |有           |
|高橋　湊  |無           |
"],
        "
        0 氏名 高橋　凛
        0 生年月日 2008-01-02
        0 国保 有
        1 氏名 高橋　湊
        1 生年月日 2010-03-04
        1 国保 無
        ",
    );
}

#[test]
fn tables_of_as_many_persons_name_the_same_ones() {
    check(
        OUT,
        &["
|氏名      |生年月日     |
|髙機　隆  |平成6年6月14日|
|髙橋　節子|平成3年9月26日|
|氏名      |国保         |
|髙暢　隆  |有           |
|髙幡　節子|無           |
"],
        "
        0 氏名 髙機　隆
        0 生年月日 1994-06-14
        0 国保 有
        1 氏名 髙橋　節子
        1 生年月日 1991-09-26
        1 国保 無
        ",
    );
}

#[test]
fn nothing_is_sure_on_a_page_that_is_hard_to_read() {
    let mut page = drawn(
        "
|氏名      |生年月日       |性別|続柄  |
|架空　太郎|昭和60年7月14日|男  |世帯主|

この証明書は転入届の時まで大切にお持ちください
",
    );
    let most = |page: &Page| {
        let found = FINDER.find(OUT, std::slice::from_ref(page));
        found.iter().map(|one| one.confidence).fold(0.0, f32::max)
    };
    assert!(most(&page) > 0.95);
    for character in &mut page.lines.last_mut().unwrap().characters {
        character.probability = 0.5;
    }
    assert!(page.legibility() < 0.9);
    assert!(most(&page) <= 0.9);
}

/// `member value` of each number, with whether somebody must look at it.
#[track_caller]
fn check_numbers(drawing: &str, expected: &[&str]) {
    let found = FINDER.find(OUT, &[drawn(drawing)]);
    let numbers = found
        .iter()
        .filter(|field| field.name == FieldName::IndividualNumber);
    let told: Vec<String> = numbers
        .map(|field| {
            let doubt = if field.confidence < 0.95 { " ?" } else { "" };
            format!("{} {}{doubt}", field.member, field.value)
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_number_that_may_be_of_either_person_is_of_nobody() {
    // The label of one of the two numbers was not read: the other may be of the person above or below it.
    check_numbers(
        "
氏名  架空　太郎
生年月日  昭和60年7月14日

個人番号  123456789018

氏名  架空　花子
生年月日  昭和62年8月15日
",
        &["-1 123456789018 ?"],
    );
    // Two numbers, one name: whose the second is, nobody knows.
    check_numbers(
        "
氏名  架空　太郎
生年月日  昭和60年7月14日
個人番号  123456789018
個人番号  234567890121
",
        &["-1 123456789018 ?", "-1 234567890121 ?"],
    );
}

#[test]
fn numbers_whose_place_tells_the_person_are_theirs() {
    check_numbers(
        "
氏名  架空　太郎
個人番号  123456789018
生年月日  昭和60年7月14日

氏名  架空　花子
個人番号  234567890121
生年月日  昭和62年8月15日
",
        &["0 123456789018", "1 234567890121"],
    );
    // One of the two was not read; the other stands in the row of its person.
    check_numbers(
        "
|氏名      |生年月日       |個人番号    |
|架空　太郎|昭和60年7月14日|            |
|架空　花子|昭和62年8月15日|234567890121|
",
        &["1 234567890121"],
    );
    // Or between what is surely theirs.
    check_numbers(
        "
氏名  架空　太郎
生年月日  昭和60年7月14日
性別  男

氏名  架空　花子
個人番号  234567890121
生年月日  昭和62年8月15日
性別  女
",
        &["1 234567890121"],
    );
}

#[test]
fn a_name_misread_in_its_second_table_is_no_further_person() {
    check(
        OUT,
        &["
|氏名      |生年月日     |
|中　香織  |平成6年6月14日|
|中川　楓  |平成3年9月26日|
|氏名      |国保         |
|中川　香織|有           |
|中川　楓  |無           |
"],
        "
        0 氏名 中　香織
        0 生年月日 1994-06-14
        0 国保 有
        1 氏名 中川　楓
        1 生年月日 1991-09-26
        1 国保 無
        ",
    );
}

#[test]
fn nothing_is_sure_of_a_person_without_a_birth_date_among_others() {
    let page = drawn(
        "
|氏名      |生年月日     |個人番号    |
|架空　太郎|平成6年6月14日|123456789018|
|見本　花子|             |234567890121|
",
    );
    let found = FINDER.find(OUT, &[page]);
    let of_second: Vec<&Field> = found.iter().filter(|one| one.member != 0).collect();
    assert_eq!(of_second.len(), 2);
    assert!(of_second.iter().all(|one| one.confidence < 0.95));
    assert!(
        of_second
            .iter()
            .any(|one| one.member == -1 && one.value == "234567890121")
    );
}

/// Rows of a line printer: columns that do not stand under their headings, headings and signs of several
/// persons read as one, and a sentence behind the table.
#[test]
fn rows_of_text_whose_columns_run_on() {
    let page = sketch::parse(
        "page 2400 1200\n\
         line 100 20 90 30 世帯主\n\
         line 400 20 150 30 架空　太郎\n\
         line 100 100 60 30 氏名\n\
         line 400 100 270 30 男女の別出生年月日\n\
         line 800 100 360 30 世帯主との続柄個人番号\n\
         line 100 150 120 30 架空　太郎\n\
         down 430 150 30 80 男女\n\
         line 520 150 240 30 昭和57年12月2\n\
         line 775 150 90 30 4日　世帯主\n\
         line 1100 150 240 30 352500187017\n\
         line 100 200 120 30 架空　花子\n\
         line 520 200 240 30 昭和54年10月1\n\
         line 775 200 60 30 3日　妻\n\
         line 1100 200 240 30 123456789018\n\
         line 100 260 600 30 上記のとおり証明する。\n\
         line 150 310 240 30 令和8年9月17日\n\
         line 900 360 240 30 架空市長　見本　市郎\n",
    )
    .unwrap();
    let found = FINDER.find(DocumentKind::MoveOutCertificate, &[page]);
    let told: Vec<String> = found
        .iter()
        .map(|one| format!("{} {} {}", one.member, one.name.label(), one.value))
        .collect();
    assert_eq!(
        told,
        [
            "-1 世帯主 架空　太郎",
            "0 氏名 架空　太郎",
            "0 生年月日 1982-12-24",
            "0 性別 男",
            "0 続柄 世帯主",
            "0 個人番号 352500187017",
            "1 氏名 架空　花子",
            "1 生年月日 1979-10-13",
            "1 性別 女",
            "1 続柄 妻",
            "1 個人番号 123456789018",
        ]
    );
}
