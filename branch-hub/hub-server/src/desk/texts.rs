//! The desk's words: what happened, then what to do. The only module of the desk with texts for
//! people, beside the templates and `labels`.

use replica::AuditAction;
use replica::staff::Role;

use super::pages::{Banner, Tone};

/// A page's heading and its message.
pub(crate) type Message = (&'static str, Banner);

pub(crate) fn session_ended() -> Banner {
    Banner::new(
        Tone::Info,
        "サインインが必要です。",
        "しばらく操作がないとサインアウトします。もう一度サインインしてください。",
    )
}

pub(crate) fn form_too_old() -> Banner {
    Banner::new(
        Tone::Caution,
        "画面が古くなったため、受け付けませんでした。",
        "何も変わっていません。画面を開きなおして、もう一度押してください。",
    )
}

pub(crate) fn too_many_tries(seconds: u64) -> Banner {
    Banner::new(
        Tone::Wrong,
        "続けて間違えたため、しばらくサインインできません。",
        format!("{seconds} 秒待ってから、もう一度入れてください。"),
    )
}

pub(crate) fn wrong_password() -> Banner {
    Banner::new(
        Tone::Wrong,
        "職員番号かパスワードが違います。",
        "もう一度入れてください。",
    )
}

pub(crate) fn no_staff_yet() -> Banner {
    Banner::new(
        Tone::Wrong,
        "職員がまだ登録されていません。",
        "システムの担当者に、職員の登録を頼んでください。",
    )
}

pub(crate) fn no_desk_role() -> Banner {
    Banner::new(
        Tone::Wrong,
        "審査の画面を使う役割がありません。",
        "窓口の仕事は窓口の画面でサインインしてください。",
    )
}

pub(crate) fn internal() -> Message {
    (
        "いま表示できません",
        Banner::new(
            Tone::Wrong,
            "データベースから答えがありませんでした。",
            "少し待ってから開きなおしてください。続くときは、システムの担当者に時刻を伝えてください。",
        ),
    )
}

pub(crate) fn forbidden() -> Message {
    (
        "開けない画面です",
        Banner::new(
            Tone::Caution,
            "この画面を開く役割がありません。",
            "必要なときは、責任者に相談してください。",
        ),
    )
}

pub(crate) fn missing() -> Message {
    (
        "見つかりません",
        Banner::new(
            Tone::Caution,
            "この番地に画面や届出はありません。",
            "一覧から開きなおしてください。",
        ),
    )
}

pub(crate) fn stale() -> Banner {
    Banner::new(
        Tone::Caution,
        "見ている間に、支所から新しい内容が届きました。",
        "何も行っていません。いま出ているのが新しい内容です。確かめてから、もう一度押してください。",
    )
}

pub(crate) fn no_remark() -> Banner {
    Banner::new(
        Tone::Caution,
        "指摘がないため、返していません。",
        "返す項目を押して、指摘の内容を書いてください。",
    )
}

pub(crate) fn no_reason() -> Banner {
    Banner::new(
        Tone::Caution,
        "理由がないため、行っていません。",
        "理由を書いてから、もう一度押してください。",
    )
}

pub(crate) fn too_long() -> Banner {
    Banner::new(
        Tone::Caution,
        "文が長すぎるため、受け付けませんでした。",
        "指摘は１件 1000 字まで、理由は 1000 字までです。",
    )
}

pub(crate) fn no_such_case() -> Banner {
    Banner::new(
        Tone::Caution,
        "この受付番号の届出は、本庁にありません。",
        "番号を確かめてください。届出の ID でも探せます。",
    )
}

pub(crate) fn too_many_words() -> Banner {
    Banner::new(
        Tone::Caution,
        "言葉が多すぎるため、検索していません。",
        "言葉を６つまで、全部で 100 字までにして、もう一度検索してください。",
    )
}

pub(crate) fn period_backwards() -> Banner {
    Banner::new(
        Tone::Caution,
        "届出日の「いつまで」が「いつから」より前のため、検索していません。",
        "日付を入れなおして、もう一度検索してください。",
    )
}

pub(crate) fn four_eyes() -> Banner {
    Banner::new(
        Tone::Caution,
        "自分が受け付けた届出は受理できません。",
        "ほかの決裁の担当者に受理を頼んでください。",
    )
}

pub(crate) fn not_allowed() -> Banner {
    Banner::new(
        Tone::Caution,
        "いまの状態では行えません。",
        "ほかの人が先に進めたかもしれません。いまの状態を確かめてください。",
    )
}

pub(crate) fn claimed(by: &str) -> Banner {
    Banner::new(
        Tone::Info,
        format!("{by}さんが審査しています。"),
        "15 分操作がなければ引き継げます。急ぐときは直接声をかけてください。",
    )
}

/// What a deed led to, shown after the page was opened anew; `None` for unknown codes.
pub(crate) fn after(code: &str) -> Option<Banner> {
    let banner = match code {
        "returned" => Banner::new(
            Tone::Done,
            "支所へ返しました。",
            "支所の画面に指摘が出ます。直されると、一覧に戻ってきます。",
        ),
        "accepted" => Banner::new(
            Tone::Done,
            "受理しました。",
            "つぎは、引き継ぎファイルを書き出してください。",
        ),
        "written-again" => Banner::new(
            Tone::Done,
            "同じ届出を、新しい名前のファイルにもう一度書き出しました。",
            "キーは前と同じです。前に取り込まれた行は、受け取る側で飛ばされます。",
        ),
        "refused" => Banner::new(
            Tone::Done,
            "不受理にしました。",
            "支所の画面に理由が出ます。",
        ),
        "held" => Banner::new(
            Tone::Done,
            "保留にしました。",
            "支所の画面にも理由が出ます。",
        ),
        "released" => Banner::new(Tone::Done, "保留をやめました。", "続きから審査できます。"),
        "release-asked" => Banner::new(
            Tone::Info,
            "住所の表示を申請しました。",
            "決裁の担当者がこの画面で承認すると、15分間表示します。",
        ),
        "release-approved" => Banner::new(
            Tone::Done,
            "住所の表示を承認しました。",
            "申請した人に、いまから15分間だけ表示します。",
        ),
        "release-same-person" => Banner::new(
            Tone::Wrong,
            "自分の申請は承認できません。",
            "ほかの決裁の担当者に頼んでください。",
        ),
        "written" => Banner::new(
            Tone::Done,
            "引き継ぎファイルを書き出しました。",
            "「引き継ぎファイル」の一覧から受け取れます。",
        ),
        "not-written" => Banner::new(
            Tone::Caution,
            "書き出す届出がありませんでした。",
            "すでに書き出したか、ファイルでは引き継げない届出です。ファイルで引き継げないものは、責任者の手順で引き継いでください。",
        ),
        "stale" => stale(),
        "no-remark" => no_remark(),
        "no-reason" => no_reason(),
        "too-long" => too_long(),
        "four-eyes" => four_eyes(),
        "not-allowed" => not_allowed(),
        moved => return after_a_move(moved),
    };
    Some(banner)
}

/// What a deed about the branch of a case led to.
fn after_a_move(code: &str) -> Option<Banner> {
    let banner = match code {
        "moved" => Banner::new(
            Tone::Done,
            "担当の支所を変えました。",
            "新しい担当の支所に届くと、そこの一覧に出ます。前の支所では見るだけになります。",
        ),
        "taken-back" => Banner::new(
            Tone::Done,
            "前の支所に戻しました。",
            "前の支所に届くと、続きができるようになります。",
        ),
        "settled" => Banner::new(
            Tone::Done,
            "担当の支所を決めました。",
            "どの支所の画面からも「重なっている」の表示が消えます。",
        ),
        "revoked" => Banner::new(
            Tone::Done,
            "控えの消去を指示しました。",
            "窓口がつながると消去し、「消去を確認」と時刻がこの画面に出ます。",
        ),
        "protection-unsaid" => Banner::new(
            Tone::Caution,
            "支援措置対象の方がいるため、担当を変えていません。",
            "行き先の支所で加害者側の職員や関係者が扱わないことを確かめ、「確かめました」に印を付けてください。",
        ),
        "no-branch" => Banner::new(
            Tone::Caution,
            "支所が選ばれていないため、行っていません。",
            "支所を選んでから、もう一度押してください。",
        ),
        _ => return None,
    };
    Some(banner)
}

/// Head office as the branch that has a case.
pub(crate) const HEAD_OFFICE: &str = "本庁";
/// The branch that has the case.
pub(crate) const COPY_HELD: &str = "担当";
/// A branch that had it keeps what it has.
pub(crate) const COPY_KEPT: &str = "控えがある（見るだけ）";
/// Ordered, not everywhere followed.
pub(crate) const COPY_ORDERED: &str = "消去を指示・確認待ち";
/// Followed everywhere.
pub(crate) const COPY_GONE: &str = "消去を確認";
/// A counter that was not heard of since the order.
pub(crate) const COUNTER_ORDERED: &str = "まだ確認できない（つながると消去する）";
/// A counter that takes no orders any more.
pub(crate) const COUNTER_SHUT_OUT: &str = "止めた装置のため確認できない（暗号化されたまま残る）";

/// A counter followed the order.
pub(crate) fn overwritten_at(at: &str) -> String {
    format!("{at} に消去を確認")
}

/// Who ordered a copy overwritten, when and why.
pub(crate) fn purge_ordered(at: &str, by: &str, reason: &str) -> String {
    format!("{at} に{by}さんが消去を指示（理由：{reason}）")
}

/// Since when a branch has a case.
pub(crate) fn held_since(at: &str, from: Option<&str>, reason: &str) -> String {
    let from = from.map_or_else(String::new, |from| format!("{from}から"));
    let why = because(reason);
    format!("{at} に{from}{why}")
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!("（理由：{reason}）")
    }
}

/// A case went on.
pub(crate) fn handed_on(from: &str, to: &str, reason: &str) -> String {
    format!("{from} から {to} へ回した{}", because(reason))
}

/// A case went back.
pub(crate) fn taken_back(from: &str, to: &str, reason: &str) -> String {
    format!("{to} が {from} から取り戻した{}", because(reason))
}

/// A person decided.
pub(crate) fn holder_settled(branch: &str) -> String {
    format!("重なった担当を {branch} に決めた")
}

/// A move that waits for a decision.
pub(crate) fn contested_move(words: &str) -> String {
    format!("{words}（同時に変えられたため、まだ決まっていない）")
}

/// What the rule workbench did, shown after the page was opened anew.
pub(crate) fn catalogue(code: &str) -> Option<Banner> {
    let banner = match code {
        "published" => Banner::new(
            Tone::Done,
            "公開しました。",
            "つながっている窓口には数秒で届きます。有効になる日の朝から、新しい受付で使われます。",
        ),
        "prepared" => Banner::new(
            Tone::Done,
            "写しを作りました。",
            "本庁の機械の catalogue-drafts にあるファイルを直してから、「確かめて、変わるところを見る」を押してください。",
        ),
        "not-prepared" => Banner::new(
            Tone::Caution,
            "写しを作れませんでした。",
            "英字・数字・ハイフンで、まだ使っていない名前にしてください。続くときは、システムの担当者に相談してください。",
        ),
        _ => return None,
    };
    Some(banner)
}

/// What the city said of a character, shown after the page was opened anew.
pub(crate) fn characters(code: &str) -> Option<Banner> {
    let banner = match code {
        "confirmed" => Banner::new(
            Tone::Done,
            "確認しました。",
            "つながっている窓口には数秒で届きます。次に作る引き継ぎファイルから、この字を使います。",
        ),
        "withdrawn" => Banner::new(
            Tone::Done,
            "取り下げました。",
            "この字は候補として示されなくなります。すでに署名された届出は変わりません。",
        ),
        "gone" => Banner::new(
            Tone::Caution,
            "その字は一覧にありません。",
            "一覧を見直してください。",
        ),
        _ => return None,
    };
    Some(banner)
}

/// Kinds of filings whose years are not named.
pub(crate) const OTHER_KINDS: &str = "ほかの届出";

/// What became of a list of filings to delete, shown after the page was opened anew.
pub(crate) fn deletion(code: &str) -> Option<Banner> {
    let banner = match code {
        "prepared" => Banner::new(
            Tone::Info,
            "廃棄の一覧を作りました。まだ何も消えていません。",
            "中身を確かめて、決裁の担当者2人が承認してください。",
        ),
        "approved" => Banner::new(
            Tone::Done,
            "承認しました。",
            "2人目の承認で消去が始まります。終わると廃棄証明書が出ます。",
        ),
        "kept" => Banner::new(
            Tone::Done,
            "一覧から外しました。",
            "一覧が変わったので、承認はもう一度2人で行ってください。",
        ),
        "dropped" => Banner::new(
            Tone::Done,
            "一覧を取りやめました。",
            "届出はすべて残っています。",
        ),
        "nothing-due" => Banner::new(
            Tone::Info,
            "保存期間が満了した届出はありません。",
            "一覧は作っていません。",
        ),
        "run-open" => Banner::new(
            Tone::Caution,
            "終わっていない一覧があるため、作っていません。",
            "先にその一覧を承認するか、取りやめてください。",
        ),
        "no-run" => Banner::new(
            Tone::Caution,
            "その一覧や受付番号はないか、もう先に進んでいます。",
            "一覧を開きなおして、確かめてください。",
        ),
        "list-changed" => Banner::new(
            Tone::Caution,
            "見ている間に一覧が変わったため、承認していません。",
            "いまの一覧を確かめて、もう一度承認してください。",
        ),
        "same-person" => Banner::new(
            Tone::Caution,
            "同じ人は2回承認できません。",
            "ほかの決裁の担当者に承認を頼んでください。",
        ),
        "no-reason" => no_reason(),
        "role-missing" => Banner::new(
            Tone::Caution,
            "決裁の担当者でないため、行っていません。",
            "決裁の担当者に頼んでください。",
        ),
        _ => return None,
    };
    Some(banner)
}

/// An edition of the catalogue.
pub(crate) fn edition(number: u64) -> String {
    match number {
        0 => "プログラムに付属の版".to_owned(),
        number => format!("第 {number} 版"),
    }
}

pub(crate) fn no_draft() -> Banner {
    Banner::new(
        Tone::Caution,
        "その名前の写しを読めません。",
        "名前と、写しのフォルダに YAML のファイルがあることを確かめてください。",
    )
}

pub(crate) fn draft_changed() -> Banner {
    Banner::new(
        Tone::Caution,
        "見ている間に写しが変わったため、公開していません。",
        "もう一度、変わるところを見てから公開してください。",
    )
}

pub(crate) fn broken_draft() -> Banner {
    Banner::new(
        Tone::Wrong,
        "窓口が読めない内容のため、公開していません。",
        "「確かめて、変わるところを見る」で、まちがいを直してください。",
    )
}

pub(crate) fn no_day() -> Banner {
    Banner::new(
        Tone::Caution,
        "有効になる日がないため、公開していません。",
        "日を選んでから、もう一度押してください。",
    )
}

pub(crate) fn past_day() -> Banner {
    Banner::new(
        Tone::Caution,
        "過ぎた日からにはできないため、公開していません。",
        "今日からあとの日を選んでください。",
    )
}

pub(crate) fn same_edition(number: u64) -> Banner {
    let edition = edition(number);
    Banner::new(
        Tone::Info,
        format!("その日には、同じ内容の「{edition}」がすでに有効です。"),
        "何も公開していません。",
    )
}

pub(crate) fn too_many_editions() -> Banner {
    Banner::new(
        Tone::Caution,
        "有効になる日を待つ版が多すぎるため、公開していません。",
        "日が来てから、もう一度公開してください。",
    )
}

pub(crate) fn long_note() -> Banner {
    Banner::new(
        Tone::Caution,
        "「変えたこと」が長すぎるため、公開していません。",
        "400 字までにしてください。",
    )
}

/// Roles in words.
pub(crate) fn roles(roles: &[Role]) -> String {
    let words: Vec<_> = roles.iter().copied().map(role).collect();
    words.join("・")
}

fn role(role: Role) -> &'static str {
    match role {
        Role::IntakeContractor => "受付（委託）",
        Role::Intake => "受付",
        Role::Reviewer => "審査",
        Role::Approver => "決裁",
        Role::Administrator => "システム管理",
        Role::Auditor => "監査",
        Role::Other => "ほか",
    }
}

/// Who acts when a program of head office does.
pub(crate) const SYSTEM: &str = "システム";

/// An entry of the audit log that this program does not know.
pub(crate) const AUDIT_OF_A_NEWER_PROGRAM: &str = "新しい版のプログラムの記録";

/// Why changes of a counter were kept aside, and what to do; the store tells it in English.
pub(crate) fn kept_aside(reason: &str) -> (&'static str, &'static str) {
    if reason == "clock too far ahead" {
        (
            "窓口の時計が進みすぎていて、変更を取り込めません。",
            "窓口の時計を直してください。直すと、自動で取り込まれます。",
        )
    } else if reason == "case belongs to another branch" {
        (
            "ほかの支所の届出への変更なので、取り込んでいません。",
            "装置を別の支所に移したときは、登録し直してください。心当たりがないときは装置を止めてください。",
        )
    } else if reason == "database refused the change" {
        (
            "データベースが変更を受け付けませんでした。",
            "本庁のプログラムを新しくしてください。続くときは開発元へ知らせてください。",
        )
    } else {
        (
            "決まりに合わない変更なので、取り込んでいません。",
            "窓口のプログラムの版を確かめてください。心当たりがないときは装置を止めてください。",
        )
    }
}

/// A counter whose database is an older copy or a clone: what it is, and what to do.
pub(crate) fn rolled_back(differs: bool) -> (&'static str, &'static str) {
    if differs {
        (
            "同じ装置の記録が二とおりあります。古い控えに戻してから受付をしたか、複製した装置がもう1台あります。",
            "支所に電話して、どれが本物の装置かを確かめてください。本物の装置にだけ復旧の番号を渡します。番号を使うと、ほかの複製は使えなくなります。",
        )
    } else {
        (
            "前に届けた記録が、装置から消えています。古い控えに戻したか、複製した装置です。",
            "支所に電話して、装置を戻したか入れ替えたかを確かめ、復旧の番号を渡してください。心当たりがないときは装置を止めてください。",
        )
    }
}

/// A deed of the audit log in words.
pub(crate) fn audit(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SignedIn => "サインインした",
        AuditAction::SignInRefused => "サインインを断られた",
        AuditAction::SignedOut => "サインアウトした",
        AuditAction::CaseStarted => "受付をはじめた",
        AuditAction::CaseViewed => "届出を見た",
        AuditAction::FieldsChanged => "項目を変えた",
        AuditAction::CardRead => "カードを読んだ",
        AuditAction::PaperRead => "紙の書類を読み取った",
        AuditAction::ShownToResident => "住民に見せた",
        AuditAction::Signed => "署名を受けた",
        AuditAction::Submitted => "提出した",
        AuditAction::StepTaken => "届出を進めた",
        AuditAction::ReceiptPrinted => "控えを印刷した",
        AuditAction::DocumentViewed => "書面を見た",
        AuditAction::ReviewOpened => "審査をはじめた",
        AuditAction::Returned => "支所へ返した",
        AuditAction::Accepted => "受理した",
        AuditAction::Refused => "不受理にした",
        AuditAction::HandedOver => "引き継ぎファイルに書いた",
        AuditAction::HandOverFileRead => "引き継ぎファイルを受け取った",
        AuditAction::EnrolmentIssued => "登録の番号を出した",
        AuditAction::DeviceEnrolled => "装置を登録した",
        AuditAction::DeviceRevoked => "装置を止めた",
        AuditAction::Published => "データを公開した",
        AuditAction::OfflineAllowed => "回線断でのサインインを許した",
        AuditAction::BackedUp => "バックアップを作った",
        AuditAction::Restored => "バックアップから戻した",
        AuditAction::CourierWritten => "運搬ファイルを作った",
        AuditAction::CourierRead => "運搬ファイルを取り込んだ",
        AuditAction::CaseMoved => "担当の支所を変えた",
        AuditAction::CaseArrived => "引き継がれた届出を受け取った",
        AuditAction::CopyRevoked => "支所の控えの消去を指示した",
        AuditAction::CopyOverwritten => "指示により控えを消去した",
        AuditAction::NothingToOverwrite => "消去の指示を受けたが、控えはなかった",
        AuditAction::RetentionChanged => "保存年数を変えた",
        AuditAction::DeletionPrepared => "廃棄の一覧を作った",
        AuditAction::DeletionApproved => "廃棄の一覧を承認した",
        AuditAction::DeletionDropped => "廃棄の一覧を取りやめた",
        AuditAction::CaseDeleted => "保存期間が満了した届出を廃棄した",
        AuditAction::DeletionCertified => "廃棄証明書を作った",
        AuditAction::Recovered => "前の装置を引き継いだ",
        AuditAction::ResidentsSearched => "住民記録の副本を検索した",
        AuditAction::HouseholdViewed => "住民記録の副本の世帯を見た",
        AuditAction::ResidentTaken => "住民記録の副本から取り込んだ",
        AuditAction::PreparedSearched => "予約・転出証明書情報を探した",
        AuditAction::PreparedTaken => "予約・転出証明書情報を取り込んだ",
        AuditAction::ReleaseAsked => "支援措置の住所の表示を申請した",
        AuditAction::ReleaseApproved => "支援措置の住所の表示を承認した",
        AuditAction::ReleaseUsed => "支援措置の住所を表示した",
        AuditAction::ArchiveSearched => "届出を検索した",
        AuditAction::ArchiveExported => "届出を書き出した",
    }
}
