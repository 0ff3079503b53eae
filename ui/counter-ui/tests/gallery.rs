//! Every example is drawn in both sizes: its texts can be read, something can be pressed, and on
//! the staff's screens Tab moves the focus visibly. Order of focus and sizes of targets are looked
//! at in the pictures, not asserted here.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use counter_ui::app::Window;
use counter_ui::gallery::{examples, looks, stage};
use counter_ui::scripted::{Seen, see, use_headless};
use slint::platform::{Key, WindowEvent};

const PRESSED: [&str; 3] = ["button", "radiobutton", "textinput"];

fn texts(seen: &[Seen]) -> String {
    let lines = seen
        .iter()
        .flat_map(|s| [&s.label, &s.description, &s.value]);
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn shows(name: &str, seen: &[Seen], expected: &[&str]) {
    let all = texts(seen);
    for text in expected {
        assert!(
            all.contains(text),
            "{name}: 「{text}」 is not on the screen:\n{all}"
        );
    }
}

fn tab_stops(window: &Window) -> bool {
    let before = window.slint().take_snapshot().unwrap();
    let tab: slint::SharedString = Key::Tab.into();
    window
        .slint()
        .dispatch_event(WindowEvent::KeyPressed { text: tab.clone() });
    window
        .slint()
        .dispatch_event(WindowEvent::KeyReleased { text: tab });
    i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_millis(20));
    let after = window.slint().take_snapshot().unwrap();
    before.as_bytes() != after.as_bytes()
}

#[expect(clippy::too_many_lines, reason = "a list, one line for a picture")]
fn expected(name: &str) -> &'static [&'static str] {
    match name {
        "staff-01-sign-in" => &["職員番号", "パスワード", "窓口を始める"],
        "staff-02-board" => &[
            "受付の一覧",
            "新しい受付を始める",
            "本庁から返ったもの",
            "架空　太郎",
        ],
        "staff-03-board-line-down" => &["回線断・保存済 12件", "プリンターなし"],
        "staff-04-documents-card" => &["暗証番号をお願いする", "照合番号で読む"],
        "staff-05-documents-locked" => &["暗証番号はロックされています"],
        "staff-06-household" => &["異動前", "異動後", "チップ", "必要な手続き"],
        "staff-08-question" => &["要介護認定", "はい", "わからない", "職員画面だけ"],
        "staff-10-procedures" => &["要確認", "なぜ？", "保険年金課"],
        "staff-13-sign-reading" => &["住民が内容を読んでいます", "表示をやめる"],
        "staff-15-finish-later" => &["提出しました", "回線がもどったら", "受付票を印刷する"],
        "staff-17-returned" => &["本庁から返されました", "部屋番号を確認", "架空ハイツ 203号"],
        "staff-18-two-counters" => &["別の窓口の入力", "この値にする"],
        "staff-19-save-failed" => &["保存できていません", "情報担当へ連絡"],
        "staff-20-long-choices" => &["新しい住所がまだ入っていません", "07-2-261121-0001-5"],
        "staff-22-locked" => &[
            "画面をロックしています",
            "架空　職子",
            "続きから始める",
            "見せる",
        ],
        "staff-67-awaits-staff" => &["職員の名簿が、まだ本庁から届いていません。"],
        "staff-23-sign-in-waits" => &["あと 1 分 35 秒、サインインを止めています。"],
        "staff-24-needs-supervisor" => &[
            "本庁と7日以上つながっていません",
            "責任者のパスワード",
            "回線断・保存済 12件",
            "11/13 16:20 まで本庁に保管",
        ],
        "staff-25-question-about-several" => &["3 人について", "全員", "架空　花子"],
        "staff-27-clock-wrong-no-devices" => {
            &["本庁が受け付けません・保存済 123件", "11月21日（土）"]
        }
        "staff-40-prepared" => &[
            "（きょう）",
            "R8-000123",
            "使用中",
            "これで受付を始める",
            "支援措置対象",
        ],
        // What stands further down is looked at in the pictures.
        "staff-41-proposal" => &["予約と転出証明書情報が見つかりました", "これを使う"],
        "staff-42-contradiction" => &["07-2-261121-0003-5", "関連をやめる"],
        "staff-61-known-answers" => &["住民記録では：はい", "国民健康保険", "この答えにする"],
        "staff-62-form-boxes" => &[
            "用紙に書くこと",
            "請求者の勤務先",
            "国に 知らせて ある 口座を つかいますか: はい / いいえ",
        ],
        "staff-68-form-ticks" => &[
            "訪問介護など",
            "「利用していない」は、ほかと一緒に選べません。「利用していない」か、ほかのどちらかを外してください。",
            "つかって いる サービス: 家に 来て もらう",
        ],
        // What stands further down is looked at in the pictures.
        "staff-65-documents-passport" => &["旅券（パスポート）があります"],
        "resident-14-pin-licence-second-en" => &["暗証番号2", "PIN 2 of your driver's licence"],
        "resident-15-check-declarations-en" => {
            &["児童手当の確認事項", "［確認］所得などの確認に同意"]
        }
        "staff-63-prints" => &["まだのものをすべて印刷", "2ページ", "用紙なし", "もう一度"],
        "staff-43-long-interview" => &["障がい者手帳", "わからない"],
        "staff-50-devices" => &[
            "機器の状態",
            "受付票のプリンターの用紙がありません。",
            "用紙を入れてください。",
            "ファームウェア 2.10",
            "マイナンバーカードを見分けました。",
            "試しています…",
        ],
        "staff-51-paper-scanning" => &["2 枚目をスキャンしています", "読み取りをやめる"],
        "staff-52-paper-read" => &["2人・24項目を読み取りました。", "紙の画像を見る"],
        "staff-53-paper-sheet" => &[
            "転出証明書の画像（1 / 2 ページ）",
            "個人番号は塗りつぶしています。",
            "次のページ",
            "今の項目",
            "紙のとおり",
            "受付にもどる",
        ],
        // What stands further down is looked at in the pictures.
        "staff-54-household-read" => &["紙の画像と見くらべてください"],
        "staff-21-long-question" => &["会社の保険や扶養に入らない", "わからない", "閉じる"],
        "resident-02-idle-en" => &["架空市", "Welcome"],
        "resident-05-pin-last-en" => &["あと 1 回です", "Last try", "I don't know"],
        "resident-08-check-en" => &[
            "住民異動届",
            "Notification of change",
            "変わります",
            "See more",
        ],
        "resident-16-check-household-en" => &["つづきを見る", "Something is wrong"],
        "resident-17-check-short" => &["合計 600円", "正しい・署名へ進む"],
        "resident-10-sign-en" => &["署名欄", "Write again", "This is fine"],
        "resident-12-done-later-en" => &["07-2-000186", "will be sent automatically"],
        _ => &[],
    }
}

#[test]
fn every_screen_can_be_read_and_pressed() {
    use_headless().unwrap();
    let examples = examples().unwrap();
    assert!(examples.len() >= 40, "examples are missing");
    for (name, view) in &examples {
        for (size, scale) in looks() {
            let app = stage(view, size, scale).unwrap();
            let seen = see(app.window());
            assert!(!seen.is_empty(), "{name}: nothing to read");
            // Large type may need a finger's scroll.
            if scale <= 1.0 {
                shows(name, &seen, expected(name));
            }
            let pressed: Vec<_> = seen
                .iter()
                .filter(|s| PRESSED.contains(&s.role.as_str()))
                .collect();
            assert!(!pressed.is_empty(), "{name}: nothing to press");
            if name.starts_with("staff") {
                assert!(tab_stops(app.window()), "{name}: Tab moves nothing");
            }
            if name.starts_with("staff-22") {
                let all = texts(&seen);
                assert!(!all.contains("太郎"), "{name}: a resident behind the lock");
            }
            if name.starts_with("resident-01") || name.starts_with("resident-02") {
                let all = texts(&seen);
                assert!(
                    !all.contains("太郎"),
                    "{name}: personal data on the idle page"
                );
            }
        }
    }
}

/// Every `@tr` of a file, by a plain scan.
fn translated(source: &str) -> impl Iterator<Item = &str> {
    let entries = source.split("@tr(\"").skip(1);
    entries.filter_map(|rest| rest.split_once('"').map(|(text, _)| text))
}

#[test]
fn resident_texts_all_have_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let po = fs::read_to_string(root.join("lang/en/LC_MESSAGES/counter-ui.po")).unwrap();
    let english: BTreeSet<&str> = po
        .split("\n\n")
        .filter_map(|entry| {
            let (id, text) = entry.split_once("\nmsgstr \"")?;
            let id = id.strip_prefix("msgid \"")?.strip_suffix('"')?;
            (text.trim_end() != "\"").then_some(id)
        })
        .collect();
    let pages = ["idle", "wait", "pin", "check", "sign", "done"].map(|p| format!("{p}-page"));
    let screens = pages
        .iter()
        .map(String::as_str)
        .chain(["check-row-line", "resident-shell"]);
    let files = screens
        .map(|name| format!("slint/screens/{name}.slint"))
        .chain(["slint/widgets/lost-banner.slint".to_owned()]);
    let mut found = 0;
    for file in files {
        let source = fs::read_to_string(root.join(&file)).unwrap();
        for text in translated(&source) {
            found += 1;
            assert!(english.contains(text), "{file}: no English for 「{text}」");
        }
    }
    assert!(found > 20, "the scan found only {found} texts");
}
