//! What an environment really has: the layers laid on each other, every value with its origin.

use super::board::{Board, Cell, Item};
use super::doc::{Doc, DocKind, DocPath, path_text};
use super::open::Opened;
use super::secret::looks_secret;
use crate::model::bytes::Value;
use crate::model::format::ValueFormat;
use crate::model::key_text::{display_key, preview_value};

/// So much of a value is shown in a row.
const ROW_CHARS: usize = 160;

/// A value as a row shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it is.
    pub kind: DocKind,
    /// It on one line.
    pub text: String,
}

/// What an item is in an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective<'b> {
    /// The layer that gives it, of merged values the highest one that has a part in it.
    pub winner: usize,
    /// The value in structure; merged where layers are merged.
    pub doc: Option<std::borrow::Cow<'b, Doc>>,
    /// The key and value that win.
    pub cell: &'b Cell,
    /// Values are merged: several layers have a part in it.
    pub merged: bool,
}

/// One value of the effective configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The item's place on the board.
    pub item: usize,
    /// Where in its value; `None`: the whole value.
    pub path: Option<DocPath>,
    /// As shown: the name, and the path.
    pub name: String,
    /// The path as shown.
    pub path_text: String,
    /// The layer that it comes from.
    pub winner: usize,
    /// The value.
    pub value: Shown,
    /// How many layers below have another word on it.
    pub shadowed: usize,
    /// It says the same as what it lies over.
    pub same: bool,
    /// No other environment and no shared layer has it.
    pub only_here: bool,
    /// It is likely a secret.
    pub secret: bool,
}

impl Item {
    /// What this item is in an environment made of these layers, lowest first. `None`: it is not there.
    #[must_use]
    pub fn effective(&self, stack: &[usize], deep: bool) -> Option<Effective<'_>> {
        use std::borrow::Cow;
        let present = || stack.iter().filter_map(|at| Some((*at, self.cells.get(*at)?.as_ref()?)));
        let (winner, cell) = present().next_back()?;
        let all_maps = || present().all(|(_, cell)| cell.doc().is_some_and(Doc::is_map));
        if deep && present().count() > 1 && all_maps() {
            let mut docs = present().filter_map(|(_, cell)| cell.doc());
            let first = docs.next()?.clone();
            let doc = docs.fold(first, |below, above| below.merged(above));
            return Some(Effective { winner, doc: Some(Cow::Owned(doc)), cell, merged: true });
        }
        Some(Effective { winner, doc: cell.doc().map(Cow::Borrowed), cell, merged: false })
    }

    /// What a layer says at a path; `None`: nothing.
    #[must_use]
    pub fn said(&self, layer: usize, path: Option<&[String]>) -> Option<Said<'_>> {
        let cell = self.cells.get(layer)?.as_ref()?;
        match path {
            None => Some(Said::Whole(cell)),
            Some(path) => cell.doc()?.get(path).map(Said::Part),
        }
    }
}

/// What one layer says.
#[derive(Clone, Copy, Debug)]
pub enum Said<'b> {
    /// A whole value.
    Whole(&'b Cell),
    /// A part of a structured one.
    Part(&'b Doc),
}

impl Said<'_> {
    /// Whether both say the same; values that are not loaded are never known to.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Part(one), Self::Part(two)) => one == two,
            (Self::Whole(one), Self::Whole(two)) => same_value(one, two),
            _ => false,
        }
    }

    /// It as a row shows it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self {
            Self::Part(doc) => part_shown(doc),
            Self::Whole(cell) => whole_shown(cell.value.as_ref(), cell.opened.as_deref()),
        }
    }
}

/// Structured values are the same when they mean the same.
fn same_value(one: &Cell, two: &Cell) -> bool {
    let bytes = matches!((&one.value, &two.value), (Some(one), Some(two)) if one == two);
    bytes || matches!((one.doc(), two.doc()), (Some(one), Some(two)) if one == two)
}

pub(super) fn part_shown(doc: &Doc) -> Shown {
    Shown { kind: doc.kind(), text: doc.one_line(ROW_CHARS) }
}

pub(super) fn whole_shown(value: Option<&Value>, opened: Option<&Opened>) -> Shown {
    let Some(value) = value else { return Shown { kind: DocKind::Unknown, text: String::new() } };
    let kind = match opened.map(|opened| (opened.format, &opened.doc)) {
        Some((ValueFormat::Binary, _)) => DocKind::Binary,
        Some((_, Some(_))) => DocKind::Whole,
        _ if value.contains(&b'\n') => DocKind::Whole,
        _ => scalar_kind(value),
    };
    // A value of one line that ends with a newline is that line.
    Shown { kind, text: preview_value(value, ROW_CHARS) }
}

/// What a text without syntax is.
fn scalar_kind(value: &[u8]) -> DocKind {
    match std::str::from_utf8(value).map(str::trim) {
        Ok("true" | "false" | "null" | "on" | "off") => DocKind::Word,
        Ok(text) if !text.is_empty() && text.parse::<f64>().is_ok() => DocKind::Number,
        Ok(_) => DocKind::Text,
        Err(_) => DocKind::Binary,
    }
}

impl Board {
    /// Everything that an environment has, in the order of the keys. `by_path`: structured values one
    /// by one.
    #[must_use]
    pub fn effective(&self, environment: usize, by_path: bool) -> Vec<Row> {
        let stack = self.set.stack(environment);
        let mut rows = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let Some(effective) = item.effective(&stack, self.set.deep) else { continue };
            let doc = effective.doc.as_deref().filter(|doc| by_path && doc.is_map() && !doc.is_empty_map());
            match doc {
                Some(doc) => {
                    let merged = effective.merged;
                    doc.leaves(&mut |path, leaf| {
                        let winner = if merged { part_winner(item, &stack, path) } else { effective.winner };
                        rows.push(self.row(at, item, &stack, winner, Some((path, leaf))));
                    });
                }
                None => {
                    let mut row = self.row(at, item, &stack, effective.winner, None);
                    if let (true, Some(doc)) = (effective.merged, effective.doc.as_deref()) {
                        row.value = Shown { kind: DocKind::Whole, text: doc.one_line(ROW_CHARS) };
                    }
                    rows.push(row);
                }
            }
        }
        rows
    }

    fn row(
        &self,
        at: usize,
        item: &Item,
        stack: &[usize],
        winner: usize,
        part: Option<(&[String], &Doc)>,
    ) -> Row {
        let path = part.map(|(path, _)| path);
        let flat = self.is_flat(item, winner);
        let path_text = path.map(|path| path_text(path, flat)).unwrap_or_default();
        let name = display_key(&item.name);
        let below = stack.iter().take_while(|layer| **layer != winner);
        let said: Vec<Said<'_>> = below.filter_map(|layer| item.said(*layer, path)).collect();
        let own = item.said(winner, path);
        let same = own.zip(said.last()).is_some_and(|(own, below)| own.same(below));
        let elsewhere =
            (0..self.set.layers.len()).any(|layer| layer != winner && item.said(layer, path).is_some());
        let value = match part {
            Some((_, leaf)) => part_shown(leaf),
            None => own.map_or_else(|| whole_shown(None, None), |own| own.shown()),
        };
        let secret = looks_secret(&name) || looks_secret(&path_text);
        Row {
            item: at,
            path: path.map(<[String]>::to_vec),
            name: name.into_owned(),
            path_text,
            winner,
            value,
            shadowed: said.len(),
            same,
            only_here: winner >= self.set.shared && !elsewhere,
            secret,
        }
    }

    /// Whether names with dots are names, as in properties.
    #[must_use]
    pub fn is_flat(&self, item: &Item, layer: usize) -> bool {
        let opened = item.cells.get(layer).and_then(|cell| cell.as_ref()?.opened.as_ref());
        opened.is_some_and(|opened| opened.format == ValueFormat::Properties)
    }
}

/// The layer that a part of a merged value comes from: the highest one that has a word on it.
pub(super) fn part_winner(item: &Item, stack: &[usize], path: &[String]) -> usize {
    let says = |layer: &&usize| item.said(**layer, Some(path)).is_some();
    stack.iter().rev().find(says).or(stack.first()).copied().unwrap_or(0)
}
