//! Everything in the layers of one place, side by side.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::doc::Doc;
use super::find::{LayerSet, LayerStyle};
use super::open::{Opened, open};
use crate::model::bytes::{Key, Value};
use crate::model::keyspace::{KeyView, Keyspace};
use crate::model::record::KeyMeta;

/// At most so many keys are laid side by side.
pub const MAX_KEYS: usize = 50_000;

/// Values that were read because the mirror keeps none, with the revision that they are of.
pub type ReadValues = BTreeMap<Key, (i64, Value)>;

/// A key in one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The key.
    pub key: Key,
    /// Its revisions.
    pub meta: KeyMeta,
    /// Its value; `None`: not loaded, or no longer what was loaded.
    pub value: Option<Value>,
    /// What is in the value.
    pub opened: Option<Arc<Opened>>,
}

impl Cell {
    /// What is in it, where it is a structured value.
    #[must_use]
    pub fn doc(&self) -> Option<&Doc> {
        self.opened.as_ref()?.doc.as_ref()
    }
}

/// What is the same key in every layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The key without what tells the layers apart.
    pub name: Key,
    /// It in each layer.
    pub cells: Vec<Option<Cell>>,
}

/// Everything in the layers of one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The place.
    pub set: LayerSet,
    /// The keys, in order.
    pub items: Vec<Item>,
    /// The byte that ends a folder's name.
    pub separator: u8,
    /// Keys whose value is not loaded, at most one of each layer: to be read.
    pub unread: Vec<Key>,
    /// How many those are in all.
    pub unread_count: usize,
    /// There are more keys than are shown.
    pub cut: bool,
    /// Bytes of all values.
    pub bytes: usize,
}

impl Board {
    /// Lays the layers side by side. What was opened before and is unchanged is not opened again.
    #[must_use]
    pub fn build(keyspace: &Keyspace, set: &LayerSet, read: &ReadValues, before: Option<&Self>) -> Self {
        let mut builder = Builder { read, before, items: BTreeMap::new(), keys: 0, layers: set.layers.len() };
        match set.style {
            LayerStyle::Folders => {
                for (layer, of) in set.layers.iter().enumerate() {
                    let flow = keyspace.for_each_prefix(&of.mark, &mut |key, view| {
                        builder.add(&key[of.mark.len()..], layer, key, view)
                    });
                    if flow.is_break() {
                        break;
                    }
                }
            }
            LayerStyle::Files => {
                for (name, keys) in &set.files {
                    for (layer, key) in keys.iter().enumerate() {
                        if let Some((key, view)) =
                            key.as_ref().and_then(|key| Some((key, keyspace.get(key)?)))
                            && builder.add(name, layer, key, view).is_break()
                        {
                            break;
                        }
                    }
                }
            }
        }
        let cut = builder.keys >= MAX_KEYS;
        let items: Vec<Item> =
            builder.items.into_iter().map(|(name, cells)| Item { name: name.into(), cells }).collect();
        let (unread, unread_count) = unread(&items, set.layers.len());
        let cells = items.iter().flat_map(|item| item.cells.iter().flatten());
        let bytes = cells.filter_map(|cell| cell.value.as_ref()).map(|value| value.len()).sum();
        Self { set: set.clone(), items, separator: keyspace.separator(), unread, unread_count, cut, bytes }
    }

    /// The place of the item of this name.
    #[must_use]
    pub fn item_at(&self, name: &[u8]) -> Option<usize> {
        self.items.binary_search_by(|item| (*item.name).cmp(name)).ok()
    }

    /// The group (service) that a name belongs to: its first folder, of files the folder they are in;
    /// empty: none.
    #[must_use]
    pub fn group<'n>(&self, name: &'n [u8]) -> &'n [u8] {
        let end = match self.set.style {
            LayerStyle::Folders => name.iter().position(|byte| *byte == self.separator),
            LayerStyle::Files => name.iter().rposition(|byte| *byte == self.separator),
        };
        end.map_or(&[], |end| &name[..=end])
    }
}

struct Builder<'b> {
    read: &'b ReadValues,
    before: Option<&'b Board>,
    items: BTreeMap<Vec<u8>, Vec<Option<Cell>>>,
    keys: usize,
    layers: usize,
}

impl Builder<'_> {
    fn add(&mut self, name: &[u8], layer: usize, key: &[u8], view: KeyView<'_>) -> ControlFlow<()> {
        let cell = self.cell(name, layer, key, view);
        let cells = self.items.entry(name.to_vec()).or_insert_with(|| vec![None; self.layers]);
        cells[layer] = Some(cell);
        self.keys += 1;
        if self.keys >= MAX_KEYS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn cell(&self, name: &[u8], layer: usize, key: &[u8], view: KeyView<'_>) -> Cell {
        let KeyView { meta, value } = view;
        let read = || {
            let (revision, value) = self.read.get(key)?;
            (*revision == meta.mod_revision).then_some(value)
        };
        let value = value.or_else(read).cloned();
        let known = self.before.and_then(|before| {
            let item = before.items.get(before.item_at(name)?)?;
            item.cells.get(layer)?.as_ref().filter(|cell| *cell.key == *key && cell.meta == meta)
        });
        let same = known.filter(|known| known.value.is_some() && known.value == value);
        let opened = match (same, &value) {
            (Some(known), _) => known.opened.clone(),
            (None, Some(value)) => Some(Arc::new(open(key, value))),
            (None, None) => None,
        };
        Cell { key: key.into(), meta, value, opened }
    }
}

fn unread(items: &[Item], layers: usize) -> (Vec<Key>, usize) {
    let mut first: Vec<Option<Key>> = vec![None; layers];
    let mut count = 0;
    for item in items {
        for (layer, cell) in item.cells.iter().enumerate() {
            if let Some(cell) = cell.as_ref().filter(|cell| cell.value.is_none()) {
                count += 1;
                first[layer].get_or_insert_with(|| cell.key.clone());
            }
        }
    }
    (first.into_iter().flatten().collect(), count)
}
