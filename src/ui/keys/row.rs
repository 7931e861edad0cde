//! One row of the tree, painted by hand: a million of them must cost no more than those in sight.

use egui::accesskit;
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, FontId, Painter, Rect, Response, Stroke, Ui, pos2, vec2};
use rust_i18n::t;

use super::tree_rows::{ClaimMark, TreeRows};
use super::words;
use crate::model::activity::{ActivityKind, COUNT_MS, GLOW_MS};
use crate::model::coordination::ClaimKind;
use crate::model::key_text::{display_name, display_short};
use crate::model::rows::{Row, RowKind};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::{elided_job, icon_button, relative_text};

/// Indent of a level.
const INDENT: f32 = 14.0;
/// Room of the caret.
const CARET: f32 = 16.0;
/// Names keep at least this much room before badges are left out.
pub(super) const LEAST_NAME: f32 = 72.0;
/// Accessible names of huge keys are cut.
const MAX_LABEL_CHARS: usize = 512;

/// A fading glow is drawn again so often, in milliseconds: often enough for the eye, seldom enough
/// for machines that draw without a graphics card.
const GLOW_STEP_MS: i64 = 100;

/// What all rows of a frame share.
pub struct RowLook<'a> {
    /// The connection.
    pub session: &'a Session,
    /// Its rows.
    pub tree: &'a TreeRows,
    /// This moment.
    pub now: SeenAt,
    /// So many changes come in that rows neither glow nor tell ages.
    pub busy: bool,
    /// Whether the list has the keyboard.
    pub focused: bool,
}

/// When a row looks different by itself, in milliseconds from now.
pub type NextLook = Option<i64>;

/// Where a row's caret can be pressed.
#[must_use]
pub fn caret_rect(row: &Row, rect: Rect) -> Rect {
    let left = rect.left() + size::GRID + indent(row.depth);
    Rect::from_min_size(pos2(left, rect.top()), vec2(CARET + 2.0, rect.height()))
}

#[expect(clippy::cast_precision_loss, reason = "depths are below 100")]
fn indent(depth: usize) -> f32 {
    INDENT * depth.min(24) as f32
}

impl RowLook<'_> {
    /// The row's name for screen readers and tests: the key's text, and what is special about it.
    #[must_use]
    pub fn label(&self, row: &Row) -> String {
        let key = display_short(&row.path, MAX_LABEL_CHARS);
        match row.kind {
            RowKind::Ghost | RowKind::GhostFolder { .. } => {
                t!("keys.tree.deleted_label", key = key).into_owned()
            }
            _ if row.path.is_empty() => t!("keys.tree.empty_key").into_owned(),
            _ => key.into_owned(),
        }
    }

    /// Tells screen readers and tests about the row.
    pub fn announce(&self, ui: &Ui, row: &Row, response: &Response, selected: bool) {
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            egui::WidgetInfo::selected(accesskit::Role::TreeItem, enabled, selected, self.label(row))
        });
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_level(row.depth + 1);
            node.set_selected(selected);
            if let Some(expanded) = row.kind.expanded() {
                node.set_expanded(expanded);
            }
            let description = self.description(row);
            if !description.is_empty() {
                node.set_description(description);
            }
        });
    }

    fn description(&self, row: &Row) -> String {
        match row.kind {
            RowKind::Folder { keys, .. } => {
                let keys = match self.tree.gone_in(&row.path) {
                    0 => words::keys(keys),
                    gone => format!("{}, {}", words::keys(keys), words::deleted_keys(gone)),
                };
                match self.session.activity.folder_count(&row.path) {
                    0 => keys,
                    changes => format!("{keys}, {}", words::changes(u64::from(changes))),
                }
            }
            RowKind::Leaf { .. } => self
                .recent(row)
                .map(|(kind, age)| words::change_age(kind, self.now - age, self.now))
                .unwrap_or_default(),
            RowKind::Ghost => self.when_deleted(row),
            RowKind::GhostFolder { keys, .. } => words::deleted_keys(keys),
        }
    }

    /// How and when a key was deleted, as far as is known.
    fn when_deleted(&self, row: &Row) -> String {
        match self.session.deleted_key(&row.path) {
            Some(deleted) => words::deleted_at(deleted, self.now),
            None => t!("keys.tree.deleted").into_owned(),
        }
    }

    /// The newest change of a key within the last minute, and its age.
    fn recent(&self, row: &Row) -> Option<(ActivityKind, i64)> {
        let (kind, seen_at) = self.session.activity.newest(&row.path)?;
        let age = (self.now - seen_at).max(0);
        (age < COUNT_MS).then_some((kind, age))
    }

    /// Paints the row and tells when it will look different by itself.
    pub fn paint(&self, ui: &Ui, row: &Row, rect: Rect, response: &Response, selected: bool) -> NextLook {
        let tokens = theme::tokens(ui);
        let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
        self.paint_ground(ui, &painter, tokens, row, rect, response, selected);
        paint_guides(&painter, tokens, row.depth, rect);
        let left = self.paint_head(&painter, tokens, row, rect);
        let button = if self.brings_back(ui, row, rect, selected) { size::CONTROL_SMALL } else { 0.0 };
        let mut right = Right {
            painter: &painter,
            rect,
            x: rect.right() - size::PAD - size::GRID - button,
            least: left + LEAST_NAME,
        };
        let next = self.paint_badges(tokens, row, &mut right);
        self.paint_name(&painter, tokens, row, rect, left, right.x);
        next
    }

    /// Whether the row has a button that brings it back: where it is looked at, and may be written.
    fn brings_back(&self, ui: &Ui, row: &Row, rect: Rect, selected: bool) -> bool {
        let looked_at =
            selected || self.session.cursor.as_ref() == Some(&row.item()) || ui.rect_contains_pointer(rect);
        row.kind.is_gone() && looked_at && !self.session.profile.read_only
    }

    /// The button at the end of a deleted row. Says whether it was pressed.
    pub fn bring_back(&self, ui: &mut Ui, row: &Row, rect: Rect, selected: bool) -> bool {
        if !self.brings_back(ui, row, rect, selected) {
            return false;
        }
        let centre = pos2(rect.right() - size::PAD - size::CONTROL_SMALL / 2.0, rect.center().y);
        let place = Rect::from_center_size(centre, egui::Vec2::splat(size::CONTROL_SMALL));
        let name = display_short(row.name(), MAX_LABEL_CHARS);
        let words = t!("keys.tree.bring_back", name = name);
        let child = egui::UiBuilder::new().id_salt(("bring back", &row.path, row.item().is_folder()));
        let shown = ui.scope_builder(child.max_rect(place), |ui| {
            icon_button(ui, icons::ARROW_COUNTER_CLOCKWISE, &words, None).clicked()
        });
        shown.inner
    }

    fn paint_ground(
        &self,
        ui: &Ui,
        painter: &Painter,
        tokens: &Tokens,
        row: &Row,
        rect: Rect,
        response: &Response,
        selected: bool,
    ) {
        let ground = rect.shrink2(vec2(size::GRID, 0.5));
        if selected {
            painter.rect_filled(ground, size::RADIUS_SMALL, tokens.selected);
        } else if response.hovered() {
            painter.rect_filled(ground, size::RADIUS_SMALL, tokens.hover);
        }
        if let Some((_, age)) = self.recent(row).filter(|(_, age)| *age < GLOW_MS && !self.busy) {
            let glow = theme::glow_in(ui, age);
            // On the selection's colour a fill would only look grey: it glows at its edge.
            let place = if selected { ground.with_max_x(ground.left() + size::GRID) } else { ground };
            let colour = if selected { glow.gamma_multiply(3.0) } else { glow };
            painter.rect_filled(place, size::RADIUS_SMALL, colour);
        }
        if self.focused && self.session.cursor.as_ref() == Some(&row.item()) {
            painter.rect_stroke(ground, size::RADIUS_SMALL, tokens.focus_ring(), egui::StrokeKind::Inside);
        }
    }

    /// Caret and icon; gives where the name begins.
    fn paint_head(&self, painter: &Painter, tokens: &Tokens, row: &Row, rect: Rect) -> f32 {
        let caret = caret_rect(row, rect);
        let y = rect.center().y;
        let (icon, colour) = self.icon(tokens, row);
        if let Some(expanded) = row.kind.expanded() {
            let shape = if expanded { icons::CARET_DOWN } else { icons::CARET_RIGHT };
            painter.text(caret.center(), Align2::CENTER_CENTER, shape, text::icon(11.0), tokens.faint);
        }
        let x = caret.right() + size::ICON / 2.0;
        painter.text(pos2(x, y), Align2::CENTER_CENTER, icon, text::icon(15.0), colour);
        x + size::ICON / 2.0 + 6.0
    }

    fn icon(&self, tokens: &Tokens, row: &Row) -> (&'static str, Color32) {
        match row.kind {
            RowKind::Folder { expanded: true, .. } => (icons::FOLDER_OPEN, tokens.second),
            RowKind::Folder { .. } => (icons::FOLDER, tokens.second),
            RowKind::Ghost => (icons::FILE, tokens.faint),
            RowKind::GhostFolder { .. } => (icons::FOLDER, tokens.faint),
            RowKind::Leaf { meta } => {
                match ClaimMark::of(self.session, &row.path, Some(meta.create_revision)) {
                    None => (icons::FILE_TEXT, tokens.faint),
                    Some(mark) => {
                        let icon =
                            if mark.kind == ClaimKind::Lock { icons::LOCK } else { icons::CROWN_SIMPLE };
                        (icon, if mark.place == 0 { tokens.live } else { tokens.waiting })
                    }
                }
            }
        }
    }

    fn paint_badges(&self, tokens: &Tokens, row: &Row, right: &mut Right<'_>) -> NextLook {
        match &row.kind {
            RowKind::Folder { keys, .. } => {
                right.text(&words::short_count(*keys), text::mono_small(), tokens.faint, 34.0);
                // What is struck through below it, or else what went lately.
                let deletions = self.session.activity.folder_deletions(&row.path);
                let gone = match self.tree.gone_in(&row.path) {
                    0 => u64::from(deletions),
                    gone => gone,
                };
                if gone > 0 {
                    right.text(
                        &format!("−{}", words::short_count(gone)),
                        text::mono_small(),
                        tokens.danger,
                        0.0,
                    );
                }
                let changes = self.session.activity.folder_count(&row.path);
                // One deletion is not counted twice.
                let written = changes - deletions.min(changes);
                if written > 0 {
                    let count = format!("↑{}", words::short_count(u64::from(written)));
                    right.text(&count, text::mono_small(), tokens.changed, 0.0);
                }
                (changes > 0).then_some(1_000)
            }
            RowKind::Leaf { meta } => {
                if self.session.document(&row.path).is_some_and(|document| document.is_dirty()) {
                    right.icon(icons::PENCIL_SIMPLE, tokens.changed);
                }
                if meta.lease != 0 {
                    right.icon(icons::CLOCK, tokens.faint);
                }
                self.paint_age(tokens, row, right)
            }
            RowKind::Ghost => {
                let words = match self.session.deleted_key(&row.path).filter(|_| self.session.show_deleted) {
                    Some(deleted) => words::deleted_short(deleted, self.now),
                    None => t!("keys.tree.deleted").into_owned(),
                };
                right.text(&words, text::meta(), tokens.danger, 0.0);
                None
            }
            RowKind::GhostFolder { keys, .. } => {
                right.text(&words::short_count(*keys), text::mono_small(), tokens.danger, 34.0);
                right.text(&t!("keys.tree.deleted"), text::meta(), tokens.danger, 0.0);
                None
            }
        }
    }

    /// `● 2 s ago`, for a minute.
    fn paint_age(&self, tokens: &Tokens, row: &Row, right: &mut Right<'_>) -> NextLook {
        let (kind, age) = self.recent(row).filter(|_| !self.busy)?;
        right.text(&relative_text(self.now - age, self.now), text::meta(), tokens.faint, 0.0);
        let colour = if kind == ActivityKind::Created { tokens.live } else { tokens.changed };
        right.dot(colour);
        // While it glows with each step of the fading, then with each second that it tells.
        Some(if age < GLOW_MS { GLOW_STEP_MS } else { 1_000 - age % 1_000 })
    }

    fn paint_name(&self, painter: &Painter, tokens: &Tokens, row: &Row, rect: Rect, left: f32, right: f32) {
        let name = display_name(row.name());
        let (name, colour) = match &row.kind {
            _ if name.is_empty() => (t!("keys.tree.empty_name"), tokens.faint),
            kind if kind.is_gone() => (name, tokens.faint),
            _ => (name, tokens.text),
        };
        let mut format = TextFormat::simple(text::mono(), colour);
        if row.kind.is_gone() {
            format.strikethrough = Stroke::new(size::LINE, tokens.danger);
        }
        let job = LayoutJob::single_section(name.into_owned(), format);
        let galley = elided_job(painter, job, right - left - size::GRID);
        let y = rect.center().y - galley.size().y / 2.0;
        painter.galley(pos2(left, y), galley, colour);
    }
}

pub(super) fn paint_guides(painter: &Painter, tokens: &Tokens, depth: usize, rect: Rect) {
    for level in 0..depth.min(24) {
        let x = rect.left() + size::GRID + indent(level) + CARET / 2.0;
        painter.vline(painter.round_to_pixel_center(x), rect.y_range(), tokens.line());
    }
}

/// Puts things at the right end of a row, from the right to the left, while there is room.
pub(super) struct Right<'a> {
    pub(super) painter: &'a Painter,
    pub(super) rect: Rect,
    /// What is put next ends here.
    pub(super) x: f32,
    /// And begins here at the least.
    pub(super) least: f32,
}

impl Right<'_> {
    pub(super) fn text(&mut self, words: &str, font: FontId, colour: Color32, least_width: f32) {
        let galley = self.painter.layout_no_wrap(words.to_owned(), font, colour);
        let width = galley.size().x.max(least_width);
        if self.x - width < self.least {
            return;
        }
        let at = pos2(self.x - galley.size().x, self.rect.center().y - galley.size().y / 2.0);
        self.painter.galley(at, galley, colour);
        self.x -= width + size::GRID;
    }

    fn icon(&mut self, icon: &str, colour: Color32) {
        if self.x - size::ICON_SMALL < self.least {
            return;
        }
        let centre = pos2(self.x - size::ICON_SMALL / 2.0, self.rect.center().y);
        self.painter.text(centre, Align2::CENTER_CENTER, icon, text::icon(13.0), colour);
        self.x -= size::ICON_SMALL + size::GRID;
    }

    fn dot(&mut self, colour: Color32) {
        if self.x - size::DOT < self.least {
            return;
        }
        self.painter.circle_filled(pos2(self.x - 3.0, self.rect.center().y), 3.0, colour);
        self.x -= size::DOT + size::GRID;
    }
}
