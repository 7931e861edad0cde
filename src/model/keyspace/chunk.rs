//! A run of children of one folder, packed: names in one buffer, nodes in one array.

use std::sync::Arc;

use super::folder::{Folder, Leaf};

/// A chunk holds at most so many children; a change copies at most one chunk a level.
pub(super) const MAX_CHILDREN: usize = 128;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(Leaf),
    Folder(Arc<Folder>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    names: Vec<u8>,
    /// End of each name in `names`.
    ends: Vec<u32>,
    nodes: Vec<Node>,
}

impl Chunk {
    /// An empty chunk with room for so many children with so many bytes of names.
    pub(super) fn with_capacity(children: usize, bytes: usize) -> Self {
        Self {
            names: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(children),
            nodes: Vec::with_capacity(children),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn name(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.names[start..self.ends[index] as usize]
    }

    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub(super) fn node_mut(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// Index of the name, or where it would be inserted.
    pub(super) fn search(&self, name: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.name(middle).cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    pub(super) fn insert(&mut self, index: usize, name: &[u8], node: Node) {
        if index == self.len() {
            self.names.extend_from_slice(name);
            self.ends.push(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
            self.nodes.push(node);
            return;
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.names.splice(start..start, name.iter().copied());
        let added = u32::try_from(name.len()).unwrap_or(u32::MAX);
        for end in &mut self.ends[index..] {
            *end += added;
        }
        self.ends.insert(index, u32::try_from(start).unwrap_or(u32::MAX) + added);
        self.nodes.insert(index, node);
    }

    pub(super) fn remove(&mut self, index: usize) -> Node {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        let end = self.ends.remove(index);
        self.names.drain(start..end as usize);
        let removed = end - u32::try_from(start).unwrap_or(u32::MAX);
        for end in &mut self.ends[index..] {
            *end -= removed;
        }
        self.nodes.remove(index)
    }

    /// Moves the children from `index` on into a new chunk.
    pub(super) fn split_off(&mut self, index: usize) -> Self {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        let base = u32::try_from(start).unwrap_or(u32::MAX);
        let names = self.names.split_off(start);
        let mut ends = self.ends.split_off(index);
        for end in &mut ends {
            *end -= base;
        }
        Self { names, ends, nodes: self.nodes.split_off(index) }
    }

    /// Adds all children of `other`, which sort behind ours.
    pub(super) fn append(&mut self, other: &Self) {
        let base = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.extend_from_slice(&other.names);
        self.ends.extend(other.ends.iter().map(|end| end + base));
        self.nodes.extend(other.nodes.iter().cloned());
    }

    /// Gives back memory that a full chunk will not need.
    pub(super) fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }
}
