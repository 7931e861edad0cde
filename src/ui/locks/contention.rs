//! How many waited over the time watched: small in a line of the table, larger in the detail.

use std::collections::VecDeque;

use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo};
use egui::{pos2, vec2};
use rust_i18n::t;

use crate::model::coordination::Contention;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, size, text};
use crate::ui::widgets::{clock_text, count_text, duration_text};

/// All that was watched is shown, but never less than this, in milliseconds.
const LEAST_MS: i64 = 60 * 1_000;
/// The small one shows at most so much.
const SMALL_MOST_MS: i64 = 10 * 60 * 1_000;
/// The large one shows at most so much.
const LARGE_MOST_MS: i64 = 60 * 60 * 1_000;
/// Height of the large one.
const HEIGHT: f32 = 88.0;
/// No more steps are drawn than this; of several that fall together the highest is.
const MOST_STEPS: usize = 300;

/// Steps within a time, each until the next; `None` where it was not watched yet.
fn steps(course: &VecDeque<Contention>, from: SeenAt, until: SeenAt) -> Vec<Contention> {
    // Those before the time begin it with the last of them.
    let first = course.partition_point(|step| step.at <= from).saturating_sub(1);
    let found = course.range(first..).filter(|step| step.at <= until);
    let bucket = ((until - from) / MOST_STEPS as i64).max(1);
    let mut steps: Vec<Contention> = Vec::new();
    for step in found {
        let step = Contention { at: step.at.max(from), ..*step };
        match steps.last_mut() {
            Some(last) if last.at / bucket == step.at / bucket => {
                last.waiting = last.waiting.max(step.waiting);
            }
            _ => steps.push(step),
        }
    }
    // What is now is never rounded up.
    if let (Some(last), Some(newest)) = (steps.last().copied(), course.back())
        && newest.at <= until
        && last.waiting != newest.waiting
    {
        steps.push(Contention { at: newest.at.max(last.at), ..*newest });
    }
    steps
}

/// Where steps lie in a room.
struct Scale {
    room: Rect,
    from: SeenAt,
    until: SeenAt,
    highest: u32,
}

impl Scale {
    fn x(&self, at: SeenAt) -> f32 {
        let share = (at - self.from) as f64 / (self.until - self.from).max(1) as f64;
        self.room.left() + self.room.width() * share.clamp(0.0, 1.0) as f32
    }

    fn y(&self, waiting: u32) -> f32 {
        self.room.bottom() - self.room.height() * waiting as f32 / self.highest.max(1) as f32
    }

    fn paint(&self, painter: &Painter, steps: &[Contention], colour: Color32, fill: Color32) {
        let mut line: Vec<Pos2> = Vec::with_capacity(steps.len() * 2);
        for (at, step) in steps.iter().enumerate() {
            let end = steps.get(at + 1).map_or(self.until, |next| next.at);
            let (left, right, y) = (self.x(step.at), self.x(end), self.y(step.waiting));
            if step.waiting > 0 {
                let ground = Rect::from_min_max(pos2(left, y), pos2(right, self.room.bottom()));
                painter.rect_filled(ground, CornerRadius::ZERO, fill);
            }
            line.extend([pos2(left, y), pos2(right, y)]);
        }
        painter.add(Shape::line(line, Stroke::new(1.2, colour)));
    }
}

/// Since when a course is shown, at most for so long.
fn begin(watched_since: Option<SeenAt>, course: &VecDeque<Contention>, now: SeenAt, most_ms: i64) -> SeenAt {
    let begun = watched_since.or_else(|| course.front().map(|step| step.at)).unwrap_or(now);
    begun.clamp(now - most_ms, now - LEAST_MS)
}

/// A course of the last minutes in a cell of a table.
pub fn spark(ui: &Ui, rect: Rect, course: &VecDeque<Contention>, watched_since: Option<SeenAt>, now: SeenAt) {
    let from = begin(watched_since, course, now, SMALL_MOST_MS);
    let steps = steps(course, from, now);
    let highest = steps.iter().map(|step| step.waiting).max().unwrap_or(0);
    if highest == 0 {
        return;
    }
    let tokens = theme::tokens(ui);
    let room = rect.shrink2(vec2(1.0, 6.0));
    // Few are drawn low: one that waits is no mountain.
    let scale = Scale { room, from, until: now, highest: highest.max(4) };
    scale.paint(ui.painter(), &steps, tokens.waiting, tokens.soft(tokens.waiting));
}

/// The whole course, with its measure, and the number at the time under the pointer.
pub fn plot(ui: &mut Ui, course: &VecDeque<Contention>, watched_since: Option<SeenAt>, now: SeenAt) {
    let tokens = theme::tokens(ui);
    let from = begin(watched_since, course, now, LARGE_MOST_MS);
    let steps = steps(course, from, now);
    let highest = steps.iter().map(|step| step.waiting).max().unwrap_or(0);
    let now_waiting = course.back().map_or(0, |step| step.waiting);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT + 18.0), Sense::hover());
    response.widget_info(|| {
        let label = t!("locks.contention_label", now = now_waiting, most = highest);
        WidgetInfo::labeled(Role::Image, true, label)
    });
    let margin = 26.0;
    let room = Rect::from_min_max(rect.min + vec2(margin, 8.0), rect.max - vec2(4.0, 18.0));
    let scale = Scale { room, from, until: now, highest: highest.max(2) };
    measure(ui, tokens, &scale);
    scale.paint(ui.painter(), &steps, tokens.waiting, tokens.soft(tokens.waiting));
    let words = duration_text((now - from) / 1_000);
    let below = room.bottom() + 3.0;
    let left = t!("locks.ago", span = words).into_owned();
    ui.painter().text(pos2(room.left(), below), Align2::LEFT_TOP, left, text::meta(), tokens.faint);
    let right = t!("locks.now").into_owned();
    ui.painter().text(pos2(room.right(), below), Align2::RIGHT_TOP, right, text::meta(), tokens.faint);
    let Some(pointer) = response.hover_pos().filter(|pointer| room.x_range().contains(pointer.x)) else {
        return;
    };
    let share = f64::from((pointer.x - room.left()) / room.width().max(1.0));
    let at = from + ((now - from) as f64 * share) as i64;
    ui.painter().vline(pointer.x, room.y_range(), tokens.line());
    let known = steps.iter().rev().find(|step| step.at <= at);
    response.on_hover_ui_at_pointer(|ui| {
        let clock = clock_text(at, now);
        ui.label(tokens.body(match known {
            Some(step) => t!("locks.waiting_at", count = step.waiting, time = clock),
            None => t!("locks.not_watched_at", time = clock),
        }));
    });
}

/// The lines of nobody, and of the most.
fn measure(ui: &Ui, tokens: &Tokens, scale: &Scale) {
    for waiting in [0, scale.highest] {
        let y = scale.y(waiting);
        ui.painter().hline(scale.room.x_range(), y, Stroke::new(size::LINE, tokens.border));
        let at = pos2(scale.room.left() - 6.0, y);
        let words = count_text(u64::from(waiting));
        ui.painter().text(at, Align2::RIGHT_CENTER, words, text::mono_small(), tokens.faint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_begins_with_what_was_before_it_and_keeps_peaks() {
        let course: VecDeque<Contention> =
            [(0, 2), (500, 7), (900, 1)].map(|(at, waiting)| Contention { at, waiting }).into();
        assert_eq!(
            steps(&course, 600, 1_000),
            [Contention { at: 600, waiting: 7 }, Contention { at: 900, waiting: 1 }]
        );
        let busy: VecDeque<Contention> =
            (0..100_000).map(|at| Contention { at, waiting: if at == 50_001 { 99 } else { 1 } }).collect();
        let drawn = steps(&busy, 0, 100_000);
        assert!(drawn.len() <= MOST_STEPS + 2);
        assert!(drawn.iter().any(|step| step.waiting == 99));
    }
}
