//! How the entries of the timeline are painted: a rail with a mark for each, broken where a generation
//! ends, dashed and hatched where something is not known.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};
use rust_i18n::t;

use super::words;
use crate::model::history::{EntryKind, HistoryEntry};
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::elided;
use crate::ui::widgets::list::row_ground;

/// Height of an entry.
pub(super) const ROW: f32 = 44.0;
/// Where the rail runs, and where the words begin.
const RAIL: f32 = 20.0;
const WORDS: f32 = 36.0;
/// Half the room that a mark takes from the rail.
const MARK: f32 = 8.0;
const DASH: f32 = 3.0;
/// Distance of the lines that gaps are hatched with.
const HATCH: f32 = 8.0;

/// How an entry stands in the list.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    pub selected: bool,
    pub hovered: bool,
    pub focused: bool,
    /// What the key is now.
    pub current: bool,
    /// Another one is compared with it.
    pub compared: bool,
    /// Keys that changed with it.
    pub others: Option<usize>,
}

/// Paints an entry between its newer and its older neighbour.
pub(super) fn paint(
    ui: &Ui,
    rect: Rect,
    [newer, entry, older]: [Option<&HistoryEntry>; 3],
    standing: Standing,
    now: SeenAt,
) {
    let Some(entry) = entry else { return };
    let tokens = theme::tokens(ui);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if entry.is_gap() {
        hatch(&painter, rect.shrink2(vec2(size::GRID, 1.0)), tokens);
    }
    row_ground(ui, rect, standing.selected, standing.hovered && !entry.is_gap(), standing.focused);
    rail(&painter, rect, newer, entry, older, tokens);
    if begins_generation(newer, entry) {
        let y = rect.top() + 0.5;
        painter.hline(rect.left() + size::PAD..=rect.right() - size::PAD, y, tokens.line());
    }
    mark(&painter, pos2(rect.left() + RAIL, rect.center().y), entry, standing, tokens);
    write(&painter, rect, entry, standing, tokens, now);
}

/// Whether the entry is the end of a generation, and the newer one belongs to the next.
fn begins_generation(newer: Option<&HistoryEntry>, entry: &HistoryEntry) -> bool {
    newer.is_some_and(|newer| !newer.is_gap()) && matches!(entry.kind, EntryKind::Deleted { .. })
}

fn rail(
    painter: &Painter,
    rect: Rect,
    newer: Option<&HistoryEntry>,
    entry: &HistoryEntry,
    older: Option<&HistoryEntry>,
    tokens: &Tokens,
) {
    let (x, middle) = (rect.left() + RAIL, rect.center().y);
    let part = |beside: Option<&HistoryEntry>, broken: bool, from: f32, to: f32| {
        let Some(beside) = beside.filter(|_| !broken) else { return };
        let stroke = Stroke::new(1.5, tokens.outline);
        if beside.is_gap() || entry.is_gap() {
            painter.extend(Shape::dashed_line(&[pos2(x, from), pos2(x, to)], stroke, DASH, DASH));
        } else {
            painter.vline(x, from..=to, stroke);
        }
    };
    part(newer, begins_generation(newer, entry), rect.top(), middle - MARK);
    part(
        older,
        older.is_some_and(|older| begins_generation(Some(entry), older)),
        middle + MARK,
        rect.bottom(),
    );
}

fn mark(painter: &Painter, at: Pos2, entry: &HistoryEntry, standing: Standing, tokens: &Tokens) {
    let (icon, colour) = look(entry, tokens);
    let Some(icon) = icon else {
        let fill = if standing.selected || standing.current { colour } else { tokens.second };
        painter.circle_filled(at, size::DOT / 2.0, fill);
        return;
    };
    painter.text(at, egui::Align2::CENTER_CENTER, icon, text::icon(size::ICON_SMALL), colour);
}

fn look(entry: &HistoryEntry, tokens: &Tokens) -> (Option<&'static str>, Color32) {
    match &entry.kind {
        EntryKind::Version { meta, .. } if meta.version <= 1 => (Some(icons::PLUS_CIRCLE), tokens.live),
        EntryKind::Version { .. } => (None, tokens.accent),
        EntryKind::Deleted { exact: true } => (Some(icons::X_CIRCLE), tokens.danger),
        EntryKind::Deleted { exact: false } => (Some(icons::QUESTION), tokens.danger),
        EntryKind::Gap(_) => (Some(icons::CIRCLE_DASHED), tokens.changed),
    }
}

fn write(
    painter: &Painter,
    rect: Rect,
    entry: &HistoryEntry,
    standing: Standing,
    tokens: &Tokens,
    now: SeenAt,
) {
    let left = rect.left() + WORDS;
    let mut right = rect.right() - size::PAD - size::GRID;
    let (first, second) = (rect.top() + 14.0, rect.top() + 31.0);
    for (shown, icon) in
        [(entry.marks.journal, icons::CLOCK_COUNTER_CLOCKWISE), (entry.marks.etcd, icons::DATABASE)]
    {
        if shown {
            let font = text::icon(size::ICON_SMALL);
            right =
                painter.text(pos2(right, first), egui::Align2::RIGHT_CENTER, icon, font, tokens.faint).left();
            right -= size::GRID;
        }
    }
    let standing_words = if standing.current {
        Some((t!("history.current"), tokens.live))
    } else if standing.compared {
        Some((t!("history.compared"), tokens.accent))
    } else {
        None
    };
    if let Some((words, colour)) = standing_words {
        let font = text::meta_medium();
        right = painter.text(pos2(right, first), egui::Align2::RIGHT_CENTER, words, font, colour).left();
        right -= size::PAD;
    }
    let is_gap = entry.is_gap();
    let strong = if is_gap { tokens.second } else { tokens.text };
    let revision = painter.layout_no_wrap(words::revision(entry), text::mono(), strong);
    let kind_at = left + revision.size().x + size::PAD;
    painter.galley(pos2(left, first - revision.size().y / 2.0), revision, strong);
    let colour = match &entry.kind {
        EntryKind::Version { meta, .. } if meta.version > 1 => tokens.second,
        _ => look(entry, tokens).1,
    };
    let kind = elided(painter, words::kind(entry), text::meta_medium(), colour, right - kind_at);
    painter.galley(pos2(kind_at, first - kind.size().y / 2.0), kind, colour);
    let about = words::about(entry, standing.others, now);
    let room = rect.right() - size::PAD - size::GRID - left;
    let about = elided(painter, about, text::meta(), tokens.second, room);
    painter.galley(pos2(left, second - about.size().y / 2.0), about, tokens.second);
}

/// What is not known is hatched.
fn hatch(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let stroke = Stroke::new(size::LINE, tokens.border);
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        painter.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
        x += HATCH;
    }
}
