//! One folder: its children in name order, in chunks.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::chunk::{Chunk, MAX_CHILDREN, Node};
use super::run::Run;
use super::{KeyView, split_name};
use crate::model::bytes::Value;
use crate::model::record::KeyMeta;

type Visit<'v> = dyn FnMut(&[u8], KeyView<'_>) -> ControlFlow<()> + 'v;

/// What is kept of one key.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) meta: KeyMeta,
    pub(super) value: Option<Value>,
}

/// A folder of the key space.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    chunks: Vec<Arc<Chunk>>,
    children: usize,
    keys: u64,
}

/// A child of a folder.
#[derive(Clone, Copy, Debug)]
pub enum NodeRef<'a> {
    /// A key.
    Leaf {
        /// Revisions, version, lease.
        meta: KeyMeta,
        /// The value, where loaded.
        value: Option<&'a Value>,
    },
    /// A folder.
    Folder(&'a Arc<Folder>),
}

impl Folder {
    /// Number of keys in this folder and below.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Number of direct children, keys and folders.
    #[must_use]
    pub fn children(&self) -> usize {
        self.children
    }

    /// The child at this place in name order: its name (a folder's ends with the separator) and
    /// what it is.
    #[must_use]
    pub fn child(&self, index: usize) -> Option<(&[u8], NodeRef<'_>)> {
        let mut rest = index;
        for chunk in &self.chunks {
            if rest < chunk.len() {
                return Some((chunk.name(rest), node_ref(chunk.node(rest))));
            }
            rest -= chunk.len();
        }
        None
    }

    /// The children from `start` on, in name order: cheaper than asking for each by its index.
    pub fn children_from(&self, start: usize) -> impl Iterator<Item = (&[u8], NodeRef<'_>)> {
        let mut skip = start;
        self.chunks.iter().flat_map(move |chunk| {
            let from = skip.min(chunk.len());
            skip -= from;
            (from..chunk.len()).map(move |at| (chunk.name(at), node_ref(chunk.node(at))))
        })
    }

    /// The child of this name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<NodeRef<'_>> {
        let chunk = self.chunks.get(self.chunk_of(name))?;
        chunk.search(name).ok().map(|at| node_ref(chunk.node(at)))
    }

    /// Place of the child of this name in name order, or where it would be.
    pub fn position(&self, name: &[u8]) -> Result<usize, usize> {
        let at = self.chunk_of(name);
        let before: usize = self.chunks.iter().take(at).map(|chunk| chunk.len()).sum();
        match self.chunks.get(at).map_or(Err(0), |chunk| chunk.search(name)) {
            Ok(place) => Ok(before + place),
            Err(place) => Err(before + place),
        }
    }

    /// Index of the chunk that would hold the name.
    fn chunk_of(&self, name: &[u8]) -> usize {
        // The fast way of a listing in key order: behind the first name of the last chunk.
        if self.chunks.last().is_some_and(|last| last.name(0) <= name) {
            return self.chunks.len() - 1;
        }
        self.chunks.partition_point(|chunk| chunk.name(0) <= name).saturating_sub(1)
    }

    pub(super) fn put(&mut self, rest: &[u8], depth: usize, separator: u8, leaf: Leaf) -> Option<Leaf> {
        let (name, below) = split_name(rest, depth, separator);
        let at = self.chunk_of(name);
        let place = self.chunks.get(at).map_or(Err(0), |chunk| chunk.search(name));
        match place {
            Ok(place) => {
                let chunk = Arc::make_mut(&mut self.chunks[at]);
                let before = match (chunk.node_mut(place), below) {
                    (Node::Leaf(present), None) => Some(std::mem::replace(present, leaf)),
                    (Node::Folder(folder), Some(below)) => {
                        Arc::make_mut(folder).put(below, depth + 1, separator, leaf)
                    }
                    // A folder's name ends with the separator where a leaf's can not, but at the
                    // depth limit, where everything is a leaf.
                    _ => None,
                };
                self.keys += u64::from(before.is_none());
                before
            }
            Err(place) => {
                let node = match below {
                    None => Node::Leaf(leaf),
                    Some(below) => {
                        let mut folder = Self::default();
                        folder.put(below, depth + 1, separator, leaf);
                        Node::Folder(Arc::new(folder))
                    }
                };
                self.insert(at, place, name, node, (0, 0));
                self.keys += 1;
                None
            }
        }
    }

    /// Writes the keys of the run for as long as they lie in this folder, whose path has
    /// `path_len` bytes. Tells how many are new.
    pub(super) fn put_run(&mut self, run: &mut Run<'_>, path_len: usize, depth: usize) -> u64 {
        let mut added = 0;
        let Some(first) = run.key() else { return 0 };
        let path = &first[..path_len];
        while let Some(key) = run.key().filter(|key| key.starts_with(path)) {
            let (name, below) = split_name(&key[path_len..], depth, run.separator());
            let (at, place) = self.place_of(name);
            match (place, below) {
                (Ok(place), None) => {
                    let chunk = Arc::make_mut(&mut self.chunks[at]);
                    if let Node::Leaf(present) = chunk.node_mut(place) {
                        run.replace(present);
                    } else {
                        run.skip();
                    }
                }
                (Ok(place), Some(_)) => {
                    let chunk = Arc::make_mut(&mut self.chunks[at]);
                    if let Node::Folder(folder) = chunk.node_mut(place) {
                        added += Arc::make_mut(folder).put_run(run, path_len + name.len(), depth + 1);
                    } else {
                        run.skip();
                    }
                }
                (Err(place), None) => {
                    let room = if self.begins_chunk(at, place) { run.room_ahead(path) } else { (0, 0) };
                    let leaf = run.leaf();
                    self.insert(at, place, name, Node::Leaf(leaf), room);
                    added += 1;
                }
                (Err(place), Some(_)) => {
                    let mut folder = Self::default();
                    added += folder.put_run(run, path_len + name.len(), depth + 1);
                    self.insert(at, place, name, Node::Folder(Arc::new(folder)), (0, 0));
                }
            }
        }
        self.keys += added;
        added
    }

    /// The chunk and the place in it of a name; behind all others is looked at first.
    fn place_of(&self, name: &[u8]) -> (usize, Result<usize, usize>) {
        if let Some(last) = self.chunks.last()
            && last.name(last.len() - 1) < name
        {
            return (self.chunks.len() - 1, Err(last.len()));
        }
        let at = self.chunk_of(name);
        (at, self.chunks.get(at).map_or(Err(0), |chunk| chunk.search(name)))
    }

    /// Whether an insertion there begins a new chunk behind all others.
    fn begins_chunk(&self, at: usize, place: usize) -> bool {
        self.chunks.get(at).is_none_or(|chunk| place == chunk.len() && place >= MAX_CHILDREN)
    }

    /// Inserts a child. If that begins a new chunk, the chunk gets room for so many children with
    /// so many bytes of names.
    fn insert(&mut self, at: usize, place: usize, name: &[u8], node: Node, room: (usize, usize)) {
        self.children += 1;
        let Some(chunk) = self.chunks.get_mut(at) else {
            let mut chunk = Chunk::with_capacity(room.0, room.1);
            chunk.insert(0, name, node);
            self.chunks.push(Arc::new(chunk));
            return;
        };
        if chunk.len() < MAX_CHILDREN {
            Arc::make_mut(chunk).insert(place, name, node);
            return;
        }
        let full = Arc::make_mut(chunk);
        let mut upper;
        if place == full.len() {
            // Listed in key order: leave the full chunk packed and begin the next one.
            full.shrink();
            upper = Chunk::with_capacity(room.0, room.1);
            upper.insert(0, name, node);
        } else {
            upper = full.split_off(MAX_CHILDREN / 2);
            if place <= full.len() {
                full.insert(place, name, node);
            } else {
                upper.insert(place - full.len(), name, node);
            }
        }
        self.chunks.insert(at + 1, Arc::new(upper));
    }

    pub(super) fn remove(&mut self, rest: &[u8], depth: usize, separator: u8) -> Option<Leaf> {
        let (name, below) = split_name(rest, depth, separator);
        let at = self.chunk_of(name);
        let place = self.chunks.get(at)?.search(name).ok()?;
        let chunk = Arc::make_mut(&mut self.chunks[at]);
        let (removed, gone) = match (chunk.node_mut(place), below) {
            (Node::Leaf(leaf), None) => (leaf.clone(), true),
            (Node::Folder(folder), Some(below)) => {
                let folder = Arc::make_mut(folder);
                let removed = folder.remove(below, depth + 1, separator)?;
                (removed, folder.keys == 0)
            }
            _ => return None,
        };
        self.keys -= 1;
        if gone {
            self.children -= 1;
            chunk.remove(place);
            self.tidy(at);
        }
        Some(removed)
    }

    /// Drops an empty chunk, and joins a small one with its neighbour.
    fn tidy(&mut self, at: usize) {
        if self.chunks[at].len() == 0 {
            self.chunks.remove(at);
            return;
        }
        let together = |other: usize| self.chunks[at].len() + self.chunks[other].len();
        if at + 1 < self.chunks.len() && together(at + 1) <= MAX_CHILDREN / 2 {
            let next = self.chunks.remove(at + 1);
            Arc::make_mut(&mut self.chunks[at]).append(&next);
        } else if at > 0 && together(at - 1) <= MAX_CHILDREN / 2 {
            let this = self.chunks.remove(at);
            Arc::make_mut(&mut self.chunks[at - 1]).append(&this);
        }
    }

    /// Visits every key below in byte order; `path` is the folder's own path.
    pub(super) fn walk(&self, path: &mut Vec<u8>, visit: &mut Visit<'_>) -> ControlFlow<()> {
        for (name, node) in self.children_from(0) {
            walk_node(name, node, path, visit)?;
        }
        ControlFlow::Continue(())
    }

    /// Visits every key below but the first `skip`, in byte order.
    pub(super) fn walk_from(&self, skip: u64, path: &mut Vec<u8>, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let mut skip = skip;
        for chunk in &self.chunks {
            for at in 0..chunk.len() {
                let node = node_ref(chunk.node(at));
                let keys = node_keys(node);
                if skip >= keys {
                    skip -= keys;
                    continue;
                }
                match node {
                    NodeRef::Folder(folder) if skip > 0 => {
                        let length = path.len();
                        path.extend_from_slice(chunk.name(at));
                        let flow = folder.walk_from(skip, path, visit);
                        path.truncate(length);
                        flow?;
                    }
                    _ => walk_node(chunk.name(at), node, path, visit)?,
                }
                skip = 0;
            }
        }
        ControlFlow::Continue(())
    }

    /// Visits every key below whose whole path lies in the range, in byte order.
    pub(super) fn walk_range(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        path: &mut Vec<u8>,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        // Where the folder's path lies wholly before or behind the start decides about the children.
        let first = match start.strip_prefix(path.as_slice()) {
            // The child before the place of the rest may be a folder that holds the start.
            Some(rest) => self.position(rest).unwrap_or_else(|at| at.saturating_sub(1)),
            None if path.as_slice() < start => self.children,
            None => 0,
        };
        let length = path.len();
        for (name, node) in self.children_from(first) {
            path.truncate(length);
            path.extend_from_slice(name);
            if end.is_some_and(|end| path.as_slice() >= end) {
                break;
            }
            match node {
                NodeRef::Leaf { meta, value } if path.as_slice() >= start => {
                    visit(path, KeyView { meta, value })?;
                }
                NodeRef::Leaf { .. } => {}
                NodeRef::Folder(folder) => folder.walk_range(start, end, path, visit)?,
            }
        }
        path.truncate(length);
        ControlFlow::Continue(())
    }

    /// Number of keys below whose first name starts with `start`.
    pub(super) fn count_starting_with(&self, start: &[u8]) -> u64 {
        if start.is_empty() {
            return self.keys;
        }
        let (Ok(first) | Err(first)) = self.position(start);
        let matching = self.children_from(first).take_while(|(name, _)| name.starts_with(start));
        matching.map(|(_, node)| node_keys(node)).sum()
    }

    /// Visits every key below whose first name starts with `start`.
    pub(super) fn walk_starting_with(
        &self,
        start: &[u8],
        path: &mut Vec<u8>,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let (Ok(first) | Err(first)) = self.position(start);
        for (name, node) in self.children_from(first).take_while(|(name, _)| name.starts_with(start)) {
            walk_node(name, node, path, visit)?;
        }
        ControlFlow::Continue(())
    }
}

fn node_keys(node: NodeRef<'_>) -> u64 {
    match node {
        NodeRef::Leaf { .. } => 1,
        NodeRef::Folder(folder) => folder.keys,
    }
}

fn walk_node(name: &[u8], node: NodeRef<'_>, path: &mut Vec<u8>, visit: &mut Visit<'_>) -> ControlFlow<()> {
    let length = path.len();
    path.extend_from_slice(name);
    let flow = match node {
        NodeRef::Leaf { meta, value } => visit(path, KeyView { meta, value }),
        NodeRef::Folder(folder) => folder.walk(path, visit),
    };
    path.truncate(length);
    flow
}

fn node_ref(node: &Node) -> NodeRef<'_> {
    match node {
        Node::Leaf(leaf) => NodeRef::Leaf { meta: leaf.meta, value: leaf.value.as_ref() },
        Node::Folder(folder) => NodeRef::Folder(folder),
    }
}
