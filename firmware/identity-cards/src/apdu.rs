//! The few commands all Japanese identity cards share (JICSAP, ISO 7816-4).

use card_reader::{Card, CardError, StatusWord};
use zeroize::Zeroizing;

use crate::ReadCardError;

/// No file of an identity card is longer.
const FILE_BYTES_MAX: usize = 8 * 1024;

/// Selects an application by its identifier (AID).
pub(crate) fn select_application(card: &mut dyn Card, aid: &[u8]) -> Result<StatusWord, CardError> {
    let length = u8::try_from(aid.len()).unwrap_or(u8::MAX);
    let command: Vec<u8> = [0x00, 0xa4, 0x04, 0x0c, length]
        .iter()
        .chain(aid)
        .copied()
        .collect();
    Ok(card.transmit(&command)?.sw)
}

/// Selects a file of the current application.
pub(crate) fn select_file(card: &mut dyn Card, file: u16) -> Result<(), ReadCardError> {
    let [high, low] = file.to_be_bytes();
    let sw = card
        .transmit(&[0x00, 0xa4, 0x02, 0x0c, 0x02, high, low])?
        .sw;
    if sw.is_ok() {
        Ok(())
    } else {
        Err(ReadCardError::Refused { sw })
    }
}

/// Asks the selected PIN file how many tries are left. Costs nothing.
pub(crate) fn query_tries(card: &mut dyn Card) -> Result<StatusWord, CardError> {
    Ok(card.transmit(&[0x00, 0x20, 0x00, 0x80])?.sw)
}

/// Presents a secret to the selected PIN file. Costs a try when it is wrong.
pub(crate) fn verify(card: &mut dyn Card, secret: &[u8]) -> Result<StatusWord, CardError> {
    let length = u8::try_from(secret.len()).unwrap_or(u8::MAX);
    let command: Zeroizing<Vec<u8>> = Zeroizing::new(
        [0x00, 0x20, 0x00, 0x80, length]
            .iter()
            .chain(secret)
            .copied()
            .collect(),
    );
    Ok(card.transmit(&command)?.sw)
}

/// Reads the selected file up to the end of the object it starts with.
///
/// Files are padded with `FF` after the object, and the card may answer with fewer bytes than were
/// asked for: reading goes on until the object's own length is reached.
pub(crate) fn read_object(card: &mut dyn Card) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(512));
    // 256 bytes at a time; a reader or card that does not like it gets 128.
    let mut expected = 0x00_u8;
    loop {
        let offset = u16::try_from(data.len()).map_err(|_| ReadCardError::Malformed)?;
        let [high, low] = offset.to_be_bytes();
        let response = card.transmit(&[0x00, 0xb0, high, low, expected])?;
        match response.sw {
            StatusWord::OK | StatusWord::END_OF_FILE => {}
            StatusWord::WRONG_OFFSET if !data.is_empty() => return Err(ReadCardError::Malformed),
            StatusWord::WRONG_LENGTH if expected == 0 => {
                expected = 0x80;
                continue;
            }
            StatusWord::NOT_UNLOCKED => return Err(ReadCardError::Locked),
            sw => return Err(ReadCardError::Refused { sw }),
        }
        if response.data.is_empty() {
            return Err(ReadCardError::Malformed);
        }
        data.extend_from_slice(&response.data);
        if let Some(total) = crate::tlv::total_length(&data)? {
            if total > FILE_BYTES_MAX {
                return Err(ReadCardError::Malformed);
            }
            if data.len() >= total {
                data.truncate(total);
                return Ok(data);
            }
        }
        if response.sw == StatusWord::END_OF_FILE {
            return Err(ReadCardError::Malformed);
        }
    }
}
