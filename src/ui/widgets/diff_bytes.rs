//! The difference of two byte strings: rows of sixteen bytes side by side, the bytes that differ
//! marked, equal rows folded.

use std::collections::BTreeSet;
use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::diff_view::{Jump, fold_row};
use crate::model::bytes::Value;
use crate::model::diff::{self, ByteDiff, ByteDiffRow, DiffBlock, Side};
use crate::model::hex;
use crate::ui::theme::{self, Tokens, size};

/// Equal rows shown around a difference.
const CONTEXT: usize = 2;
/// Rows above a change that is gone to.
const ROWS_ABOVE: usize = 4;
/// Width of the line beside the current change.
const CURRENT: f32 = 3.0;

enum Shown {
    Row(usize),
    Fold(Range<usize>),
}

/// Two values with what is needed to draw their difference. Make it once for each pair.
pub struct BytesDiffView {
    old: Value,
    new: Value,
    diff: ByteDiff,
    expanded: BTreeSet<usize>,
    shown: Vec<Shown>,
    current: Option<usize>,
    scroll: bool,
}

impl BytesDiffView {
    /// Compares two values: by offset, or aligned where that marks less.
    #[must_use]
    pub fn new(old: Value, new: Value) -> Self {
        let diff = diff::diff_bytes_aligned(&old, &new);
        Self::of(old, new, diff)
    }

    /// Compares two values by offset, which takes no time to speak of.
    #[must_use]
    pub fn by_offset(old: Value, new: Value) -> Self {
        let diff = diff::diff_bytes(&old, &new);
        Self::of(old, new, diff)
    }

    fn of(old: Value, new: Value, diff: ByteDiff) -> Self {
        let (expanded, shown) = (BTreeSet::new(), Vec::new());
        let mut this = Self { old, new, diff, expanded, shown, current: None, scroll: false };
        this.arrange();
        this
    }

    /// Number of places at which the values differ.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.diff.changed
    }

    /// How many changes there are: runs of rows that differ.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.diff.changes.len()
    }

    /// The change that was gone to last.
    #[must_use]
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Goes to another change.
    pub fn go(&mut self, jump: Jump) {
        self.current = jump.from(self.current, self.changes());
        self.scroll = true;
    }

    /// The value of a side with the current change taken over from the other side.
    #[must_use]
    pub fn take_current(&self, to: Side) -> Option<Vec<u8>> {
        let rows = self.diff.rows.get(self.diff.changes.get(self.current?)?.clone())?;
        let (first, last) = (rows.first()?, rows.last()?);
        let old = first.old..last.old_range().end;
        let new = first.new..last.new_range().end;
        let (mut value, place, taken) = match to {
            Side::Old => (self.old.to_vec(), old, &self.new[new]),
            Side::New => (self.new.to_vec(), new, &self.old[old]),
        };
        value.splice(place, taken.iter().copied());
        Some(value)
    }

    fn arrange(&mut self) {
        self.shown.clear();
        for block in diff::fold_by(self.diff.rows.len(), CONTEXT, |row| self.diff.rows[row].changed == 0) {
            match block {
                DiffBlock::Folded(rows) if !self.expanded.contains(&rows.start) => {
                    self.shown.push(Shown::Fold(rows));
                }
                DiffBlock::Folded(rows) | DiffBlock::Rows(rows) => self.shown.extend(rows.map(Shown::Row)),
            }
        }
    }

    /// Draws it in the space there is.
    pub fn show(&mut self, ui: &mut Ui) {
        let tokens = theme::tokens(ui);
        let mut unfold = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono_small(), '0'));
        // Offset, then sign and digits of both sides, and their characters where there is room.
        let offsets = if self.diff.aligned { 19.0 } else { 10.0 };
        let digits = char_width * (offsets + 2.0 * (4.0 + hex::ROW as f32 * 3.0)) + size::GROUP;
        let whole = digits + char_width * 2.0 * (hex::ROW as f32 + 2.0);
        let characters = ui.available_width() >= whole;
        let mut area = egui::ScrollArea::both().auto_shrink([false, false]);
        if std::mem::take(&mut self.scroll)
            && let Some(at) = self.shown_change()
        {
            area = area.vertical_scroll_offset(at.saturating_sub(ROWS_ABOVE) as f32 * size::ROW_COMPACT);
        }
        area.show_rows(ui, size::ROW_COMPACT, self.shown.len(), |ui, visible| {
            let width = ui.available_width().max(digits);
            for at in visible {
                let place = Vec2::new(width, size::ROW_COMPACT);
                let (rect, _) = ui.allocate_exact_size(place, Sense::hover());
                match &self.shown[at] {
                    Shown::Fold(rows) => {
                        if fold_row(
                            ui,
                            tokens,
                            rect,
                            rows,
                            &t!("editor.diff.unchanged_rows", count = rows.len()),
                        ) {
                            unfold = Some(rows.start);
                        }
                    }
                    Shown::Row(row) => self.paint(ui, tokens, char_width, rect, *row, characters),
                }
            }
        });
        if let Some(start) = unfold {
            self.expanded.insert(start);
            self.arrange();
        }
    }

    /// Where the current change is shown.
    fn shown_change(&self) -> Option<usize> {
        let row = self.diff.changes.get(self.current?)?.start;
        let first = |shown: &Shown| match shown {
            Shown::Row(row) => *row,
            Shown::Fold(rows) => rows.start,
        };
        Some(self.shown.partition_point(|shown| first(shown) < row))
    }

    fn paint(&self, ui: &Ui, tokens: &Tokens, char_width: f32, rect: Rect, at: usize, characters: bool) {
        let row = &self.diff.rows[at];
        let left = rect.left() + size::PAD;
        let begin = left + char_width * 10.0;
        // One offset says both where they are the same.
        self.offset(ui, tokens, Pos2::new(left, rect.center().y), row.old);
        let current = self.current.and_then(|change| self.diff.changes.get(change));
        if current.is_some_and(|change| change.contains(&at)) {
            ui.painter().rect_filled(rect.with_max_x(rect.left() + CURRENT), 0.0, tokens.accent);
        }
        let half = (rect.right() - begin) / 2.0;
        for side in [Side::Old, Side::New] {
            let x = if side == Side::Old { begin } else { begin + half };
            let mut part = Rect::from_min_max(Pos2::new(x, rect.top()), Pos2::new(x + half, rect.bottom()));
            if side == Side::New && self.diff.aligned {
                self.offset(ui, tokens, Pos2::new(x + size::GRID, rect.center().y), row.new);
                part.min.x += char_width * 9.0;
            }
            self.paint_side(ui, tokens, char_width, part, row, side, characters);
        }
    }

    fn offset(&self, ui: &Ui, tokens: &Tokens, at: Pos2, offset: usize) {
        let font = theme::text::mono_small();
        ui.painter().text(at, Align2::LEFT_CENTER, format!("{offset:08x}"), font, tokens.faint);
    }

    fn paint_side(
        &self,
        ui: &Ui,
        tokens: &Tokens,
        char_width: f32,
        rect: Rect,
        row: &ByteDiffRow,
        side: Side,
        characters: bool,
    ) {
        let (bytes, has, offset, fill, word, sign, colour) = match side {
            Side::Old => {
                let (fill, word) = (tokens.diff_removed, tokens.diff_removed_word);
                (&self.old[row.old_range()], row.has_old, row.old, fill, word, "−", tokens.danger)
            }
            Side::New => {
                let (fill, word) = (tokens.diff_added, tokens.diff_added_word);
                (&self.new[row.new_range()], row.has_new, row.new, fill, word, "+", tokens.live)
            }
        };
        let changed = row.changed != 0;
        if changed && !bytes.is_empty() {
            ui.painter().rect_filled(rect, 0.0, fill);
            let at = Pos2::new(rect.left() + size::GRID, rect.center().y);
            ui.painter().text(at, Align2::LEFT_CENTER, sign, theme::text::mono_strong(), colour);
        } else if changed {
            ui.painter().rect_filled(rect, 0.0, tokens.panel);
        }
        let mut job = LayoutJob::default();
        let format = |marked: bool| TextFormat {
            font_id: theme::text::mono_small(),
            color: tokens.text,
            background: if marked { word } else { Color32::TRANSPARENT },
            ..TextFormat::default()
        };
        let mut characters_shown = String::new();
        let mut rest = bytes.iter();
        for place in 0..hex::ROW {
            match if has & (1 << place) != 0 { rest.next() } else { None } {
                Some(byte) => {
                    job.append(&hex::byte_text(*byte), 0.0, format(row.changed & (1 << place) != 0));
                    characters_shown.push(hex::ascii_char(*byte));
                }
                None => {
                    job.append("  ", 0.0, format(false));
                    characters_shown.push(' ');
                }
            }
            job.append(if place == hex::ROW / 2 - 1 { "  " } else { " " }, 0.0, format(false));
        }
        let digits = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let top = rect.center().y - digits.size().y / 2.0;
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.galley(Pos2::new(rect.left() + char_width * 3.0, top), digits, tokens.text);
        let text = if characters { characters_shown } else { String::new() };
        let x = rect.left() + char_width * (3.0 + hex::ROW as f32 * 3.0 + 2.0);
        let font = theme::text::mono_small();
        painter.text(Pos2::new(x, rect.center().y), Align2::LEFT_CENTER, &text, font, tokens.second);
        let response =
            ui.interact(rect, ui.scope_id().with((row.old, row.new, side == Side::Old)), Sense::hover());
        response.widget_info(|| {
            let sign = if changed { sign } else { "" };
            let text = format!("{sign} {offset:08x}  {}", hex::hex_text(bytes));
            WidgetInfo::labeled(Role::Label, true, text.trim_start())
        });
    }
}
