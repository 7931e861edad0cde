//! How the tiles lie: as many beside each other as there is room for, and as many lines in each.

use egui::{Rect, Vec2, pos2, vec2};

/// Distance of tiles.
pub const GAP: f32 = 12.0;
/// Height of a tile without its lines.
const HEAD: f32 = 88.0;
/// Height of a line.
pub const LINE: f32 = 22.0;
/// From this width on all tiles lie beside each other.
const ROOM_FOR_SIX: f32 = 1_680.0;
/// From this width on three do.
const ROOM_FOR_THREE: f32 = 720.0;
/// What happened last keeps at least so much height.
const FEED_LEAST: f32 = 150.0;
/// Lines of a tile: least, most.
const LINES: (usize, usize) = (2, 6);
/// The tiles take at most this part of the height.
const TILES_MOST: f32 = 0.52;
/// So many tiles there are.
pub const TILES: usize = 6;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Tiles beside each other.
    pub columns: usize,
    /// Size of a tile.
    pub tile: Vec2,
    /// Lines in each.
    pub lines: usize,
}

impl Plan {
    /// The plan for so much room.
    #[must_use]
    pub fn of(room: Vec2) -> Self {
        let columns = match room.x {
            ROOM_FOR_SIX.. => 6,
            ROOM_FOR_THREE.. => 3,
            _ => 2,
        };
        let rows = TILES.div_ceil(columns) as f32;
        let width = (room.x - GAP * (columns as f32 - 1.0)) / columns as f32;
        let height = (room.y - FEED_LEAST - GAP * rows) / rows;
        // Where there is much room, what happened last gets the larger part of it.
        let height = height.min(room.y * TILES_MOST / rows);
        let lines = ((height - HEAD) / LINE).floor().max(0.0) as usize;
        let lines = lines.clamp(LINES.0, LINES.1);
        Self { columns, tile: vec2(width.floor(), HEAD + lines as f32 * LINE), lines }
    }

    /// The place of a tile, counted in reading order.
    #[must_use]
    pub fn place(&self, room: Rect, nth: usize) -> Rect {
        let (row, column) = (nth / self.columns, nth % self.columns);
        let left = room.left() + column as f32 * (self.tile.x + GAP);
        let top = room.top() + row as f32 * (self.tile.y + GAP);
        Rect::from_min_size(pos2(left, top), self.tile)
    }

    /// Height of all of them.
    #[must_use]
    pub fn height(&self) -> f32 {
        let rows = TILES.div_ceil(self.columns) as f32;
        rows * self.tile.y + (rows - 1.0) * GAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fit_from_the_smallest_window_to_the_largest() {
        for (width, height) in [(948.0, 500.0), (1_100.0, 640.0), (1_740.0, 900.0), (3_660.0, 2_000.0)] {
            let plan = Plan::of(vec2(width, height));
            let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
            let last = plan.place(room, TILES - 1);
            assert!(last.right() <= width + 0.5 && last.bottom() <= height, "{width}x{height}: {plan:?}");
            assert!((last.bottom() - plan.height()).abs() < 0.5);
            assert!(height - plan.height() >= FEED_LEAST, "{width}x{height}: {plan:?}");
        }
        assert_eq!(Plan::of(vec2(948.0, 500.0)).columns, 3);
        assert_eq!(Plan::of(vec2(1_740.0, 900.0)).columns, 6);
    }
}
