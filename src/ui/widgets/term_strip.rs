//! A line of time cut into blocks: who led or held when, and how each time ended. A picture; beside it
//! stands a list that says the same.

use egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::button::{focus_ring, paint_icon};
use super::chip::Tone;
use super::elided;
use super::units::{clock_text, duration_text};
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};

/// Height of the blocks.
const BLOCKS: f32 = 38.0;
/// Height of the lane with the marks of how each ended.
const MARKS: f32 = 18.0;
/// Height of the times below.
const TIMES: f32 = 16.0;
/// Least distance of two times below the line.
const TIME_EVERY: f32 = 92.0;
/// Marks nearer to each other than this are left out: the list has them all.
const MARK_EVERY: f32 = 15.0;
/// Narrower blocks have no name.
const ROOM_FOR_NAME: f32 = 34.0;
/// Narrower blocks do not say how long they lasted.
const ROOM_FOR_LENGTH: f32 = 58.0;
/// Distance of the hatching's lines.
const HATCH: f32 = 7.0;
/// The colour at a block's left edge.
const EDGE: f32 = 3.0;
/// Distances of the times below, in seconds.
const STEPS_SECS: [i64; 16] =
    [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800, 2_592_000];

/// What a block is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockLook {
    /// Somebody: the nth of those who stand in this line.
    Of(usize),
    /// Nobody.
    Nobody,
    /// It is not known.
    Unknown,
}

/// A time on the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// When it began.
    pub from: SeenAt,
    /// When it ended.
    pub until: SeenAt,
    /// It had begun before anybody looked: its left end is open.
    pub open: bool,
    /// It goes on.
    pub running: bool,
    /// What it is about.
    pub look: BlockLook,
    /// Who.
    pub name: String,
    /// How it ended.
    pub mark: Option<(&'static str, Tone)>,
}

/// The line.
pub struct TermStrip<'a> {
    /// Its accessible name: a summary, as the list beside it says the rest.
    pub name: &'a str,
    /// Its left end.
    pub from: SeenAt,
    /// Its right end: now.
    pub until: SeenAt,
    /// Up to when it is known what happened; behind that it is hatched.
    pub known_until: SeenAt,
    /// The blocks, oldest first.
    pub blocks: &'a [Block],
    /// The block that is pointed at elsewhere.
    pub lit: Option<usize>,
}

impl TermStrip<'_> {
    /// Shows it; `hint` says what there is to know about a block. Returns the block under the pointer.
    pub fn show(&self, ui: &mut Ui, hint: impl FnOnce(&mut Ui, usize)) -> (Response, Option<usize>) {
        let tokens = theme::tokens(ui);
        let wide = vec2(ui.available_width(), BLOCKS + MARKS + TIMES);
        let (rect, response) = ui.allocate_exact_size(wide, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.name));
        let line = Line { rect, from: self.from, until: self.until.max(self.from + 1) };
        let under = response.hover_pos().and_then(|at| self.at(&line, at));
        if ui.is_rect_visible(rect) {
            self.paint(ui, tokens, &line, under);
        }
        focus_ring(ui, rect, &response);
        let response = match under {
            Some(block) => response.on_hover_ui_at_pointer(|ui| hint(ui, block)),
            None => response,
        };
        (response, under)
    }

    fn at(&self, line: &Line, at: Pos2) -> Option<usize> {
        if at.y > line.blocks().bottom() + MARKS {
            return None;
        }
        // Short ones are painted wider than they are: the nearest is meant.
        let distance = |block: &Block| {
            let place = line.place(block);
            (place.left() - at.x).max(at.x - place.right()).max(0.0)
        };
        let nearest = self.blocks.iter().enumerate().map(|(nth, block)| (nth, distance(block)));
        let nearest = nearest.min_by(|(_, one), (_, other)| one.total_cmp(other));
        nearest.filter(|(_, distance)| *distance <= 3.0).map(|(nth, _)| nth)
    }

    fn paint(&self, ui: &Ui, tokens: &Tokens, line: &Line, under: Option<usize>) {
        let painter = ui.painter();
        let ground = line.blocks();
        painter.rect_filled(ground, CornerRadius::same(size::RADIUS_SMALL), tokens.panel);
        for (nth, block) in self.blocks.iter().enumerate() {
            if block.until >= self.from && block.from <= self.until {
                paint_block(ui, tokens, line, block, under == Some(nth) || self.lit == Some(nth));
            }
        }
        if self.known_until < self.until {
            let left = line.x(self.known_until);
            let unknown = Rect::from_min_max(pos2(left, ground.top()), ground.max);
            painter.rect_filled(unknown, CornerRadius::ZERO, tokens.base);
            hatch(painter, unknown, tokens.faint);
        }
        let outline = CornerRadius::same(size::RADIUS_SMALL);
        painter.rect_stroke(ground, outline, tokens.line(), StrokeKind::Inside);
        self.marks(ui, tokens, line);
        times(painter, tokens, line, self.until);
    }

    /// Newest first, so that of many the newest is to be seen.
    fn marks(&self, ui: &Ui, tokens: &Tokens, line: &Line) {
        let mut last = f32::INFINITY;
        let y = line.blocks().bottom() + MARKS / 2.0 + 1.0;
        for block in self.blocks.iter().rev().filter(|block| !block.running && block.until >= self.from) {
            let Some((icon, tone)) = block.mark else { continue };
            let x = line.x(block.until).clamp(line.rect.left() + 7.0, line.rect.right() - 7.0);
            if last - x < MARK_EVERY {
                continue;
            }
            last = x;
            ui.painter().vline(x, y - 9.0..=y - 6.0, tokens.line());
            paint_icon(ui, pos2(x, y + 1.0), icon, 13.0, tone.colour(tokens));
        }
    }
}

/// Where a time is on screen.
struct Line {
    rect: Rect,
    from: SeenAt,
    until: SeenAt,
}

impl Line {
    fn blocks(&self) -> Rect {
        Rect::from_min_size(self.rect.min, vec2(self.rect.width(), BLOCKS))
    }

    fn x(&self, at: SeenAt) -> f32 {
        let share = (at - self.from) as f64 / (self.until - self.from) as f64;
        self.rect.left() + (share.clamp(0.0, 1.0) * f64::from(self.rect.width())) as f32
    }

    fn place(&self, block: &Block) -> Rect {
        let (left, right) = (self.x(block.from), self.x(block.until));
        let ground = self.blocks();
        // What lasted a moment is to be seen, too.
        let left = left.min(ground.right() - 2.0);
        Rect::from_min_max(pos2(left, ground.top()), pos2(right.max(left + 2.0), ground.bottom()))
    }
}

fn paint_block(ui: &Ui, tokens: &Tokens, line: &Line, block: &Block, lit: bool) {
    let painter = ui.painter();
    let mut place = line.place(block);
    let gap = if place.width() > 6.0 && !block.running { 1.0 } else { 0.0 };
    place.max.x -= gap;
    let inner = CornerRadius::same(2);
    let colour = match block.look {
        BlockLook::Of(nth) => {
            let colour = tokens.category(nth);
            let strength = if tokens.dark { 0.26 } else { 0.18 };
            let strength = if lit { strength * 1.7 } else { strength };
            painter.rect_filled(place, inner, colour.gamma_multiply(strength));
            let edge = Rect::from_min_size(place.min, vec2(EDGE.min(place.width()), place.height()));
            painter.rect_filled(edge, inner, colour);
            tokens.text
        }
        BlockLook::Nobody => {
            painter.rect_filled(place, inner, tokens.soft(tokens.danger));
            let dash = Shape::dashed_line(
                &[place.left_center(), place.right_center()],
                Stroke::new(size::FOCUS, tokens.danger),
                4.0,
                4.0,
            );
            if place.width() < ROOM_FOR_NAME {
                painter.extend(dash);
            }
            tokens.danger
        }
        BlockLook::Unknown => {
            hatch(painter, place, tokens.faint);
            tokens.second
        }
    };
    words(ui, place, block, line, colour);
    if lit {
        painter.rect_stroke(place, inner, Stroke::new(size::FOCUS, tokens.accent), StrokeKind::Inside);
    }
}

/// Its name, and how long it lasted, where there is room.
fn words(ui: &Ui, place: Rect, block: &Block, line: &Line, colour: Color32) {
    let tokens = theme::tokens(ui);
    let (mut left, room) = (place.left() + EDGE + 5.0, place.width() - EDGE - 9.0);
    if room < ROOM_FOR_NAME - 9.0 {
        return;
    }
    let clipped = block.open || block.from < line.from;
    if clipped {
        paint_icon(ui, pos2(left + 4.0, place.center().y), icons::CARET_LEFT, 11.0, tokens.second);
        left += 12.0;
    }
    let room = room - if clipped { 12.0 } else { 0.0 };
    let name = elided(ui.painter(), block.name.as_str(), text::meta_medium(), colour, room);
    let length = (place.width() >= ROOM_FOR_LENGTH && !block.open).then(|| {
        let secs = (block.until - block.from).max(0) / 1_000;
        // A number that is cut is another one: where there is no room for all of it, roughly is said.
        [duration_text(secs), format!("≈{}", duration_text(roughly(secs)))].into_iter().find_map(|words| {
            let galley = ui.painter().layout_no_wrap(words, text::mono_small(), tokens.second);
            (galley.size().x <= room).then_some(galley)
        })
    });
    match length.flatten() {
        Some(length) => {
            let top = place.center().y - (name.size().y + length.size().y) / 2.0;
            let below = top + name.size().y;
            ui.painter().galley(pos2(left, top), name, colour);
            ui.painter().galley(pos2(left, below), length, tokens.second);
        }
        None => {
            let top = place.center().y - name.size().y / 2.0;
            ui.painter().galley(pos2(left, top), name, colour);
        }
    }
}

/// A time in its largest unit.
fn roughly(secs: i64) -> i64 {
    let unit = match secs {
        ..60 => 1,
        60..3_600 => 60,
        3_600..86_400 => 3_600,
        _ => 86_400,
    };
    (secs + unit / 2) / unit * unit
}

/// What is not known is hatched.
fn hatch(painter: &Painter, rect: Rect, colour: Color32) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let stroke = Stroke::new(size::LINE, colour.gamma_multiply(0.35));
    // The lines stand still while the line of time moves on below them.
    let mut x = (rect.left() / HATCH).floor() * HATCH - rect.height();
    while x < rect.right() {
        painter.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
        x += HATCH;
    }
}

fn times(painter: &Painter, tokens: &Tokens, line: &Line, now: SeenAt) {
    let y = line.rect.bottom() - TIMES / 2.0;
    let step = step_ms(line.until - line.from, line.rect.width());
    let mut at = line.until - line.until.rem_euclid(step);
    while at >= line.from {
        let x = line.x(at);
        let galley = painter.layout_no_wrap(clock_text(at, now), text::mono_small(), tokens.faint);
        let half = galley.size().x / 2.0;
        if x - half >= line.rect.left() && x + half <= line.rect.right() {
            painter.vline(x, line.blocks().bottom()..=line.blocks().bottom() + 3.0, tokens.line());
            painter.galley_with_override_text_color(
                Align2::CENTER_CENTER.anchor_size(pos2(x, y), galley.size()).min,
                galley,
                tokens.faint,
            );
        }
        at -= step;
    }
}

/// A round distance of the times below, so that they do not touch.
fn step_ms(span_ms: i64, width: f32) -> i64 {
    let fit = (width / TIME_EVERY).max(1.0) as i64;
    let fits = |secs: &&i64| span_ms / (**secs * 1_000) <= fit;
    STEPS_SECS.iter().find(fits).copied().unwrap_or(span_ms / 1_000 / fit + 1) * 1_000
}

#[cfg(test)]
mod tests {
    use super::{Line, roughly, step_ms};
    use crate::ui::widgets::term_strip::{Block, BlockLook};
    use egui::{Rect, pos2};

    #[test]
    fn times_below_do_not_touch() {
        for (span, width) in [(5_000, 300.0), (600_000, 600.0), (3_600_000, 980.0), (400 * 86_400_000, 200.0)]
        {
            let step = step_ms(span, width);
            let distance = width * step as f32 / span as f32;
            assert!(distance >= 70.0 || span / step <= 1, "{span} {width}: {step}");
        }
        assert_eq!(step_ms(600_000, 600.0), 120_000);
    }

    #[test]
    fn a_time_without_room_is_told_in_its_largest_unit() {
        let spans = [7, 59, 78, 95, 3_599, 5_000, 90_000, 200_000];
        assert_eq!(spans.map(roughly), [7, 59, 60, 120, 3_600, 3_600, 86_400, 172_800]);
    }

    #[test]
    fn what_lasted_a_moment_is_to_be_seen() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(500.0, 72.0));
        let line = Line { rect, from: 0, until: 3_600_000 };
        let block = |from, until| Block {
            from,
            until,
            open: false,
            running: false,
            look: BlockLook::Nobody,
            name: String::new(),
            mark: None,
        };
        assert!(line.place(&block(10, 20)).width() > 1.99);
        let last = line.place(&block(3_600_000, 3_600_000));
        assert!(last.width() > 1.99 && last.right() <= 500.0, "{last:?}");
        let whole = line.place(&block(-5_000, 9_999_999));
        assert_eq!((whole.left(), whole.right()), (0.0, 500.0));
    }
}
