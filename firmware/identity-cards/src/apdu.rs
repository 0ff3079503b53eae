//! The few commands all Japanese identity cards share (JICSAP, ISO 7816-4).

use card_reader::{Card, CardError, Response, StatusWord};
use zeroize::Zeroizing;

use crate::tlv::{self, TagStyle};
use crate::{ReadCardError, Reference};

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

/// Selects an application that the caller cannot go on without.
///
/// The very first command after power-up was seen to answer `6F00` on one card, so this one, which
/// costs nothing, is sent once more then.
pub(crate) fn enter_application(card: &mut dyn Card, aid: &[u8]) -> Result<(), ReadCardError> {
    let mut sw = select_application(card, aid)?;
    if sw == StatusWord::INTERNAL {
        sw = select_application(card, aid)?;
    }
    if sw.is_ok() {
        Ok(())
    } else if sw == StatusWord::NOT_FOUND || sw == StatusWord::INTERNAL {
        Err(ReadCardError::NotThisCard)
    } else {
        Err(ReadCardError::Refused { sw })
    }
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

/// Selects the main file, where a licence keeps its PINs. Other cards misbehave on it.
pub(crate) fn select_main_file(card: &mut dyn Card) -> Result<(), ReadCardError> {
    let sw = card.transmit(&[0x00, 0xa4, 0x00, 0x00])?.sw;
    if sw.is_ok() {
        Ok(())
    } else {
        Err(ReadCardError::Refused { sw })
    }
}

/// Asks a secret's counter how many tries are left. Costs nothing.
pub(crate) fn query_tries(
    card: &mut dyn Card,
    reference: Reference,
) -> Result<StatusWord, ReadCardError> {
    let place = reference.enter(card)?;
    Ok(card.transmit(&[0x00, 0x20, 0x00, place])?.sw)
}

/// Presents a secret. Costs a try when it is wrong; sent exactly once.
pub(crate) fn verify(
    card: &mut dyn Card,
    reference: Reference,
    secret: &[u8],
) -> Result<StatusWord, ReadCardError> {
    let length = u8::try_from(secret.len()).unwrap_or(u8::MAX);
    let place = reference.current();
    let command: Zeroizing<Vec<u8>> = Zeroizing::new(
        [0x00, 0x20, 0x00, place, length]
            .iter()
            .chain(secret)
            .copied()
            .collect(),
    );
    Ok(card.transmit(&command)?.sw)
}

/// Eight random bytes of the chip.
pub(crate) fn challenge(card: &mut dyn Card) -> Result<[u8; 8], ReadCardError> {
    let response = card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x08])?;
    accepted(&response)?;
    response
        .data
        .as_slice()
        .try_into()
        .map_err(|_| ReadCardError::Malformed)
}

/// Has the chip sign with the selected or named key (PERFORM SECURITY OPERATION).
pub(crate) fn sign(
    card: &mut dyn Card,
    key: u8,
    payload: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    let length = u8::try_from(payload.len()).map_err(|_| ReadCardError::Malformed)?;
    let command: Vec<u8> = [0x80, 0x2a, 0x00, key, length]
        .iter()
        .chain(payload)
        .chain(&[0x00])
        .copied()
        .collect();
    let response = card.transmit(&command)?;
    accepted(&response)?;
    Ok(response.data)
}

/// First record of the selected file.
pub(crate) fn read_record(card: &mut dyn Card) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    let response = card.transmit(&[0x00, 0xb2, 0x01, 0x0c, 0x00])?;
    accepted(&response)?;
    Ok(response.data)
}

/// A small file by its short identifier, in one answer; it becomes the current file.
pub(crate) fn read_short_file(
    card: &mut dyn Card,
    short: u8,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    let mut response = card.transmit(&[0x00, 0xb0, 0x80 | short, 0x00, 0x00])?;
    if response.sw == StatusWord::WRONG_LENGTH {
        response = card.transmit(&[0x00, 0xb0, 0x80 | short, 0x00, 0x80])?;
    }
    accepted(&response)?;
    Ok(response.data)
}

/// What a status other than success means to a reader of files.
pub(crate) fn accepted(response: &Response) -> Result<(), ReadCardError> {
    match response.sw {
        StatusWord::OK | StatusWord::END_OF_FILE => Ok(()),
        StatusWord::NOT_UNLOCKED => Err(ReadCardError::Locked),
        sw => Err(ReadCardError::Refused { sw }),
    }
}

/// What becomes of a file that ends before its objects are complete or padded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It is damaged.
    Damaged,
    /// It is filled to the brim.
    Full,
}

/// Which file is read.
#[derive(Clone, Copy)]
enum Start {
    /// The selected one.
    Selected,
    /// The one with this short identifier, which the first READ selects.
    Short(u8),
}

/// Reads the selected file up to the end of the object it starts with.
///
/// Files are padded with `FF` after the object, and the card may answer with fewer bytes than were
/// asked for: reading goes on until the object's own length is reached.
pub(crate) fn read_object(
    card: &mut dyn Card,
    style: TagStyle,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    read_until(card, Start::Selected, Ending::Damaged, |data| {
        tlv::total_length(style, data)
    })
}

/// Reads the selected file up to its padding or its end; it holds a list of objects.
pub(crate) fn read_list(
    card: &mut dyn Card,
    style: TagStyle,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    read_until(card, Start::Selected, Ending::Full, |data| {
        tlv::list_length(style, data)
    })
}

/// As [`read_list`], of the file with this short identifier.
pub(crate) fn read_short_list(
    card: &mut dyn Card,
    short: u8,
    style: TagStyle,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    read_until(card, Start::Short(short), Ending::Full, |data| {
        tlv::list_length(style, data)
    })
}

/// Reads the beginning of the selected file, `length` bytes or all there is.
pub(crate) fn read_front(
    card: &mut dyn Card,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    read_until(card, Start::Selected, Ending::Full, |data| {
        Ok((data.len() >= length).then_some(data.len()))
    })
}

fn read_until(
    card: &mut dyn Card,
    from: Start,
    ending: Ending,
    measure: impl Fn(&[u8]) -> Result<Option<usize>, ReadCardError>,
) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX));
    // 256 bytes at a time; a reader or card that does not like it gets 128.
    let mut expected = 0x00_u8;
    loop {
        let response = card.transmit(&read_command(from, data.len(), expected)?)?;
        match response.sw {
            StatusWord::OK | StatusWord::END_OF_FILE => {}
            StatusWord::WRONG_OFFSET if !data.is_empty() => return at_end(data, ending),
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
        let total = measure(&data)?;
        if total.unwrap_or(data.len()) > FILE_BYTES_MAX {
            return Err(ReadCardError::Malformed);
        }
        if let Some(total) = total.filter(|total| data.len() >= *total) {
            data.truncate(total);
            return Ok(data);
        }
        if response.sw == StatusWord::END_OF_FILE {
            return at_end(data, ending);
        }
    }
}

fn read_command(from: Start, offset: usize, expected: u8) -> Result<[u8; 5], ReadCardError> {
    let [high, low] = u16::try_from(offset)
        .map_err(|_| ReadCardError::Malformed)?
        .to_be_bytes();
    let high = match from {
        Start::Short(short) if offset == 0 => 0x80 | short,
        Start::Selected | Start::Short(_) => high,
    };
    Ok([0x00, 0xb0, high, low, expected])
}

fn at_end(data: Zeroizing<Vec<u8>>, ending: Ending) -> Result<Zeroizing<Vec<u8>>, ReadCardError> {
    match ending {
        Ending::Full => Ok(data),
        Ending::Damaged => Err(ReadCardError::Malformed),
    }
}
