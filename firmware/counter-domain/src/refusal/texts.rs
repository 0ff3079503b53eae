//! What the counter says when it cannot take a combination: the reason, and the way out.

use super::RefusalKind;

impl RefusalKind {
    /// Why it cannot be taken.
    pub fn reason_ja(self) -> &'static str {
        match self {
            Self::NotYetMoved => "引っ越した日より前には届け出られません（住基法22条・23条）。",
            Self::LeftLongAgo => "転出の日から14日を過ぎています。",
            Self::CardPathClosed => {
                "カードによる転入は、引っ越した日から14日、転出予定日から30日までです（住基法24条の2）。"
            }
            Self::MoveWithinInstead => "前の住所も新しい住所もこの市の中です。",
            Self::NotWithinOneCity => {
                "前の住所がほかの市区町村です。転居は同じ市の中の引っ越しです。"
            }
            Self::SameAddress => "前の住所と新しい住所が同じです。",
            Self::NewAddressNotAPlace => {
                "新しい住所が決まっていません。住所のない人の住民票は作れません。"
            }
            Self::NobodyMoves => "異動する方が選ばれていません。",
            Self::OnlyChildrenStay => "残る方が15歳未満だけで、世帯主になる方がいません。",
            Self::TwoSpouses => "世帯主の配偶者が二人います。",
            Self::ChildOlderThanHead => "世帯主の「子」が世帯主より年上です。",
            Self::DeadHead => "亡くなった方が世帯主のままです。",
            Self::TooYoungToMarry => "18歳にならないと婚姻できません（民法731条）。",
            Self::AdoptedOlder => "年上の人を養子にすることはできません（民法793条）。",
            Self::NoResidenceClass => {
                "在留の区分がないため、住民票を作れません（住基法30条の45）。短期滞在や3か月以下の方は対象外です。"
            }
            Self::NotifierUnderFifteen => "届出人が15歳未満です。",
            Self::BornAfterEvent => "生年月日が異動日より後です。",
            Self::NamelessNotNewborn => "名が未定とされていますが、出生した子ではありません。",
            Self::NotYetHappened => "まだ来ていない日のことは届け出られません。",
            Self::FromAbroadInstead => "前の住所が国外です。",
            Self::NotFromAbroad => "前の住所が国内です。",
            Self::ToAbroadInstead => "転出先が国外です。",
            Self::NotToAbroad => "行き先が国内です。",
            Self::SamePersonTwice => "同じ方が二度入力されています（氏名・生年月日・性別が同じ）。",
            Self::SexAgainstRelation => "続柄と性別が合いません（夫は男、妻は女）。",
            Self::AgeAgainstRelation => "続柄と生年月日が合いません。",
            Self::HeadUnderFifteen => "世帯主が15歳未満です。同じ世帯に15歳以上の方がいます。",
            Self::AdopterTooYoung => "20歳にならないと養親になれません（民法792条）。",
            Self::TooManyMarry => "婚姻した方が三人以上選ばれています。",
            Self::BirthDayDiffers => "生まれた日と、生まれた子の生年月日が違います。",
            Self::TwoHouseholdsBefore => "前の世帯主が二人います。",
            Self::SeveralHeadsAfter => {
                "新しい世帯主が二人います。一つの届で新しくできる世帯は一つです（住基法25条）。"
            }
            Self::StatusWithoutRecord => "この在留資格では住民票を作れません（住基法30条の45）。",
            Self::ClassAgainstStatus => "在留の区分と在留資格が合いません。",
            Self::StayWithoutEnd => {
                "この在留資格には在留期間がありません（無期限）。カードの有効期間と取り違えていませんか。"
            }
            Self::StayHasAnEnd => "この在留資格には在留期間があります（無期限ではありません）。",
            Self::StayTooShort => "3か月以下の在留期間では住民票を作れません（住基法30条の45）。",
            Self::StayOver => "在留期間の満了日から2か月を過ぎています。",
        }
    }

    /// What to do now.
    #[expect(
        clippy::too_many_lines,
        reason = "a sentence for each refusal, and nothing else"
    )]
    pub fn way_out_ja(self) -> &'static str {
        match self {
            Self::NotYetMoved => {
                "入力した内容を保存して、引っ越した日以後にもう一度お越しください。転出なら「転出」を選びます。"
            }
            Self::LeftLongAgo => {
                "転出証明書に準ずる証明書を渡せるか、本庁に確かめてください。新しい市区町村への届出を急ぐよう伝えます。"
            }
            Self::CardPathClosed => {
                "前の市区町村に紙の転出証明書を頼み、届き方を「紙の転出証明書」に変えてください。入力した内容は残ります。"
            }
            Self::MoveWithinInstead => {
                "お手続きを「転居」に変えてください。入力した内容は残ります。"
            }
            Self::NotWithinOneCity => "お手続きを「転入」または「転出」に変えてください。",
            Self::SameAddress => {
                "住所が変わらないときは「世帯分離・世帯合併・世帯主変更」を選んでください。"
            }
            Self::NewAddressNotAPlace => {
                "住む場所を聞いて入力してください。決まっていなければ、生活や住まいの相談窓口へ案内します。"
            }
            Self::NobodyMoves => "異動する方に印を付けてください。",
            Self::OnlyChildrenStay => {
                "一緒に異動するか、養育する方の世帯に入るかを聞いてください。決まらなければ保留にして、子ども家庭センターに相談します。"
            }
            Self::TwoSpouses => {
                "続柄を確かめてください。届出のない配偶者は「夫（未届）」「妻（未届）」です。"
            }
            Self::ChildOlderThanHead => {
                "続柄と生年月日を確かめてください。配偶者の連れ子は「妻の子」「夫の子」です。"
            }
            Self::DeadHead => {
                "新しい世帯主を選んでください。残る方が一人なら、その方が世帯主です。"
            }
            Self::TooYoungToMarry => "18歳の誕生日以後にお届けください。",
            Self::AdoptedOlder | Self::AdopterTooYoung => {
                "生年月日を確かめてください。正しければ受理できないので、法律相談を案内します。"
            }
            Self::NoResidenceClass => {
                "在留カードを確かめてください。3か月を超える在留資格になったら、14日以内にお越しください。"
            }
            Self::NotifierUnderFifteen => "親権者などの法定代理人に届け出ていただきます。",
            Self::BornAfterEvent => {
                "異動日と生年月日を確かめてください。出生は「出生」の手続きです。"
            }
            Self::NotYetHappened => {
                "日付を確かめてください。正しければ、その日以後にお届けください。"
            }
            Self::FromAbroadInstead => {
                "お手続きを「国外転入」に変えてください。入力した内容は残ります。"
            }
            Self::NotFromAbroad => {
                "国内から移った方は「転入」に変えてください。海外から戻ったのなら、前に住んでいた国を入力します。"
            }
            Self::ToAbroadInstead => {
                "お手続きを「国外転出」に変えてください。入力した内容は残ります。"
            }
            Self::NotToAbroad => {
                "国内へ移る方は「転出」に変えてください。海外へ行くのなら、行き先の国を入力します。"
            }
            Self::SamePersonTwice => {
                "一人を外してください。双子なら、氏名をもう一度確かめてください。"
            }
            Self::SexAgainstRelation => {
                "続柄と性別を確かめてください。届出のないパートナーは「夫（未届）」「妻（未届）」「縁故者」から市の取扱いで選びます。"
            }
            Self::AgeAgainstRelation => {
                "続柄と生年月日を確かめてください。配偶者の父母は「妻の母」「夫の母」のように書きます。"
            }
            Self::HeadUnderFifteen => "15歳以上の方を世帯主にしてください。",
            Self::TooManyMarry => "婚姻した二人だけに印を付けてください。",
            Self::BirthDayDiffers => "出生証明書の日付に、どちらも合わせてください。",
            Self::TwoHouseholdsBefore => {
                "世帯ごとに別の受付にして、「関連づける」で結んでください。一つの世帯なら、前の続柄を直してください。"
            }
            Self::ClassAgainstStatus => {
                "カードの在留資格を見て、在留の区分か在留資格を直してください。特別永住者は特別永住者証明書を持っています。"
            }
            Self::StayWithoutEnd => {
                "在留期間と満了日を空にしてください（在留期間は「無期限」でも構いません）。"
            }
            Self::StayHasAnEnd => {
                "在留カードの在留期間と満了日を入れてください。永住者になった方なら、在留資格を直してください。"
            }
            Self::StayTooShort => {
                "在留カードか旅券の在留期間を確かめてください。3か月を超える在留期間になったら、14日以内にお越しください。"
            }
            Self::SeveralHeadsAfter => {
                "三つ以上の世帯に分かれるときは、新しい世帯ごとに受付を作り、「関連づける」で結んでください。世帯が一つなら、続柄を直してください。"
            }
            Self::StatusWithoutRecord => {
                "在留カードを確かめてください。中長期の在留資格になったら、14日以内にお越しください。"
            }
            Self::StayOver => {
                "在留カードの裏面と新しいカードを確かめてください。更新されていなければ、出入国在留管理局を案内します。"
            }
            Self::NamelessNotNewborn => {
                "氏名を確かめてください。出生した子なら「出生した子」に印を付けます。"
            }
        }
    }
}
