//! Writes objects as the chips do: up to 7F in one byte, anything longer as `82 hi lo`.

/// An object with a tag of one or two bytes.
pub(super) fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_vec();
    match u8::try_from(value.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        Ok(_) | Err(_) => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.extend(value);
    bytes
}

/// An object around a table of offsets and other objects, as the files of the My Number card are
/// built: `outer { offsets, parts.. }`, each offset from the start of the file to a part's tag.
pub(super) fn with_offsets(outer: [u8; 2], offsets: [u8; 2], parts: &[Vec<u8>]) -> Vec<u8> {
    let table = 3 + 2 * parts.len();
    let inner = table + parts.iter().map(Vec::len).sum::<usize>();
    let mut offset = table + if inner > 0x7f { 5 } else { 3 };
    let mut list = Vec::new();
    for part in parts {
        list.extend(u16::try_from(offset).unwrap_or(u16::MAX).to_be_bytes());
        offset += part.len();
    }
    let mut value = object(&offsets, &list);
    value.extend(parts.concat());
    object(&outer, &value)
}
