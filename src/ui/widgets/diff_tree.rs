//! The difference of two documents by their structure: one row for each, with its path and both values;
//! the one gone to is shown in full below.

use egui::{Align2, Color32, Frame, Label, Panel, Pos2, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::diff_view::Jump;
use super::{elided, list::row_ground};
use crate::model::diff::structural::{Change, ChangeKind, path_text};
use crate::model::diff::tree::Node;
use crate::model::key_text::neutral;
use crate::ui::theme::{self, Tokens, size, text};

/// So much of a value is put into its row.
const ROW_BYTES: usize = 200;
/// So much of a value is shown below.
const DETAIL_BYTES: usize = 8 * 1024;
/// Height of what is shown below.
const DETAIL: f32 = 150.0;
/// Rows above a change that is gone to.
const ROWS_ABOVE: usize = 4;
/// Width of the column with the signs.
const SIGN: f32 = 28.0;

/// The differences of two documents. Make it once for each pair.
pub struct StructureView {
    changes: Vec<Change>,
    current: Option<usize>,
    scroll: bool,
    /// How many rows the last frame laid out.
    pub rows_laid_out: usize,
}

impl StructureView {
    /// A view of these differences.
    #[must_use]
    pub fn new(changes: Vec<Change>) -> Self {
        Self { changes, current: None, scroll: false, rows_laid_out: 0 }
    }

    /// How many differences there are.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.changes.len()
    }

    /// The difference that was gone to last.
    #[must_use]
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Goes to another difference.
    pub fn go(&mut self, jump: Jump) {
        self.current = jump.from(self.current, self.changes.len());
        self.scroll = true;
    }

    /// Stays at the same difference, where there still is one of its path.
    pub fn adopt(&mut self, before: &Self) {
        let Some(change) = before.current.and_then(|current| before.changes.get(current)) else { return };
        self.current = self
            .changes
            .iter()
            .position(|mine| mine.new_path == change.new_path && mine.old_path == change.old_path);
    }

    /// Draws it in the space there is.
    pub fn show(&mut self, ui: &mut Ui) {
        let tokens = theme::tokens(ui);
        if let Some(change) = self.current.and_then(|current| self.changes.get(current)) {
            let height = DETAIL.min(ui.available_height() * 0.4);
            let frame = Frame::new().fill(tokens.panel).inner_margin(size::PAD);
            Panel::bottom("structure detail")
                .exact_size(height)
                .frame(frame)
                .show_separator_line(true)
                .show(ui, |ui| detail(ui, tokens, change));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical().auto_shrink([false, false]);
        if std::mem::take(&mut self.scroll)
            && let Some(current) = self.current
        {
            area = area.vertical_scroll_offset(current.saturating_sub(ROWS_ABOVE) as f32 * size::ROW);
        }
        let mut clicked = None;
        let mut laid_out = 0;
        area.show_rows(ui, size::ROW, self.changes.len(), |ui, visible| {
            laid_out = visible.len();
            for at in visible {
                if row(ui, tokens, &self.changes[at], self.current == Some(at)) {
                    clicked = Some(at);
                }
            }
        });
        self.rows_laid_out = laid_out;
        if clicked.is_some() {
            self.current = clicked;
        }
    }
}

/// The sign, its colour, and the ground.
fn dress(tokens: &Tokens, kind: ChangeKind) -> (&'static str, Color32) {
    match kind {
        ChangeKind::Added => ("+", tokens.live),
        ChangeKind::Removed => ("−", tokens.danger),
        ChangeKind::Changed => ("~", tokens.changed),
        ChangeKind::Rewritten => ("≈", tokens.second),
        ChangeKind::TypeChanged => ("≠", tokens.changed),
        ChangeKind::Moved => ("↕", tokens.accent),
    }
}

fn shown_path(change: &Change) -> String {
    let path = if change.new.is_some() { &change.new_path } else { &change.old_path };
    if path.is_empty() { t!("compare.structure.whole").into_owned() } else { path_text(path) }
}

fn kind_name(kind: ChangeKind) -> String {
    let name = format!("compare.structure.{}", kind.name());
    t!(&name).into_owned()
}

fn value_text(value: Option<&std::sync::Arc<Node>>, most: usize) -> String {
    value.map_or(String::new(), |node| neutral(&node.text(most)).into_owned())
}

/// One difference; whether it was clicked.
fn row(ui: &mut Ui, tokens: &Tokens, change: &Change, current: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::click());
    row_ground(ui, rect, current, response.hovered(), response.has_focus());
    let (sign, colour) = dress(tokens, change.kind);
    let y = rect.center().y;
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let sign_at = Pos2::new(rect.left() + size::GROUP, y);
    painter.text(sign_at, Align2::CENTER_CENTER, sign, text::mono_strong(), colour);
    let room = rect.width() - SIGN - size::GROUP;
    let path = shown_path(change);
    let (old, new) = (value_text(change.old.as_ref(), ROW_BYTES), value_text(change.new.as_ref(), ROW_BYTES));
    let values = match change.kind {
        ChangeKind::Moved => moved_words(change),
        _ => String::new(),
    };
    let columns = [(0.0, 0.42), (0.43, 0.28), (0.72, 0.28)];
    let cells = [
        (path.as_str(), tokens.text, None),
        (old.as_str(), tokens.text, change.old.as_ref().map(|_| tokens.diff_removed)),
        (new.as_str(), tokens.text, change.new.as_ref().map(|_| tokens.diff_added)),
    ];
    for ((words, colour, fill), (from, share)) in cells.into_iter().zip(columns) {
        let left = rect.left() + SIGN + room * from;
        let cell =
            Rect::from_min_max(Pos2::new(left, rect.top()), Pos2::new(left + room * share, rect.bottom()));
        let galley = elided(ui.painter(), words, text::mono_small(), colour, cell.width() - size::PAD);
        if let Some(fill) = fill.filter(|_| change.kind != ChangeKind::Moved && !words.is_empty()) {
            let ground = Rect::from_min_size(cell.min, Vec2::new(galley.size().x + size::PAD, cell.height()));
            painter.rect_filled(ground.shrink2(Vec2::new(0.0, 3.0)), size::RADIUS_SMALL, fill);
        }
        painter.galley(Pos2::new(cell.left() + size::GRID, y - galley.size().y / 2.0), galley, colour);
    }
    let name = [sign, &path, &kind_name(change.kind), &values, &old, "→", &new];
    let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
    let name = name.join(" ");
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, current, &name));
    response.on_hover_text(kind_name(change.kind)).clicked()
}

fn moved_words(change: &Change) -> String {
    t!("compare.structure.moved_from", from = path_text(&change.old_path), to = path_text(&change.new_path))
        .into_owned()
}

/// A difference in full.
fn detail(ui: &mut Ui, tokens: &Tokens, change: &Change) {
    let (sign, colour) = dress(tokens, change.kind);
    ui.horizontal(|ui| {
        ui.label(tokens.mono(sign).color(colour));
        ui.label(tokens.strong(kind_name(change.kind)));
        let path = if change.kind == ChangeKind::Moved { moved_words(change) } else { shown_path(change) };
        ui.add(Label::new(tokens.mono(path)).truncate());
    });
    ui.add_space(size::GRID);
    ui.columns(2, |columns| {
        for (at, (column, value)) in columns.iter_mut().zip([&change.old, &change.new]).enumerate() {
            let fill = match (change.kind, at) {
                (ChangeKind::Moved, _) => tokens.hover,
                (_, 0) => tokens.diff_removed,
                _ => tokens.diff_added,
            };
            let Some(value) = value else { continue };
            Frame::new().fill(fill).inner_margin(size::GRID).corner_radius(size::RADIUS_SMALL).show(
                column,
                |ui| {
                    ScrollArea::vertical().id_salt(("detail", at)).auto_shrink([false, true]).show(
                        ui,
                        |ui| {
                            let words = neutral(&value.text(DETAIL_BYTES)).into_owned();
                            ui.add(Label::new(tokens.mono(words)).wrap());
                        },
                    );
                },
            );
        }
    });
}
