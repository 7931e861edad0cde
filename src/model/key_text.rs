//! Keys as text: an escape that shows every key without lying about it, and its exact inverse.
//!
//! Keys are bytes. Text in UTF-8 is shown as it is; whatever a reader could not see or would be
//! misled by (control characters, bytes that are not UTF-8, characters that reorder or hide text)
//! is shown as `\n`, `\xNN` or `\u{…}`, a backslash as `\\`, and a space at either end, where nobody
//! would see it, as `\x20`. What is shown can be typed back:
//! [`parse_key`] of [`display_key`] is the same bytes, always.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Names in rows are cut after so many characters: a key of 64 KB must not cost a layout of 64 KB
/// in every frame.
const NAME_LIMIT: usize = 256;

/// Shows a key: reversible, see [`parse_key`].
#[must_use]
pub fn display_key(key: &[u8]) -> Cow<'_, str> {
    display_within(key, usize::MAX)
}

/// Shows one segment of the tree, cut with `…` after 256 characters. An empty segment gives an
/// empty text, for which the view puts a placeholder.
#[must_use]
pub fn display_name(segment: &[u8]) -> Cow<'_, str> {
    display_short(segment, NAME_LIMIT)
}

/// Shows a key within about `max_chars` characters, cut at its end with `…`. The work is bounded
/// by what is shown, not by the key's length.
#[must_use]
pub fn display_short(key: &[u8], max_chars: usize) -> Cow<'_, str> {
    // A character takes at most four bytes, so this prefix holds enough of them.
    let bound = max_chars.saturating_mul(4).saturating_add(4);
    if key.len() <= max_chars {
        return display_within(key, max_chars);
    }
    display_within(&key[..key.len().min(bound)], max_chars)
}

/// Escapes up to `max_chars` characters of the result, plus `…` when something is left.
fn display_within(bytes: &[u8], max_chars: usize) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(needs_escape)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && (text.len() <= max_chars || text.chars().count() <= max_chars)
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(bytes.len().min(max_chars.saturating_mul(4)) + 16);
    let mut count = 0;
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let before = shown.len();
            let is_end = at == 0 || at + 1 == bytes.len();
            at += character.len_utf8();
            match character {
                ' ' if is_end => push_byte(&mut shown, b' '),
                _ => push_escaped(&mut shown, character),
            }
            count += shown[before..].chars().count();
            if count > max_chars {
                shown.truncate(before);
                shown.push('…');
                return Cow::Owned(shown);
            }
        }
        for byte in chunk.invalid() {
            count += 4;
            at += 1;
            if count > max_chars {
                shown.push('…');
                return Cow::Owned(shown);
            }
            push_byte(&mut shown, *byte);
        }
    }
    Cow::Owned(shown)
}

fn push_byte(shown: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    shown.push_str("\\x");
    shown.push(char::from(DIGITS[usize::from(byte >> 4)]));
    shown.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn push_escaped(shown: &mut String, character: char) {
    match character {
        '\\' => shown.push_str("\\\\"),
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if !needs_escape(character) => shown.push(character),
        _ => match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => push_byte(shown, byte),
            // Writing into a string cannot fail.
            _ => write!(shown, "\\u{{{:x}}}", u32::from(character)).unwrap_or_default(),
        },
    }
}

/// Whether a character is shown as an escape.
fn needs_escape(character: char) -> bool {
    character == '\\' || is_deceptive(character)
}

/// Whether a character is invisible, moves or reorders what stands around it, or looks like a
/// common space without being one.
#[must_use]
pub fn is_deceptive(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    matches!(character,
        '\u{80}'..='\u{a0}'             // C1 controls, no-break space
        | '\u{ad}'                      // soft hyphen
        | '\u{34f}' | '\u{61c}'         // grapheme joiner, Arabic letter mark
        | '\u{115f}'..='\u{1160}'       // Hangul fillers
        | '\u{1680}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}'       // spaces, zero width, direction marks
        | '\u{2028}'..='\u{202f}'       // separators, embeddings, overrides
        | '\u{2800}' | '\u{3000}'       // blanks of Braille, of ideographs
        | '\u{205f}'..='\u{206f}'       // invisible operators, isolates
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}'       // variation selectors
        | '\u{fff0}'..='\u{fffb}'       // interlinear annotations
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'     // tags, supplementary variation selectors
    )
}

/// Text that came from outside (a server's words, a path, a line of a value) as it may be shown:
/// what is deceptive becomes an escape, but for tabs and line ends. Unlike [`display_key`] this is
/// not for typing back: a backslash stays as it is.
#[must_use]
pub fn neutral(text: &str) -> Cow<'_, str> {
    let hides = |character: char| is_deceptive(character) && !matches!(character, '\n' | '\t');
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hides(character) {
            push_escaped(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// How many characters of a text nobody would see as what they are; tabs and line ends are seen.
#[must_use]
pub fn hidden_characters(text: &str) -> usize {
    let plain = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t');
    if text.is_ascii() {
        return text.bytes().filter(|byte| !plain(byte)).count();
    }
    let hidden = |character: &char| is_deceptive(*character) && !matches!(character, '\n' | '\r' | '\t');
    text.chars().filter(hidden).count()
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyTextFault {
    /// A backslash at the end, with nothing after it.
    Unfinished,
    /// A backslash before a character that names no escape.
    UnknownEscape,
    /// `\x` without two hexadecimal digits.
    BadByte,
    /// `\u{…}` that is not the number of a character.
    BadCharacter,
}

impl KeyTextFault {
    /// The name of the fault in the catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::UnknownEscape => "unknown_escape",
            Self::BadByte => "bad_byte",
            Self::BadCharacter => "bad_character",
        }
    }
}

/// Why a text is not a key, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at character {}", .fault.name().replace('_', " "), .position + 1)]
pub struct KeyTextError {
    /// The character that begins the faulty escape, counted from 0.
    pub position: usize,
    /// What is wrong.
    pub fault: KeyTextFault,
}

/// The bytes that a text stands for: the inverse of [`display_key`]. Besides its escapes,
/// `\0` is understood.
///
/// # Errors
/// A backslash that begins no escape.
pub fn parse_key(text: &str) -> Result<Vec<u8>, KeyTextError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at..];
        match parse_escape(escape, &mut bytes) {
            Ok(used) => rest = &escape[used..],
            Err(fault) => {
                let before = text.len() - escape.len();
                return Err(KeyTextError { position: text[..before].chars().count(), fault });
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// Reads the escape at the start of `escape`, adds its bytes and tells its length.
fn parse_escape(escape: &str, bytes: &mut Vec<u8>) -> Result<usize, KeyTextFault> {
    let simple = match escape.as_bytes().get(1) {
        None => return Err(KeyTextFault::Unfinished),
        Some(b'\\') => b'\\',
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'0') => 0,
        Some(b'x') => {
            let digits = escape.get(2..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(byte.ok_or(KeyTextFault::BadByte)?);
            return Ok(4);
        }
        Some(b'u') => return parse_character(escape, bytes),
        Some(_) => return Err(KeyTextFault::UnknownEscape),
    };
    bytes.push(simple);
    Ok(2)
}

fn parse_character(escape: &str, bytes: &mut Vec<u8>) -> Result<usize, KeyTextFault> {
    // `\u{` and at most six digits and `}`: never look further.
    let inner = escape.strip_prefix("\\u{").ok_or(KeyTextFault::BadCharacter)?;
    let end = inner.bytes().take(7).position(|byte| byte == b'}').ok_or(KeyTextFault::BadCharacter)?;
    let digits = &inner[..end];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(KeyTextFault::BadCharacter);
    }
    let number = u32::from_str_radix(digits, 16).map_err(|_| KeyTextFault::BadCharacter)?;
    let character = char::from_u32(number).ok_or(KeyTextFault::BadCharacter)?;
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(3 + end + 1)
}

/// One line that gives an idea of a value, at most about `max_chars` characters: text with its
/// white space folded, anything else as hexadecimal bytes. The work is bounded by what is shown.
#[must_use]
pub fn preview_value(value: &[u8], max_chars: usize) -> String {
    // White space may be folded away: look a little further than what will be shown.
    let head = &value[..value.len().min(max_chars.saturating_mul(8).saturating_add(64))];
    match text_head(head, head.len() == value.len()) {
        Some(text) => preview_text(text, max_chars, text.len() < value.len()),
        None => preview_bytes(value, max_chars),
    }
}

/// The text of a head; a character cut at its end is left out. `None`: not text.
fn text_head(head: &[u8], complete: bool) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if !complete && error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

fn preview_text(text: &str, max_chars: usize, more: bool) -> String {
    let mut shown = String::with_capacity(max_chars.min(text.len()) + 4);
    let mut count = 0;
    let mut space = false;
    for character in text.trim().chars() {
        if matches!(character, ' ' | '\t' | '\n' | '\r') {
            space = true;
            continue;
        }
        let before = shown.len();
        if space {
            shown.push(' ');
            space = false;
        }
        if is_deceptive(character) {
            push_escaped(&mut shown, character);
        } else {
            shown.push(character);
        }
        count += shown[before..].chars().count();
        if count > max_chars {
            shown.truncate(before);
            shown.push('…');
            return shown;
        }
    }
    if more {
        shown.push('…');
    }
    shown
}

fn preview_bytes(value: &[u8], max_chars: usize) -> String {
    let fits = (max_chars + 1) / 3;
    let mut shown = super::hex::hex_text(&value[..value.len().min(fits)]);
    if fits < value.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_shown_as_it_is() {
        for key in ["/config/web/timeout", "", "服务/配置", "naïve key", "a//b/"] {
            assert!(matches!(display_key(key.as_bytes()), Cow::Borrowed(shown) if shown == key));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(display_key(b"a\0b\x1b[31m\xff\xfe"), r"a\x00b\x1b[31m\xff\xfe");
        assert_eq!(
            display_key("x\u{202e}y\u{200b}\u{a0}\u{85}".as_bytes()),
            r"x\u{202e}y\u{200b}\u{a0}\u{85}"
        );
        assert_eq!(display_key(br"a\b"), r"a\\b");
        assert_eq!(display_key(b"a\nb\x07"), r"a\nb\x07");
    }

    #[test]
    fn spaces_at_the_ends_are_seen() {
        assert_eq!(display_key(b" a b "), r"\x20a b\x20");
        assert_eq!(display_key(b" "), r"\x20");
        assert_eq!(display_key(b"  "), r"\x20\x20");
        assert_eq!(display_key(b"\xff "), r"\xff\x20");
        assert_eq!(display_short(b"a     b", 4), "a   …", "cut off is not the end");
    }

    #[test]
    fn text_from_outside_is_shown_without_its_tricks() {
        assert!(matches!(neutral("a\\b\tc\n键"), Cow::Borrowed(_)));
        assert_eq!(neutral("\u{1b}[31m\u{202e}a\r\u{9b}"), r"\x1b[31m\u{202e}a\r\u{9b}");
        assert_eq!(hidden_characters("a\r\n\tb"), 0);
        assert_eq!(hidden_characters("\u{7}\u{7f}"), 2);
        assert_eq!(hidden_characters("键\u{200b}\r\n\u{1b}"), 2);
    }

    /// Every character that Unicode says may be ignored in display, and every control character.
    #[test]
    fn no_character_hides() {
        let ignorable = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfff8,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff_u32,
        ];
        let hidden = ignorable.into_iter().flatten().filter_map(char::from_u32);
        for character in hidden {
            assert!(is_deceptive(character), "{:x}", u32::from(character));
        }
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(
                is_deceptive(character),
                character.is_control()
                    || display_key(bytes).len() > bytes.len() && !" \\".contains(character)
            );
            assert_eq!(parse_key(&display_key(bytes)).as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn a_wrong_escape_is_named_with_its_place() {
        let fault = |text| parse_key(text).map_err(|error| (error.position, error.fault));
        assert_eq!(fault("é\\"), Err((1, KeyTextFault::Unfinished)));
        assert_eq!(fault(r"ab\q"), Err((2, KeyTextFault::UnknownEscape)));
        assert_eq!(fault(r"\x4"), Err((0, KeyTextFault::BadByte)));
        assert_eq!(fault(r"\x+1"), Err((0, KeyTextFault::BadByte)));
        assert_eq!(fault("\\xé"), Err((0, KeyTextFault::BadByte)));
        assert_eq!(fault(r"\u{d800}"), Err((0, KeyTextFault::BadCharacter)));
        assert_eq!(fault(r"\u{}"), Err((0, KeyTextFault::BadCharacter)));
        assert_eq!(fault(r"\u{1234567}"), Err((0, KeyTextFault::BadCharacter)));
        assert_eq!(fault(r"a\n\t\r\0\\"), Ok(b"a\n\t\r\0\\".to_vec()));
    }

    #[test]
    fn long_names_are_cut() {
        let long = vec![b'a'; 65_536];
        assert_eq!(display_name(&long).chars().count(), NAME_LIMIT + 1);
        assert_eq!(display_short("日本語".as_bytes(), 2), "日本…");
        assert_eq!(display_short("日本語".as_bytes(), 3), "日本語");
        assert_eq!(display_short(b"\xff\xff", 5), r"\xff…");
        assert_eq!(display_name(b""), "");
    }

    #[test]
    fn previews_are_one_line() {
        assert_eq!(preview_value(b"{\n  \"a\": 1\n}\n", 40), "{ \"a\": 1 }");
        assert_eq!(preview_value(b"\x08\x96\x01", 40), "08 96 01");
        assert_eq!(preview_value(b"\x08\x96\x01\x02", 8), "08 96 01…");
        assert_eq!(preview_value(b"abcdef", 3), "abc…");
        assert_eq!(preview_value("a\u{202e}b".as_bytes(), 20), "a\\u{202e}b");
        assert_eq!(preview_value("é".repeat(100_000).as_bytes(), 2), "éé…");
        assert_eq!(preview_value(b"", 3), "");
    }

    proptest! {
        #[test]
        fn every_key_comes_back(key in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(parse_key(&display_key(&key)), Ok(key));
        }

        #[test]
        fn every_text_comes_back(key in any::<String>()) {
            let shown = display_key(key.as_bytes());
            prop_assert!(!shown.chars().any(is_deceptive));
            prop_assert_eq!(parse_key(&shown), Ok(key.into_bytes()));
        }

        #[test]
        fn any_text_can_be_parsed_or_refused(text in r"[\\xu{}0-9a-fé]{0,20}") {
            if let Err(error) = parse_key(&text) {
                prop_assert_eq!(text.chars().nth(error.position), Some('\\'));
            }
        }

        #[test]
        fn short_forms_stay_short(key in proptest::collection::vec(any::<u8>(), 0..400), max in 0usize..60) {
            prop_assert!(display_short(&key, max).chars().count() <= max + 1);
            prop_assert!(preview_value(&key, max).chars().count() <= max + 1);
            prop_assert!(!preview_value(&key, max).contains('\n'));
        }
    }
}
