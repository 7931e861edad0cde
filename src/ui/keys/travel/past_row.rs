//! One row of the tree as it was. It looks like a row of the live tree, but for the marks of what became
//! of it.

use egui::accesskit::Role;
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, Rect, Response, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::words;
use crate::model::key_text::{display_name, display_short};
use crate::model::rows::{Row, RowKind};
use crate::model::travel::{Comparison, Counts, Mark};
use crate::ui::keys::row::{LEAST_NAME, Right, caret_rect, paint_guides};
use crate::ui::keys::words::short_count;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::elided_job;

/// Accessible names of huge keys are cut.
const MAX_LABEL_CHARS: usize = 512;

/// How a mark is dressed: its icon and colour.
#[must_use]
pub fn dress(mark: Mark, tokens: &Tokens) -> (&'static str, Color32) {
    match mark {
        Mark::Same => (icons::FILE_TEXT, tokens.faint),
        Mark::Rewritten => (icons::ARROWS_CLOCKWISE, tokens.faint),
        Mark::Changed => (icons::PENCIL_SIMPLE, tokens.changed),
        Mark::Unclear => (icons::PENCIL, tokens.changed),
        Mark::Created => (icons::PLUS_CIRCLE, tokens.live),
        Mark::Deleted => (icons::TRASH, tokens.danger),
        Mark::Uncertain => (icons::QUESTION, tokens.waiting),
    }
}

/// What all rows of a frame share.
pub struct PastLook<'a> {
    /// What became of the keys.
    pub comparison: &'a Comparison,
    /// Whether the list has the keyboard.
    pub focused: bool,
}

impl PastLook<'_> {
    fn mark(&self, row: &Row) -> Mark {
        self.comparison.mark(&row.path).unwrap_or(Mark::Same)
    }

    /// The name for screen readers and tests: the key, and what became of it.
    #[must_use]
    pub fn label(&self, row: &Row) -> String {
        let key = match row.path.is_empty() {
            true => t!("keys.tree.empty_key").into_owned(),
            false => display_short(&row.path, MAX_LABEL_CHARS).into_owned(),
        };
        match row.kind {
            RowKind::Folder { .. } => key,
            _ => match words::mark(self.mark(row)) {
                mark if mark.is_empty() => key,
                mark => t!("travel.tree.label", key = key, mark = mark).into_owned(),
            },
        }
    }

    /// Tells screen readers and tests about the row.
    pub fn announce(&self, ui: &Ui, row: &Row, response: &Response, selected: bool) {
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, enabled, selected, self.label(row)));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_level(row.depth + 1);
            node.set_selected(selected);
            if let RowKind::Folder { expanded, .. } = row.kind {
                node.set_expanded(expanded);
                node.set_description(words::counts(&self.comparison.folder(&row.path)));
            }
        });
    }

    /// Paints the row.
    pub fn paint(&self, ui: &Ui, row: &Row, rect: Rect, response: &Response, selected: bool, cursor: bool) {
        let tokens = theme::tokens(ui);
        let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
        let ground = rect.shrink2(vec2(size::GRID, 0.5));
        if selected {
            painter.rect_filled(ground, size::RADIUS_SMALL, tokens.selected);
        } else if response.hovered() {
            painter.rect_filled(ground, size::RADIUS_SMALL, tokens.hover);
        }
        if self.focused && cursor {
            painter.rect_stroke(ground, size::RADIUS_SMALL, tokens.focus_ring(), egui::StrokeKind::Inside);
        }
        paint_guides(&painter, tokens, row.depth, rect);
        let caret = caret_rect(row, rect);
        let y = rect.center().y;
        let (icon, colour) = match row.kind {
            RowKind::Folder { expanded, .. } => {
                let shape = if expanded { icons::CARET_DOWN } else { icons::CARET_RIGHT };
                painter.text(caret.center(), Align2::CENTER_CENTER, shape, text::icon(11.0), tokens.faint);
                (if expanded { icons::FOLDER_OPEN } else { icons::FOLDER }, tokens.second)
            }
            _ => dress(self.mark(row), tokens),
        };
        let x = caret.right() + size::ICON / 2.0;
        painter.text(pos2(x, y), Align2::CENTER_CENTER, icon, text::icon(15.0), colour);
        let left = x + size::ICON / 2.0 + 6.0;
        let mut right = Right {
            painter: &painter,
            rect,
            x: rect.right() - size::PAD - size::GRID,
            least: left + LEAST_NAME,
        };
        self.paint_badges(tokens, row, &mut right);
        let job = self.name(tokens, row);
        let galley = elided_job(&painter, job, right.x - left - size::GRID);
        painter.galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.text);
    }

    fn paint_badges(&self, tokens: &Tokens, row: &Row, right: &mut Right<'_>) {
        match row.kind {
            RowKind::Folder { keys, .. } => {
                right.text(&short_count(keys), text::mono_small(), tokens.faint, 34.0);
                for (words, colour) in badges(&self.comparison.folder(&row.path), tokens) {
                    right.text(&words, text::mono_small(), colour, 0.0);
                }
            }
            _ => {
                let mark = self.mark(row);
                let (_, colour) = dress(mark, tokens);
                right.text(&words::mark(mark), text::meta(), colour, 0.0);
            }
        }
    }

    fn name(&self, tokens: &Tokens, row: &Row) -> LayoutJob {
        let name = display_name(row.name());
        let is_folder = matches!(row.kind, RowKind::Folder { .. });
        let absent = !is_folder && self.mark(row) == Mark::Created;
        let (name, colour) = match name.is_empty() {
            true => (t!("keys.tree.empty_name"), tokens.faint),
            // It was not there then.
            false if absent => (name, tokens.faint),
            false => (name, tokens.text),
        };
        let mut format = TextFormat::simple(text::mono(), colour);
        if absent {
            format.underline = Stroke::new(size::LINE, tokens.live.gamma_multiply(0.6));
        }
        LayoutJob::single_section(name.into_owned(), format)
    }
}

/// `+12`, `~3`, `−1`, `?4`: what differs, from the right to the left.
#[must_use]
pub fn badges(counts: &Counts, tokens: &Tokens) -> Vec<(String, Color32)> {
    let changed = counts.changed + counts.unclear;
    [
        ("?", counts.uncertain, tokens.waiting),
        ("−", counts.deleted, tokens.danger),
        ("~", changed, tokens.changed),
        ("+", counts.created, tokens.live),
    ]
    .into_iter()
    .filter(|(_, count, _)| *count > 0)
    .map(|(sign, count, colour)| (format!("{sign}{}", short_count(count)), colour))
    .collect()
}
