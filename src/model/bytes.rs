//! Byte strings as etcd has them: keys and values are bytes, not text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// A key, byte for byte as etcd stores it.
pub type Key = Arc<[u8]>;
/// A value, byte for byte as etcd stores it.
pub type Value = Arc<[u8]>;

/// The end (exclusive) of the range of all keys that start with `prefix`, as etcd expects it in
/// `range_end`: the prefix with its last byte below `0xff` raised by one. `None` means that the
/// range is open at its end (`prefix` is empty or only `0xff` bytes; etcd writes this as `"\0"`).
#[must_use]
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// The bytes as text for the screen. What is not UTF-8 appears as `\xNN`; control characters and
/// those that reorder or hide text (right-to-left overrides, zero-width signs) appear as escapes, so
/// that two keys never look alike by accident and no key can disguise the line it stands in.
#[must_use]
pub fn shown(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_escaped) => Cow::Borrowed(text),
        _ => Cow::Owned(escaped(bytes, usize::MAX)),
    }
}

/// As [`shown`], of at most about `limit` characters; what is left out is replaced by `…`.
#[must_use]
pub fn shown_short(bytes: &[u8], limit: usize) -> Cow<'_, str> {
    if bytes.len() <= limit { shown(bytes) } else { Cow::Owned(escaped(bytes, limit)) }
}

fn is_escaped(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escaped(bytes: &[u8], limit: usize) -> String {
    let mut text = String::new();
    let mut left = limit;
    for chunk in bytes.utf8_chunks() {
        for sign in chunk.valid().chars() {
            if left == 0 {
                text.push('…');
                return text;
            }
            left -= 1;
            match sign {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                sign if sign.is_ascii_control() => push_byte(&mut text, sign as u8),
                sign if is_escaped(sign) => text.extend(sign.escape_unicode()),
                sign => text.push(sign),
            }
        }
        for byte in chunk.invalid() {
            push_byte(&mut text, *byte);
        }
    }
    text
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a string does not fail.
    if write!(text, "\\x{byte:02x}").is_err() {
        text.push('?');
    }
}

#[cfg(test)]
mod tests {
    use super::{prefix_end, shown, shown_short};

    #[test]
    fn the_end_of_a_prefix_is_the_next_sibling() {
        assert_eq!(prefix_end(b"a/"), Some(b"a0".to_vec()));
        assert_eq!(prefix_end(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(prefix_end(b"\xff\xff"), None);
        assert_eq!(prefix_end(b""), None);
    }

    #[test]
    fn bytes_are_shown_without_disguise() {
        assert_eq!(shown(b"/config/\xe4\xb8\xad"), "/config/中");
        assert_eq!(shown(b"a\0b\n"), "a\\x00b\\n");
        assert_eq!(shown(b"\xff\xfe/x"), "\\xff\\xfe/x");
        assert_eq!(shown("a\u{202e}cod".as_bytes()), "a\\u{202e}cod");
        assert_eq!(shown(b""), "");
        assert_eq!(shown_short(&[b'k'; 65_536], 4), "kkkk…");
        assert_eq!(shown_short(b"key", 4), "key");
    }
}
