//! The difference of two texts, side by side or inline: line numbers, signs, word marks, unchanged
//! parts folded. Lines wrap, rows that are out of sight are not laid out.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, Galley, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::code::LINE_HEIGHT;
use super::soft_wrap::{LEAST, breaks, columns_of};
use crate::model::diff::{self, Diff, DiffBlock, DiffLine, LineEnding, RowKind, Side};
use crate::model::key_text::neutral;
use crate::ui::theme::{self, Tokens, size};

/// Columns that a note of the kind of line end takes.
const NOTE: usize = 7;
/// Columns that the note on a missing line break takes at most; it is measured where it may not fit.
const NOTE_AT_END: usize = 32;
/// Equal lines shown around a difference.
const CONTEXT: usize = 3;
/// A longer line is laid out in parts of so many bytes, of which only the visible ones cost.
const PART_BYTES: usize = 2_048;
/// Width of the number column, in characters.
const NUMBER_CHARS: f32 = 6.0;
/// Width of the sign column, in characters.
const SIGN_CHARS: f32 = 2.0;

/// What a row on screen shows.
#[derive(Clone, Debug)]
enum Shown {
    /// A part of both sides of a row.
    Pair { row: usize, part: usize },
    /// A part of one side of a row.
    One { row: usize, side: Side, part: usize },
    /// Equal rows, folded; a click shows them.
    Fold(Range<usize>),
}

/// Two texts with what is needed to draw their difference. Make it once for each pair of texts.
pub struct DiffView {
    diff: Diff,
    blocks: Vec<DiffBlock>,
    side_by_side: bool,
    expanded: BTreeSet<usize>,
    shown: Vec<Shown>,
    /// Where each shown row begins, in rows of text; one more than `shown`.
    tops: Vec<u32>,
    /// The width in points that `tops` were counted for.
    measured_width: f32,
    longest: usize,
}

impl DiffView {
    /// Compares two texts.
    #[must_use]
    pub fn new(old: &str, new: &str, side_by_side: bool) -> Self {
        let diff = diff::diff_lines(old, new);
        let blocks = diff::fold(&diff.rows, CONTEXT);
        let longest = diff.rows.len();
        let mut this = Self {
            diff,
            blocks,
            side_by_side,
            expanded: BTreeSet::new(),
            shown: Vec::new(),
            tops: Vec::new(),
            measured_width: 0.0,
            longest,
        };
        this.arrange();
        this
    }

    /// The difference.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    /// Chooses between side by side and inline.
    pub fn set_side_by_side(&mut self, side_by_side: bool) {
        if self.side_by_side != side_by_side {
            self.side_by_side = side_by_side;
            self.arrange();
        }
    }

    /// Lists what is shown, after folding or the kind of view has changed.
    fn arrange(&mut self) {
        let mut shown = Vec::new();
        for block in &self.blocks {
            match block {
                DiffBlock::Folded(rows) if !self.expanded.contains(&rows.start) => {
                    shown.push(Shown::Fold(rows.clone()));
                }
                DiffBlock::Folded(rows) | DiffBlock::Rows(rows) if self.side_by_side => {
                    for row in rows.clone() {
                        let parts = self.parts(row, Side::Old).max(self.parts(row, Side::New));
                        shown.extend((0..parts).map(|part| Shown::Pair { row, part }));
                    }
                }
                DiffBlock::Folded(rows) | DiffBlock::Rows(rows) => {
                    for line in self.diff.inline_lines(rows.clone()) {
                        let (row, side) = (line.row, line.side);
                        let parts = self.parts(row, side);
                        shown.extend((0..parts).map(|part| Shown::One { row, side, part }));
                    }
                }
            }
        }
        self.shown = shown;
        self.measured_width = 0.0;
    }

    fn parts(&self, row: usize, side: Side) -> usize {
        self.diff.line(row, side).map_or(0, |line| line.text.len().div_ceil(PART_BYTES).max(1))
    }

    /// The part of a line, as a range of its text, on borders of characters.
    fn part_range(&self, row: usize, side: Side, part: usize) -> Range<usize> {
        let text = self.diff.text(row, side);
        let border = |at: usize| (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
        let start = border(part * PART_BYTES).unwrap_or(text.len());
        let end = border((part + 1) * PART_BYTES).unwrap_or(text.len());
        start..end
    }

    /// Draws it in the space there is.
    pub fn show(&mut self, ui: &mut Ui) {
        let tokens = theme::tokens(ui);
        let metrics = Metrics::new(ui);
        let width = ui.available_width() - ui.spacing().scroll.allocated_width();
        let columns = Columns::new(&metrics, width, self.side_by_side, self.longest);
        if (self.measured_width - columns.text_width).abs() > 0.5 {
            self.measure(&metrics, &columns);
        }
        let total = self.tops.last().copied().unwrap_or(0) as f32 * metrics.row_height;
        let mut unfold = None;
        let mut in_sight: Vec<(usize, u32)> = Vec::new();
        egui::ScrollArea::vertical().auto_shrink([false, false]).show_viewport(ui, |ui, viewport| {
            ui.set_min_size(Vec2::new(width, total));
            let origin = ui.min_rect().min;
            let first_row = (viewport.min.y / metrics.row_height).floor().max(0.0) as u32;
            let first = self.tops.partition_point(|top| *top <= first_row).saturating_sub(1);
            for at in first..self.shown.len() {
                let top = self.tops[at] as f32 * metrics.row_height;
                if top > viewport.max.y {
                    break;
                }
                let height = (self.tops[at + 1] - self.tops[at]) as f32 * metrics.row_height;
                let rect = Rect::from_min_size(origin + Vec2::new(0.0, top), Vec2::new(width, height));
                match &self.shown[at] {
                    Shown::Fold(rows) => {
                        let words = t!("editor.diff.unchanged", count = rows.len());
                        if fold_row(ui, tokens, rect, rows, &words) {
                            unfold = Some(rows.start);
                        }
                    }
                    Shown::Pair { row, part } => {
                        let paint =
                            |side| self.paint_side(ui, tokens, &metrics, &columns, rect, *row, side, *part);
                        in_sight.push((at, paint(Side::Old).max(paint(Side::New))));
                    }
                    Shown::One { row, side, part } => {
                        let rows = self.paint_side(ui, tokens, &metrics, &columns, rect, *row, *side, *part);
                        in_sight.push((at, rows));
                    }
                }
            }
            if self.side_by_side {
                let x = origin.x + width / 2.0;
                ui.painter().vline(x, ui.clip_rect().y_range(), tokens.line());
            }
        });
        if self.put_right(&in_sight) {
            ui.ctx().request_repaint();
        }
        if let Some(start) = unfold {
            self.expanded.insert(start);
            self.arrange();
        }
    }

    /// Takes over how many rows of text the shown rows in sight really take; whether anything changed.
    fn put_right(&mut self, in_sight: &[(usize, u32)]) -> bool {
        let mut changed = false;
        for (at, rows) in in_sight {
            let counted = self.tops[at + 1] - self.tops[*at];
            if counted != *rows {
                changed = true;
                for top in &mut self.tops[at + 1..] {
                    *top = *top + rows - counted;
                }
            }
        }
        changed
    }

    /// Counts how many rows of text each shown row takes.
    fn measure(&mut self, metrics: &Metrics, columns: &Columns) {
        let mut tops = Vec::with_capacity(self.shown.len() + 1);
        let mut top = 0_u32;
        tops.push(top);
        for shown in &self.shown {
            let rows = match shown {
                Shown::Fold(_) => 1,
                Shown::Pair { row, part } => {
                    let old = self.wrapped_rows(metrics, columns, *row, Side::Old, *part);
                    old.max(self.wrapped_rows(metrics, columns, *row, Side::New, *part))
                }
                Shown::One { row, side, part } => self.wrapped_rows(metrics, columns, *row, *side, *part),
            };
            top += rows;
            tops.push(top);
        }
        self.tops = tops;
        self.measured_width = columns.text_width;
    }

    /// How many rows of text a part takes, as far as its characters tell; what it really takes is seen
    /// when it is laid out, and put right then.
    fn wrapped_rows(&self, metrics: &Metrics, columns: &Columns, row: usize, side: Side, part: usize) -> u32 {
        let text = self.diff.text(row, side);
        let text = &text[self.part_range(row, side, part)];
        let per_row = metrics.columns(columns);
        // The note on how the line ends may need a little more.
        let note = match self.diff.line(row, side).filter(|_| self.note(row, side).is_some()) {
            None => 0,
            Some(line) if line.ending == LineEnding::None => NOTE_AT_END,
            Some(_) => NOTE,
        };
        if text.len() + note <= per_row && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return 1;
        }
        let breaks = breaks(text, &[], per_row.max(LEAST));
        let last = &text[breaks.last().copied().unwrap_or(0)..];
        (breaks.len() + 1 + usize::from(columns_of(last) + note > per_row)) as u32
    }

    /// What to say about how a line ends, where the sides differ in it.
    fn note(&self, row: usize, side: Side) -> Option<String> {
        let whole = &self.diff.rows[row];
        let line = self.diff.line(row, side)?;
        let alone_at_end = line.ending == LineEnding::None && whole.kind != RowKind::Same;
        if !whole.endings_differ() && !alone_at_end {
            return None;
        }
        Some(match line.ending {
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
        row: usize,
        side: Side,
        part: usize,
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
        let range = self.part_range(row, side, part);
        let mut job = LayoutJob::default();
        job.wrap.max_width = columns.text_width;
        job.wrap.break_anywhere = true;
        let part_text = &self.diff.text(row, side)[range.clone()];
        let per_row = metrics.columns(columns).max(LEAST);
        let mut breaks = breaks(part_text, &[], per_row).into_iter().peekable();
        let mut at = 0;
        for span in self.diff.spans_in(row, side, range.clone()) {
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
        let is_last_part = range.end == self.diff.text(row, side).len();
        if is_last_part && let Some(note) = self.note(row, side) {
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

    /// Paints one side of a row; how many rows of text it takes.
    fn paint_side(
        &self,
        ui: &Ui,
        tokens: &Tokens,
        metrics: &Metrics,
        columns: &Columns,
        rect: Rect,
        row: usize,
        side: Side,
        part: usize,
    ) -> u32 {
        let rect = columns.side(rect, side);
        let kind = self.diff.rows[row].kind;
        let line = self.diff.line(row, side);
        let (fill, sign, colour) = dress(tokens, kind, side);
        let Some(line) = line else {
            ui.painter().rect_filled(rect, 0.0, tokens.panel);
            return 1;
        };
        if kind != RowKind::Same {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if part >= self.parts(row, side) {
            return 1;
        }
        let baseline = rect.top() + metrics.row_height / 2.0;
        if part == 0 {
            let numbers = columns.numbers(&self.diff.rows[row], side, line);
            for (right, number) in numbers {
                let at = Pos2::new(rect.left() + right, baseline);
                let font = theme::text::mono_small();
                ui.painter().text(at, egui::Align2::RIGHT_CENTER, number, font, tokens.faint);
            }
            let at = Pos2::new(rect.left() + columns.sign_x, baseline);
            ui.painter().text(at, egui::Align2::LEFT_CENTER, sign, theme::text::mono_strong(), colour);
        }
        let galley = self.galley(ui, tokens, metrics, columns, row, side, part);
        let rows = galley.rows.len().max(1) as u32;
        let text_at = Pos2::new(rect.left() + columns.text_x, rect.top());
        ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).galley(text_at, galley, tokens.text);
        let id = ui.scope_id().with((row, side == Side::Old, part));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| {
            // The part alone: a line may be all of a large value.
            let text = &self.diff.text(row, side)[self.part_range(row, side, part)];
            let text = format!("{sign} {}  {}", line.number, neutral(text));
            WidgetInfo::labeled(Role::Label, true, text.trim_start())
        });
        rows
    }
}

fn dress(tokens: &Tokens, kind: RowKind, side: Side) -> (Color32, &'static str, Color32) {
    match (kind, side) {
        (RowKind::Same, _) => (Color32::TRANSPARENT, "", tokens.faint),
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
        let same = row.kind == RowKind::Same;
        let old = if same || side == Side::Old { row.old.as_ref() } else { None };
        let new = if same || side == Side::New { row.new.as_ref() } else { None };
        [number(old, self.number_right[0]), number(new, self.number_right[1])].into_iter().flatten().collect()
    }
}
