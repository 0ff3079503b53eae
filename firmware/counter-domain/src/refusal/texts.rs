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
        }
    }

    /// What to do now.
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
            Self::AdoptedOlder => {
                "生年月日を確かめてください。正しければ受理できないので、法律相談を案内します。"
            }
            Self::NoResidenceClass => {
                "在留カードを確かめてください。3か月を超える在留資格になったら、14日以内にお越しください。"
            }
            Self::NotifierUnderFifteen => "親権者などの法定代理人に届け出ていただきます。",
            Self::BornAfterEvent => {
                "異動日と生年月日を確かめてください。出生は「出生」の手続きです。"
            }
            Self::NamelessNotNewborn => {
                "氏名を確かめてください。出生した子なら「出生した子」に印を付けます。"
            }
        }
    }
}
