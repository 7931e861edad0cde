//! Many keys in one piece: their bytes in one buffer instead of an allocation for each.

use super::bytes::Value;
use super::record::{KeyMeta, KeyRecord};

/// Keys of a listing, packed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// Where the key ends in the bytes; it begins where the one before ends.
    end: usize,
    meta: KeyMeta,
    value: Option<Value>,
}

/// One key of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey<'p> {
    /// The key.
    pub key: &'p [u8],
    /// Its revisions, version and lease.
    pub meta: KeyMeta,
    /// The value, where it has been read.
    pub value: Option<&'p Value>,
}

impl KeyPage {
    /// An empty page with room for so many keys that have so many bytes together.
    #[must_use]
    pub fn with_capacity(keys: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), entries: Vec::with_capacity(keys) }
    }

    /// Adds a key.
    pub fn push(&mut self, key: &[u8], meta: KeyMeta, value: Option<Value>) {
        self.bytes.extend_from_slice(key);
        self.entries.push(Entry { end: self.bytes.len(), meta, value });
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The key at this place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<PageKey<'_>> {
        let entry = self.entries.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.entries[before].end);
        Some(PageKey { key: &self.bytes[start..entry.end], meta: entry.meta, value: entry.value.as_ref() })
    }

    /// The last key.
    #[must_use]
    pub fn last(&self) -> Option<PageKey<'_>> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The keys, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = PageKey<'_>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Bytes of all keys.
    #[must_use]
    pub fn key_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The keys as records.
    #[must_use]
    pub fn records(&self) -> Vec<KeyRecord> {
        let record =
            |it: PageKey<'_>| KeyRecord { key: it.key.into(), meta: it.meta, value: it.value.cloned() };
        self.iter().map(record).collect()
    }
}

impl From<Vec<KeyRecord>> for KeyPage {
    fn from(records: Vec<KeyRecord>) -> Self {
        let bytes = records.iter().map(|record| record.key.len()).sum();
        let mut page = Self::with_capacity(records.len(), bytes);
        for record in records {
            page.push(&record.key, record.meta, record.value);
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_back_what_was_put_in() {
        let meta = |revision| KeyMeta { mod_revision: revision, ..KeyMeta::default() };
        let record = |key: &[u8], revision, value: Option<&[u8]>| KeyRecord {
            key: key.into(),
            meta: meta(revision),
            value: value.map(Value::from),
        };
        let records = vec![record(b"", 2, None), record(b"a\0", 3, Some(b"v")), record(b"b", 4, Some(b""))];
        let page = KeyPage::from(records.clone());
        assert_eq!(page.records(), records);
        assert_eq!(page.last().map(|last| last.key), Some(&b"b"[..]));
        assert_eq!((page.len(), page.key_bytes()), (3, 3));
        assert_eq!(page.get(3), None);
        assert!(KeyPage::default().is_empty() && KeyPage::default().last().is_none());
    }
}
