//! Byte strings as etcd has them: keys and values are bytes, not text.

use std::borrow::Cow;
use std::sync::Arc;

use super::key_text::{display_key, display_short};

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

/// The bytes as text for the screen; see [`display_key`], whose text can be typed back.
#[must_use]
pub fn shown(bytes: &[u8]) -> Cow<'_, str> {
    display_key(bytes)
}

/// As [`shown`], of at most about `limit` characters; what is left out is replaced by `…`.
#[must_use]
pub fn shown_short(bytes: &[u8], limit: usize) -> Cow<'_, str> {
    display_short(bytes, limit)
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
