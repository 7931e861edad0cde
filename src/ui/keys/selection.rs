//! What a click or a key press does to the selection of a list.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;

/// One press selects at most so many rows; the details say how many it became.
pub const MAX_SELECTED: usize = 50_000;

/// How a row is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelectHow {
    /// This row alone.
    #[default]
    Alone,
    /// This row too, or no longer (Ctrl, ⌘).
    Toggle,
    /// All rows from the anchor to this one (Shift).
    Range,
}

impl SelectHow {
    /// By the modifiers held.
    #[must_use]
    pub fn of(modifiers: egui::Modifiers) -> Self {
        if modifiers.shift {
            Self::Range
        } else if modifiers.command {
            Self::Toggle
        } else {
            Self::Alone
        }
    }
}

/// Selected rows, and where the keyboard and ranges are.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The rows.
    pub rows: BTreeSet<TreeItem>,
    /// Where the keyboard is.
    pub cursor: Option<TreeItem>,
    /// Where a range of rows begins.
    pub anchor: Option<TreeItem>,
}

impl Selection {
    /// Row `at` was picked. `position` tells where an item stands in the list, `items` what some rows
    /// stand for.
    pub fn pick(
        &mut self,
        at: usize,
        picked: &TreeItem,
        how: SelectHow,
        position: impl Fn(&TreeItem) -> Option<usize>,
        items: impl Fn(usize, usize) -> Vec<TreeItem>,
    ) {
        if how != SelectHow::Range {
            self.anchor = Some(picked.clone());
        } else if self.anchor.is_none() {
            self.anchor.clone_from(&self.cursor);
            self.anchor.get_or_insert_with(|| picked.clone());
        }
        match how {
            SelectHow::Alone => self.rows = std::iter::once(picked.clone()).collect(),
            SelectHow::Toggle => {
                if !self.rows.remove(picked) {
                    self.rows.insert(picked.clone());
                }
            }
            SelectHow::Range => {
                let from = self.anchor.as_ref().and_then(position).unwrap_or(at);
                // The end that was picked is always part of it, also where the range is cut off.
                let first = from.min(at).max((at + 1).saturating_sub(MAX_SELECTED));
                let count = from.max(at).saturating_sub(first) + 1;
                self.rows = items(first, count.min(MAX_SELECTED)).into_iter().collect();
            }
        }
        self.cursor = Some(picked.clone());
    }
}

/// The selection of the session after row `at` was picked, as [`Selection::pick`]. `anchor` is the row
/// where a range began.
pub fn select(
    session: &Session,
    anchor: &mut Option<TreeItem>,
    at: usize,
    picked: &TreeItem,
    how: SelectHow,
    position: impl Fn(&TreeItem) -> Option<usize>,
    items: impl Fn(usize, usize) -> Vec<TreeItem>,
) -> Action {
    let (rows, cursor) = (session.selected.clone(), session.cursor.clone());
    let mut selection = Selection { rows, cursor, anchor: anchor.take() };
    selection.pick(at, picked, how, position, items);
    *anchor = selection.anchor;
    Action::Select { rows: selection.rows.into_iter().collect(), cursor: selection.cursor }
}

#[cfg(test)]
mod tests {
    use super::{SelectHow, select};
    use crate::action::Action;
    use crate::model::session::Session;
    use crate::model::tree_item::TreeItem;

    fn list() -> Vec<TreeItem> {
        ["a", "b", "c", "d"].iter().map(|key| TreeItem::key(key.as_bytes())).collect()
    }

    fn pick(session: &mut Session, anchor: &mut Option<TreeItem>, at: usize, how: SelectHow) -> String {
        let list = list();
        let position = |item: &TreeItem| list.iter().position(|other| other == item);
        let items = |first: usize, count: usize| list.iter().skip(first).take(count).cloned().collect();
        let Action::Select { rows, cursor } = select(session, anchor, at, &list[at], how, position, items)
        else {
            unreachable!("selecting selects")
        };
        session.selected = rows.into_iter().collect();
        session.cursor = cursor;
        session.selected.iter().map(|item| String::from_utf8_lossy(&item.path).into_owned()).collect()
    }

    #[test]
    fn a_range_goes_from_the_anchor_in_both_directions() {
        let (mut session, mut anchor) = (Session::default(), None);
        assert_eq!(pick(&mut session, &mut anchor, 1, SelectHow::Alone), "b");
        assert_eq!(pick(&mut session, &mut anchor, 3, SelectHow::Range), "bcd");
        assert_eq!(pick(&mut session, &mut anchor, 0, SelectHow::Range), "ab");
    }

    #[test]
    fn a_toggle_adds_and_takes_away() {
        let (mut session, mut anchor) = (Session::default(), None);
        pick(&mut session, &mut anchor, 0, SelectHow::Alone);
        assert_eq!(pick(&mut session, &mut anchor, 2, SelectHow::Toggle), "ac");
        assert_eq!(pick(&mut session, &mut anchor, 0, SelectHow::Toggle), "c");
    }
}
