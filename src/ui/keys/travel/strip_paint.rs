//! How the strip of changes looks: lanes of created, changed and deleted, what nobody watched, how far
//! etcd reaches.

use egui::epaint::Mesh;
use egui::{Align2, Color32, Painter, Rect, Shape, Stroke, pos2};
use rust_i18n::t;

use super::axis::{Axis, Stretch, Window};
use crate::model::moment::Timeline;
use crate::model::status::SeenAt;
use crate::ui::theme::{Tokens, icons, size, text};
use crate::ui::widgets::clock_text;

/// Width of a column.
pub const COLUMN: f32 = 2.0;
/// Distance of the hatching's lines.
const HATCH: f32 = 7.0;
/// Room below the lanes for revisions and times.
pub const LABELS: f32 = 16.0;
/// Room that the label of an end may take.
const END_LABEL: f32 = 150.0;
/// Room above the lanes for handles.
pub const HANDLES: f32 = 10.0;

/// Where the lanes are within the strip.
#[must_use]
pub fn lanes(rect: Rect) -> Rect {
    Rect::from_min_max(pos2(rect.left(), rect.top() + HANDLES), pos2(rect.right(), rect.bottom() - LABELS))
}

/// Where a place of the line is on screen.
#[must_use]
pub fn x_of(rect: Rect, window: Window, place: f64) -> f32 {
    let share = (place - window.from) / window.length();
    rect.left() + (share * f64::from(rect.width())) as f32
}

/// Which place of the line is at this x.
#[must_use]
pub fn place_of(rect: Rect, window: Window, x: f32) -> f64 {
    let share = f64::from((x - rect.left()) / rect.width().max(1.0));
    window.from + share * window.length()
}

/// The changes of each column, in three lanes: where a mark stands tells what it is, too.
pub fn columns(painter: &Painter, tokens: &Tokens, rect: Rect, stretches: &[Stretch]) {
    let lanes = lanes(rect);
    let lane = lanes.height() / 3.0;
    let colours = [tokens.live, tokens.changed, tokens.danger];
    let mut mesh = Mesh::default();
    for (at, stretch) in stretches.iter().enumerate().filter(|(_, stretch)| stretch.ticks > 0) {
        let left = lanes.left() + at as f32 * COLUMN;
        let counts = [stretch.created, stretch.changed, stretch.deleted];
        for (row, (count, colour)) in counts.into_iter().zip(colours).enumerate() {
            if count == 0 {
                continue;
            }
            let height = height_of(count) * (lane - 2.0);
            let bottom = lanes.top() + lane * (row + 1) as f32 - 1.0;
            let column = Rect::from_min_max(pos2(left, bottom - height), pos2(left + COLUMN, bottom));
            mesh.add_colored_rect(column, colour);
        }
    }
    painter.add(Shape::mesh(mesh));
    for row in 1..3 {
        let y = painter.round_to_pixel_center(lanes.top() + lane * row as f32);
        painter.hline(lanes.x_range(), y, Stroke::new(size::LINE, tokens.border.gamma_multiply(0.6)));
    }
}

/// One key is seen as well as a thousand: by the magnitude.
fn height_of(count: u64) -> f32 {
    let magnitude = (count as f32 + 1.0).log10();
    (0.35 + magnitude * 0.22).min(1.0)
}

/// What nobody watched is hatched.
pub fn unwatched(
    painter: &Painter,
    tokens: &Tokens,
    rect: Rect,
    axis: &Axis,
    window: Window,
    line: &Timeline,
) {
    let lanes = lanes(rect);
    for gap in line.unwatched() {
        let left = gap.after.map_or(window.from, |after| axis.boundary(after, gap.from_time));
        let right = axis.boundary(gap.to, gap.to_time);
        let from = x_of(lanes, window, left.max(window.from));
        let to = x_of(lanes, window, right.min(window.to));
        if to > from && right > window.from && left < window.to {
            hatch(painter, tokens, Rect::from_x_y_ranges(from..=to.max(from + 3.0), lanes.y_range()));
        }
    }
}

fn hatch(painter: &Painter, tokens: &Tokens, rect: Rect) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    painter.rect_filled(rect, 0.0, tokens.hover.gamma_multiply(0.7));
    let stroke = Stroke::new(size::LINE, tokens.outline);
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        painter.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
        x += HATCH;
    }
}

/// The line up to which etcd has compacted: left of it only what was recorded is known.
pub fn compaction(
    painter: &Painter,
    tokens: &Tokens,
    rect: Rect,
    axis: &Axis,
    window: Window,
    etcd_from: Option<i64>,
) {
    let Some(etcd_from) = etcd_from.filter(|from| *from > 1) else { return };
    let place = axis.boundary(etcd_from, None);
    if place <= window.from {
        return;
    }
    let lanes = lanes(rect);
    let beyond = place >= window.to;
    let x = painter
        .round_to_pixel_center(x_of(lanes, window, place.min(window.to)) - if beyond { 1.0 } else { 0.0 });
    let points = [pos2(x, lanes.top() - 4.0), pos2(x, lanes.bottom())];
    painter.extend(Shape::dashed_line(&points, Stroke::new(size::FOCUS, tokens.second), 4.0, 3.0));
    // Between the labels of both ends.
    let words = t!("travel.strip.compacted", revision = etcd_from);
    let galley = painter.layout_no_wrap(words.into_owned(), text::meta(), tokens.second);
    let y = rect.bottom() - LABELS / 2.0 - galley.size().y / 2.0;
    let (least, most) = (rect.left() + END_LABEL, rect.right() - END_LABEL - galley.size().x);
    if least <= most {
        painter.vline(x, lanes.bottom()..=lanes.bottom() + 3.0, Stroke::new(size::LINE, tokens.second));
        let left = (x - galley.size().x / 2.0).clamp(least, most);
        painter.galley(pos2(left, y), galley, tokens.second);
    }
}

/// Revisions and times at both ends of what is in sight.
pub fn labels(
    painter: &Painter,
    tokens: &Tokens,
    rect: Rect,
    ends: [Option<(i64, Option<SeenAt>)>; 2],
    now: SeenAt,
) {
    let words = |(revision, seen_at): (i64, Option<SeenAt>)| match seen_at {
        Some(seen_at) => format!("r{revision} · {}", clock_text(seen_at, now)),
        None => format!("r{revision}"),
    };
    let y = rect.bottom() - LABELS / 2.0;
    let [left, right] = ends;
    if let Some(left) = left {
        painter.text(
            pos2(rect.left(), y),
            Align2::LEFT_CENTER,
            words(left),
            text::mono_small(),
            tokens.faint,
        );
    }
    if let Some(right) = right {
        painter.text(
            pos2(rect.right(), y),
            Align2::RIGHT_CENTER,
            words(right),
            text::mono_small(),
            tokens.faint,
        );
    }
}

/// A handle: a line through the lanes with a head.
pub fn handle(painter: &Painter, rect: Rect, x: f32, colour: Color32, hot: bool, filled: bool) {
    let lanes = lanes(rect);
    let x = painter.round_to_pixel_center(x.min(lanes.right()).max(lanes.left()));
    let width = if hot { 3.0 } else { 2.0 };
    painter.vline(x, (rect.top() + 4.0)..=lanes.bottom(), Stroke::new(width, colour));
    let half = if hot { 7.0 } else { 6.0 };
    let top = rect.top();
    let points = vec![
        pos2(x - half, top),
        pos2(x + half, top),
        pos2(x + half, top + 7.0),
        pos2(x, top + 13.0),
        pos2(x - half, top + 7.0),
    ];
    let fill = if filled { colour } else { Color32::TRANSPARENT };
    painter.add(Shape::convex_polygon(points, fill, Stroke::new(size::FOCUS, colour)));
}

/// Which lane is which.
pub fn legend(painter: &Painter, tokens: &Tokens, rect: Rect) {
    let lanes = lanes(rect);
    let lane = lanes.height() / 3.0;
    let signs =
        [(icons::PLUS, tokens.live), (icons::PENCIL_SIMPLE, tokens.changed), (icons::TRASH, tokens.danger)];
    for (row, (sign, colour)) in signs.into_iter().enumerate() {
        let at = pos2(rect.left() - 12.0, lanes.top() + lane * (row as f32 + 0.5));
        painter.text(at, Align2::CENTER_CENTER, sign, text::icon(12.0), colour);
    }
}
