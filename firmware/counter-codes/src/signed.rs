//! `TDK1-KEY-CONTENT-SIGNATURE`: a signed code.
//!
//! Content and signature are Base32. The signature covers everything before its own dash, as it is
//! written, so nothing has to be put into a canonical form before it is checked. The order of the
//! checks is the order of trust: signature first, then what is inside.

use jiff::civil::Date;
use thiserror::Error;

use crate::content::CodeContent;
use crate::keys::{CodeKeys, SigningKey, is_name};
use crate::{MARK, ReadCodeError, TEXT_BYTES_MAX, base32};

/// Bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// Why no code was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IssueError {
    /// A part of the content is not what it should be.
    #[error("content is not well formed")]
    Content,
    /// A key's name is two to eight of `A-Z 0-9`.
    #[error("not a name of a key")]
    KeyName,
    /// Too much for the largest QR code.
    #[error("content is too long for a code")]
    TooLong,
}

impl CodeContent {
    /// Signs the content and writes the code.
    ///
    /// # Errors
    /// See [`IssueError`].
    pub fn issue(&self, key_name: &str, key: &SigningKey) -> Result<String, IssueError> {
        if !self.is_well_formed() {
            return Err(IssueError::Content);
        }
        if !is_name(key_name) {
            return Err(IssueError::KeyName);
        }
        let json = serde_json::to_vec(self).map_err(|_| IssueError::Content)?;
        let message = format!("{MARK}-{key_name}-{}", base32::write(&json));
        let signature = base32::write(&key.sign(message.as_bytes()));
        let code = format!("{message}-{signature}");
        if code.len() > TEXT_BYTES_MAX {
            return Err(IssueError::TooLong);
        }
        Ok(code)
    }
}

/// Opens a code; `rest` is what follows the mark.
pub(crate) fn open(
    whole: &str,
    rest: &str,
    keys: &CodeKeys,
    today: Date,
) -> Result<CodeContent, ReadCodeError> {
    let mut parts = rest.split('-');
    let (Some(name), Some(content), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(ReadCodeError::Damaged);
    };
    if !is_name(name) {
        return Err(ReadCodeError::Damaged);
    }
    let json = base32::read(content).ok_or(ReadCodeError::Damaged)?;
    let written = base32::read(signature).ok_or(ReadCodeError::Damaged)?;
    if written.len() != SIGNATURE_BYTES {
        return Err(ReadCodeError::Damaged);
    }
    let key = keys.find(name).ok_or(ReadCodeError::UnknownKey)?;
    let message = whole
        .strip_suffix(signature)
        .and_then(|message| message.strip_suffix('-'))
        .ok_or(ReadCodeError::Damaged)?;
    if !key.signed(message.as_bytes(), &written) {
        return Err(ReadCodeError::Forged);
    }
    let content = CodeContent::parse(&json)?;
    if key.city != content.city || !key.uses.contains(&content.kind) {
        return Err(ReadCodeError::NotAllowed);
    }
    if today > content.until {
        return Err(ReadCodeError::Expired);
    }
    if today < content.from {
        return Err(ReadCodeError::NotYet);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::tests::application;
    use crate::{Code, CodeKey, CodeUse, read};

    fn keys(uses: &[CodeUse]) -> (SigningKey, CodeKeys) {
        let key = SigningKey::parse(&SigningKey::generate().unwrap()).unwrap();
        let public = CodeKey {
            id: "R8A".to_owned(),
            city: "142051".to_owned(),
            uses: uses.to_vec(),
            key: key.public(),
        };
        let (keys, refused) = CodeKeys::new(vec![public]);
        assert_eq!(refused, 0);
        (key, keys)
    }

    const TODAY: Date = Date::constant(2026, 11, 21);

    #[test]
    fn what_is_issued_is_read_also_with_the_shift_lock_on() {
        let (key, keys) = keys(&[CodeUse::Application]);
        let code = application().issue("R8A", &key).unwrap();
        let expected = Ok(Code::Signed(Box::new(application())));
        assert_eq!(read(&code, &keys, TODAY), expected);
        assert_eq!(read(&code.to_ascii_lowercase(), &keys, TODAY), expected);
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let (key, keys) = keys(&[CodeUse::Application]);
        let code = application().issue("R8A", &key).unwrap();
        let letters: Vec<char> = code.chars().collect();
        for at in 5..letters.len() {
            let other = |letter: char| if letter == 'B' { 'C' } else { 'B' };
            let changed: String = letters
                .iter()
                .enumerate()
                .map(|(index, letter)| if index == at { other(*letter) } else { *letter })
                .collect();
            assert!(read(&changed, &keys, TODAY).is_err(), "letter {at}");
        }
        for length in 0..code.len() {
            let cut = code.get(..length).unwrap();
            assert!(read(cut, &keys, TODAY).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn each_reason_is_told_apart() {
        let (key, installed) = keys(&[CodeUse::Application]);
        let (other, _) = keys(&[CodeUse::Application]);
        let issue = |content: &CodeContent, key: &SigningKey| content.issue("R8A", key).unwrap();
        let code = issue(&application(), &key);
        let opened = |code: &str, keys: &CodeKeys, today| read(code, keys, today).unwrap_err();
        assert_eq!(
            opened(&code, &CodeKeys::default(), TODAY),
            ReadCodeError::UnknownKey
        );
        assert_eq!(
            opened(&issue(&application(), &other), &installed, TODAY),
            ReadCodeError::Forged
        );
        assert_eq!(
            opened(&code, &installed, Date::constant(2027, 1, 1)),
            ReadCodeError::Expired
        );
        assert_eq!(
            opened(&code, &installed, Date::constant(2026, 10, 31)),
            ReadCodeError::NotYet
        );
        let mut elsewhere = application();
        elsewhere.city = "131016".to_owned();
        assert_eq!(
            opened(&issue(&elsewhere, &key), &installed, TODAY),
            ReadCodeError::NotAllowed
        );
        let (key, notices_only) = keys(&[CodeUse::Notice]);
        assert_eq!(
            opened(&issue(&application(), &key), &notices_only, TODAY),
            ReadCodeError::NotAllowed
        );
    }

    #[test]
    fn keys_that_are_none_are_counted_and_left_out() {
        let (key, _) = keys(&[CodeUse::Notice]);
        let good = CodeKey {
            id: "AB".to_owned(),
            city: "142051".to_owned(),
            uses: vec![CodeUse::Notice],
            key: key.public(),
        };
        let mut short = good.clone();
        short.id = "A".to_owned();
        let mut cut = good.clone();
        cut.id = "CD".to_owned();
        cut.key.pop();
        let (_, refused) = CodeKeys::new(vec![good.clone(), good, short, cut]);
        assert_eq!(refused, 3);
    }

    #[test]
    fn too_much_for_a_code_is_not_issued() {
        let (key, _) = keys(&[CodeUse::Application]);
        let mut content = application();
        content.fields = (0..20)
            .map(|n| (format!("field.{n}"), "あ".repeat(200)))
            .collect();
        assert_eq!(content.issue("R8A", &key), Err(IssueError::TooLong));
        assert_eq!(application().issue("lower", &key), Err(IssueError::KeyName));
    }
}
