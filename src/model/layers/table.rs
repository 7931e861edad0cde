//! The lines of the screen: what an environment has, or two of them side by side, as it is filtered.

use super::board::Board;
use super::compare::{Difference, Pair};
use super::effective::Row;
use super::promote::Pick;
use crate::model::bytes::Key;

/// What is looked at; environments by their place among the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What an environment has.
    Effective(usize),
    /// Two environments side by side.
    Compare(usize, usize),
}

/// What is asked of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is looked at.
    pub mode: Mode,
    /// Structured values part by part.
    pub by_path: bool,
    /// Only what has this in its name, path or value (secrets are not searched).
    pub filter: String,
    /// Only what an environment says otherwise; of two, only what differs.
    pub only_marked: bool,
    /// Only this group.
    pub group: Option<Key>,
}

/// The lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Lines {
    /// Of an environment.
    Effective(Vec<Row>),
    /// Of two.
    Compare(Vec<Pair>),
}

/// A line of either.
#[derive(Clone, Copy, Debug)]
pub enum Line<'t> {
    /// Of an environment.
    Row(&'t Row),
    /// Of two.
    Pair(&'t Pair),
}

/// A group and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its folder in the base; empty: what is in none.
    pub name: Key,
    /// Lines in it.
    pub lines: usize,
    /// Of these, those that are overridden, or differ.
    pub marked: usize,
}

/// How much there is of everything, before it is filtered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: usize,
    /// Overridden, or different.
    pub marked: usize,
    /// Overrides that say the same as what they lie over; of two, equal lines.
    pub same: usize,
    /// Only in this environment; of two, in the left one.
    pub only_left: usize,
    /// Of two, only in the right one.
    pub only_right: usize,
}

/// What the screen shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The lines.
    pub lines: Lines,
    /// The groups.
    pub groups: Vec<Group>,
    /// How much there is.
    pub counts: Counts,
}

impl Board {
    /// The lines that are asked for.
    #[must_use]
    pub fn table(&self, query: &Query) -> Table {
        let filter = query.filter.to_lowercase();
        let in_group = |item: usize| {
            let name = self.items.get(item).map_or(&[][..], |item| &item.name);
            query.group.as_ref().is_none_or(|group| self.group(name) == &**group)
        };
        let holds = |texts: &[&str]| {
            filter.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&filter))
        };
        let mut counts = Counts::default();
        let mut groups: Vec<Group> = Vec::new();
        let lines = match query.mode {
            Mode::Effective(environment) => {
                let mut rows = self.effective(environment, query.by_path);
                for row in &rows {
                    counts.same += usize::from(row.same);
                    counts.only_left += usize::from(row.only_here);
                    self.count(row.item, is_override(row), &mut counts, &mut groups);
                }
                rows.retain(|row| {
                    let value = if row.secret { "" } else { &row.value.text };
                    (!query.only_marked || is_override(row))
                        && in_group(row.item)
                        && holds(&[&row.name, &row.path_text, value])
                });
                Lines::Effective(rows)
            }
            Mode::Compare(left, right) => {
                let mut pairs = self.compare(left, right, query.by_path);
                for pair in &pairs {
                    counts.same += usize::from(pair.difference == Difference::Equal);
                    counts.only_left += usize::from(pair.difference == Difference::OnlyLeft);
                    counts.only_right += usize::from(pair.difference == Difference::OnlyRight);
                    self.count(pair.item, pair.difference != Difference::Equal, &mut counts, &mut groups);
                }
                pairs.retain(|pair| {
                    let value = |side: usize| match &pair.sides[side] {
                        Some(side) if !pair.secret => side.value.text.as_str(),
                        _ => "",
                    };
                    (!query.only_marked || pair.difference != Difference::Equal)
                        && in_group(pair.item)
                        && holds(&[&pair.name, &pair.path_text, value(0), value(1)])
                });
                Lines::Compare(pairs)
            }
        };
        Table { lines, groups, counts }
    }

    fn count(&self, item: usize, marked: bool, counts: &mut Counts, groups: &mut Vec<Group>) {
        counts.lines += 1;
        counts.marked += usize::from(marked);
        let Some(item) = self.items.get(item) else { return };
        let name = self.group(&item.name);
        // Lines come in key order, but names without a folder stand between folders.
        let at = match groups.iter().rposition(|group| *group.name == *name) {
            Some(at) => at,
            None => {
                groups.push(Group { name: name.into(), lines: 0, marked: 0 });
                groups.len() - 1
            }
        };
        groups[at].lines += 1;
        groups[at].marked += usize::from(marked);
    }

    /// What a line stands for.
    #[must_use]
    pub fn pick(&self, line: Line<'_>) -> Option<Pick> {
        let (item, path) = match line {
            Line::Row(row) => (row.item, &row.path),
            Line::Pair(pair) => (pair.item, &pair.path),
        };
        Some(Pick { name: self.items.get(item)?.name.clone(), path: path.clone() })
    }
}

/// Whether a row is something that an upper layer says over a lower one.
fn is_override(row: &Row) -> bool {
    row.shadowed > 0
}

impl Table {
    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.lines {
            Lines::Effective(rows) => rows.len(),
            Lines::Compare(pairs) => pairs.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A line.
    #[must_use]
    pub fn line(&self, at: usize) -> Option<Line<'_>> {
        match &self.lines {
            Lines::Effective(rows) => rows.get(at).map(Line::Row),
            Lines::Compare(pairs) => pairs.get(at).map(Line::Pair),
        }
    }
}
