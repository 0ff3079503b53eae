//! Codes of the data in words: fields, values, sources, states, steps.

use std::sync::LazyLock;

use counter_domain::case::{CaseState, CaseStep, RemarkCategory};
use counter_domain::draft::{FieldValue, Source};
use counter_domain::prepared::PreparedKind;
use counter_forms::{box_in_words, ticks};
use counter_guide::certificates::{Certificate, Certificates};
use counter_guide::draft_facts::{FOR_ALL, PICKED};
use hub_store::MismatchKind;

use super::answers::Answers;
use super::pages::Chip;

/// The fact of an answer, `answer.<fact>` or `answer.m<n>.<fact>`.
fn fact(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("answer.")?;
    match (answering_member(path), rest.split_once('.')) {
        (Some(_), Some((_, fact))) => Some(fact),
        (Some(_) | None, _) => Some(rest),
    }
}

/// The member an answer, or a box of a form, is about.
pub(crate) fn answering_member(path: &str) -> Option<u8> {
    path.strip_prefix("answer.m")
        .or_else(|| path.strip_prefix("box.m"))?
        .split_once('.')?
        .0
        .parse()
        .ok()
}

/// The certificates a city hands out.
static CERTIFICATES: LazyLock<Certificates> =
    LazyLock::new(|| Certificates::bundled().unwrap_or_default());

/// The certificate a path of a request is about, and what of it: `copies` or `options`.
fn certificate(path: &str) -> Option<(&'static Certificate, &str)> {
    let (id, what) = path.strip_prefix("certificate.")?.split_once('.')?;
    Some((CERTIFICATES.certificate(id)?, what))
}

/// What may be added to a certificate, in words.
fn additions(text: &str) -> String {
    let words = text.split(',').map(|id| {
        let known = CERTIFICATES.option(id);
        known.map_or_else(|| id.to_owned(), |words| words.ja.clone())
    });
    words.collect::<Vec<_>>().join("、")
}

/// Papers that were shown, in words.
fn papers(text: &str) -> String {
    let words = text.split(',').map(|id| {
        let known = CERTIFICATES.papers().find(|(known, _)| *known == id);
        known.map_or(id, |(_, words)| words.ja.as_str())
    });
    words.collect::<Vec<_>>().join("、")
}

/// Why nothing is charged, in words.
fn exemption(text: &str) -> String {
    let known = CERTIFICATES.exemptions().find(|(id, _)| *id == text);
    known.map_or_else(|| text.to_owned(), |(_, words)| words.ja.clone())
}

/// Label of a field, without the person.
#[expect(clippy::too_many_lines, reason = "a table, one line a field")]
pub(crate) fn field(path: &str, answers: &Answers) -> String {
    if let Some(fact) = fact(path) {
        return answers.label(fact);
    }
    if let Some((label, _)) = box_in_words(path, "") {
        return label;
    }
    if let Some(procedure) = path.strip_prefix(PICKED) {
        return answers.procedure(procedure);
    }
    if let Some((certificate, what)) = certificate(path) {
        return match what {
            "options" => format!("{}に載せるもの", certificate.name.ja),
            "form" => format!("{}の請求書", certificate.name.ja),
            "fee" => format!("{}の手数料（1通）", certificate.name.ja),
            "detail" => format!("{}で証明する事項", certificate.name.ja),
            _ => format!("{}の通数", certificate.name.ja),
        };
    }
    if let Some((kind, _)) = prepared(path) {
        return match kind {
            PreparedKind::Reservation => "使った予約".to_owned(),
            PreparedKind::MoveOut => "使った転出証明書情報".to_owned(),
        };
    }
    let leaf = match path
        .strip_prefix("member.")
        .and_then(|rest| rest.split_once('.'))
    {
        Some((_, leaf)) => leaf,
        None => path,
    };
    let label = match leaf {
        "name" => "氏名",
        "name.former" | "former_name" => "旧氏",
        "name.roman" => "氏名（ローマ字）",
        "kanji_name" => "漢字の氏名",
        "alias" => "通称",
        "kana" => "フリガナ",
        "birth_date" => "生年月日",
        "sex" => "性別",
        "relation" => "続柄",
        "relation_before" => "前の続柄",
        "nationality" => "国籍",
        "country" => "国籍・地域",
        "residence_class" => "在留の区分",
        "residence_status" => "在留資格",
        "residence_period" => "在留期間",
        "residence_expires" => "在留期間の満了日",
        "residence_card_number" => "在留カード等の番号",
        "resident_code" => "住民票コード",
        "my_number" => "個人番号",
        "phone" | "notifier.phone" => "電話番号",
        "moving" => "異動する人",
        "card" => "マイナンバーカード",
        "event.type" => "異動の種類",
        "event.flow" => "届出の方法",
        "event.date" => "異動日",
        "event.filed_on" => "届出日",
        "event.landed_on" => "入国・帰国した日",
        "event.late_reason" => "届出が遅れた理由",
        "event.reason" => "理由",
        "event.relation_reason" => "続柄が変わった理由",
        "event.correction" => "申出の種類",
        "proof.relation" => "続柄を証する文書",
        "proof.issued_by" => "文書を発行した国・機関",
        "proof.translator" => "訳した方の氏名",
        "proof.correction" => "正しいことを示す書類",
        "proof.names" => "書類の名前・発行者",
        "event.returned" => "返してもらったもの",
        "event.certificate" => "転出証明書の受け取り方",
        "address.mail" => "転出証明書の送り先",
        "livelihood.separate" => "生計が別で、分けると保険料・手当などが変わることがあると聞いた",
        "livelihood.same" => "同じ住所で、生計が一つ",
        "cancelled.filed_on" => "転出届を出した日",
        "cancelled.flow" => "転出届の出し方",
        "cancelled.certificate" => "転出証明書",
        "cancelled.here" => "今の住所に住み続け、転出先で転入届をしていない",
        "cancelled.again" => "転出でした手続きは、やり直すことがあると聞いた",
        "address.planned" => "転出予定だった住所",
        "head.nationality" => "世帯主の国籍",
        "wrong_item" => "直す事項",
        "wrong_now" => "今の記載",
        "wrong_right" => "正しい記載",
        "notifier.member" => "届出人",
        "notifier.role" => "届出人の区分",
        "notifier.name" => "届出人の氏名",
        "notifier.address" => "届出人の住所",
        "address.new" => "新しい住所",
        "address.new.building" => "建物名・部屋番号",
        "address.old" => "前の住所",
        "address.old.building" => "前の建物名・部屋番号",
        "head.new" => "新しい世帯主",
        "head.old" => "前の世帯主",
        "head.staying" => "残る世帯の世帯主",
        "address.last" => "国内で最後に住民登録した市区町村",
        "domicile.new.place" => "新しい本籍",
        "domicile.new.register_head" => "新しい筆頭者",
        "request.asker" => "請求する方",
        "request.purpose" => "使いみち",
        "request.submit_to" => "提出先",
        "request.reason" => "請求の理由",
        "request.year" => "年度",
        "request.period" => "必要な期間・戸籍の範囲",
        "request.matter" => "証明する事項",
        "request.property" => "物件の所在・地番・家屋番号",
        "request.plate" => "車両番号",
        "request.exemption" => "手数料を免除する理由",
        "request.papers" => "見せてもらったもの",
        "domicile.place" => "本籍",
        "domicile.register_head" => "筆頭者",
        "guide.catalogue" => "手続きの一覧の版",
        "identity.kind" => "本人確認の書類",
        "identity.method" => "本人確認の方法",
        "identity.paper.1" => "確認した書類（1点目）",
        "identity.paper.2" => "確認した書類（2点目）",
        "proof.authority" => "代理権を示す書類",
        other => return other.to_owned(),
    };
    label.to_owned()
}

/// Names and addresses are drawn in the MJ font.
pub(crate) fn is_exact(path: &str) -> bool {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    path == "notifier.member"
        || path.starts_with("address.")
        || path.starts_with("head.")
        || path.starts_with("domicile.")
        || matches!(
            leaf,
            "name"
                | "alias"
                | "kanji_name"
                | "former"
                | "former_name"
                | "wrong_now"
                | "wrong_right"
                | "translator"
        )
}

/// A value in words.
pub(crate) fn value(path: &str, value: &FieldValue, answers: &Answers) -> String {
    if let Some(words) = fact(path).and_then(|fact| answers.words(fact, value)) {
        return words;
    }
    if let Some((_, words)) = value.as_text().and_then(|text| box_in_words(path, text)) {
        return words;
    }
    match value {
        FieldValue::Text(text) => text_value(path, text),
        FieldValue::Flag(true) => "はい".to_owned(),
        FieldValue::Flag(false) => "いいえ".to_owned(),
        FieldValue::Count(count) => count.to_string(),
        FieldValue::Unknown => "わからない".to_owned(),
        FieldValue::Cleared => "（空）".to_owned(),
    }
}

/// The kind and number of a row that says what prepared data the case uses.
fn prepared(path: &str) -> Option<(PreparedKind, &str)> {
    let (kind, number) = path.strip_prefix("taken.")?.split_once('.')?;
    Some((PreparedKind::of_code(kind)?, number))
}

/// The edition of the catalogue a reception went by: its number and the beginning of its
/// fingerprint, as the list of editions shows it.
fn edition(mark: &str) -> String {
    let number = counter_guide::edition::number_of_mark(mark).unwrap_or_default();
    let title = super::texts::edition(number);
    let digits = mark.split_once('/').map(|(_, digits)| digits);
    let digits: String = digits.unwrap_or_default().chars().take(12).collect();
    if digits.is_empty() {
        title
    } else {
        format!("{title}（{digits}）")
    }
}

/// Whom a picked procedure is for, in words.
fn picked_for(text: &str) -> String {
    if text == FOR_ALL {
        return "世帯".to_owned();
    }
    let numbers = text.split(',').filter(|one| !one.is_empty());
    numbers
        .map(|number| format!("{number} 人目"))
        .collect::<Vec<_>>()
        .join("、")
}

fn text_value(path: &str, text: &str) -> String {
    if let Some((_, number)) = prepared(path) {
        let version = text.split('/').next().unwrap_or_default();
        return format!("{number}（第{version}版）");
    }
    let leaf = path.rsplit('.').next().unwrap_or_default();
    match path {
        "event.type" => return event_type(text),
        "event.flow" | "cancelled.flow" => return event_flow(text).to_owned(),
        "guide.catalogue" => return edition(text),
        "request.asker" => return asker(text).to_owned(),
        "request.papers" => return papers(text),
        "request.exemption" => return exemption(text),
        "event.relation_reason" => return relation_reason(text).to_owned(),
        "event.correction" => return correction_kind(text).to_owned(),
        "proof.relation" => return ticked(text, relation_proof),
        "proof.correction" => return ticked(text, correction_proof),
        "event.returned" => return ticked(text, returned),
        "event.certificate" => return certificate_by(text).to_owned(),
        "cancelled.certificate" => return move_out_certificate(text).to_owned(),
        "cancelled.here" | "cancelled.again" | "livelihood.separate" | "livelihood.same"
            if text == "yes" =>
        {
            return "確認した".to_owned();
        }
        _ if path.starts_with(PICKED) => return picked_for(text),
        _ if path.starts_with("certificate.") => {
            return match path.rsplit('.').next() {
                Some("form") => form(text.split('/').next().unwrap_or_default()).to_owned(),
                Some("options") => additions(text),
                Some(_) | None => text.to_owned(),
            };
        }
        _ => {}
    }
    match leaf {
        "sex" => sex(text).to_owned(),
        "kind" if path == "identity.kind" => identity(text).to_owned(),
        "method" if path == "identity.method" => identity_method(text).to_owned(),
        "relation" | "relation_before" => relation(text).to_owned(),
        "role" => notifier_role(text).to_owned(),
        "residence_class" => residence_class(text).to_owned(),
        "nationality" if text == "外国" => "日本以外".to_owned(),
        "date" | "birth_date" | "filed_on" | "landed_on" | "residence_expires" => date(text),
        _ => text.to_owned(),
    }
}

/// A date in the Japanese calendar with the western year behind it.
pub(crate) fn date(iso: &str) -> String {
    let Ok(day) = iso.parse::<jiff::civil::Date>() else {
        return iso.to_owned();
    };
    let eras = [
        ("令和", jiff::civil::date(2019, 5, 1)),
        ("平成", jiff::civil::date(1989, 1, 8)),
        ("昭和", jiff::civil::date(1926, 12, 25)),
        ("大正", jiff::civil::date(1912, 7, 30)),
    ];
    let Some((era, first)) = eras.into_iter().find(|(_, first)| day >= *first) else {
        return iso.to_owned();
    };
    let year = match day.year() - first.year() + 1 {
        1 => "元".to_owned(),
        year => year.to_string(),
    };
    format!(
        "{era}{year}年{}月{}日（{}年）",
        day.month(),
        day.day(),
        day.year()
    )
}

fn sex(code: &str) -> &str {
    match code {
        "male" | "1" => "男",
        "female" | "2" => "女",
        "unknown" | "9" => "不明",
        other => other,
    }
}

fn identity(code: &str) -> &str {
    match code {
        "mncard" => "マイナンバーカード",
        "licence" => "運転免許証",
        "residence_card" => "在留カード・特別永住者証明書",
        "passport" => "旅券",
        "two_points" => "顔写真のない書類２点",
        "oral" => "口頭での質問（後日通知）",
        "other" => "そのほかの顔写真付き書類",
        other => other,
    }
}

fn identity_method(code: &str) -> &str {
    match code {
        "chip,pin" => "チップと暗証番号",
        "chip" => "チップと券面",
        "seen" => "目で確認",
        other => other,
    }
}

fn relation(code: &str) -> &str {
    match code {
        "head" | "self" => "世帯主",
        "wife" => "妻",
        "husband" => "夫",
        "spouse" => "配偶者",
        "child" => "子",
        "father" => "父",
        "mother" => "母",
        "housemate" => "同居人",
        other => other,
    }
}

fn residence_class(code: &str) -> &str {
    match code {
        "mid_long" => "中長期在留者",
        "special_permanent" => "特別永住者",
        "temporary_refuge" => "一時庇護・仮滞在許可者",
        "transitional_birth" => "出生による経過滞在者",
        "transitional_loss" => "国籍喪失による経過滞在者",
        "none" => "どれでもない",
        other => other,
    }
}

fn relation_reason(code: &str) -> &str {
    match code {
        "marriage" => "婚姻",
        "divorce" => "離婚",
        "adoption" => "養子縁組",
        "dissolution" => "養子離縁",
        "acknowledgement" => "認知",
        "head" => "世帯主の変更",
        "birth_proof" => "親子関係の証明",
        "other" => "そのほか",
        other => other,
    }
}

/// Values of which several may be ticked, in words.
fn ticked(text: &str, words: fn(&str) -> &str) -> String {
    ticks(text).map(words).collect::<Vec<_>>().join("、")
}

fn returned(code: &str) -> &str {
    match code {
        "seal" => "印鑑登録証",
        "nhi" => "国保の資格確認書",
        "latter" => "後期高齢の資格確認書",
        "ltc" => "介護保険被保険者証",
        "medical" => "医療証",
        other => other,
    }
}

fn relation_proof(code: &str) -> &str {
    match code {
        "marriage" => "結婚証明書",
        "birth" => "出生証明書",
        "family" => "家族関係証明書",
        "acceptance" => "届書の受理証明書",
        "koseki" => "戸籍",
        "other" => "そのほか",
        other => other,
    }
}

fn correction_kind(code: &str) -> &str {
    match code {
        "correct" => "修正",
        "enter" => "記載",
        "remove" => "消除",
        "restore" => "回復",
        other => other,
    }
}

fn correction_proof(code: &str) -> &str {
    match code {
        "koseki" => "戸籍・附票",
        "acceptance" => "届書の受理証明",
        "certificate" => "官公署の証明書",
        "residence_card" => "在留カード等",
        "passport" => "旅券",
        "court" => "裁判書・確定証明",
        "notice" => "他市区町村の通知",
        "other" => "そのほか",
        other => other,
    }
}

/// How the certificate of a move-out reaches the resident.
fn certificate_by(code: &str) -> &str {
    match code {
        "counter" => "窓口で受け取る",
        "mail" => "郵送",
        other => other,
    }
}

fn move_out_certificate(code: &str) -> &str {
    match code {
        "returned" => "返してもらった",
        "lost" => "紛失した",
        "none" => "交付していない",
        other => other,
    }
}

fn asker(code: &str) -> &str {
    match code {
        "self" => "本人",
        "household" => "同一世帯の方",
        "spouse_or_lineal" => "配偶者・直系の親族",
        "heir" => "相続人など",
        "proxy" => "代理人",
        "tenant" => "借地・借家人",
        "company" => "法人の代表者・従業員",
        "third_party" => "第三者",
        "official" => "国・地方公共団体",
        "professional" => "弁護士などの職務上請求",
        other => other,
    }
}

fn notifier_role(code: &str) -> &str {
    match code {
        "self" => "本人",
        "head" => "世帯主",
        "member" => "世帯員",
        "guardian" => "法定代理人",
        "proxy" => "代理人",
        "messenger" => "使者",
        other => other,
    }
}

/// Kind of change in words.
pub(crate) fn event_type(code: &str) -> String {
    let word = match code {
        "move_in" => "転入",
        "move_in_abroad" => "転入（国外から）",
        "move_out" => "転出",
        "move_out_abroad" => "転出（国外へ）",
        "move_within" => "転居",
        "hh_head" => "世帯主変更",
        "hh_split" => "世帯分離",
        "hh_merge" => "世帯合併",
        "hh_change" => "世帯構成変更",
        "relation_change" => "続柄変更",
        "becoming_midlong" => "中長期在留者になった",
        "birth" => "出生",
        "death" => "死亡",
        "marriage" => "婚姻",
        "divorce" => "離婚",
        "adoption" => "養子縁組",
        "adoption_dissolve" => "養子離縁",
        "acknowledgement" => "認知",
        "koseki_transfer" => "転籍",
        "name_change" => "氏名変更",
        "nationality_acquire" => "国籍取得・帰化",
        "nationality_loss" => "国籍喪失",
        "addr_rename" => "住居表示・町名地番変更",
        "correction" => "更正・職権修正",
        "cancel" => "異動取消",
        "request" => "請求",
        "" => "（種類なし）",
        other => other,
    };
    word.to_owned()
}

/// How the data came, in words.
pub(crate) fn event_flow(code: &str) -> &str {
    match code {
        "oss" => "引越しワンストップ",
        "card" => "カード",
        "paper" => "転出証明書",
        "certificate" => "証明書",
        "procedure" => "手続き",
        "move_out" => "転出取消",
        other => other,
    }
}

/// Kind and flow, as a list shows them.
pub(crate) fn event(kind: &str, flow: &str) -> String {
    if flow.is_empty() {
        event_type(kind)
    } else {
        format!("{}（{}）", event_type(kind), event_flow(flow))
    }
}

/// Where a value came from.
pub(crate) fn source(source: Source) -> Chip {
    match source {
        Source::Chip => Chip::new("chip-read", "contactless", "ICチップ"),
        Source::LicenceChip => Chip::new("chip-read", "contactless", "免許証のIC"),
        Source::ResidenceChip => Chip::new("chip-read", "contactless", "在留カード等のIC"),
        Source::PassportChip => Chip::new("chip-read", "contactless", "旅券のIC"),
        Source::Ocr => Chip::new("chip-doubt", "document_scanner", "読み取り（OCR）"),
        Source::Certificate => Chip::new("chip-read", "sync", "転出証明書情報"),
        Source::Reservation => Chip::new("chip-read", "inbox", "予約"),
        Source::PaperCertificate => Chip::new("", "description", "転出証明書（紙）"),
        Source::ResidentCopy => Chip::new("chip-read", "inbox", "住民記録"),
        Source::Resident => Chip::new("chip-info", "record_voice_over", "住民の申告"),
        Source::Staff => Chip::new("", "keyboard", "職員入力"),
        Source::Derived => Chip::new("", "calculate", "自動"),
    }
}

/// A state as a chip.
pub(crate) fn state(state: CaseState) -> Chip {
    match state {
        CaseState::Draft => Chip::new("", "edit", "入力中"),
        CaseState::Signed => Chip::new("", "draw", "署名済み"),
        CaseState::Submitted => Chip::new("chip-info", "inbox", "審査待ち"),
        CaseState::UnderReview => Chip::new("chip-info", "visibility", "審査中"),
        CaseState::Returned => Chip::new("chip-late", "assignment_return", "支所へ返却中"),
        CaseState::Resubmitted => Chip::new("chip-doubt", "history", "再提出"),
        CaseState::Accepted => Chip::new("chip-done", "task_alt", "受理済み"),
        CaseState::HandedOver => Chip::new("chip-done", "download", "引き継ぎ済み"),
        CaseState::Completed => Chip::new("chip-done", "check", "完了"),
        CaseState::CoreRejected => Chip::new("chip-stop", "error", "住民記録で取込不可"),
        CaseState::Withdrawn => Chip::new("", "undo", "取り下げ"),
        CaseState::Refused => Chip::new("chip-stop", "block", "不受理"),
        CaseState::CancelRequested => Chip::new("chip-stop", "warning", "中止の申し出"),
        CaseState::Cancelled => Chip::new("", "close", "取り消し"),
        CaseState::OnHold => Chip::new("chip-doubt", "pause", "保留"),
    }
}

/// Kinds of remark, in the order they are offered.
pub(crate) const CATEGORIES: [RemarkCategory; 6] = [
    RemarkCategory::Mismatch,
    RemarkCategory::Missing,
    RemarkCategory::Document,
    RemarkCategory::Identity,
    RemarkCategory::AskAgain,
    RemarkCategory::Other,
];

/// A remark on a field that was marked as different from its strip of paper, with the reviewer's own
/// words where there are any.
pub(crate) fn unlike_the_paper(words: &str) -> String {
    if words.is_empty() {
        "紙と違います。紙の画像と見くらべて直してください。".to_owned()
    } else {
        format!("紙と違います。{words}")
    }
}

/// Kind of remark as sent by the form.
pub(crate) fn category_code(category: RemarkCategory) -> &'static str {
    match category {
        RemarkCategory::Missing => "missing",
        RemarkCategory::Mismatch => "mismatch",
        RemarkCategory::Document => "document",
        RemarkCategory::Identity => "identity",
        RemarkCategory::AskAgain => "ask_again",
        RemarkCategory::Other => "other",
    }
}

/// Kind of remark in words.
pub(crate) fn category(category: RemarkCategory) -> &'static str {
    match category {
        RemarkCategory::Missing => "記載漏れ",
        RemarkCategory::Mismatch => "不一致",
        RemarkCategory::Document => "書類不足",
        RemarkCategory::Identity => "本人確認",
        RemarkCategory::AskAgain => "要聞き取り",
        RemarkCategory::Other => "その他",
    }
}

/// A step of the history in words.
pub(crate) fn step(step: &CaseStep) -> String {
    match step {
        CaseStep::Started { .. } => "受付をはじめた".to_owned(),
        CaseStep::Signed { .. } => "住民が署名した".to_owned(),
        CaseStep::Submitted { .. } => "本庁へ提出した".to_owned(),
        CaseStep::ReviewOpened => "審査をはじめた".to_owned(),
        CaseStep::Returned { remarks } => format!("支所へ返した（指摘 {} 件）", remarks.len()),
        CaseStep::Accepted { .. } => "受理した".to_owned(),
        CaseStep::Refused { reason } => format!("不受理にした：{reason}"),
        CaseStep::HandedOver { file } => format!("引き継ぎファイルに書いた：{file}"),
        CaseStep::Completed => "住民記録に載った".to_owned(),
        CaseStep::CoreRejected { reason } => {
            format!("住民記録システムが取り込まなかった：{reason}")
        }
        CaseStep::Withdrawn { reason } => format!("支所が取り下げた：{reason}"),
        CaseStep::CancelRequested => "住民が中止を申し出た".to_owned(),
        CaseStep::Cancelled => "取り消した".to_owned(),
        CaseStep::Held { reason } => format!("保留にした：{reason}"),
        CaseStep::Released => "保留をやめた".to_owned(),
        CaseStep::Linked { receipt_number, .. } => format!("受付 {receipt_number} と関連づけた"),
        CaseStep::Unlinked { .. } => "関連づけをやめた".to_owned(),
        // With names: `moves::in_words`.
        CaseStep::Transferred(_) | CaseStep::TakenBack(_) | CaseStep::HolderSettled(_) => {
            super::texts::audit(replica::AuditAction::CaseMoved).to_owned()
        }
    }
}

/// How an answer of the resident record system does not fit.
pub(crate) fn mismatch(kind: MismatchKind) -> &'static str {
    match kind {
        MismatchKind::UnknownKey => "渡していない番号の回答",
        MismatchKind::NotHandedOver => "引き継ぐ前の届出への回答",
        MismatchKind::OtherVersion => "前の版への回答",
        MismatchKind::OtherState => "いまの状態と合わない回答",
        MismatchKind::Value => "値の違い",
    }
}

/// Title of a form.
pub(crate) fn form(form: &str) -> &'static str {
    match form.split('/').next().unwrap_or_default() {
        "resident-move" => "住民異動届",
        "move-out" => "転出届",
        "household-change" => "世帯変更届",
        "relation-change" => "外国人住民の世帯主との続柄変更届",
        "move-out-cancel" => "転出取消届",
        "record-correction" => "住民票の記載・修正（職権）申出書",
        "resident-record" => "住民票の写し等交付請求書",
        "family-register" => "戸籍証明書等交付請求書",
        "seal-certificate" => "印鑑登録証明書等交付申請書",
        "tax-certificate" => "税証明書交付申請書",
        "family-notification" => "届書記載事項証明書等請求書",
        "property-certificate" => "固定資産の証明書交付申請書",
        "vehicle-certificate" => "軽自動車税の証明書交付申請書",
        "administrative-certificate" => "行政証明書交付申請書",
        "disaster-certificate" => "り災証明書交付申請書",
        "insurance-certificate" => "保険の証明書交付申請書",
        "procedure-request" => "個別手続の申請",
        _ => "届出書",
    }
}

#[cfg(test)]
mod tests {
    use counter_domain::event::Event;

    use super::*;

    #[test]
    fn every_event_and_every_certificate_has_a_name() {
        for event in Event::all() {
            assert_ne!(event_type(event.code()), event.code());
        }
        let answers = Answers::default();
        let label = field("certificate.C16.copies", &answers);
        assert_eq!(label, "印鑑登録証明書の通数");
        let added = FieldValue::Text("honseki,history".to_owned());
        let words = value("certificate.C01.options", &added, &answers);
        assert_eq!(words, "本籍・筆頭者の記載、住所の履歴の記載");
    }

    #[test]
    fn how_somebody_was_identified_is_told_in_words() {
        let told = |method: &str| {
            let method = FieldValue::Text(method.to_owned());
            value("identity.method", &method, &Answers::default())
        };
        let methods = ["chip,pin", "chip", "seen"].map(told);
        assert_eq!(methods, ["チップと暗証番号", "チップと券面", "目で確認"]);
    }

    #[test]
    fn edition_of_the_catalogue_is_told_by_number_and_fingerprint() {
        let answers = Answers::default();
        assert_eq!(field("guide.catalogue", &answers), "手続きの一覧の版");
        let told = |mark: &str| {
            let mark = FieldValue::Text(mark.to_owned());
            value("guide.catalogue", &mark, &answers)
        };
        assert_eq!(told("4/9f2c00112233445566"), "第 4 版（9f2c00112233）");
        assert_eq!(told("0"), "プログラムに付属の版");
    }
}
