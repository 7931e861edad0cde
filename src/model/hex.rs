//! Bytes for the hexadecimal view: rows of 16, typed text to bytes, and edits of a buffer.

use std::ops::Range;

/// Bytes in a row of the view.
pub const ROW: usize = 16;

/// How many rows the view has for so many bytes. There is always one more place than bytes (where
/// typing appends), so an empty value has one row.
#[must_use]
pub fn row_count(len: usize) -> usize {
    len / ROW + 1
}

/// The bytes of a row: their range in the buffer, empty past its end.
#[must_use]
pub fn row_range(len: usize, row: usize) -> Range<usize> {
    let start = row.saturating_mul(ROW).min(len);
    start..start.saturating_add(ROW).min(len)
}

/// Bytes as two digits each, separated by spaces.
#[must_use]
pub fn hex_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        push_hex(&mut text, *byte);
    }
    text
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
    }
}

/// One byte as two digits.
#[must_use]
pub fn byte_text(byte: u8) -> String {
    let mut text = String::with_capacity(2);
    push_hex(&mut text, byte);
    text
}

/// The column of characters beside the digits: printable ASCII as it is, anything else as `·`.
#[must_use]
pub fn ascii_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| ascii_char(*byte)).collect()
}

/// How one byte is shown in the column of characters.
#[must_use]
pub fn ascii_char(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' }
}

/// Why a text is not hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// This character (counted from 0) is no digit and no separator.
    #[error("not a hexadecimal digit at character {}", .0 + 1)]
    NotADigit(usize),
    /// A group of digits has an odd number of them; it begins at this character.
    #[error("a digit without its second half at character {}", .0 + 1)]
    HalfByte(usize),
}

/// Reads bytes from a text as people paste it: digits in pairs, in groups of any length, with white
/// space, commas, colons, semicolons or dashes between them, and `0x` or `\x` before a group.
///
/// # Errors
/// A character that fits nowhere, or a group with an odd number of digits.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut half: Option<(usize, u8)> = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((position, character)) = characters.next() {
        if let Some(digit) = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
            let prefix = character == '0' && matches!(characters.peek(), Some((_, 'x' | 'X')));
            match half.take() {
                Some((at, _)) if prefix => return Err(HexError::HalfByte(at)),
                None if prefix => {
                    characters.next();
                }
                None => half = Some((position, digit)),
                Some((_, high)) => bytes.push(high << 4 | digit),
            }
            continue;
        }
        if let Some((at, _)) = half {
            return Err(HexError::HalfByte(at));
        }
        match character {
            '\\' if matches!(characters.peek(), Some((_, 'x' | 'X'))) => {
                characters.next();
            }
            ',' | ':' | ';' | '-' => {}
            _ if character.is_whitespace() => {}
            _ => return Err(HexError::NotADigit(position)),
        }
    }
    match half {
        Some((at, _)) => Err(HexError::HalfByte(at)),
        None => Ok(bytes),
    }
}

/// Replaces the bytes at `offset` by `new`, one for one, and appends what reaches past the end.
/// An offset past the end appends.
pub fn overwrite(buffer: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let start = offset.min(buffer.len());
    let end = start.saturating_add(new.len()).min(buffer.len());
    buffer.splice(start..end, new.iter().copied());
}

/// Inserts `new` before `offset`; an offset past the end appends.
pub fn insert(buffer: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let at = offset.min(buffer.len());
    buffer.splice(at..at, new.iter().copied());
}

/// Deletes a range; what lies past the end is ignored. Gives the deleted bytes, for undo.
pub fn delete(buffer: &mut Vec<u8>, range: Range<usize>) -> Vec<u8> {
    let end = range.end.min(buffer.len());
    let start = range.start.min(end);
    buffer.drain(start..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_cover_the_buffer_and_one_place_more() {
        assert_eq!((row_count(0), row_count(15), row_count(16), row_count(17)), (1, 1, 2, 2));
        assert_eq!(row_range(20, 0), 0..16);
        assert_eq!(row_range(20, 1), 16..20);
        assert_eq!(row_range(20, 9), 20..20);
        assert_eq!(row_range(20, usize::MAX), 20..20);
    }

    #[test]
    fn hexadecimal_is_read_as_people_paste_it() {
        for text in
            ["0a ff 10", "0AFF10", "0x0a, 0xff,0x10", r"\x0a\xff\x10", "0a:ff:10", "0a-ff\n10", "0x0aff10"]
        {
            assert_eq!(parse_hex(text), Ok(vec![0x0a, 0xff, 0x10]), "{text}");
        }
        assert_eq!(parse_hex(""), Ok(vec![]));
        assert_eq!(parse_hex("0a f"), Err(HexError::HalfByte(3)));
        assert_eq!(parse_hex("0 a"), Err(HexError::HalfByte(0)));
        assert_eq!(parse_hex("é0"), Err(HexError::NotADigit(0)));
        assert_eq!(parse_hex("00 zz"), Err(HexError::NotADigit(3)));
    }

    #[test]
    fn edits_stay_inside_the_buffer() {
        let mut buffer = b"abcdef".to_vec();
        overwrite(&mut buffer, 4, b"XYZ");
        assert_eq!(buffer, b"abcdXYZ");
        insert(&mut buffer, 1, b"__");
        assert_eq!(buffer, b"a__bcdXYZ");
        assert_eq!(delete(&mut buffer, 1..3), b"__");
        assert_eq!(buffer, b"abcdXYZ");
        assert_eq!(delete(&mut buffer, 5..99), b"YZ");
        #[allow(clippy::reversed_empty_ranges)]
        {
            assert_eq!(delete(&mut buffer, 9..2), b"");
        }
        overwrite(&mut buffer, 99, b"!");
        insert(&mut buffer, 99, b"?");
        assert_eq!(buffer, b"abcdX!?");
    }

    #[test]
    fn characters_beside_the_digits() {
        assert_eq!(ascii_text(b"a b\n\x00\xff~"), "a b···~");
        assert_eq!(byte_text(0x0f), "0f");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(parse_hex(&hex_text(&bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            drop(parse_hex(&text));
        }
    }
}
