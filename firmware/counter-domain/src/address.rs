//! Addresses (`domain.md` D.6). The text is kept exactly; parts are read from it for rules only.

use std::fmt;

/// An address as written, with the parts that can be told from the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The exact text.
    pub text: String,
    /// Prefecture (都道府県), written or told from a designated city.
    pub prefecture: Option<&'static str>,
    /// City, ward, town or village (市区町村), with its county and ward.
    pub city: Option<String>,
    /// Town (大字・丁目), up to the first digit.
    pub town: Option<String>,
    /// Block, lot or house number as written (番地・号).
    pub number: Option<String>,
    /// Building and room (方書), after a space.
    pub building: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// Designated cities are written without their prefecture; they have wards.
const DESIGNATED: [(&str, &str); 20] = [
    ("札幌市", "北海道"),
    ("仙台市", "宮城県"),
    ("さいたま市", "埼玉県"),
    ("千葉市", "千葉県"),
    ("横浜市", "神奈川県"),
    ("川崎市", "神奈川県"),
    ("相模原市", "神奈川県"),
    ("新潟市", "新潟県"),
    ("静岡市", "静岡県"),
    ("浜松市", "静岡県"),
    ("名古屋市", "愛知県"),
    ("京都市", "京都府"),
    ("大阪市", "大阪府"),
    ("堺市", "大阪府"),
    ("神戸市", "兵庫県"),
    ("岡山市", "岡山県"),
    ("広島市", "広島県"),
    ("北九州市", "福岡県"),
    ("福岡市", "福岡県"),
    ("熊本市", "熊本県"),
];

/// Cities whose name has 郡 in it, so that the county is not split off there.
const CITIES_WITH_COUNTY_SIGN: [&str; 5] = ["郡山市", "大和郡山市", "蒲郡市", "小郡市", "郡上市"];

/// What an address is when it is no place in Japan (`domain.md` D.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// A place in Japan.
    Place,
    /// Nobody knows it (不明).
    Unknown,
    /// The person lived nowhere, or was registered nowhere (住所不定・未届・なし).
    Nowhere,
    /// Abroad (国外), with or without the country.
    Abroad,
}

impl Address {
    /// What kind of address the text is.
    pub fn kind(&self) -> AddressKind {
        let text = self.text.trim();
        if matches!(text, "不明" | "住所不明" | "不詳") {
            return AddressKind::Unknown;
        }
        if matches!(text, "住所不定" | "未届" | "なし" | "無し" | "職権消除") {
            return AddressKind::Nowhere;
        }
        if text.starts_with("国外") || text.starts_with("海外") {
            return AddressKind::Abroad;
        }
        AddressKind::Place
    }

    /// Whether two addresses are the same place and room, however the digits are written.
    pub fn same_place(&self, other: &Self) -> bool {
        let key = |address: &Self| -> String {
            let building = address.building.clone().unwrap_or_default();
            let whole = format!("{}{building}", address.text);
            let whole = crate::width::to_half(&whole);
            whole.chars().filter(|c| !c.is_whitespace()).collect()
        };
        key(self) == key(other)
    }

    /// Reads the parts of `text` as far as they can be told.
    pub fn parse(text: &str) -> Self {
        let trimmed = text.trim();
        let written = PREFECTURES
            .into_iter()
            .find(|name| trimmed.starts_with(name));
        let rest = written
            .and_then(|name| trimmed.strip_prefix(name))
            .unwrap_or(trimmed);
        let designated = DESIGNATED
            .into_iter()
            .find(|(city, _)| rest.starts_with(city));
        let length = city_length(rest, designated.is_some());
        let (city, rest) = split_chars(rest, length);
        let (place, building) = match rest.split_once(['\u{3000}', ' ']) {
            Some((place, building)) => (place, building.trim()),
            None => (rest, ""),
        };
        let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
        let (town, number) =
            split_chars(place, place.chars().take_while(|c| !is_digit(*c)).count());
        let filled = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        Self {
            text: text.to_owned(),
            prefecture: written.or(designated.map(|(_, prefecture)| prefecture)),
            city: filled(city),
            town: filled(town),
            number: filled(number),
            building: filled(building),
        }
    }

    /// Whether two addresses lie in one prefecture; `None` when either is not known.
    pub fn same_prefecture(&self, other: &Self) -> Option<bool> {
        Some(self.prefecture? == other.prefecture?)
    }

    /// Whether two addresses lie in one city; `None` when either is not known. A missing
    /// prefecture does not make them differ.
    pub fn same_city(&self, other: &Self) -> Option<bool> {
        let same_name = self.city.as_ref()? == other.city.as_ref()?;
        Some(same_name && self.same_prefecture(other).unwrap_or(true))
    }
}

fn split_chars(text: &str, count: usize) -> (&str, &str) {
    let at = text
        .char_indices()
        .nth(count)
        .map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

/// Length in characters of the city at the front of `text`; 0 when there is none.
fn city_length(text: &str, has_wards: bool) -> usize {
    let chars: Vec<char> = text.chars().take(16).collect();
    let ends = |mark: &[char], from: usize| {
        let at = chars.iter().skip(from).position(|c| mark.contains(c))? + from + 1;
        let doubled = chars.get(at).is_some_and(|next| mark.contains(next));
        Some(if doubled { at + 1 } else { at })
    };
    let county_sign = CITIES_WITH_COUNTY_SIGN
        .iter()
        .any(|city| text.starts_with(city));
    let county = ends(&['郡'], 1).filter(|_| !county_sign);
    let city = ends(&['市'], 1);
    if let Some(county) = county
        && city.is_none_or(|city| county <= city + 1)
    {
        return ends(&['町', '村'], county + 1).unwrap_or(county);
    }
    let ward = |from: usize| ends(&['区'], from).filter(|end| *end <= from + 6);
    match city {
        Some(city) if has_wards => ward(city).unwrap_or(city),
        Some(city) => city,
        None => ward(0).or_else(|| ends(&['町', '村'], 1)).unwrap_or(0),
    }
}
