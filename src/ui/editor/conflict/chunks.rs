//! The chunks of a merge in three columns, with a choice at each conflict.

use std::collections::BTreeSet;

use egui::{
    Align2, Color32, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2,
    WidgetInfo,
};
use rust_i18n::t;

use crate::model::key_text::neutral;
use crate::model::merge::{Choice, Merge, MergeChunk};
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::{elided, segmented};

/// Unchanged lines shown around a change; longer runs are folded.
const CONTEXT: usize = 2;
/// Height of the line above a chunk.
const HEAD: f32 = 36.0;
/// Lines are cut after so many characters; the whole line is in the result below.
const LONGEST: usize = 400;

enum Row {
    /// The line above a chunk; the number of its conflict.
    Head { chunk: usize, conflict: Option<usize> },
    /// A line of each side; the conflict it belongs to.
    Line { chunk: usize, at: usize, conflict: Option<usize> },
    /// Unchanged lines, folded.
    Fold { chunk: usize, count: usize },
}

/// The lines of the three sides of a chunk.
struct Sides {
    yours: Vec<String>,
    base: Vec<String>,
    theirs: Vec<String>,
}

/// What is drawn of a merge, found out once.
pub(super) struct ChunkRows {
    sides: Vec<Sides>,
    rows: Vec<Row>,
    tops: Vec<f32>,
    unfolded: BTreeSet<usize>,
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.chars().take(LONGEST).collect()).collect()
}

impl Sides {
    fn of(chunk: &MergeChunk) -> Self {
        let (yours, base, theirs) = match chunk {
            MergeChunk::Same(text) => (text, text, text),
            MergeChunk::Yours { base, yours } => (yours, base, base),
            MergeChunk::Theirs { base, theirs } => (base, base, theirs),
            MergeChunk::Both { base, text } => (text, base, text),
            MergeChunk::Conflict { base, yours, theirs } => (yours, base, theirs),
        };
        Self { yours: lines(yours), base: lines(base), theirs: lines(theirs) }
    }

    fn height(&self) -> usize {
        self.yours.len().max(self.base.len()).max(self.theirs.len())
    }
}

impl ChunkRows {
    pub(super) fn new(merge: &Merge) -> Self {
        let sides = merge.chunks.iter().map(Sides::of).collect();
        let mut this = Self { sides, rows: Vec::new(), tops: Vec::new(), unfolded: BTreeSet::new() };
        this.arrange(merge);
        this
    }

    fn arrange(&mut self, merge: &Merge) {
        self.rows.clear();
        let mut conflicts = 0;
        let last = merge.chunks.len().saturating_sub(1);
        for (chunk, kind) in merge.chunks.iter().enumerate() {
            let height = self.sides[chunk].height();
            if matches!(kind, MergeChunk::Same(_)) {
                let before = if chunk == 0 { 0 } else { CONTEXT };
                let after = if chunk == last { 0 } else { CONTEXT };
                let folds = height > before + after + 1 && !self.unfolded.contains(&chunk);
                for at in 0..height {
                    let hidden = folds && at >= before && at + after < height;
                    if !hidden {
                        self.rows.push(Row::Line { chunk, at, conflict: None });
                    } else if at == before {
                        self.rows.push(Row::Fold { chunk, count: height - before - after });
                    }
                }
                continue;
            }
            let conflict = kind.is_conflict().then_some(conflicts);
            conflicts += usize::from(kind.is_conflict());
            self.rows.push(Row::Head { chunk, conflict });
            self.rows.extend((0..height).map(|at| Row::Line { chunk, at, conflict }));
        }
        let mut top = 0.0;
        self.tops = std::iter::once(0.0)
            .chain(self.rows.iter().map(|row| {
                top += if matches!(row, Row::Head { .. }) { HEAD } else { size::ROW_COMPACT };
                top
            }))
            .collect();
    }

    /// Draws the columns; returns the choice that was made just now.
    pub(super) fn show(&mut self, ui: &mut Ui, merge: &Merge, choices: &[Choice]) -> Option<(usize, Choice)> {
        let tokens = theme::tokens(ui);
        column_names(ui, tokens);
        let mut chosen = None;
        let mut unfold = None;
        ScrollArea::vertical().id_salt("chunks").auto_shrink([false, false]).show_viewport(
            ui,
            |ui, viewport| {
                let width = ui.available_width();
                ui.set_min_size(Vec2::new(width, self.tops.last().copied().unwrap_or(0.0)));
                let origin = ui.min_rect().min;
                let first = self.tops.partition_point(|top| *top <= viewport.min.y).saturating_sub(1);
                for (at, row) in self.rows.iter().enumerate().skip(first) {
                    if self.tops[at] > viewport.max.y {
                        break;
                    }
                    let height = self.tops[at + 1] - self.tops[at];
                    let place = origin + Vec2::new(0.0, self.tops[at]);
                    let rect = Rect::from_min_size(place, Vec2::new(width, height));
                    match row {
                        Row::Head { chunk, conflict } => {
                            let kind = &merge.chunks[*chunk];
                            if let Some(choice) = head(ui, tokens, rect, *chunk, kind, *conflict, choices) {
                                chosen = conflict.map(|conflict| (conflict, choice));
                            }
                        }
                        Row::Line { chunk, at, conflict } => {
                            let choice = conflict.and_then(|conflict| choices.get(conflict)).copied();
                            let kind = &merge.chunks[*chunk];
                            line(ui, tokens, rect, &self.sides[*chunk], (*chunk, *at), kind, choice);
                        }
                        Row::Fold { chunk, count } => {
                            if fold(ui, tokens, rect, *chunk, *count).clicked() {
                                unfold = Some(*chunk);
                            }
                        }
                    }
                }
            },
        );
        if let Some(chunk) = unfold {
            self.unfolded.insert(chunk);
            self.arrange(merge);
        }
        chosen
    }
}

fn columns(rect: Rect) -> [Rect; 3] {
    let width = rect.width() / 3.0;
    [0.0, 1.0, 2.0].map(|column| {
        let left = rect.left() + width * column;
        Rect::from_x_y_ranges(left..=left + width, rect.y_range())
    })
}

fn column_names(ui: &mut Ui, tokens: &Tokens) {
    let place = Vec2::new(ui.available_width(), size::ROW);
    let (rect, _) = ui.allocate_exact_size(place, Sense::hover());
    ui.painter().rect_filled(rect, 0.0, tokens.panel);
    let names = [t!("editor.conflict.yours"), t!("editor.conflict.base"), t!("editor.conflict.theirs")];
    let colours = [tokens.accent, tokens.second, tokens.waiting];
    for ((column, name), colour) in columns(rect).into_iter().zip(&names).zip(colours) {
        let at = Pos2::new(column.left() + size::PAD + size::GRID, column.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, name, text::meta_medium(), colour);
        let response = ui.interact(column, ui.scope_id().with(("column", name.as_ref())), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// The line above a chunk: what happened there, and for a conflict the choice.
fn head(
    ui: &mut Ui,
    tokens: &Tokens,
    rect: Rect,
    chunk: usize,
    kind: &MergeChunk,
    conflict: Option<usize>,
    choices: &[Choice],
) -> Option<Choice> {
    let (icon, colour, words) = match kind {
        MergeChunk::Yours { .. } => (icons::CHECK, tokens.accent, t!("editor.conflict.only_yours")),
        MergeChunk::Theirs { .. } => (icons::CHECK, tokens.waiting, t!("editor.conflict.only_theirs")),
        MergeChunk::Both { .. } | MergeChunk::Same(_) => {
            (icons::CHECK, tokens.live, t!("editor.conflict.same_change"))
        }
        MergeChunk::Conflict { .. } => {
            let number = conflict.unwrap_or(0) + 1;
            let words = t!("editor.conflict.number", number = number, total = choices.len());
            let open = conflict.and_then(|at| choices.get(at)) == Some(&Choice::Open);
            let colour = if open { tokens.danger } else { tokens.live };
            (if open { icons::WARNING } else { icons::CHECK }, colour, words)
        }
    };
    ui.painter().rect_filled(rect, 0.0, tokens.soft(colour));
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut row = ui.new_child(UiBuilder::new().id_salt(("head", chunk)).max_rect(inner).layout(layout));
    row.spacing_mut().item_spacing.x = size::PAD;
    row.label(egui::RichText::new(icon).font(text::icon(size::ICON)).color(colour));
    row.label(tokens.strong(words));
    let choice = conflict.and_then(|at| choices.get(at)).copied()?;
    let (yours, theirs, both, base) = (
        t!("editor.conflict.yours"),
        t!("editor.conflict.theirs"),
        t!("editor.conflict.both"),
        t!("editor.conflict.base"),
    );
    let offered = [
        (Choice::Yours, yours.as_ref()),
        (Choice::Theirs, theirs.as_ref()),
        (Choice::Both, both.as_ref()),
        (Choice::Base, base.as_ref()),
    ];
    segmented(&mut row, choice, &offered)
}

fn line(
    ui: &Ui,
    tokens: &Tokens,
    rect: Rect,
    sides: &Sides,
    (chunk, at): (usize, usize),
    kind: &MergeChunk,
    choice: Option<Choice>,
) {
    let names = [t!("editor.conflict.yours"), t!("editor.conflict.base"), t!("editor.conflict.theirs")];
    let texts = [sides.yours.get(at), sides.base.get(at), sides.theirs.get(at)];
    for (side, (column, content)) in columns(rect).into_iter().zip(texts).enumerate() {
        let (fill, taken) = ground(tokens, kind, choice, side);
        ui.painter().rect_filled(column, 0.0, fill);
        if taken {
            let edge = Rect::from_min_size(column.min, Vec2::new(3.0, column.height()));
            ui.painter().rect_filled(edge, 0.0, tokens.live);
        }
        if side > 0 {
            ui.painter().vline(column.left(), column.y_range(), tokens.line());
        }
        let Some(content) = content else { continue };
        let dim = matches!(choice, Some(choice) if choice != Choice::Open) && !taken;
        let colour = if dim { tokens.faint } else { tokens.text };
        let room = column.width() - size::GROUP - size::GRID;
        let content = neutral(content);
        let galley = elided(ui.painter(), content.as_ref(), text::mono(), colour, room);
        let left =
            Pos2::new(column.left() + size::PAD + size::GRID, column.center().y - galley.size().y / 2.0);
        ui.painter().galley(left, galley, colour);
        let response =
            ui.interact(column, ui.scope_id().with(("merge_line", chunk, at, side)), Sense::hover());
        if !matches!(kind, MergeChunk::Same(_)) {
            let label = format!("{}: {content}", names[side]);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
        }
    }
}

/// The fill of a side of a chunk, and whether the result takes its lines.
fn ground(tokens: &Tokens, kind: &MergeChunk, choice: Option<Choice>, side: usize) -> (Color32, bool) {
    let fill = match side {
        0 => tokens.soft(tokens.accent),
        1 => Color32::TRANSPARENT,
        _ => tokens.soft(tokens.waiting),
    };
    match kind {
        MergeChunk::Same(_) => (Color32::TRANSPARENT, false),
        MergeChunk::Yours { .. } => (if side == 0 { fill } else { Color32::TRANSPARENT }, side == 0),
        MergeChunk::Theirs { .. } => (if side == 2 { fill } else { Color32::TRANSPARENT }, side == 2),
        MergeChunk::Both { .. } => (fill, side != 1),
        MergeChunk::Conflict { .. } => {
            let taken = match choice {
                Some(Choice::Yours) => side == 0,
                Some(Choice::Base) => side == 1,
                Some(Choice::Theirs) => side == 2,
                Some(Choice::Both) => side != 1,
                Some(Choice::Open) | None => false,
            };
            (fill, taken)
        }
    }
}

fn fold(ui: &Ui, tokens: &Tokens, rect: Rect, chunk: usize, count: usize) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("merge_fold", chunk)), Sense::click());
    let words = t!("editor.diff.unchanged", count = count);
    let hot = response.hovered();
    ui.painter().rect_filled(rect, 0.0, if hot { tokens.hover } else { tokens.panel });
    let colour = if hot { tokens.text } else { tokens.second };
    let at = Pos2::new(rect.left() + size::PAD + size::GRID, rect.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, &words, text::meta(), colour);
    if response.has_focus() {
        let ring: Stroke = tokens.focus_ring();
        ui.painter().rect_stroke(rect, 0.0, ring, StrokeKind::Inside);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    response
}
