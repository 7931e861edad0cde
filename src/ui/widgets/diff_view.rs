//! The difference of two texts, side by side or inline: line numbers, signs, word marks, unchanged
//! parts folded, one change after the other gone to. Lines wrap, what is out of sight is not laid out.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, Galley, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::code::LINE_HEIGHT;
use super::diff_layout::{Content, Form, Layout, Shown};
use super::soft_wrap::{LEAST, breaks};
use super::units::bytes_text;
use crate::model::diff::{self, Diff, DiffLine, LineEnding, RowKind, Side, Whitespace};
use crate::model::key_text::neutral;
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, Tokens, size};

/// Width of the number column, in characters.
const NUMBER_CHARS: f32 = 6.0;
/// Width of the sign column, in characters.
const SIGN_CHARS: f32 = 2.0;
/// Rows of text above a change that is gone to.
const ROWS_ABOVE: u32 = 4;
/// Width of the line beside the current change.
const CURRENT: f32 = 3.0;
/// Rows are put right after a jump at most so often.
const JUMP_FRAMES: u8 = 3;

/// To another change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// To the next.
    Next,
    /// To the one before.
    Previous,
}

impl Jump {
    /// Where it leads among so many changes; round at the ends.
    pub(super) fn from(self, current: Option<usize>, count: usize) -> Option<usize> {
        let last = count.checked_sub(1)?;
        Some(match (self, current) {
            (Self::Next, None) => 0,
            (Self::Next, Some(at)) => {
                if at >= last {
                    0
                } else {
                    at + 1
                }
            }
            (Self::Previous, None | Some(0)) => last,
            (Self::Previous, Some(at)) => at.min(count) - 1,
        })
    }
}

/// What the view is to scroll to.
#[derive(Clone, Copy, Debug)]
enum Scroll {
    /// This unit, to begin so far above the upper edge.
    Unit(usize, f32),
    /// To this change; in so many frames once more, should rows be higher than expected.
    Change(usize, u8),
}

/// Two texts with what is needed to draw their difference. Make it once for each pair of texts.
pub struct DiffView {
    content: Arc<Content>,
    layout: Layout,
    /// A layout that is being worked out beside the window.
    laying: Option<Beside<Layout>>,
    side_by_side: bool,
    expanded: BTreeSet<usize>,
    current: Option<usize>,
    scroll: Option<Scroll>,
    /// The fold that was opened just now stays here.
    keep: Option<(usize, f32)>,
    /// A unit that is looked at, and how far above the upper edge it begins.
    place: (usize, f32),
    /// How many rows the last frame laid out, for the test that it is only the visible ones.
    pub rows_laid_out: usize,
}

impl DiffView {
    /// Compares two texts.
    #[must_use]
    pub fn new(old: &str, new: &str, whitespace: Whitespace, side_by_side: bool) -> Self {
        let content = Arc::new(Content::new(old, new, whitespace));
        // As wide as a window usually is: what was guessed wrong is put right.
        let form = Form { side_by_side, columns: 80, expanded: BTreeSet::new() };
        let layout = Layout::new(&content, form);
        Self {
            content,
            layout,
            laying: None,
            side_by_side,
            expanded: BTreeSet::new(),
            current: None,
            scroll: None,
            keep: None,
            place: (0, 0.0),
            rows_laid_out: 0,
        }
    }

    /// The difference.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.content.diff
    }

    /// How many changes there are.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.content.units.changes().len()
    }

    /// The change that was gone to last.
    #[must_use]
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Goes to another change.
    pub fn go(&mut self, jump: Jump) {
        self.current = jump.from(self.current, self.changes());
        self.scroll = self.current.map(|change| Scroll::Change(change, JUMP_FRAMES));
    }

    /// The text of a side with the current change taken over from the other side.
    #[must_use]
    pub fn take_current(&self, to: Side) -> Option<String> {
        self.content.units.take(&self.content.diff, self.current?, to)
    }

    /// Chooses between side by side and inline.
    pub fn set_side_by_side(&mut self, side_by_side: bool) {
        self.side_by_side = side_by_side;
    }

    /// Stays where the view of an earlier comparison was: one of its texts has changed since.
    pub fn adopt(&mut self, before: &Self) {
        let (mine, others) = (&self.content, &before.content);
        let side = if mine.diff.old == others.diff.old {
            Side::Old
        } else if mine.diff.new == others.diff.new {
            Side::New
        } else {
            return;
        };
        // The line at a unit, or at the next one that has a line on this side.
        let here = |unit: usize| {
            let line = (unit..others.units.len().min(unit + 1_000))
                .find_map(|unit| others.diff.line(others.row(unit), side))?;
            mine.units.of_line(side, line.number)
        };
        self.expanded = before.expanded.iter().filter_map(|unit| mine.fold_of(here(*unit)?)).collect();
        self.current = before.current.and_then(|change| {
            let unit = here(others.units.changes().get(change)?.start)?;
            let changes = mine.units.changes();
            let at = changes.partition_point(|change| change.end <= unit);
            (!changes.is_empty()).then(|| at.min(changes.len() - 1))
        });
        self.scroll = here(before.place.0).map(|unit| Scroll::Unit(unit, before.place.1));
        let form = Form { expanded: self.expanded.clone(), ..before.layout.form.clone() };
        if mine.is_small() && form != self.layout.form {
            self.layout = Layout::new(mine, form);
        }
    }

    /// Has the layout made that is wanted now: at once where it is small, else beside the window, and
    /// what is there stays until then.
    fn lay_out(&mut self, ui: &Ui, columns: usize) {
        if let Some(laying) = self.laying.take() {
            match laying.take() {
                Answer::Working => {
                    self.laying = Some(laying);
                    return;
                }
                Answer::Ready(layout) => self.replace(ui, layout),
                Answer::Failed => tracing::error!("a difference was not laid out"),
            }
        }
        let is_wanted = |form: &Form| {
            form.side_by_side == self.side_by_side
                && form.columns == columns
                && form.expanded == self.expanded
        };
        if is_wanted(&self.layout.form) {
            return;
        }
        let expanded = self.expanded.clone();
        let form = Form { side_by_side: self.side_by_side, columns, expanded };
        if self.content.is_small() {
            self.replace(ui, Layout::new(&self.content, form));
        } else {
            let content = self.content.clone();
            self.laying = Some(Beside::start(ui.ctx(), "lay-out", move || Layout::new(&content, form)));
        }
    }

    /// Takes a layout over; what is in sight stays there.
    fn replace(&mut self, ui: &Ui, layout: Layout) {
        let before = std::mem::replace(&mut self.layout, layout);
        let (unit, above) = self.keep.take().unwrap_or(self.place);
        self.scroll = self.scroll.or(Some(Scroll::Unit(unit, above)));
        if !self.content.is_small() {
            drop(Beside::start(ui.ctx(), "discard", move || drop(before)));
        }
    }

    /// Where to scroll to now, in points.
    fn take_scroll(&mut self, row_height: f32) -> Option<f32> {
        let (row, into) = match self.scroll.take()? {
            Scroll::Unit(unit, into) => (self.layout.heights.top(self.layout.index_of(unit)), into),
            Scroll::Change(change, frames) => {
                self.scroll = frames.checked_sub(1).map(|frames| Scroll::Change(change, frames));
                let unit = self.content.units.changes().get(change)?.start;
                let row = self.layout.heights.top(self.layout.index_of(unit));
                (row.saturating_sub(ROWS_ABOVE), 0.0)
            }
        };
        Some((row as f32 * row_height + into).max(0.0))
    }

    /// Draws it in the space there is.
    pub fn show(&mut self, ui: &mut Ui) {
        let tokens = theme::tokens(ui);
        let metrics = Metrics::new(ui);
        let width = ui.available_width() - ui.spacing().scroll.allocated_width();
        let lines = self.content.diff.rows.len();
        let wanted = Columns::new(&metrics, width, self.side_by_side, lines);
        self.lay_out(ui, metrics.columns(&wanted));
        let columns = Columns::new(&metrics, width, self.layout.form.side_by_side, lines);
        let total = self.layout.heights.total() as f32 * metrics.row_height;
        let mut area = egui::ScrollArea::vertical().auto_shrink([false, false]);
        if let Some(offset) = self.take_scroll(metrics.row_height) {
            area = area.vertical_scroll_offset(offset);
        }
        let mut unfold = None;
        let mut in_sight: Vec<(usize, u32)> = Vec::new();
        let shown = area.show_viewport(ui, |ui, viewport| {
            ui.set_min_size(Vec2::new(width, total));
            let origin = ui.min_rect().min;
            let first_row = (viewport.min.y / metrics.row_height).floor().max(0.0) as u32;
            let first = self.layout.heights.at(first_row);
            let mut row = self.layout.heights.top(first);
            for at in first..self.layout.shown.len() {
                let top = row as f32 * metrics.row_height;
                if top > viewport.max.y {
                    break;
                }
                let rows = self.layout.heights.height(at);
                row += rows;
                let height = rows as f32 * metrics.row_height;
                let rect = Rect::from_min_size(origin + Vec2::new(0.0, top), Vec2::new(width, height));
                let paint = |unit, side| self.paint_side(ui, tokens, &metrics, &columns, rect, unit, side);
                match &self.layout.shown[at] {
                    Shown::Fold(units) => {
                        if fold_row(ui, tokens, rect, units, &self.fold_words(units)) {
                            unfold = Some(units.start);
                        }
                    }
                    Shown::Pair(unit) => {
                        in_sight.push((at, paint(*unit, Side::Old).max(paint(*unit, Side::New))));
                    }
                    Shown::One(unit, side) => in_sight.push((at, paint(*unit, *side))),
                }
                if self.layout.shown[at].shows().is_some_and(|unit| self.is_current(unit)) {
                    let line = rect.with_max_x(rect.left() + CURRENT);
                    ui.painter().rect_filled(line, 0.0, tokens.accent);
                }
            }
            if columns.side_by_side {
                let x = origin.x + width / 2.0;
                ui.painter().vline(x, ui.clip_rect().y_range(), tokens.line());
            }
        });
        self.rows_laid_out = in_sight.len();
        let height = shown.inner_rect.height();
        self.note_place(shown.state.clamped_offset().y, height, metrics.row_height);
        let mut changed = false;
        for (at, rows) in in_sight {
            changed |= self.layout.heights.set(at, rows);
        }
        if changed || self.scroll.is_some() {
            ui.ctx().request_repaint();
        }
        if let Some(start) = unfold {
            let top = self.layout.heights.top(self.layout.index_of(start)) as f32 * metrics.row_height;
            self.keep = Some((start, shown.state.clamped_offset().y - top));
            self.expanded.insert(start);
            ui.ctx().request_repaint();
        }
    }

    /// Remembers what is looked at: the current change where it is in sight, else the first text.
    fn note_place(&mut self, offset: f32, height: f32, row_height: f32) {
        let first = self.layout.heights.at((offset / row_height).floor().max(0.0) as u32);
        let mut row = self.layout.heights.top(first);
        let mut place = None;
        for at in first..self.layout.shown.len() {
            let top = row as f32 * row_height;
            if top > offset + height {
                break;
            }
            row += self.layout.heights.height(at);
            let Some(unit) = self.layout.shown[at].shows() else { continue };
            if self.is_current(unit) && top >= offset {
                place = Some((unit, offset - top));
                break;
            }
            place = place.or(Some((unit, offset - top)));
        }
        self.place = place.unwrap_or((0, offset));
    }

    fn is_current(&self, unit: usize) -> bool {
        let change = self.current.and_then(|change| self.content.units.changes().get(change));
        change.is_some_and(|change| change.contains(&unit))
    }

    fn fold_words(&self, units: &Range<usize>) -> String {
        match self.content.units.extent(&self.content.diff, units.clone()) {
            (1, bytes) if units.len() > 1 => {
                t!("editor.diff.unchanged_text", size = bytes_text(bytes as u64)).into_owned()
            }
            (rows, _) => t!("editor.diff.unchanged", count = rows).into_owned(),
        }
    }

    /// What to say about how a line ends, where the sides differ in it.
    fn note(&self, unit: usize, side: Side) -> Option<String> {
        Some(match self.content.ending_to_note(unit, side)? {
            LineEnding::Lf => "LF".to_owned(),
            LineEnding::CrLf => "CRLF".to_owned(),
            LineEnding::None => t!("editor.diff.no_newline").into_owned(),
        })
    }

    fn galley(
        &self,
        ui: &Ui,
        tokens: &Tokens,
        metrics: &Metrics,
        columns: &Columns,
        unit: usize,
        side: Side,
    ) -> Arc<Galley> {
        let word = if side == Side::Old { tokens.diff_removed_word } else { tokens.diff_added_word };
        let format = |background| TextFormat {
            font_id: theme::text::mono(),
            color: tokens.text,
            background,
            line_height: Some(LINE_HEIGHT),
            valign: Align::Center,
            expand_bg: 1.0,
            ..TextFormat::default()
        };
        let row = self.content.row(unit);
        let range = self.content.units.range(&self.content.diff, unit, side).unwrap_or(0..0);
        let mut job = LayoutJob::default();
        job.wrap.max_width = columns.text_width;
        job.wrap.break_anywhere = true;
        let part_text = self.content.text(unit, side);
        let per_row = metrics.columns(columns).max(LEAST);
        let mut breaks = breaks(part_text, &[], per_row).into_iter().peekable();
        let mut at = 0;
        for span in self.content.diff.spans_in(row, side, range) {
            let (from, to) = (at, at + span.text.len());
            let format = format(if span.marked { word } else { Color32::TRANSPARENT });
            let mut done = from;
            while let Some(place) = breaks.next_if(|place| *place < to) {
                let place = place.max(done);
                job.append(&neutral(&span.text[done - from..place - from]), 0.0, format.clone());
                job.append("\n", 0.0, format.clone());
                done = place;
            }
            job.append(&neutral(&span.text[done - from..]), 0.0, format);
            at = to;
        }
        if let Some(note) = self.note(unit, side) {
            let format = TextFormat {
                font_id: theme::text::meta(),
                color: tokens.second,
                italics: true,
                line_height: Some(LINE_HEIGHT),
                valign: Align::Center,
                ..TextFormat::default()
            };
            job.append(&note, size::PAD, format);
        }
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    }

    /// Paints one side of a unit; how many rows of text it takes.
    fn paint_side(
        &self,
        ui: &Ui,
        tokens: &Tokens,
        metrics: &Metrics,
        columns: &Columns,
        rect: Rect,
        unit: usize,
        side: Side,
    ) -> u32 {
        let rect = columns.side(rect, side);
        let row = self.content.row(unit);
        let Some(about) = self.content.diff.rows.get(row) else { return 1 };
        let Some(line) = self.content.diff.line(row, side) else {
            ui.painter().rect_filled(rect, 0.0, tokens.panel);
            return 1;
        };
        // Of a long line, the parts that are equal look so.
        let is_part = !self.content.units.is_last_part(unit) || self.is_later_part(unit);
        let kind = if is_part && !self.content.units.is_changed(unit) { RowKind::Same } else { about.kind };
        let (fill, sign, colour) = dress(tokens, kind, side);
        if kind.is_change() {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        let baseline = rect.top() + metrics.row_height / 2.0;
        if !self.is_later_part(unit) {
            let numbers = columns.numbers(about, side, line);
            for (right, number) in numbers {
                let at = Pos2::new(rect.left() + right, baseline);
                let font = theme::text::mono_small();
                ui.painter().text(at, egui::Align2::RIGHT_CENTER, number, font, tokens.faint);
            }
        }
        let at = Pos2::new(rect.left() + columns.sign_x, baseline);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, sign, theme::text::mono_strong(), colour);
        let galley = self.galley(ui, tokens, metrics, columns, unit, side);
        let rows = galley.rows.len().max(1) as u32;
        let text_at = Pos2::new(rect.left() + columns.text_x, rect.top());
        ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).galley(text_at, galley, tokens.text);
        let id = ui.scope_id().with((unit, side == Side::Old));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| {
            // The part alone: a line may be all of a large value.
            let text = format!("{sign} {}  {}", line.number, neutral(self.content.text(unit, side)));
            WidgetInfo::labeled(Role::Label, true, text.trim_start())
        });
        rows
    }

    /// Whether it is a part of a long line, and not its first.
    fn is_later_part(&self, unit: usize) -> bool {
        self.content.units.get(unit).is_some_and(|unit| unit.part > 0)
    }
}

fn dress(tokens: &Tokens, kind: RowKind, side: Side) -> (Color32, &'static str, Color32) {
    match (kind, side) {
        (RowKind::Same, _) => (Color32::TRANSPARENT, "", tokens.faint),
        (RowKind::Ignored, _) => (Color32::TRANSPARENT, "≈", tokens.faint),
        (_, Side::Old) => (tokens.diff_removed, "−", tokens.danger),
        (_, Side::New) => (tokens.diff_added, "+", tokens.live),
    }
}

/// A folded run of equal lines; whether it was clicked.
pub(super) fn fold_row(ui: &Ui, tokens: &Tokens, rect: Rect, rows: &Range<usize>, text: &str) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(("fold", rows.start)), Sense::click());
    let fill = if response.hovered() { tokens.hover } else { tokens.panel };
    ui.painter().rect_filled(rect, 0.0, fill);
    let colour = if response.hovered() { tokens.text } else { tokens.second };
    ui.painter().text(
        Pos2::new(rect.left() + size::GROUP, rect.center().y),
        egui::Align2::LEFT_CENTER,
        theme::icons::CARET_UP_DOWN,
        theme::text::icon(size::ICON_SMALL),
        colour,
    );
    ui.painter().text(
        Pos2::new(rect.left() + size::GROUP * 2.5, rect.center().y),
        egui::Align2::LEFT_CENTER,
        text,
        theme::text::meta(),
        colour,
    );
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 0.0, tokens.focus_ring(), egui::StrokeKind::Inside);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    response.clicked()
}

/// Measures of the font.
struct Metrics {
    char_width: f32,
    row_height: f32,
}

impl Metrics {
    /// Characters that fit beside each other.
    fn columns(&self, columns: &Columns) -> usize {
        (columns.text_width / self.char_width).floor().max(1.0) as usize
    }

    fn new(ui: &Ui) -> Self {
        let font = theme::text::mono();
        Self { char_width: ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')), row_height: LINE_HEIGHT }
    }
}

/// Where things stand in a row.
struct Columns {
    side_by_side: bool,
    half: f32,
    number_right: [f32; 2],
    sign_x: f32,
    text_x: f32,
    text_width: f32,
}

impl Columns {
    fn new(metrics: &Metrics, width: f32, side_by_side: bool, lines: usize) -> Self {
        let digits = (lines.max(1).ilog10() as f32 + 1.0).max(NUMBER_CHARS - 3.0);
        let number = metrics.char_width * digits + size::PAD;
        let half = if side_by_side { width / 2.0 } else { width };
        let number_right = if side_by_side { [number, number] } else { [number, number * 2.0] };
        let sign_x = number_right[1] + size::PAD;
        let text_x = sign_x + metrics.char_width * SIGN_CHARS;
        let text_width = (half - text_x - size::PAD).max(metrics.char_width * 8.0);
        Self { side_by_side, half, number_right, sign_x, text_x, text_width }
    }

    fn side(&self, rect: Rect, side: Side) -> Rect {
        match (self.side_by_side, side) {
            (false, _) => rect,
            (true, Side::Old) => rect.with_max_x(rect.left() + self.half),
            (true, Side::New) => rect.with_min_x(rect.left() + self.half),
        }
    }

    /// Line numbers with the right edge of each: one beside each text, both in the inline view.
    fn numbers(&self, row: &diff::DiffRow, side: Side, line: &DiffLine) -> Vec<(f32, String)> {
        if self.side_by_side {
            return vec![(self.number_right[0], line.number.to_string())];
        }
        let number = |line: Option<&DiffLine>, right: f32| line.map(|line| (right, line.number.to_string()));
        let same = !row.kind.is_change();
        let old = if same || side == Side::Old { row.old.as_ref() } else { None };
        let new = if same || side == Side::New { row.new.as_ref() } else { None };
        [number(old, self.number_right[0]), number(new, self.number_right[1])].into_iter().flatten().collect()
    }
}
