//! The difference of two byte strings: rows of sixteen bytes side by side, the bytes that differ
//! marked, equal rows folded.

use std::collections::BTreeSet;
use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::diff_view::fold_row;
use crate::model::bytes::Value;
use crate::model::diff::{self, ByteDiffRow, DiffBlock, Side};
use crate::model::hex;
use crate::ui::theme::{self, Tokens, size};

/// Equal rows shown around a difference.
const CONTEXT: usize = 2;

enum Shown {
    Row(usize),
    Fold(Range<usize>),
}

/// Two values with what is needed to draw their difference. Make it once for each pair.
pub struct BytesDiffView {
    old: Value,
    new: Value,
    rows: Vec<ByteDiffRow>,
    expanded: BTreeSet<usize>,
    shown: Vec<Shown>,
    changed: usize,
}

impl BytesDiffView {
    /// Compares two values by offset.
    #[must_use]
    pub fn new(old: Value, new: Value) -> Self {
        let rows = diff::diff_bytes(&old, &new);
        let changed = rows.iter().map(|row| row.changed.count_ones() as usize).sum();
        let mut this = Self { old, new, rows, expanded: BTreeSet::new(), shown: Vec::new(), changed };
        this.arrange();
        this
    }

    /// Number of offsets at which the values differ.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.changed
    }

    fn arrange(&mut self) {
        self.shown.clear();
        for block in diff::fold_by(self.rows.len(), CONTEXT, |row| self.rows[row].changed == 0) {
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
        let digits = char_width * (10.0 + 2.0 * (4.0 + hex::ROW as f32 * 3.0)) + size::GROUP;
        let whole = digits + char_width * 2.0 * (hex::ROW as f32 + 2.0);
        let characters = ui.available_width() >= whole;
        egui::ScrollArea::both().auto_shrink([false, false]).show_rows(
            ui,
            size::ROW_COMPACT,
            self.shown.len(),
            |ui, visible| {
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
            },
        );
        if let Some(start) = unfold {
            self.expanded.insert(start);
            self.arrange();
        }
    }

    fn paint(&self, ui: &Ui, tokens: &Tokens, char_width: f32, rect: Rect, at: usize, characters: bool) {
        let row = &self.rows[at];
        let y = rect.center().y;
        let left = rect.left() + size::PAD;
        let offset = format!("{:08x}", row.offset);
        let font = theme::text::mono_small();
        ui.painter().text(Pos2::new(left, y), Align2::LEFT_CENTER, &offset, font, tokens.faint);
        let begin = left + char_width * 10.0;
        let half = (rect.right() - begin) / 2.0;
        for side in [Side::Old, Side::New] {
            let x = if side == Side::Old { begin } else { begin + half };
            let part = Rect::from_min_max(Pos2::new(x, rect.top()), Pos2::new(x + half, rect.bottom()));
            self.paint_side(ui, tokens, char_width, part, row, side, characters);
        }
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
        let (bytes, fill, word, sign, colour) = match side {
            Side::Old => {
                let bytes = &self.old[row.old.clone()];
                (bytes, tokens.diff_removed, tokens.diff_removed_word, "−", tokens.danger)
            }
            Side::New => {
                let bytes = &self.new[row.new.clone()];
                (bytes, tokens.diff_added, tokens.diff_added_word, "+", tokens.live)
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
        for (index, byte) in bytes.iter().enumerate() {
            job.append(&hex::byte_text(*byte), 0.0, format(row.changed & (1 << index) != 0));
            job.append(if index == hex::ROW / 2 - 1 { "  " } else { " " }, 0.0, format(false));
        }
        let digits = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let top = rect.center().y - digits.size().y / 2.0;
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.galley(Pos2::new(rect.left() + char_width * 3.0, top), digits, tokens.text);
        let text = if characters { hex::ascii_text(bytes) } else { String::new() };
        let x = rect.left() + char_width * (3.0 + hex::ROW as f32 * 3.0 + 2.0);
        let font = theme::text::mono_small();
        painter.text(Pos2::new(x, rect.center().y), Align2::LEFT_CENTER, &text, font, tokens.second);
        let response = ui.interact(rect, ui.scope_id().with((row.offset, side == Side::Old)), Sense::hover());
        response.widget_info(|| {
            let sign = if changed { sign } else { "" };
            let text = format!("{sign} {:08x}  {}", row.offset, hex::hex_text(bytes));
            WidgetInfo::labeled(Role::Label, true, text.trim_start())
        });
    }
}
