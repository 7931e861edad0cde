//! A page of keys on its way into the tree.

use super::chunk::MAX_CHILDREN;
use super::folder::Leaf;
use crate::model::bytes::Value;
use crate::model::page::{KeyPage, PageKey};
use crate::model::record::KeyMeta;

/// Decides whether a value is kept.
pub(super) type Keep<'r> = dyn FnMut(&KeyMeta, &Value) -> bool + 'r;
/// Hears of what a key was before.
pub(super) type Replaced<'r> = dyn FnMut(&[u8], KeyMeta, Option<Value>) + 'r;

/// The keys of a page that are still to be written.
pub(super) struct Run<'p> {
    page: &'p KeyPage,
    at: usize,
    current: Option<PageKey<'p>>,
    separator: u8,
    keep: &'p mut Keep<'p>,
    replaced: &'p mut Replaced<'p>,
}

impl<'p> Run<'p> {
    pub(super) fn new(
        page: &'p KeyPage,
        separator: u8,
        keep: &'p mut Keep<'p>,
        replaced: &'p mut Replaced<'p>,
    ) -> Self {
        Self { page, at: 0, current: page.get(0), separator, keep, replaced }
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// The next key; `None`: all are written.
    pub(super) fn key(&self) -> Option<&'p [u8]> {
        self.current.map(|current| current.key)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
        self.current = self.page.get(self.at);
    }

    /// Takes the next key as a leaf.
    pub(super) fn leaf(&mut self) -> Leaf {
        let (meta, value) = self.current.map_or((KeyMeta::default(), None), |it| (it.meta, it.value));
        let value = value.filter(|value| (self.keep)(&meta, value)).cloned();
        self.skip();
        Leaf { meta, value }
    }

    /// Takes the next key in place of what is there.
    pub(super) fn replace(&mut self, present: &mut Leaf) {
        let key = self.key();
        let before = std::mem::replace(present, self.leaf());
        if let Some(key) = key {
            (self.replaced)(key, before.meta, before.value);
        }
    }

    /// How many keys from here on, at most a chunk full, lie in the folder at this path, and how
    /// many bytes their names have: nothing where folders come between, which need less.
    pub(super) fn room_ahead(&self, path: &[u8]) -> (usize, usize) {
        let inside = |at: usize| {
            let key = self.page.get(at).map(|ahead| ahead.key)?;
            key.strip_prefix(path).filter(|name| !name.contains(&self.separator))
        };
        // In key order they stand together: look for the first that lies elsewhere.
        let (mut low, mut high) = (self.at, (self.at + MAX_CHILDREN).min(self.page.len()));
        while low < high {
            let middle = usize::midpoint(low, high);
            if inside(middle).is_some() { low = middle + 1 } else { high = middle }
        }
        let count = low - self.at;
        let longest = [self.at, low.saturating_sub(1)].into_iter().filter_map(inside).map(<[u8]>::len).max();
        (count, count * longest.unwrap_or(0))
    }
}
