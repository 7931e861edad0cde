//! Two environments side by side.

use super::board::{Board, Item};
use super::doc::{Doc, DocKind, DocPath, path_text};
use super::effective::{Effective, Shown, part_shown, part_winner, whole_shown};
use super::secret::looks_secret;
use crate::model::key_text::display_key;

/// How two environments stand at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    /// Both have the same.
    Equal,
    /// They have different values.
    Differs,
    /// Only the left one has it.
    OnlyLeft,
    /// Only the right one has it.
    OnlyRight,
    /// A value is not loaded: it can not be told.
    Unknown,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The value.
    pub value: Shown,
    /// The layer that it comes from.
    pub winner: usize,
}

/// One place of two environments.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The item's place on the board.
    pub item: usize,
    /// Where in its value; `None`: the whole value.
    pub path: Option<DocPath>,
    /// The item's name as shown.
    pub name: String,
    /// The path as shown.
    pub path_text: String,
    /// Left and right.
    pub sides: [Option<Side>; 2],
    /// How they stand.
    pub difference: Difference,
    /// It is likely a secret.
    pub secret: bool,
}

impl Board {
    /// Two environments, place by place, in the order of the keys. `by_path`: structured values part by
    /// part.
    #[must_use]
    pub fn compare(&self, left: usize, right: usize, by_path: bool) -> Vec<Pair> {
        let stacks = [self.set.stack(left), self.set.stack(right)];
        let mut pairs = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let sides = [0, 1].map(|side| item.effective(&stacks[side], self.set.deep));
            if sides.iter().all(Option::is_none) {
                continue;
            }
            let docs = [0, 1].map(|side| sides[side].as_ref().and_then(|side| side.doc.as_deref()));
            let opens = |side: usize| docs[side].is_some_and(Doc::is_map) || sides[side].is_none();
            if by_path && opens(0) && opens(1) {
                self.parts(at, item, &stacks, &sides, docs, &mut pairs);
            } else {
                pairs.push(self.whole(at, item, &sides));
            }
        }
        pairs
    }

    fn whole(&self, at: usize, item: &Item, sides: &[Option<Effective<'_>>; 2]) -> Pair {
        let shown = [0, 1].map(|side| {
            let effective = sides[side].as_ref()?;
            let value = match effective.doc.as_deref().filter(|_| effective.merged) {
                Some(doc) => Shown { kind: DocKind::Whole, text: part_shown(doc).text },
                None => whole_shown(effective.cell.value.as_ref(), effective.cell.opened.as_deref()),
            };
            Some(Side { value, winner: effective.winner })
        });
        let difference = match sides {
            [Some(left), Some(right)] => whole_difference(left, right),
            [Some(_), None] => Difference::OnlyLeft,
            _ => Difference::OnlyRight,
        };
        self.pair(at, item, None, shown, difference)
    }

    fn parts(
        &self,
        at: usize,
        item: &Item,
        stacks: &[Vec<usize>; 2],
        sides: &[Option<Effective<'_>>; 2],
        docs: [Option<&Doc>; 2],
        pairs: &mut Vec<Pair>,
    ) {
        let before = pairs.len();
        let side = |side: usize, path: &[String], doc: &Doc| {
            let effective = sides[side].as_ref()?;
            let winner =
                if effective.merged { part_winner(item, &stacks[side], path) } else { effective.winner };
            Some(Side { value: part_shown(doc), winner })
        };
        if let Some(left) = docs[0] {
            left.leaves(&mut |path, leaf| {
                if path.is_empty() {
                    return;
                }
                let other = docs[1].and_then(|right| right.get(path));
                let difference = match other {
                    Some(other) if other == leaf => Difference::Equal,
                    Some(_) => Difference::Differs,
                    None => Difference::OnlyLeft,
                };
                let right = other.and_then(|other| side(1, path, other));
                let shown = [side(0, path, leaf), right];
                pairs.push(self.pair(at, item, Some(path), shown, difference));
            });
        }
        if let Some(right) = docs[1] {
            right.leaves(&mut |path, leaf| {
                match docs[0].and_then(|left| left.get(path)) {
                    _ if path.is_empty() => {}
                    None => {
                        let shown = [None, side(1, path, leaf)];
                        pairs.push(self.pair(at, item, Some(path), shown, Difference::OnlyRight));
                    }
                    // The left one has more inside, where this one has a value: told from here, since
                    // a part and what it is part of are two places.
                    Some(other) if other.is_map() && !other.is_empty_map() => {
                        let shown = [side(0, path, other), side(1, path, leaf)];
                        pairs.push(self.pair(at, item, Some(path), shown, Difference::Differs));
                    }
                    Some(_) => {}
                }
            });
        }
        // Nothing is in either of them.
        if pairs.len() == before {
            pairs.push(self.whole(at, item, sides));
        }
    }

    fn pair(
        &self,
        at: usize,
        item: &Item,
        path: Option<&[String]>,
        sides: [Option<Side>; 2],
        difference: Difference,
    ) -> Pair {
        let layer = sides.iter().flatten().next().map_or(0, |side| side.winner);
        let path_text = path.map(|path| path_text(path, self.is_flat(item, layer))).unwrap_or_default();
        let name = display_key(&item.name).into_owned();
        let secret = looks_secret(&name) || looks_secret(&path_text);
        Pair { item: at, path: path.map(<[String]>::to_vec), name, path_text, sides, difference, secret }
    }
}

fn whole_difference(left: &Effective<'_>, right: &Effective<'_>) -> Difference {
    if left.cell.key == right.cell.key && !left.merged && !right.merged {
        return Difference::Equal;
    }
    if let (Some(one), Some(two)) = (left.doc.as_deref(), right.doc.as_deref()) {
        return if one == two { Difference::Equal } else { Difference::Differs };
    }
    match (&left.cell.value, &right.cell.value) {
        (Some(one), Some(two)) if one == two => Difference::Equal,
        (Some(_), Some(_)) => Difference::Differs,
        _ => Difference::Unknown,
    }
}
