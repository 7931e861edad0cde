//! Lists of any length. egui measures scrolled content in `f32`, which cannot tell pixels apart
//! beyond two million rows; here the offset is kept in `f64`, and only the rows in sight are drawn.

use std::ops::Range;

use egui::{CornerRadius, Id, Key, Modifiers, Pos2, Rect, Sense, Ui, UiBuilder, pos2, vec2};

use crate::ui::theme::{self, size};

/// Width of the strip in which the scroll bar lies.
const BAR_WIDTH: f32 = 10.0;
/// The handle is at least so long.
const MIN_HANDLE: f32 = 28.0;

/// A list of rows of one height.
#[must_use = "a list appears by `show`"]
pub struct VirtualList {
    id: Id,
    rows: usize,
    row_height: f32,
    reveal: Option<usize>,
}

/// What was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualOutput {
    /// The rows that were drawn.
    pub visible: Range<usize>,
    /// Whole rows that fit, for paging.
    pub page: usize,
    /// The room of the list.
    pub rect: Rect,
}

/// Where the rows in sight lie.
#[derive(Clone, Copy, Debug)]
pub struct RowPlaces {
    first: usize,
    top: f32,
    left: f32,
    width: f32,
    row_height: f32,
}

impl RowPlaces {
    /// The place of a row. Meant for the rows in sight.
    #[must_use]
    pub fn rect(&self, row: usize) -> Rect {
        let below = row.saturating_sub(self.first) as f32 * self.row_height;
        Rect::from_min_size(pos2(self.left, self.top + below), vec2(self.width, self.row_height))
    }
}

impl VirtualList {
    /// A list; the id keeps its offset.
    pub fn new(id: impl Into<Id>, rows: usize, row_height: f32) -> Self {
        Self { id: id.into(), rows, row_height, reveal: None }
    }

    /// Scrolls so that this row is in sight.
    pub fn reveal(mut self, row: Option<usize>) -> Self {
        self.reveal = row;
        self
    }

    /// Draws the rows in sight into all the room that is left. `draw` gets a `Ui` clipped to the list,
    /// the range of rows, and their places.
    pub fn show(self, ui: &mut Ui, draw: impl FnOnce(&mut Ui, Range<usize>, RowPlaces)) -> VirtualOutput {
        let rect = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(rect);
        let view = Viewport {
            rows: self.rows,
            row: f64::from(self.row_height.max(1.0)),
            height: f64::from(rect.height().max(0.0)),
        };
        let mut offset = ui.data(|data| data.get_temp::<f64>(self.id)).unwrap_or(0.0);
        offset = self.scrolled(ui, rect, &view, offset);
        if let Some(row) = self.reveal {
            offset = view.revealing(offset, row);
        }
        offset = view.clamped(offset);
        let visible = view.visible(offset);
        let places = RowPlaces {
            first: visible.start,
            // The difference is small, whatever the offset is.
            top: rect.top() + (visible.start as f64 * view.row - offset).round() as f32,
            left: rect.left(),
            width: rect.width(),
            row_height: self.row_height,
        };
        let mut inside = ui.new_child(UiBuilder::new().id_salt(self.id).max_rect(rect));
        inside.shrink_clip_rect(rect);
        draw(&mut inside, visible.clone(), places);
        offset = self.bar(ui, rect, &view, offset);
        ui.data_mut(|data| data.insert_temp(self.id, offset));
        VirtualOutput { visible, page: view.page(), rect }
    }

    fn scrolled(&self, ui: &Ui, rect: Rect, view: &Viewport, offset: f64) -> f64 {
        if !ui.rect_contains_pointer(rect) || view.overflow() <= 0.0 {
            return offset;
        }
        // Taken out, so that no area around the list scrolls as well.
        let moved = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
        offset - f64::from(moved)
    }

    fn bar(&self, ui: &Ui, rect: Rect, view: &Viewport, offset: f64) -> f64 {
        let overflow = view.overflow();
        if overflow <= 0.0 {
            return 0.0;
        }
        let tokens = theme::tokens(ui);
        let strip = Rect::from_min_max(pos2(rect.right() - BAR_WIDTH, rect.top()), rect.max);
        let response = ui.interact(strip, self.id.with("bar"), Sense::CLICK | Sense::DRAG);
        let share = (view.height / view.content()) as f32;
        let length = (strip.height() * share).max(MIN_HANDLE).min(strip.height());
        let travel = f64::from((strip.height() - length).max(1.0));
        let mut offset = offset;
        if let Some(pointer) = response.interact_pointer_pos() {
            let middle = f64::from(pointer.y - strip.top() - length / 2.0);
            offset = view.clamped(middle / travel * overflow);
        }
        let top = strip.top() + (offset / overflow * travel) as f32;
        let hot = response.hovered() || response.dragged();
        let width = if hot { 6.0 } else { 4.0 };
        let handle = Rect::from_min_size(pos2(strip.right() - width - 2.0, top), vec2(width, length));
        let strength = if hot { 0.7 } else { 0.4 };
        ui.painter().rect_filled(handle, CornerRadius::same(3), tokens.faint.gamma_multiply(strength));
        offset
    }
}

/// The arithmetic of a list, in `f64`.
struct Viewport {
    rows: usize,
    row: f64,
    height: f64,
}

impl Viewport {
    fn content(&self) -> f64 {
        self.rows as f64 * self.row
    }

    fn overflow(&self) -> f64 {
        self.content() - self.height
    }

    fn page(&self) -> usize {
        ((self.height / self.row) as usize).max(1)
    }

    fn clamped(&self, offset: f64) -> f64 {
        offset.clamp(0.0, self.overflow().max(0.0))
    }

    fn visible(&self, offset: f64) -> Range<usize> {
        let first = (offset / self.row) as usize;
        let last = ((offset + self.height) / self.row).ceil() as usize;
        first.min(self.rows)..last.min(self.rows)
    }

    fn revealing(&self, offset: f64, row: usize) -> f64 {
        let top = row as f64 * self.row;
        if top < offset {
            top
        } else if top + self.row > offset + self.height {
            top + self.row - self.height
        } else {
            offset
        }
    }
}

/// What the keyboard asks of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListMove {
    /// So many rows down (up when negative).
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl ListMove {
    /// The row after the move; `from` is the row before it.
    #[must_use]
    pub fn apply(self, from: Option<usize>, rows: usize) -> Option<usize> {
        let last = rows.checked_sub(1)?;
        Some(match (self, from) {
            (Self::First, _) | (Self::By(1..), None) => 0,
            (Self::Last, _) | (Self::By(_), None) => last,
            (Self::By(step), Some(at)) => at.saturating_add_signed(step).min(last),
        })
    }
}

/// Takes the keys that move in a list: arrows, Page Up and Down, Home and End. Call it while the
/// list has the keyboard; `page` is the number of rows that fit. `shift` tells whether the move
/// extends the selection.
pub fn list_move(ui: &Ui, page: usize) -> Option<(ListMove, bool)> {
    let page = isize::try_from(page.max(1)).unwrap_or(isize::MAX);
    let keys = [
        (Key::ArrowDown, ListMove::By(1)),
        (Key::ArrowUp, ListMove::By(-1)),
        (Key::PageDown, ListMove::By(page)),
        (Key::PageUp, ListMove::By(-page)),
        (Key::Home, ListMove::First),
        (Key::End, ListMove::Last),
    ];
    ui.input_mut(|input| {
        keys.into_iter().find_map(|(key, step)| {
            if input.consume_key(Modifiers::SHIFT, key) {
                Some((step, true))
            } else if input.consume_key(Modifiers::NONE, key) {
                Some((step, false))
            } else {
                None
            }
        })
    })
}

/// The middle of a row's left edge, moved right.
#[must_use]
pub fn row_start(rect: Rect, by: f32) -> Pos2 {
    pos2(rect.left() + by, rect.center().y)
}

/// Paints the ground of a row: selected, hovered, glowing.
pub fn row_ground(ui: &Ui, rect: Rect, selected: bool, hovered: bool, focused: bool) {
    let tokens = theme::tokens(ui);
    let inner = rect.shrink2(vec2(size::GRID, 0.0));
    let radius = CornerRadius::same(size::RADIUS_SMALL);
    if selected {
        ui.painter().rect_filled(inner, radius, tokens.selected);
    } else if hovered {
        ui.painter().rect_filled(inner, radius, tokens.hover);
    }
    if focused {
        ui.painter().rect_stroke(inner, radius, tokens.focus_ring(), egui::StrokeKind::Inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_far_down_are_still_told_apart() {
        let view = Viewport { rows: 50_000_000, row: 24.0, height: 600.0 };
        let offset = view.revealing(0.0, 49_000_001);
        let visible = view.visible(view.clamped(offset));
        assert_eq!(visible, 48_999_977..49_000_002, "one row of difference is one row");
        assert_eq!(view.visible(view.clamped(f64::MAX)).end, 50_000_000);
    }

    #[test]
    fn a_short_list_does_not_scroll() {
        let view = Viewport { rows: 3, row: 24.0, height: 600.0 };
        assert_eq!(view.clamped(400.0), 0.0);
        assert_eq!(view.visible(0.0), 0..3);
        let none = Viewport { rows: 0, row: 24.0, height: 0.0 };
        assert_eq!(none.visible(none.clamped(9.0)), 0..0);
    }

    #[test]
    fn moves_stay_inside() {
        assert_eq!(ListMove::By(1).apply(Some(4), 5), Some(4));
        assert_eq!(ListMove::By(-9).apply(Some(4), 5), Some(0));
        assert_eq!(ListMove::By(1).apply(None, 5), Some(0));
        assert_eq!(ListMove::By(-1).apply(None, 5), Some(4));
        assert_eq!(ListMove::Last.apply(Some(0), 0), None);
    }
}
