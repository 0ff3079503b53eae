//! What happens, told to whoever watches.

use crate::script::{
    Act, CableAct, CardAct, CounterAct, CourierAct, DatabaseAct, DiskAct, HeadOfficeAct,
    IntruderAct, PageAct, PagesAct, PrinterAct, ReaderAct, ScannerAct, ScreenAct,
};

pub(crate) fn in_words(deed: &ScreenAct) -> String {
    match deed {
        ScreenAct::See(text) => format!("「{text}」が見える"),
        ScreenAct::NotSee(text) => format!("「{text}」は見えない"),
        ScreenAct::Gone(text) => format!("「{text}」が消える"),
        ScreenAct::Tap(label) | ScreenAct::Choose { label, .. } => format!("［{label}］を押す"),
        ScreenAct::ReadOn { by, to } => format!("［{to}］が出るまで、［{by}］で読み進める"),
        ScreenAct::Type { into, .. } => format!("{into} を入力する"),
        ScreenAct::Scan(_) => "コードを読み取る".to_owned(),
        ScreenAct::ScanSigned(_) => "市の二次元コードを読み取る".to_owned(),
        ScreenAct::ScanForged(_) => "偽の二次元コードを読み取る".to_owned(),
        ScreenAct::ScanShown(_) => "受付番号のコードを読み取る".to_owned(),
        ScreenAct::ScanReceipt => "受付票のコードを読み取る".to_owned(),
        ScreenAct::Sign(_) => "署名する".to_owned(),
        ScreenAct::Picture(name) => format!("画面を残す: {name}.png"),
    }
}

pub(crate) fn page_in_words(deed: &PageAct) -> String {
    match deed {
        PageAct::Open(path) => format!("{path} を開く"),
        PageAct::See(text) => format!("「{text}」が見える"),
        PageAct::NotSee(text) => format!("「{text}」は見えない"),
        PageAct::SeeFirstInQueue(text) => format!("一覧の一番上に「{text}」が見える"),
        PageAct::Click(label) => format!("［{label}］を押す"),
        PageAct::Fill { into, .. } => format!("{into} を入力する"),
        PageAct::Choose { from, entry } => format!("{from} から「{entry}」を選ぶ"),
        PageAct::ChooseAnswers { into, .. } => {
            format!("住民記録システムが出した取込結果を {into} に選ぶ")
        }
        PageAct::Picture(name) => format!("画面を残す: {name}.png"),
    }
}

/// Who or what a deed happens to, and what it is.
#[expect(clippy::too_many_lines, reason = "a table, one line a deed")]
pub(crate) fn thing_in_words(act: &Act) -> (&'static str, String) {
    let (who, what) = match act {
        Act::Cable(CableAct::Cut) => ("回線", "本庁との回線を切る"),
        Act::Cable(CableAct::Join) => ("回線", "本庁との回線をつなぐ"),
        Act::Cable(CableAct::Silence) => ("回線", "つながったまま、何も届かなくなる"),
        Act::Cable(CableAct::Impostor) => ("回線", "本庁ではない相手につながる"),
        Act::Card(CardAct::Insert) => ("カード", "カードを置く"),
        Act::Card(CardAct::InsertUnknown) => ("カード", "ほかの種類のカードを置く"),
        Act::Card(CardAct::Remove) => ("カード", "カードを取る"),
        Act::Card(CardAct::PullAfter(_)) => ("カード", "読み取りの途中で離れることにする"),
        Act::Reader(ReaderAct::Plug) => ("リーダー", "つなぐ"),
        Act::Reader(ReaderAct::Unplug) => ("リーダー", "外す"),
        Act::Printer(PrinterAct::Off) => ("プリンター", "受付票のプリンターの電源を切る"),
        Act::Printer(PrinterAct::On) => ("プリンター", "受付票のプリンターの電源を入れる"),
        Act::Printer(PrinterAct::PaperEnd) => ("プリンター", "受付票のプリンターの用紙が切れる"),
        Act::Printer(PrinterAct::CoverOpen) => ("プリンター", "受付票のプリンターのカバーを開ける"),
        Act::Pages(PagesAct::PaperEnd) => ("プリンター", "ページプリンターの用紙が切れる"),
        Act::Pages(PagesAct::Jam) => ("プリンター", "ページプリンターで紙が詰まる"),
        Act::Pages(PagesAct::PutRight) => ("プリンター", "ページプリンターを直す"),
        Act::Scanner(ScannerAct::Unplug) => ("スキャナー", "ケーブルが抜ける"),
        Act::Scanner(ScannerAct::Plug) => ("スキャナー", "ケーブルを差す"),
        Act::Scanner(ScannerAct::Empty) => ("スキャナー", "紙を取り出す"),
        Act::Scanner(ScannerAct::Lay) => ("スキャナー", "紙を置く"),
        Act::Scanner(ScannerAct::Stack) => ("スキャナー", "仕切り紙をはさんだ束を読み込む"),
        Act::Counter(CounterAct::Kill) => ("窓口", "電源が抜ける（SIGKILL）"),
        Act::Counter(CounterAct::Start) => ("窓口", "電源を入れ直す"),
        Act::Counter(CounterAct::Recover) => ("窓口", "本庁の復旧の番号で引き継ぐ"),
        Act::Counter(CounterAct::Logs(text)) => {
            return ("窓口", format!("記録に「{text}」が出る"));
        }
        Act::Counter(CounterAct::Checks(text)) => {
            return (
                "窓口",
                format!("保存の検査（todoke case check）が「{text}」と言う"),
            );
        }
        Act::Counter(CounterAct::Mends(text)) => {
            return (
                "窓口",
                format!("todoke case check --mend が「{text}」と言う"),
            );
        }
        Act::Counter(CounterAct::StartWithClock(offset)) => {
            return ("窓口", format!("時計が {offset} ずれたまま電源が入る"));
        }
        Act::Database(DatabaseAct::SwapKey) => ("窓口", "データベースの鍵が別のものになる"),
        Act::Database(DatabaseAct::Damage) => ("窓口", "データベースのファイルが壊れる"),
        Act::Database(DatabaseAct::Spoil) => ("窓口", "記憶装置が書面と署名を零に変える"),
        Act::Database(DatabaseAct::SetAside) => ("窓口", "データベースの控えをとる"),
        Act::Database(DatabaseAct::PutBack) => ("窓口", "データベースが控えに戻される"),
        Act::Database(DatabaseAct::Repair) => ("窓口", "ファイルを元に戻す"),
        Act::Disk(DiskAct::Fill) => ("窓口", "記憶装置がいっぱいになる"),
        Act::Disk(DiskAct::Free) => ("窓口", "記憶装置に空きができる"),
        Act::Courier(CourierAct::Carry) => ("運搬", "運搬ファイルを本庁へ運び、本庁が取り込む"),
        Act::Courier(CourierAct::CarryBack) => ("運搬", "本庁の返信ファイルを窓口へ運び、取り込む"),
        Act::Courier(CourierAct::Damaged) => ("運搬", "壊れた運搬ファイルを本庁が断る"),
        Act::HeadOffice(HeadOfficeAct::EditCatalogue { file, .. }) => {
            return ("本庁", format!("写しの {file} を直す"));
        }
        Act::HeadOffice(HeadOfficeAct::Dictionary { edition, .. }) => {
            return ("本庁", format!("住所の辞書 {edition} を公開する"));
        }
        Act::Intruder(IntruderAct::Malformed) => {
            ("侵入者", "通信の形になっていないものを本庁へ送る")
        }
        Act::Intruder(IntruderAct::Oversized) => ("侵入者", "大きすぎるものを本庁へ送る"),
        Act::Counter(CounterAct::Refuses(_))
        | Act::Staff(_)
        | Act::Resident(_)
        | Act::Neighbour(_)
        | Act::Reviewer(_)
        | Act::Timer(_)
        | Act::Outcome(_) => ("", ""),
    };
    (who, what.to_owned())
}
