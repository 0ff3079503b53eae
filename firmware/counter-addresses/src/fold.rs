//! Spellings of one place name that mean the same place. Keys are for comparing, never for show.

use unicode_normalization::UnicodeNormalization;

/// A folded text that knows, for each of its characters, where in the original it ends.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) key: String,
    /// For each character of `key`: its end in `key`, and the end of what it stands for in the
    /// original. Nothing for characters inside a number that was rewritten.
    ends: Vec<(usize, Option<usize>)>,
}

impl Folded {
    /// Folds a written address or name: compatibility forms, ヶ and が and ケ, の and ノ and 之,
    /// Arabic numbers up to 99 and kanji numbers. Spaces between the parts fall out.
    pub(crate) fn written(text: &str) -> Self {
        let mut folded = Self {
            key: String::new(),
            ends: Vec::new(),
        };
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let end = at + c.len_utf8();
            let plain = compatible(c);
            let Some(mut value) = plain.to_digit(10).filter(|_| plain.is_ascii_digit()) else {
                folded.push_word(plain, end);
                continue;
            };
            let mut end = end;
            while let Some((next, digit)) = rest
                .peek()
                .and_then(|(at, c)| Some((at + c.len_utf8(), compatible(*c).to_digit(10)?)))
            {
                value = value.saturating_mul(10).saturating_add(digit);
                end = next;
                rest.next();
            }
            folded.push_number(value, end);
        }
        folded
    }

    fn push_word(&mut self, c: char, end: usize) {
        let c = match c {
            'ヶ' | 'ケ' | 'ガ' | 'が' | 'ヵ' | 'カ' => 'ケ',
            'の' | 'ノ' | '之' | '乃' => 'ノ',
            'ツ' | 'ッ' | 'っ' | 'つ' => 'ツ',
            '髙' => '高',
            '﨑' => '崎',
            '邊' | '邉' => '辺',
            '澤' => '沢',
            '濱' => '浜',
            '龍' => '竜',
            '嶋' => '島',
            c if c.is_whitespace() => {
                // A space belongs to what stands before it.
                if let Some(last) = self.ends.last_mut() {
                    last.1 = Some(end);
                }
                return;
            }
            c => c,
        };
        self.key.push(c);
        self.ends.push((self.key.len(), Some(end)));
    }

    fn push_number(&mut self, value: u32, end: usize) {
        for c in kanji_number(value).chars() {
            self.key.push(c);
            self.ends.push((self.key.len(), None));
        }
        if let Some(last) = self.ends.last_mut() {
            last.1 = Some(end);
        }
    }

    /// Where the first `len` bytes of the key end in the original; nothing inside a number.
    pub(crate) fn original_end(&self, len: usize) -> Option<usize> {
        if len == 0 {
            return Some(0);
        }
        let found = self.ends.binary_search_by_key(&len, |(end, _)| *end).ok()?;
        self.ends.get(found)?.1
    }
}

/// Key of a place name as it is written.
pub fn written_key(text: &str) -> String {
    Folded::written(text).key
}

/// Key of a reading: katakana in full size, without long marks and spaces.
pub fn kana_key(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && *c != 'ー' && *c != '・')
        .map(|c| match c {
            'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            other => other,
        })
        .map(|c| match c {
            'ァ' => 'ア',
            'ィ' => 'イ',
            'ゥ' => 'ウ',
            'ェ' => 'エ',
            'ォ' | 'ヲ' => 'オ',
            'ッ' => 'ツ',
            'ャ' => 'ヤ',
            'ュ' => 'ユ',
            'ョ' => 'ヨ',
            'ヶ' => 'ケ',
            'ヂ' => 'ジ',
            'ヅ' => 'ズ',
            other => other,
        })
        .collect()
}

/// The compatibility form where it is one character (full-width digits, half-width kana).
fn compatible(c: char) -> char {
    let mut forms = std::iter::once(c).nfkc();
    match (forms.next(), forms.next()) {
        (Some(form), None) => form,
        _ => c,
    }
}

/// 1-99 in kanji; other numbers as they are.
pub(crate) fn kanji_number(value: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| {
        usize::try_from(n)
            .ok()
            .and_then(|n| DIGITS.get(n))
            .copied()
            .unwrap_or("")
    };
    match value {
        0 => "〇".to_owned(),
        1..=9 => digit(value).to_owned(),
        10..=19 => format!("十{}", digit(value - 10)),
        20..=99 => format!("{}十{}", digit(value / 10), digit(value % 10)),
        _ => value.to_string(),
    }
}
