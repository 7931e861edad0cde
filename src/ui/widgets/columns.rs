//! The cells of a table whose columns give way in little room.

use std::borrow::Cow;

use egui::{Color32, FontId, Rect, Ui, pos2};

use super::elided;
use crate::ui::theme::{self, size, text};

/// Room between two columns.
pub const GAP: f32 = 12.0;

/// Where a column begins and ends.
pub type Span = (f32, f32);

/// Hands out the width of a row: from the left, from the right, and what is left to the column that
/// stretches.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    left: f32,
    right: f32,
    width: f32,
}

impl Columns {
    /// The columns of a row.
    #[must_use]
    pub fn of(rect: Rect) -> Self {
        Self { left: rect.left() + size::GROUP, right: rect.right() - size::GROUP, width: rect.width() }
    }

    /// The next column from the left, where the table is at least so wide.
    pub fn from_left(&mut self, column: f32, room: f32) -> Option<Span> {
        (self.width >= room).then(|| {
            let begin = self.left;
            self.left += column + GAP;
            (begin, begin + column)
        })
    }

    /// The next column from the right, where the table is at least so wide.
    pub fn from_right(&mut self, column: f32, room: f32) -> Option<Span> {
        (self.width >= room).then(|| {
            let end = self.right;
            self.right -= column + GAP;
            (end - column, end)
        })
    }

    /// What is left.
    #[must_use]
    pub fn rest(&self) -> Span {
        (self.left, self.right.max(self.left))
    }
}

/// How a cell is written.
#[derive(Clone, Debug)]
pub struct CellLook {
    font: FontId,
    colour: Color32,
    right: bool,
}

impl CellLook {
    /// Written so.
    #[must_use]
    pub fn new(font: FontId, colour: Color32) -> Self {
        Self { font, colour, right: false }
    }

    /// At the right of its column: numbers.
    #[must_use]
    pub fn right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// Paints a cell, cut off with `…` where it does not fit; the part of its column that it fills.
pub fn paint_cell(ui: &Ui, rect: Rect, (left, right): Span, words: &str, look: CellLook) -> Span {
    let galley = elided(ui.painter(), words, look.font, look.colour, right - left);
    let x = if look.right { right - galley.size().x } else { left };
    let end = x + galley.size().x;
    ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, look.colour);
    (x, end)
}

/// Paints a monospaced name; where it does not fit its beginning gives way to `…`: names of one kind differ at
/// their ends.
pub fn paint_tail(ui: &Ui, rect: Rect, (left, right): Span, name: &str, look: CellLook) -> Span {
    let sign = ui.painter().layout_no_wrap("0".to_owned(), look.font.clone(), look.colour).size().x;
    let room = ((right - left) / sign.max(1.0)) as usize;
    paint_cell(ui, rect, (left, right), &tail(name, room), look)
}

/// The end of a name that so many signs are enough for.
fn tail(name: &str, room: usize) -> Cow<'_, str> {
    let signs = name.chars().count();
    if signs <= room {
        return Cow::Borrowed(name);
    }
    let rest = name.chars().skip(signs - room.saturating_sub(1).max(1));
    Cow::Owned(std::iter::once('…').chain(rest).collect())
}

/// Paints the title of a column, where the column is shown.
pub fn paint_title(ui: &Ui, rect: Rect, column: Option<Span>, words: &str, right: bool) {
    if let Some(column) = column {
        let look = CellLook { font: text::meta_medium(), colour: theme::tokens(ui).faint, right };
        paint_cell(ui, rect, column, words, look);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_their_beginning() {
        assert_eq!(tail("shipping-service:9500", 21), "shipping-service:9500");
        assert_eq!(tail("shipping-service:9500", 10), "…vice:9500");
        assert_eq!(tail("用户中心-9500", 6), "…-9500");
        assert_eq!(tail("abc", 0), "…c");
    }

    #[test]
    fn columns_give_way_in_little_room() {
        let row = |width| Columns::of(Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(width, 24.0)));
        let mut wide = row(600.0);
        assert_eq!(wide.from_left(50.0, 0.0), Some((16.0, 66.0)));
        assert_eq!(wide.from_right(80.0, 500.0), Some((504.0, 584.0)));
        assert_eq!(wide.rest(), (78.0, 492.0));
        let mut narrow = row(400.0);
        assert_eq!(narrow.from_right(80.0, 500.0), None);
        assert_eq!(narrow.rest(), (16.0, 384.0));
    }
}
