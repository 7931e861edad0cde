//! The rows of the tree that are in sight, without listing them all: a folder of a million keys
//! costs as much as one of ten.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bytes::Key;
use super::keyspace::{Folder, Keyspace, NodeRef};
use super::record::KeyMeta;

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

/// The rows of a key space with some folders expanded and some deleted keys still shown. Building
/// it costs the number of expanded folders and ghosts, not the number of keys.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    runs: Vec<(usize, Run)>,
    len: usize,
}

impl Rows {
    /// The rows of the folder at `root` (empty: the whole key space). `expanded` holds paths of
    /// folders, `ghosts` keys that are gone.
    #[must_use]
    pub fn build(
        keyspace: &Keyspace,
        root: &[u8],
        expanded: &BTreeSet<Vec<u8>>,
        ghosts: &BTreeSet<Key>,
    ) -> Self {
        let mut rows = Self::default();
        if let Some(folder) = keyspace.folder(root) {
            rows.add_folder(keyspace, folder, &Key::from(root), 0, expanded, ghosts);
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

    fn add_folder(
        &mut self,
        keyspace: &Keyspace,
        folder: &Arc<Folder>,
        path: &Key,
        depth: usize,
        expanded: &BTreeSet<Vec<u8>>,
        ghosts: &BTreeSet<Key>,
    ) {
        // What interrupts the run of children: open folders (behind their own row) and ghosts.
        let mut breaks: Vec<(usize, Option<Key>, Option<(Arc<Folder>, Key)>)> = Vec::new();
        for open in expanded.range(path.to_vec()..).take_while(|open| open.starts_with(path)) {
            let parent = keyspace.ancestors(open).iter().rev().nth(1).map_or(0, |parent| parent.len());
            if open.len() > path.len()
                && parent == path.len()
                && let Ok(at) = folder.position(&open[path.len()..])
                && let Some(child) = keyspace.folder(open)
            {
                breaks.push((at, None, Some((child.clone(), Key::from(open.as_slice())))));
            }
        }
        for ghost in ghosts.range(path.clone()..).take_while(|ghost| ghost.starts_with(path)) {
            let parent = keyspace.ancestors(ghost).last().map_or(0, |parent| parent.len());
            if parent == path.len()
                && let Err(at) = folder.position(&ghost[path.len()..])
            {
                breaks.push((at, Some(ghost.clone()), None));
            }
        }
        breaks.sort_by(|a, b| (a.0, a.1.is_none()).cmp(&(b.0, b.1.is_none())));
        let mut next = 0;
        let run = |first: usize, end: usize, open: bool| Run::Children {
            folder: folder.clone(),
            path: path.clone(),
            first,
            count: end.saturating_sub(first),
            depth,
            open,
        };
        for (at, ghost, open) in breaks {
            self.push(run(next, at, false));
            next = next.max(at);
            if let Some(key) = ghost {
                self.push(Run::Ghost { key, name_start: path.len(), depth });
            }
            if let Some((child, child_path)) = open {
                self.push(run(at, at + 1, true));
                next = at + 1;
                self.add_folder(keyspace, &child, &child_path, depth + 1, expanded, ghosts);
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
    pub fn position(&self, path: &[u8]) -> Option<usize> {
        self.runs.iter().find_map(|(start, run)| match run {
            Run::Ghost { key, .. } => (&**key == path).then_some(*start),
            Run::Children { folder, path: parent, first, count, .. } => {
                let name = path.strip_prefix(&**parent)?;
                let at = folder.position(name).ok()?;
                (*first..first + count).contains(&at).then(|| start + at - first)
            }
        })
    }
}
