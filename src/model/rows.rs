//! The rows of the tree that are in sight, without listing them all: a folder of a million keys
//! costs as much as one of ten.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bytes::{Key, prefix_end};
use super::keyspace::{Folder, Keyspace, NodeRef};
use super::record::KeyMeta;
use super::tree_item::TreeItem;

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A folder.
    Folder {
        /// Keys in it and below.
        keys: u64,
        /// Whether its children are shown.
        expanded: bool,
    },
    /// A key.
    Leaf {
        /// Revisions, version, lease.
        meta: KeyMeta,
    },
    /// A key that was deleted.
    Ghost,
    /// A folder that is gone: every key in it was deleted.
    GhostFolder {
        /// Deleted keys in it and below.
        keys: u64,
        /// Whether its children are shown.
        expanded: bool,
    },
}

impl RowKind {
    /// Whether it is open; `None`: it is no folder.
    #[must_use]
    pub fn expanded(&self) -> Option<bool> {
        match self {
            Self::Folder { expanded, .. } | Self::GhostFolder { expanded, .. } => Some(*expanded),
            Self::Leaf { .. } | Self::Ghost => None,
        }
    }

    /// Whether it is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Ghost | Self::GhostFolder { .. })
    }
}

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, or the folder's path with its separator.
    pub path: Key,
    /// Where the name begins in the path.
    pub name_start: usize,
    /// Nesting, 0 at the top.
    pub depth: usize,
    /// What it is.
    pub kind: RowKind,
}

impl Row {
    /// The last part of the path, as shown.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.path[self.name_start..]
    }

    /// What it stands for; a deleted key is a key.
    #[must_use]
    pub fn item(&self) -> TreeItem {
        match self.kind {
            RowKind::Folder { .. } | RowKind::GhostFolder { .. } => TreeItem::folder(self.path.clone()),
            RowKind::Leaf { .. } | RowKind::Ghost => TreeItem::key(self.path.clone()),
        }
    }
}

/// A stretch of rows that come straight from one folder.
#[derive(Clone, Debug)]
struct Run {
    folder: Arc<Folder>,
    path: Key,
    first: usize,
    count: usize,
    depth: usize,
    /// The one row is an open folder.
    open: bool,
    /// What is in it was deleted.
    gone: bool,
}

/// What interrupts the run of a folder's children.
enum Break<'a> {
    /// Deleted children, in their order, before the child at this place.
    Gone { folder: &'a Arc<Folder>, first: usize, count: usize },
    /// A folder that is gone and open, before the child at this place.
    GoneOpen { folder: &'a Arc<Folder>, at: usize, child: &'a Arc<Folder>, path: Key },
    /// The child at this place is open: its own rows follow it.
    Open { child: Arc<Folder>, path: Key },
}

struct BreakAt<'a> {
    at: usize,
    what: Break<'a>,
}

/// What rows are built from.
struct Tree<'a> {
    keyspace: &'a Keyspace,
    expanded: &'a BTreeSet<Vec<u8>>,
    /// Folders above the root of the rows.
    outer: usize,
}

impl Tree<'_> {
    /// The open folders among the children of the folder at this path.
    fn open_in<'a>(&self, folder: &Folder, path: &[u8], depth: usize) -> Vec<BreakAt<'a>> {
        let mut found = Vec::new();
        let mut from = path.to_vec();
        // From one child to the next, past all open folders further below.
        while let Some(open) = self.expanded.range(from..).find(|open| open.len() > path.len()) {
            let Some(rest) = open.strip_prefix(path) else { break };
            let (name, below) = self.keyspace.step(rest, self.outer + depth);
            if below.is_some_and(<[u8]>::is_empty)
                && let Ok(at) = folder.position(name)
                && let Some(NodeRef::Folder(child)) = folder.find(name)
            {
                let what = Break::Open { child: child.clone(), path: Key::from(open.as_slice()) };
                found.push(BreakAt { at, what });
            }
            let Some(next) = prefix_end(&open[..path.len() + name.len()]) else { break };
            from = next;
        }
        found
    }

    /// The deleted children of a folder that have no living one of their name.
    fn gone_in<'a>(&self, folder: &Folder, ghosts: &'a Arc<Folder>, path: &Key) -> Vec<BreakAt<'a>> {
        let mut found: Vec<BreakAt<'a>> = Vec::new();
        for (index, (name, node)) in ghosts.children_from(0).enumerate() {
            // It exists (again), or goes on further below.
            let Err(at) = folder.position(name) else { continue };
            if let NodeRef::Folder(child) = node {
                let child_path = joined(path, name);
                if self.expanded.contains(&*child_path) {
                    let what = Break::GoneOpen { folder: ghosts, at: index, child, path: child_path };
                    found.push(BreakAt { at, what });
                    continue;
                }
            }
            if let Some(BreakAt { at: last, what: Break::Gone { first, count, .. } }) = found.last_mut()
                && *last == at
                && *first + *count == index
            {
                *count += 1;
                continue;
            }
            found.push(BreakAt { at, what: Break::Gone { folder: ghosts, first: index, count: 1 } });
        }
        found
    }
}

/// The children of one folder, of which runs are made.
struct Stretch<'a> {
    folder: &'a Arc<Folder>,
    path: &'a Key,
    depth: usize,
    gone: bool,
}

impl Stretch<'_> {
    /// So many children from this one on.
    fn run(&self, first: usize, count: usize, open: bool) -> Run {
        let Self { folder, path, depth, gone } = *self;
        Run { folder: folder.clone(), path: path.clone(), first, count, depth, open, gone }
    }

    /// The deleted ones at the same place.
    fn gone<'a>(&'a self, ghosts: &'a Arc<Folder>) -> Stretch<'a> {
        Stretch { folder: ghosts, gone: true, ..*self }
    }
}

/// The path of a child.
fn joined(path: &[u8], name: &[u8]) -> Key {
    let mut full = Vec::with_capacity(path.len() + name.len());
    full.extend_from_slice(path);
    full.extend_from_slice(name);
    full.into()
}

/// The rows of a key space with some folders expanded and some deleted keys still shown. Building
/// it costs the number of expanded folders and of ghosts in them, not the number of keys.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    runs: Vec<(usize, Run)>,
    len: usize,
}

impl Rows {
    /// The rows of the folder at `root` (empty: the whole key space). `expanded` holds paths of
    /// folders, `ghosts` keys that are gone; those that exist are not shown twice. A folder of which
    /// only deleted keys are left is shown as one that is gone.
    #[must_use]
    pub fn build(keyspace: &Keyspace, root: &[u8], expanded: &BTreeSet<Vec<u8>>, ghosts: &Keyspace) -> Self {
        let mut rows = Self::default();
        let tree = Tree { keyspace, expanded, outer: keyspace.ancestors(root).len() };
        let path = Key::from(root);
        let gone = ghosts.folder(root).filter(|_| !ghosts.is_empty());
        match (keyspace.folder(root), gone) {
            (Some(folder), gone) => rows.add_folder(&tree, folder, gone, &path, 0),
            (None, Some(gone)) => rows.add_gone(&tree, gone, &path, 0),
            (None, None) => {}
        }
        rows
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn push(&mut self, run: Run) {
        if run.count > 0 {
            let start = self.len;
            self.len += run.count;
            self.runs.push((start, run));
        }
    }

    fn add_folder(
        &mut self,
        tree: &Tree<'_>,
        folder: &Arc<Folder>,
        ghosts: Option<&Arc<Folder>>,
        path: &Key,
        depth: usize,
    ) {
        let mut breaks = ghosts.map_or_else(Vec::new, |ghosts| tree.gone_in(folder, ghosts, path));
        breaks.extend(tree.open_in(folder, path, depth));
        // Stable: ghosts stay in key order, and before the child at whose place they stood.
        breaks.sort_by_key(|found| (found.at, matches!(found.what, Break::Open { .. })));
        let mut next = 0;
        let here = Stretch { folder, path, depth, gone: false };
        for BreakAt { at, what } in breaks {
            self.push(here.run(next, at - next, false));
            next = at;
            match what {
                Break::Gone { folder: ghosts, first, count } => {
                    self.push(here.gone(ghosts).run(first, count, false));
                }
                Break::GoneOpen { folder: ghosts, at, child, path: child_path } => {
                    self.push(here.gone(ghosts).run(at, 1, true));
                    self.add_gone(tree, child, &child_path, depth + 1);
                }
                Break::Open { child, path: child_path } => {
                    self.push(here.run(at, 1, true));
                    next = at + 1;
                    let below = ghosts.and_then(|ghosts| match ghosts.find(&child_path[path.len()..]) {
                        Some(NodeRef::Folder(below)) => Some(below),
                        _ => None,
                    });
                    self.add_folder(tree, &child, below, &child_path, depth + 1);
                }
            }
        }
        self.push(here.run(next, folder.children() - next, false));
    }

    /// A folder of which everything is gone.
    fn add_gone(&mut self, tree: &Tree<'_>, folder: &Arc<Folder>, path: &Key, depth: usize) {
        let mut breaks = tree.open_in(folder, path, depth);
        breaks.sort_by_key(|found| found.at);
        let mut next = 0;
        let here = Stretch { folder, path, depth, gone: true };
        for BreakAt { at, what } in breaks {
            let Break::Open { child, path: child_path } = what else { continue };
            self.push(here.run(next, at - next, false));
            self.push(here.run(at, 1, true));
            next = at + 1;
            self.add_gone(tree, &child, &child_path, depth + 1);
        }
        self.push(here.run(next, folder.children() - next, false));
    }

    /// The rows from `first` on, at most `count`.
    #[must_use]
    pub fn slice(&self, first_row: usize, count: usize) -> Vec<Row> {
        let end = self.len.min(first_row.saturating_add(count));
        let mut rows = Vec::with_capacity(end.saturating_sub(first_row));
        let mut at = self.runs.partition_point(|(start, run)| start + run.count <= first_row);
        while let Some((start, run)) = self.runs.get(at).filter(|(start, _)| *start < end) {
            let skip = first_row.saturating_sub(*start);
            let take = (run.count - skip).min(end - first_row - rows.len());
            for (name, node) in run.folder.children_from(run.first + skip).take(take) {
                let (path, name_start) = (joined(&run.path, name), run.path.len());
                let expanded = run.open;
                let kind = match node {
                    NodeRef::Leaf { .. } if run.gone => RowKind::Ghost,
                    NodeRef::Leaf { meta, .. } => RowKind::Leaf { meta },
                    NodeRef::Folder(folder) if run.gone => {
                        RowKind::GhostFolder { keys: folder.keys(), expanded }
                    }
                    NodeRef::Folder(folder) => RowKind::Folder { keys: folder.keys(), expanded },
                };
                rows.push(Row { path, name_start, depth: run.depth, kind });
            }
            at += 1;
        }
        rows
    }

    /// The place of a key or folder among the rows, if it is in an open folder.
    #[must_use]
    pub fn position(&self, item: &TreeItem) -> Option<usize> {
        self.runs.iter().find_map(|(start, run)| {
            let name = item.path.strip_prefix(&*run.path)?;
            let at = run.folder.position(name).ok()?;
            // `a/` is the folder `a/` here, or the key without a name in it.
            let is_folder = matches!(run.folder.find(name)?, NodeRef::Folder(_));
            let found = is_folder == item.is_folder() && (run.first..run.first + run.count).contains(&at);
            found.then(|| start + at - run.first)
        })
    }
}

#[cfg(test)]
mod tests;
