//! Latin letters as somebody types them, to katakana: Hepburn and the official system, mixed.

/// Syllables, longest first within each group that shares a beginning.
const SYLLABLES: &[(&str, &str)] = &[
    ("kya", "キャ"),
    ("kyu", "キュ"),
    ("kyo", "キョ"),
    ("sha", "シャ"),
    ("shu", "シュ"),
    ("sho", "ショ"),
    ("sya", "シャ"),
    ("syu", "シュ"),
    ("syo", "ショ"),
    ("cha", "チャ"),
    ("chu", "チュ"),
    ("cho", "チョ"),
    ("tya", "チャ"),
    ("tyu", "チュ"),
    ("tyo", "チョ"),
    ("nya", "ニャ"),
    ("nyu", "ニュ"),
    ("nyo", "ニョ"),
    ("hya", "ヒャ"),
    ("hyu", "ヒュ"),
    ("hyo", "ヒョ"),
    ("mya", "ミャ"),
    ("myu", "ミュ"),
    ("myo", "ミョ"),
    ("rya", "リャ"),
    ("ryu", "リュ"),
    ("ryo", "リョ"),
    ("gya", "ギャ"),
    ("gyu", "ギュ"),
    ("gyo", "ギョ"),
    ("bya", "ビャ"),
    ("byu", "ビュ"),
    ("byo", "ビョ"),
    ("pya", "ピャ"),
    ("pyu", "ピュ"),
    ("pyo", "ピョ"),
    ("zya", "ジャ"),
    ("zyu", "ジュ"),
    ("zyo", "ジョ"),
    ("shi", "シ"),
    ("chi", "チ"),
    ("tsu", "ツ"),
    ("ja", "ジャ"),
    ("ju", "ジュ"),
    ("jo", "ジョ"),
    ("ji", "ジ"),
    ("fu", "フ"),
    ("ka", "カ"),
    ("ki", "キ"),
    ("ku", "ク"),
    ("ke", "ケ"),
    ("ko", "コ"),
    ("sa", "サ"),
    ("si", "シ"),
    ("su", "ス"),
    ("se", "セ"),
    ("so", "ソ"),
    ("ta", "タ"),
    ("ti", "チ"),
    ("tu", "ツ"),
    ("te", "テ"),
    ("to", "ト"),
    ("na", "ナ"),
    ("ni", "ニ"),
    ("nu", "ヌ"),
    ("ne", "ネ"),
    ("no", "ノ"),
    ("ha", "ハ"),
    ("hi", "ヒ"),
    ("hu", "フ"),
    ("he", "ヘ"),
    ("ho", "ホ"),
    ("ma", "マ"),
    ("mi", "ミ"),
    ("mu", "ム"),
    ("me", "メ"),
    ("mo", "モ"),
    ("ya", "ヤ"),
    ("yu", "ユ"),
    ("yo", "ヨ"),
    ("ra", "ラ"),
    ("ri", "リ"),
    ("ru", "ル"),
    ("re", "レ"),
    ("ro", "ロ"),
    ("wa", "ワ"),
    ("wo", "ヲ"),
    ("ga", "ガ"),
    ("gi", "ギ"),
    ("gu", "グ"),
    ("ge", "ゲ"),
    ("go", "ゴ"),
    ("za", "ザ"),
    ("zi", "ジ"),
    ("zu", "ズ"),
    ("ze", "ゼ"),
    ("zo", "ゾ"),
    ("da", "ダ"),
    ("di", "ヂ"),
    ("du", "ヅ"),
    ("de", "デ"),
    ("do", "ド"),
    ("ba", "バ"),
    ("bi", "ビ"),
    ("bu", "ブ"),
    ("be", "ベ"),
    ("bo", "ボ"),
    ("pa", "パ"),
    ("pi", "ピ"),
    ("pu", "プ"),
    ("pe", "ペ"),
    ("po", "ポ"),
    ("a", "ア"),
    ("i", "イ"),
    ("u", "ウ"),
    ("e", "エ"),
    ("o", "オ"),
];

/// Turns Latin letters into katakana as far as they make syllables. Letters at the end that are
/// only the beginning of a syllable are left off, so that a half-typed word already finds places.
/// Nothing when a letter in the middle makes no syllable.
pub fn katakana(text: &str) -> Option<String> {
    let letters: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\''))
        .map(|c| long_vowel(c.to_ascii_lowercase()))
        .collect();
    let mut kana = String::new();
    let mut rest = letters.as_str();
    while !rest.is_empty() {
        if let Some((syllable, sound)) = SYLLABLES.iter().find(|(s, _)| rest.starts_with(s)) {
            kana.push_str(sound);
            rest = rest.strip_prefix(syllable).unwrap_or_default();
        } else if let Some(after) = moraic_n(rest) {
            kana.push('ン');
            rest = after;
        } else if let Some(after) = doubled(rest) {
            kana.push('ッ');
            rest = after;
        } else {
            let only_begun = rest.chars().count() <= 2 && rest.chars().all(is_consonant);
            return (only_begun && !kana.is_empty()).then_some(kana);
        }
    }
    Some(kana)
}

fn long_vowel(c: char) -> char {
    match c {
        'ā' | 'â' => 'a',
        'ī' | 'î' => 'i',
        'ū' | 'û' => 'u',
        'ē' | 'ê' => 'e',
        'ō' | 'ô' => 'o',
        other => other,
    }
}

fn is_consonant(c: char) -> bool {
    c.is_ascii_lowercase() && !matches!(c, 'a' | 'i' | 'u' | 'e' | 'o')
}

/// `n` before another consonant, and `m` before b, m or p.
fn moraic_n(rest: &str) -> Option<&str> {
    let mut letters = rest.chars();
    let (first, next) = (letters.next()?, letters.next());
    let is_n = match (first, next) {
        ('n', Some(next)) => is_consonant(next) && next != 'y',
        ('m', Some(next)) => matches!(next, 'b' | 'm' | 'p'),
        _ => false,
    };
    is_n.then(|| rest.get(1..).unwrap_or_default())
}

/// A doubled consonant before more letters; `tch` counts as one.
fn doubled(rest: &str) -> Option<&str> {
    let mut letters = rest.chars();
    let (first, next, after) = (letters.next()?, letters.next()?, letters.next()?);
    let twice =
        (first == next && next != after && is_consonant(first)) || (first, next) == ('t', 'c');
    twice.then(|| rest.get(1..).unwrap_or_default())
}
