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
    /// A key that was deleted a moment ago.
    Ghost,
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
            RowKind::Folder { .. } => TreeItem::folder(self.path.clone()),
            RowKind::Leaf { .. } | RowKind::Ghost => TreeItem::key(self.path.clone()),
        }
    }
}

/// A stretch of rows that come straight from one folder.
#[derive(Clone, Debug)]
enum Run {
    Children { folder: Arc<Folder>, path: Key, first: usize, count: usize, depth: usize, open: bool },
    Ghost { key: Key, name_start: usize, depth: usize },
}

impl Run {
    fn len(&self) -> usize {
        match self {
            Self::Children { count, .. } => *count,
            Self::Ghost { .. } => 1,
        }
    }
}

/// What interrupts the run of a folder's children.
enum Break {
    /// A deleted key, before the child at this place.
    Ghost(Key),
    /// The child at this place is open: its own rows follow it.
    Open { folder: Arc<Folder>, path: Key },
}

struct BreakAt {
    at: usize,
    what: Break,
}

/// What rows are built from.
struct Tree<'a> {
    keyspace: &'a Keyspace,
    expanded: &'a BTreeSet<Vec<u8>>,
    ghosts: &'a BTreeSet<Key>,
    /// Folders above the root of the rows.
    outer: usize,
}

impl Tree<'_> {
    /// The open folders among the children of the folder at this path.
    fn open_in(&self, folder: &Folder, path: &[u8], depth: usize) -> Vec<BreakAt> {
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
                let what = Break::Open { folder: child.clone(), path: Key::from(open.as_slice()) };
                found.push(BreakAt { at, what });
            }
            let Some(next) = prefix_end(&open[..path.len() + name.len()]) else { break };
            from = next;
        }
        found
    }

    /// The deleted keys that belong directly into the folder at this path.
    fn ghosts_in(&self, folder: &Folder, path: &Key, depth: usize) -> Vec<BreakAt> {
        let mut found = Vec::new();
        let mut from = path.clone();
        'children: loop {
            let mut next = None;
            for ghost in self.ghosts.range(from..) {
                let Some(rest) = ghost.strip_prefix(&**path) else { break };
                let (name, below) = self.keyspace.step(rest, self.outer + depth);
                match (folder.position(name), below) {
                    (Err(at), _) => found.push(BreakAt { at, what: Break::Ghost(ghost.clone()) }),
                    // The key exists again.
                    (Ok(_), None) => {}
                    // It belongs further below: go on behind that child.
                    (Ok(_), Some(_)) => {
                        next = prefix_end(&ghost[..path.len() + name.len()]);
                        break;
                    }
                }
            }
            match next {
                Some(next) => from = next.into(),
                None => break 'children,
            }
        }
        found
    }
}

/// The rows of a key space with some folders expanded and some deleted keys still shown. Building
/// it costs the number of expanded folders and ghosts, not the number of keys.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    runs: Vec<(usize, Run)>,
    len: usize,
}

impl Rows {
    /// The rows of the folder at `root` (empty: the whole key space). `expanded` holds paths of
    /// folders, `ghosts` keys that are gone. A ghost whose folder is gone as well stands in the
    /// innermost folder that is left of its path.
    #[must_use]
    pub fn build(
        keyspace: &Keyspace,
        root: &[u8],
        expanded: &BTreeSet<Vec<u8>>,
        ghosts: &BTreeSet<Key>,
    ) -> Self {
        let mut rows = Self::default();
        if let Some(folder) = keyspace.folder(root) {
            let outer = keyspace.ancestors(root).len();
            let tree = Tree { keyspace, expanded, ghosts, outer };
            rows.add_folder(&tree, folder, &Key::from(root), 0);
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
        if run.len() > 0 {
            let start = self.len;
            self.len += run.len();
            self.runs.push((start, run));
        }
    }

    fn add_folder(&mut self, tree: &Tree<'_>, folder: &Arc<Folder>, path: &Key, depth: usize) {
        let mut breaks = tree.ghosts_in(folder, path, depth);
        breaks.extend(tree.open_in(folder, path, depth));
        // Stable: ghosts stay in key order, and before the child at whose place they stood.
        breaks.sort_by_key(|found| (found.at, matches!(found.what, Break::Open { .. })));
        let mut next = 0;
        let run = |first: usize, end: usize, open: bool| Run::Children {
            folder: folder.clone(),
            path: path.clone(),
            first,
            count: end - first,
            depth,
            open,
        };
        for BreakAt { at, what } in breaks {
            self.push(run(next, at, false));
            next = at;
            match what {
                Break::Ghost(key) => self.push(Run::Ghost { key, name_start: path.len(), depth }),
                Break::Open { folder: child, path: child_path } => {
                    self.push(run(at, at + 1, true));
                    next = at + 1;
                    self.add_folder(tree, &child, &child_path, depth + 1);
                }
            }
        }
        self.push(run(next, folder.children(), false));
    }

    /// The rows from `first` on, at most `count`.
    #[must_use]
    pub fn slice(&self, first_row: usize, count: usize) -> Vec<Row> {
        let end = self.len.min(first_row.saturating_add(count));
        let mut rows = Vec::with_capacity(end.saturating_sub(first_row));
        let mut at = self.runs.partition_point(|(start, run)| start + run.len() <= first_row);
        while let Some((start, run)) = self.runs.get(at).filter(|(start, _)| *start < end) {
            let skip = first_row.saturating_sub(*start);
            match run {
                Run::Ghost { key, name_start, depth } => rows.push(Row {
                    path: key.clone(),
                    name_start: *name_start,
                    depth: *depth,
                    kind: RowKind::Ghost,
                }),
                Run::Children { folder, path, first, count, depth, open } => {
                    let take = (*count - skip).min(end - first_row - rows.len());
                    for (name, node) in folder.children_from(first + skip).take(take) {
                        let mut full = Vec::with_capacity(path.len() + name.len());
                        full.extend_from_slice(path);
                        full.extend_from_slice(name);
                        let kind = match node {
                            NodeRef::Leaf { meta, .. } => RowKind::Leaf { meta },
                            NodeRef::Folder(folder) => {
                                RowKind::Folder { keys: folder.keys(), expanded: *open }
                            }
                        };
                        rows.push(Row { path: full.into(), name_start: path.len(), depth: *depth, kind });
                    }
                }
            }
            at += 1;
        }
        rows
    }

    /// The place of a key or folder among the rows, if it is in an open folder.
    #[must_use]
    pub fn position(&self, item: &TreeItem) -> Option<usize> {
        self.runs.iter().find_map(|(start, run)| match run {
            Run::Ghost { key, .. } => (*key == item.path && !item.is_folder()).then_some(*start),
            Run::Children { folder, path: parent, first, count, .. } => {
                let name = item.path.strip_prefix(&**parent)?;
                let at = folder.position(name).ok()?;
                // `a/` is the folder `a/` here, or the key without a name in it.
                let is_folder = matches!(folder.find(name)?, NodeRef::Folder(_));
                let found = is_folder == item.is_folder() && (*first..first + count).contains(&at);
                found.then(|| start + at - first)
            }
        })
    }
}

#[cfg(test)]
mod tests;
