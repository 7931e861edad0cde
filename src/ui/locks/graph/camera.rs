//! What part of the graph is in sight: moved by dragging, made larger and smaller by the wheel, or fitted to
//! the room until somebody does.

use egui::{Pos2, Rect, Response, Ui, Vec2, vec2};

/// The graph is not shown larger, and never smaller.
const LARGEST: f32 = 2.0;
const SMALLEST: f32 = 0.08;
/// It is not made smaller than so much of the size at which all of it is in sight.
const SMALLER_THAN_WHOLE: f32 = 0.7;
/// Fitted, it is not shown larger than this.
const FITTED_LARGEST: f32 = 1.0;
/// Where nobody asked for all of it, it is not shown so small that names can not be read.
const READABLE: f32 = 0.45;
/// Fitted, it is made larger and smaller in such steps: it does not breathe while locks come and go.
const FITTED_STEPS: f32 = 48.0;
/// Room around a fitted graph.
const MARGIN: f32 = 24.0;
/// How much a step of the buttons and keys is.
const STEP: f32 = 1.25;
/// How much a point of the wheel is.
const WHEEL: f32 = 0.0035;

/// What decides what is in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// All of it as long as names can be read, else what matters most of it.
    Beginning,
    /// All of it.
    Whole,
    /// What the operator moved it to.
    Free,
}

/// What is to be seen first of a graph that does not fit.
#[derive(Clone, Copy, Debug, Default)]
pub enum First {
    /// Its beginning.
    #[default]
    Beginning,
    /// This, and what is around it.
    Middle(Rect),
    /// This, if the connected part that it is in does not fit either; else the beginning.
    MiddleOf {
        /// What is to be in the middle.
        what: Pos2,
        /// The part.
        part: Rect,
    },
}

/// How the graph is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    hold: Hold,
    /// Points on screen for a point of the graph.
    zoom: f32,
    /// The point of the graph in the middle of the room.
    middle: Pos2,
}

impl Default for Camera {
    fn default() -> Self {
        Self { hold: Hold::Beginning, zoom: 1.0, middle: Pos2::ZERO }
    }
}

/// The way from the graph to the screen, in one frame.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    room: Rect,
    middle: Pos2,
    /// Points on screen for a point of the graph.
    pub zoom: f32,
}

impl Sight {
    /// Where a point of the graph is on screen.
    #[must_use]
    pub fn point(&self, point: Pos2) -> Pos2 {
        self.room.center() + (point - self.middle) * self.zoom
    }

    /// Where a rectangle of the graph is on screen.
    #[must_use]
    pub fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }
}

impl Camera {
    /// Whether the whole graph is kept in sight.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        self.hold == Hold::Whole
    }

    /// Keeps the whole graph in sight from now on.
    pub fn fit(&mut self) {
        self.hold = Hold::Whole;
    }

    /// Goes back to how a graph is shown at first.
    pub fn begin(&mut self) {
        self.hold = Hold::Beginning;
    }

    /// One step larger, or smaller.
    pub fn step(&mut self, larger: bool) {
        self.hold = Hold::Free;
        self.zoom = (if larger { self.zoom * STEP } else { self.zoom / STEP }).clamp(SMALLEST, LARGEST);
    }

    /// Brings a point of the graph into the middle unless it is in sight.
    pub fn reveal(&mut self, point: Pos2, room: Rect) {
        if !self.sight(room).room.shrink(MARGIN).contains(self.sight(room).point(point)) {
            self.hold = Hold::Free;
            self.middle = point;
        }
    }

    /// Takes what the pointer does, and fits the graph where that is asked for.
    pub fn take(&mut self, ui: &Ui, response: &Response, bounds: Rect, first: First) -> Sight {
        let room = response.rect;
        if response.dragged() {
            self.hold = Hold::Free;
            self.middle -= response.drag_delta() / self.zoom;
        }
        if let Some(pointer) = response.hover_pos() {
            let (wheel, pinch) =
                ui.input_mut(|input| (std::mem::take(&mut input.smooth_scroll_delta).y, input.zoom_delta()));
            let factor = (wheel * WHEEL).exp() * pinch;
            if (factor - 1.0).abs() > 1e-4 {
                self.zoom_around(pointer - room.center(), factor);
            }
        }
        if self.hold == Hold::Free {
            // The graph is never lost sight of, nor made a speck.
            self.middle = bounds.clamp(self.middle);
            let whole = (free_of(room.size()) / bounds.size().max(Vec2::splat(1.0))).min_elem();
            self.zoom = self.zoom.max((whole * SMALLER_THAN_WHOLE).clamp(SMALLEST, READABLE));
        } else {
            self.fit_into(room.size(), bounds, first);
        }
        self.sight(room)
    }

    fn fit_into(&mut self, room: Vec2, bounds: Rect, first: First) {
        let least = if self.hold == Hold::Whole { SMALLEST } else { READABLE };
        let free = free_of(room);
        let share = free / bounds.size().max(Vec2::splat(1.0));
        let zoom = (share.min_elem() * FITTED_STEPS).floor() / FITTED_STEPS;
        self.zoom = zoom.clamp(least, FITTED_LARGEST);
        let half = free / 2.0 / self.zoom;
        let (from, to) = (bounds.min + half, bounds.max - half);
        let begin = match first {
            First::Beginning => bounds.min + half,
            First::Middle(what) => what.center().min(what.min + half),
            // Parts that can be seen as a whole are read one after the other.
            First::MiddleOf { part, .. } if part.width() <= 2.0 * half.x && part.height() <= 2.0 * half.y => {
                bounds.min + half
            }
            First::MiddleOf { what, .. } => what,
        };
        // In the middle where there is room, else from there on, without room left at the end.
        let along = |from: f32, to: f32, begin: f32, middle: f32| {
            if to <= from { middle } else { begin.clamp(from, to) }
        };
        let middle = bounds.center();
        self.middle =
            Pos2::new(along(from.x, to.x, begin.x, middle.x), along(from.y, to.y, begin.y, middle.y));
    }

    /// Makes it larger by this factor while the point under the pointer stays where it is.
    fn zoom_around(&mut self, from_middle: Vec2, factor: f32) {
        self.hold = Hold::Free;
        let before = self.zoom;
        self.zoom = (before * factor).clamp(SMALLEST, LARGEST);
        self.middle += from_middle / before - from_middle / self.zoom;
    }

    fn sight(&self, room: Rect) -> Sight {
        Sight { room, middle: self.middle, zoom: self.zoom }
    }
}

/// The room without its margins.
fn free_of(room: Vec2) -> Vec2 {
    (room - Vec2::splat(2.0 * MARGIN)).max(vec2(40.0, 40.0))
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn what_is_under_the_pointer_stays_there_when_the_graph_grows() {
        let room = Rect::from_min_size(pos2(100.0, 50.0), vec2(800.0, 600.0));
        let mut camera = Camera { hold: Hold::Free, zoom: 0.5, middle: pos2(300.0, 40.0) };
        let pointer = pos2(640.0, 120.0);
        let under = |camera: &Camera| camera.middle + (pointer - room.center()) / camera.zoom;
        let before = under(&camera);
        camera.zoom_around(pointer - room.center(), 1.7);
        assert!(before.distance(under(&camera)) < 0.01);
        assert!(camera.sight(room).point(before).distance(pointer) < 0.01);
        camera.zoom_around(Vec2::ZERO, 1_000.0);
        assert_eq!(camera.zoom, LARGEST);
    }

    #[test]
    fn a_graph_that_does_not_fit_is_shown_from_its_first_deadlock_on() {
        let room = Rect::from_min_size(Pos2::ZERO, vec2(800.0, 600.0));
        let bounds = Rect::from_min_size(pos2(-500.0, -300.0), vec2(9_000.0, 7_000.0));
        let deadlock = Rect::from_min_size(pos2(2_000.0, 1_000.0), vec2(700.0, 200.0));
        let mut camera = Camera::default();
        camera.fit_into(room.size(), bounds, First::Middle(deadlock));
        let shown = camera.sight(room).rect(deadlock);
        assert!(camera.zoom >= READABLE && room.contains_rect(shown), "{shown:?}");
        camera.fit_into(room.size(), bounds, First::Beginning);
        assert!(room.contains(camera.sight(room).point(bounds.min)));
        let what = pos2(4_000.0, 3_000.0);
        camera.fit_into(room.size(), bounds, First::MiddleOf { what, part: bounds });
        assert!(camera.sight(room).point(what).distance(room.center()) < 1.0);
        camera.fit_into(room.size(), bounds, First::MiddleOf { what, part: deadlock });
        assert!(room.contains(camera.sight(room).point(bounds.min)), "parts that fit are read in order");
        camera.fit();
        camera.fit_into(room.size(), bounds, First::Middle(deadlock));
        assert!(room.contains_rect(camera.sight(room).rect(bounds)));
    }
}
