//! Where the connected parts lie: each where it was if nothing else is there, else in the first gap. Parts
//! with a deadlock lie above the line on which all others begin, so that none of them moves when one arises.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::PITCH;

/// Parts lie so far apart.
const GAP: f32 = 40.0;
/// Gaps begin at steps of so much.
const STEP: f32 = PITCH.y / 2.0;
/// Parts are packed into about so much more width than height.
const ASPECT: f32 = 1.7;

/// A part to be placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// The room that it takes, wherever its own layout put it.
    pub rect: Rect,
    /// It lies above the line.
    pub above: bool,
    /// It stays where it is if it can.
    pub kept: bool,
}

/// By how many columns and rows each part is moved. Earlier ones are placed first.
#[must_use]
pub fn places(blocks: &[Block]) -> Vec<(i32, f32)> {
    let area: f32 = blocks.iter().map(|block| block.rect.area()).sum();
    let widest = blocks.iter().map(|block| block.rect.width()).fold(0.0, f32::max);
    let width = (area * ASPECT).sqrt().max(widest);
    // Parts that stay may have grown beyond the line.
    let stay = blocks.iter().filter(|block| block.kept && !block.above && on_its_side(block));
    let line = stay.map(|block| block.rect.min.y).fold(0.0, f32::min);
    let mut taken: Vec<Rect> = Vec::new();
    blocks
        .iter()
        .map(|block| {
            let by = if block.kept && on_its_side(block) && is_free(&taken, block.rect) {
                Vec2::ZERO
            } else {
                let gap = gap_for(&taken, block, width, line);
                on_grid(gap - block.rect.min)
            };
            taken.push(block.rect.translate(by));
            ((by.x / PITCH.x).round() as i32, by.y / PITCH.y)
        })
        .collect()
}

/// The room that parts take where they were moved.
#[must_use]
pub fn room(blocks: &[Block], moves: &[(i32, f32)]) -> Vec2 {
    let moved = blocks.iter().zip(moves).map(|(block, (columns, rows))| {
        block.rect.translate(vec2(*columns as f32 * PITCH.x, rows * PITCH.y))
    });
    let all = moved.fold(Rect::NOTHING, Rect::union);
    if all.is_positive() { all.size() } else { Vec2::ZERO }
}

/// Columns are whole; rows need not be.
fn on_grid(by: Vec2) -> Vec2 {
    vec2((by.x / PITCH.x).round() * PITCH.x, by.y)
}

fn on_its_side(block: &Block) -> bool {
    (block.rect.max.y <= 0.0) == block.above
}

fn is_free(taken: &[Rect], rect: Rect) -> bool {
    let wide = rect.expand(GAP / 2.0 - 0.5);
    taken.iter().all(|other| !other.expand(GAP / 2.0 - 0.5).intersects(wide))
}

/// The upper left corner of the first gap that the part fits into: as near to the line as can be, then as
/// far to the left; not beyond `width` where there is a choice.
fn gap_for(taken: &[Rect], block: &Block, width: f32, line: f32) -> Pos2 {
    let size = block.rect.size();
    // Away from the line: downwards, or upwards.
    let top = |distance: f32| if block.above { line - GAP - distance - size.y } else { distance };
    let away = |other: &Rect| if block.above { line - other.min.y } else { other.max.y + GAP };
    // In steps, so that there are few to try however many parts there are.
    let in_steps = |distance: f32| (distance.max(0.0) / STEP).ceil() * STEP;
    let left = taken.iter().map(|other| other.min.x).fold(0.0, f32::min);
    let begin = grid_above(left, block);
    let mut columns: Vec<f32> = taken.iter().map(|other| grid_above(other.max.x + GAP, block)).collect();
    columns.push(begin);
    let mut distances: Vec<f32> = taken.iter().map(|other| in_steps(away(other))).collect();
    distances.push(0.0);
    columns.sort_by(f32::total_cmp);
    distances.sort_by(f32::total_cmp);
    columns.dedup_by(|a, b| (*a - *b).abs() < 1.0);
    distances.dedup_by(|a, b| (*a - *b).abs() < 1.0);
    for distance in &distances {
        for x in columns.iter().filter(|x| **x + size.x - begin <= width) {
            let at = pos2(*x, top(*distance));
            if is_free(taken, Rect::from_min_size(at, size)) {
                return at;
            }
        }
    }
    // Beyond all others there is always room.
    pos2(begin, top(distances.last().copied().unwrap_or_default()))
}

/// The first left edge from `x` on that keeps the part's columns on the grid.
fn grid_above(x: f32, block: &Block) -> f32 {
    let min = block.rect.min.x;
    min + ((x - min) / PITCH.x).ceil() * PITCH.x
}
