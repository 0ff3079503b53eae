//! A city of invented people: the same for the same seed. Surnames are as common as in Japan, in
//! all their written forms; nobody of them exists.

use counter_domain::resident::{Place, Resident, ResidentKind, ResidentState};

/// The invented city.
pub const CITY: &str = "架空市";

/// Share in a thousand, written forms, reading.
const SURNAMES: [(u32, &[&str], &str); 20] = [
    (60, &["佐藤"], "サトウ"),
    (58, &["鈴木"], "スズキ"),
    (46, &["高橋", "髙橋"], "タカハシ"),
    (42, &["田中"], "タナカ"),
    (40, &["渡辺", "渡邊", "渡邉"], "ワタナベ"),
    (36, &["伊藤"], "イトウ"),
    (34, &["山本"], "ヤマモト"),
    (33, &["中村"], "ナカムラ"),
    (30, &["斎藤", "齋藤", "斉藤", "齊藤"], "サイトウ"),
    (28, &["小林"], "コバヤシ"),
    (25, &["加藤"], "カトウ"),
    (24, &["吉田", "𠮷田"], "ヨシダ"),
    (20, &["山崎", "山﨑"], "ヤマザキ"),
    (18, &["浜田", "濱田", "濵田"], "ハマダ"),
    (16, &["桜井", "櫻井"], "サクライ"),
    (15, &["中沢", "中澤"], "ナカザワ"),
    (14, &["広瀬", "廣瀬", "廣瀨"], "ヒロセ"),
    (12, &["島田", "嶋田"], "シマダ"),
    (10, &["国分", "國分"], "コクブ"),
    (
        439,
        &[
            "架空", "仮名", "例示", "見本", "試野", "想田", "空木", "夢野",
        ],
        "",
    ),
];
const RARE: [&str; 8] = [
    "カクウ",
    "カメイ",
    "レイジ",
    "ミホン",
    "タメシノ",
    "ソウダ",
    "ソラキ",
    "ユメノ",
];
const GIVEN: [(&str, &str, &str); 16] = [
    ("太郎", "タロウ", "male"),
    ("花子", "ハナコ", "female"),
    ("一郎", "イチロウ", "male"),
    ("陽子", "ヨウコ", "female"),
    ("健一", "ケンイチ", "male"),
    ("美咲", "ミサキ", "female"),
    ("翔太", "ショウタ", "male"),
    ("恵子", "ケイコ", "female"),
    ("誠", "マコト", "male"),
    ("葵", "アオイ", "female"),
    ("大輔", "ダイスケ", "male"),
    ("さくら", "サクラ", "female"),
    ("蓮", "レン", "male"),
    ("由美", "ユミ", "female"),
    ("拓也", "タクヤ", "male"),
    ("真理子", "マリコ", "female"),
];
const TOWNS: [&str; 8] = [
    "架空町一丁目",
    "架空町二丁目",
    "架空町三丁目",
    "見本台一丁目",
    "見本台二丁目",
    "例示が丘",
    "空木",
    "夢野新田",
];

/// People, one after another; households of one to five live together.
#[derive(Debug)]
pub struct Invented {
    state: u64,
    next: u32,
    count: u32,
    household: u32,
    left_in_household: u32,
    surname: (&'static str, &'static str),
    place: Place,
}

impl Invented {
    /// `count` people of the city `seed`.
    pub fn new(seed: u64, count: u32) -> Self {
        Self {
            state: seed,
            next: 0,
            count,
            household: 0,
            left_in_household: 0,
            surname: ("", ""),
            place: Place::default(),
        }
    }

    /// `SplitMix64`.
    fn random(&mut self, below: u32) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(0);
        high % below.max(1)
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let count = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let at = self.random(count) as usize;
        list.get(at).copied()
    }

    fn new_household(&mut self) {
        self.household += 1;
        self.left_in_household = 1 + self.random(5).min(self.random(5));
        let mut lot = self.random(1000);
        let mut surname = SURNAMES[0];
        for candidate in SURNAMES {
            surname = candidate;
            if lot < candidate.0 {
                break;
            }
            lot -= candidate.0;
        }
        let (_, written, kana) = surname;
        let at = self.random(u32::try_from(written.len()).unwrap_or(1)) as usize;
        let kana = if kana.is_empty() {
            RARE.get(at).copied().unwrap_or_default()
        } else {
            kana
        };
        self.surname = (written.get(at).copied().unwrap_or_default(), kana);
        let town = self.one_of(&TOWNS).unwrap_or_default();
        let (block, number) = (1 + self.random(40), 1 + self.random(20));
        self.place = Place {
            address: format!("{CITY}{town}{block}番{number}号"),
            building: match self.random(3) {
                0 => format!("架空ハイツ{}", 101 + self.random(400)),
                _ => String::new(),
            },
            since: format!("{:04}-04-01", 1990 + self.random(36)),
            previous: "仮市仮町１番１号".to_owned(),
            domicile: format!("仮県仮市仮町{}番地", 1 + self.random(900)),
            register_head: format!("{}　太郎", self.surname.0),
            ..Place::default()
        };
    }
}

impl Iterator for Invented {
    type Item = Resident;

    fn next(&mut self) -> Option<Resident> {
        if self.next >= self.count {
            return None;
        }
        self.next += 1;
        let is_head = self.left_in_household == 0;
        if is_head {
            self.new_household();
        }
        self.left_in_household -= 1;
        let (given, given_kana, sex) = self.one_of(&GIVEN)?;
        let (month, day) = (1 + self.random(12), 1 + self.random(28));
        let birth_date = format!("{:04}-{month:02}-{day:02}", 1930 + self.random(96));
        Some(Resident {
            person_no: format!("{:010}", self.next),
            household_no: format!("H{:09}", self.household),
            state: match self.random(100) {
                0..=95 => ResidentState::Resident,
                96 => ResidentState::MovingOut,
                97..=98 => ResidentState::MovedOut,
                _ => ResidentState::Dead,
            },
            kind: ResidentKind::Japanese,
            name: format!("{}　{given}", self.surname.0),
            kana: format!("{}　{given_kana}", self.surname.1),
            alias: String::new(),
            alias_kana: String::new(),
            former_surname: String::new(),
            birth_date,
            sex: sex.to_owned(),
            relation: if is_head { "世帯主" } else { "子" }.to_owned(),
            resident_code: format!("{:011}", u64::from(self.next) * 97),
            nationality: String::new(),
            qualifications: vec!["nhi".to_owned(), "mncard".to_owned()],
            place: Some(self.place.clone()),
        })
    }
}
