//! Byte strings as etcd has them: keys and values are bytes, not text.

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

#[cfg(test)]
mod tests {
    use super::prefix_end;

    #[test]
    fn the_end_of_a_prefix_is_the_next_sibling() {
        assert_eq!(prefix_end(b"a/"), Some(b"a0".to_vec()));
        assert_eq!(prefix_end(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(prefix_end(b"\xff\xff"), None);
        assert_eq!(prefix_end(b""), None);
    }
}
