//! Every key that is known, as a tree of folders in key order.
//!
//! The tree is persistent: cloning a [`Keyspace`] copies one pointer, and a change copies only the
//! chunks on its way. So the backend goes on applying revisions while the window draws, and a
//! search reads, an older picture; nobody waits for a lock.
//!
//! A key is split after each separator: `config/prod/a` lies in the folder `config/`, in it the
//! folder `prod/`, in it the leaf `a`. A separator at the very start belongs to the first name
//! (`/config/`), an empty segment is a folder named by its separator (`/`), and a key that ends
//! with the separator is a leaf with an empty name in its folder. So each key has one place, no
//! byte is lost, and walking the tree yields the keys in etcd's own byte order. A key that is also
//! a folder (`a` beside `a/b`) has two entries: the leaf `a` and the folder `a/`.

mod chunk;
mod folder;
mod run;

pub use folder::{Folder, NodeRef};

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::bytes::Value;
use super::page::KeyPage;
use super::record::KeyMeta;
use folder::Leaf;
use run::{Keep, Replaced, Run};

/// Folders are nested at most so deep; what is left of a longer key is one leaf name.
pub const MAX_DEPTH: usize = 64;

/// Every key that is known, in key order, as a persistent tree of folders.
#[derive(Clone, Debug)]
pub struct Keyspace {
    separator: u8,
    root: Arc<Folder>,
}

/// What is known of one key.
#[derive(Clone, Copy, Debug)]
pub struct KeyView<'a> {
    /// Revisions, version, lease.
    pub meta: KeyMeta,
    /// The value, where loaded.
    pub value: Option<&'a Value>,
}

impl Default for Keyspace {
    fn default() -> Self {
        Self::new(b'/')
    }
}

impl Keyspace {
    /// An empty key space whose folders end at this byte.
    #[must_use]
    pub fn new(separator: u8) -> Self {
        Self { separator, root: Arc::default() }
    }

    /// The byte that ends a folder's name.
    #[must_use]
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.root.keys()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The folder that holds everything.
    #[must_use]
    pub fn root(&self) -> &Arc<Folder> {
        &self.root
    }

    /// Whether both share the same memory, so that nothing can differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    /// Writes a key and returns what it was before.
    pub fn put(
        &mut self,
        key: &[u8],
        meta: KeyMeta,
        value: Option<Value>,
    ) -> Option<(KeyMeta, Option<Value>)> {
        let leaf = Leaf { meta, value };
        let before = Arc::make_mut(&mut self.root).put(key, 0, self.separator, leaf);
        before.map(|leaf| (leaf.meta, leaf.value))
    }

    /// Writes all keys of a page, which costs least when they are in key order. `keep` decides about
    /// each value; `replaced` hears of what a key was before.
    pub(super) fn put_page<'r>(
        &mut self,
        page: &'r KeyPage,
        keep: &'r mut Keep<'r>,
        replaced: &'r mut Replaced<'r>,
    ) {
        let mut run = Run::new(page, self.separator, keep, replaced);
        while run.key().is_some() {
            Arc::make_mut(&mut self.root).put_run(&mut run, 0, 0);
        }
    }

    /// Removes a key and returns what it was.
    pub fn remove(&mut self, key: &[u8]) -> Option<(KeyMeta, Option<Value>)> {
        self.get(key)?;
        let before = Arc::make_mut(&mut self.root).remove(key, 0, self.separator);
        before.map(|leaf| (leaf.meta, leaf.value))
    }

    /// Adds the value of a key, if the key is still at this mod revision.
    pub fn set_value(&mut self, key: &[u8], mod_revision: i64, value: Value) -> bool {
        match self.get(key) {
            Some(view) if view.meta.mod_revision == mod_revision => {
                let meta = view.meta;
                self.put(key, meta, Some(value));
                true
            }
            _ => false,
        }
    }

    /// What is known of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<KeyView<'_>> {
        let mut folder: &Folder = &self.root;
        let mut rest = key;
        let mut depth = 0;
        loop {
            let (name, below) = split_name(rest, depth, self.separator);
            match (folder.find(name)?, below) {
                (NodeRef::Leaf { meta, value }, None) => return Some(KeyView { meta, value }),
                (NodeRef::Folder(child), Some(below)) => {
                    folder = child;
                    rest = below;
                    depth += 1;
                }
                _ => return None,
            }
        }
    }

    /// The folder at this path, which ends with the separator; an empty path is the root.
    #[must_use]
    pub fn folder(&self, path: &[u8]) -> Option<&Arc<Folder>> {
        self.parent_of(path).filter(|(_, start)| *start == path.len()).map(|(folder, _)| folder)
    }

    /// The name of the child that leads from a folder at `depth` (0: the root) to a key or folder
    /// whose path goes on with `rest` from there, and what then still follows: `None` for a leaf,
    /// nothing for the child folder itself.
    #[must_use]
    pub fn step<'k>(&self, rest: &'k [u8], depth: usize) -> (&'k [u8], Option<&'k [u8]>) {
        split_name(rest, depth, self.separator)
    }

    /// Number of keys that start with `prefix` (which need not end at a separator). Costs the
    /// number of matching children of one folder, not of keys.
    #[must_use]
    pub fn count_prefix(&self, prefix: &[u8]) -> u64 {
        self.parent_of(prefix).map_or(0, |(folder, start)| folder.count_starting_with(&prefix[start..]))
    }

    /// Visits every key in byte order until `visit` breaks.
    pub fn for_each(&self, visit: &mut dyn FnMut(&[u8], KeyView<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.root.walk(&mut Vec::with_capacity(256), visit)
    }

    /// Visits the keys at these places in byte order (0: the first key) until `visit` breaks.
    pub fn for_each_between(
        &self,
        places: Range<u64>,
        visit: &mut dyn FnMut(&[u8], KeyView<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut left = places.end.min(self.len()).saturating_sub(places.start);
        if left == 0 {
            return ControlFlow::Continue(());
        }
        let mut flow = ControlFlow::Continue(());
        let _ended = self.root.walk_from(places.start, &mut Vec::with_capacity(256), &mut |key, view| {
            flow = visit(key, view);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { flow }
        });
        flow
    }

    /// Visits every key that starts with `prefix`, in byte order, until `visit` breaks.
    pub fn for_each_prefix(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], KeyView<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self.parent_of(prefix) {
            Some((folder, start)) => {
                folder.walk_starting_with(&prefix[start..], &mut prefix[..start].to_vec(), visit)
            }
            None => ControlFlow::Continue(()),
        }
    }

    /// The innermost folder that holds all keys with this prefix, and where in the prefix its
    /// children's names begin.
    fn parent_of(&self, prefix: &[u8]) -> Option<(&Arc<Folder>, usize)> {
        let mut folder = &self.root;
        let mut start = 0;
        let mut depth = 0;
        while let (name, Some(below)) = split_name(&prefix[start..], depth, self.separator) {
            match folder.find(name)? {
                NodeRef::Folder(child) => folder = child,
                NodeRef::Leaf { .. } => return None,
            }
            start = prefix.len() - below.len();
            depth += 1;
        }
        Some((folder, start))
    }

    /// Visits every key from `start` on and below `end` (`None`: to the end of the key space), in
    /// byte order, until `visit` breaks.
    pub fn for_each_range(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], KeyView<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.root.walk_range(start, end, &mut Vec::with_capacity(256), visit)
    }

    /// The paths of all folders above a key (or of a folder), outermost first, without the root.
    #[must_use]
    pub fn ancestors<'k>(&self, key: &'k [u8]) -> Vec<&'k [u8]> {
        let mut ancestors = Vec::new();
        let mut rest = key;
        let mut depth = 0;
        while let (_, Some(below)) = split_name(rest, depth, self.separator) {
            ancestors.push(&key[..key.len() - below.len()]);
            rest = below;
            depth += 1;
        }
        ancestors
    }
}

/// Splits the rest of a key at `depth` into the first name and, if that name is a folder's, what
/// lies below it.
fn split_name(rest: &[u8], depth: usize, separator: u8) -> (&[u8], Option<&[u8]>) {
    if depth >= MAX_DEPTH {
        return (rest, None);
    }
    let skip = usize::from(depth == 0 && !rest.is_empty());
    match memchr::memchr(separator, &rest[skip..]) {
        Some(at) => {
            let (name, below) = rest.split_at(skip + at + 1);
            (name, Some(below))
        }
        None => (rest, None),
    }
}

#[cfg(test)]
pub(in crate::model) mod tests;
