//! The strip of changes under the tree: every change in reach on a line, and the moment looked at as a
//! handle on it. For screen readers it is a slider; beside it stands the list of changes.

use std::sync::{Arc, Weak};

use egui::accesskit::{Action as Asked, ActionData};
use egui::{
    CursorIcon, EventFilter, Key as Press, Modifiers, PointerButton, Pos2, Rect, Response, Sense, Ui,
    WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::axis::{Axis, Measure, Stretch, Window};
use super::{strip_paint as paint, words};
use crate::action::{Action, Actions};
use crate::model::moment::{Tick, Timeline};
use crate::model::status::SeenAt;
use crate::model::travel::{Handle, Travel};
use crate::ui::theme::{self, size};

/// Height of the strip.
pub const HEIGHT: f32 = 84.0;
/// Room for the signs of the lanes.
const LEGEND: f32 = 28.0;
/// How strongly the wheel zooms.
const WHEEL: f32 = 0.004;
/// One press of a key zooms by this.
const KEY_ZOOM: f64 = 0.5;
/// Shift takes so many changes at once.
const MANY: isize = 10;
/// The pointer is on a handle within so many points.
const GRIP: f32 = 9.0;

/// What the strip keeps between frames.
#[derive(Default)]
pub struct Strip {
    /// What the line is measured in, once chosen.
    measure: Option<Measure>,
    /// What is in sight; `None`: everything.
    window: Option<Window>,
    axis: Option<(Weak<Timeline>, Measure, Axis)>,
    columns: Option<(Window, Vec<Stretch>)>,
    dragged: Option<Handle>,
    /// The moment that was last brought into sight.
    followed: Option<i64>,
}

impl Strip {
    /// What the line is measured in.
    #[must_use]
    pub fn measure(&self, timeline: &Timeline) -> Measure {
        self.measure.unwrap_or_else(|| {
            let timed = timeline.ticks.iter().filter(|tick| tick.seen_at.is_some()).count();
            // Where most changes were seen by etcd's history alone, times would pile them up.
            if timed * 2 > timeline.ticks.len() { Measure::Time } else { Measure::Revision }
        })
    }

    /// Measures in this from now on.
    pub fn choose(&mut self, measure: Measure) {
        self.measure = Some(measure);
        self.window = None;
    }

    /// Whether only a part is in sight.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.window.is_some()
    }

    /// Everything is in sight again.
    pub fn show_all(&mut self) {
        self.window = None;
    }

    fn refresh(&mut self, timeline: &Arc<Timeline>) -> Axis {
        let measure = self.measure(timeline);
        let same = self.axis.take().filter(|(of, by, _)| {
            *by == measure && of.upgrade().is_some_and(|of| Arc::ptr_eq(&of, timeline))
        });
        match same {
            Some((_, _, axis)) => axis,
            None => {
                self.columns = None;
                Axis::new(timeline, measure)
            }
        }
    }

    /// Draws the strip and answers mouse and keyboard.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        travel: &Travel,
        timeline: &Arc<Timeline>,
        now: SeenAt,
        actions: &mut Actions,
    ) {
        let axis = self.refresh(timeline);
        let (whole, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
        let rect = Rect::from_min_max(
            pos2(whole.left() + LEGEND, whole.top() + 2.0),
            pos2(whole.right() - size::PAD - size::GRID, whole.bottom()),
        );
        let look = travel.look.as_ref().map(|look| look.revision);
        let against = travel.against.as_ref().map(|look| look.revision);
        announce(ui, &response, timeline, look, now);
        let mut window = self.window.map_or_else(|| axis.whole(), |window| axis.clamped(window));
        window = self.follow(&axis, window, look);
        window = zoom_and_pan(ui, &response, rect, &axis, window);
        if response.has_focus() {
            window = self.keyboard(ui, &response, &axis, window, timeline, look, actions);
        }
        for revision in asked_by_reader(ui, &response, timeline, look) {
            actions.push(Action::TravelTo(revision));
        }
        self.pointer(ui, &response, rect, &axis, window, timeline, [look, against], actions);
        self.window = (window.length() < axis.whole().length() * 0.999).then_some(window);
        if ui.is_rect_visible(whole) {
            self.paint(ui, rect, &axis, window, timeline, [look, against], &response, now);
        }
        hover(response, rect, &axis, window, timeline, now);
        self.axis = Some((Arc::downgrade(timeline), self.measure(timeline), axis));
    }

    /// Brings the moment into sight when something else than the strip has moved it.
    fn follow(&mut self, axis: &Axis, window: Window, look: Option<i64>) -> Window {
        if self.followed == look || self.dragged.is_some() {
            self.followed = look;
            return window;
        }
        self.followed = look;
        let Some(place) = look.map(|look| axis.place(look)) else { return window };
        if (window.from..=window.to).contains(&place) {
            return window;
        }
        let half = window.length() / 2.0;
        axis.clamped(Window { from: place - half, to: place + half })
    }

    fn keyboard(
        &mut self,
        ui: &Ui,
        response: &Response,
        axis: &Axis,
        window: Window,
        timeline: &Timeline,
        look: Option<i64>,
        actions: &mut Actions,
    ) -> Window {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let steps = [
            (Modifiers::SHIFT, Press::ArrowLeft, -MANY),
            (Modifiers::SHIFT, Press::ArrowRight, MANY),
            (Modifiers::NONE, Press::ArrowLeft, -1),
            (Modifiers::NONE, Press::ArrowRight, 1),
            (Modifiers::NONE, Press::PageUp, -MANY),
            (Modifiers::NONE, Press::PageDown, MANY),
        ];
        let mut target = look;
        for (modifiers, key, by) in steps {
            if pressed(modifiers, key) {
                target = target.map(|at| timeline.step(at, by));
            }
        }
        if pressed(Modifiers::NONE, Press::Home) {
            target = timeline.first_stop();
        }
        if pressed(Modifiers::NONE, Press::End) {
            target = timeline.last_stop();
        }
        if let Some(target) = target.filter(|target| Some(*target) != look) {
            actions.push(Action::TravelTo(target));
        }
        let around = look.map_or(f64::midpoint(window.from, window.to), |look| axis.place(look));
        if pressed(Modifiers::NONE, Press::Plus) || pressed(Modifiers::NONE, Press::Equals) {
            return axis.zoomed(window, around, KEY_ZOOM);
        }
        if pressed(Modifiers::NONE, Press::Minus) {
            return axis.zoomed(window, around, 1.0 / KEY_ZOOM);
        }
        if pressed(Modifiers::NONE, Press::Num0) {
            return axis.whole();
        }
        window
    }

    fn pointer(
        &mut self,
        ui: &Ui,
        response: &Response,
        rect: Rect,
        axis: &Axis,
        window: Window,
        timeline: &Timeline,
        handles: [Option<i64>; 2],
        actions: &mut Actions,
    ) {
        if response.drag_stopped() || !response.is_pointer_button_down_on() && !response.clicked() {
            self.dragged = None;
        }
        // From the press on: whoever presses means that place.
        let held = response.is_pointer_button_down_on() && ui.input(|input| input.pointer.primary_down());
        let primary = held || response.clicked();
        let Some(pointer) = response.interact_pointer_pos().filter(|_| primary) else { return };
        response.request_focus();
        let handle = *self.dragged.get_or_insert_with(|| nearest(rect, axis, window, handles, pointer));
        if response.clicked() {
            self.dragged = None;
        }
        let Some(revision) = revision_under(rect, axis, window, timeline, pointer.x) else { return };
        match handle {
            Handle::Moment if handles[0] != Some(revision) => actions.push(Action::TravelTo(revision)),
            Handle::Against if handles[1] != Some(revision) => {
                // It stays the later of the two while it is held.
                let revision = revision.max(handles[0].unwrap_or(revision));
                actions.push(Action::TravelCompare(Some(revision)));
            }
            _ => {}
        }
    }

    fn paint(
        &mut self,
        ui: &Ui,
        rect: Rect,
        axis: &Axis,
        window: Window,
        timeline: &Timeline,
        handles: [Option<i64>; 2],
        response: &Response,
        now: SeenAt,
    ) {
        let tokens = theme::tokens(ui);
        let painter = ui.painter();
        let lanes = paint::lanes(rect);
        painter.rect_filled(lanes, 3.0, tokens.base);
        paint::unwatched(painter, tokens, rect, axis, window, timeline);
        let count = (lanes.width() / paint::COLUMN).max(1.0) as usize;
        let cached = self.columns.take().filter(|(of, columns)| *of == window && columns.len() == count);
        let (_, columns) = &*self.columns.insert(match cached {
            Some(cached) => cached,
            None => (window, axis.stretches(window, count)),
        });
        paint::columns(painter, tokens, rect, columns);
        paint::compaction(painter, tokens, rect, axis, window, timeline.etcd_from);
        painter.rect_stroke(lanes, 3.0, tokens.line(), egui::StrokeKind::Inside);
        paint::legend(painter, tokens, rect);
        let ends = [window.from, window.to].map(|place| {
            let revision = axis.revision_at(place).or_else(|| timeline.first_stop());
            revision.map(|revision| (revision, timeline.seen_at(revision)))
        });
        paint::labels(painter, tokens, rect, ends, now);
        let hovered = response.hover_pos();
        for (handle, revision) in [Handle::Against, Handle::Moment].into_iter().zip([handles[1], handles[0]])
        {
            let Some(place) = revision.map(|revision| axis.place(revision)) else { continue };
            if !(window.from..=window.to).contains(&place) {
                continue;
            }
            let x = paint::x_of(lanes, window, place);
            let near = hovered.is_some_and(|at| (at.x - x).abs() <= GRIP);
            let hot = near || self.dragged == Some(handle);
            let (colour, filled) = match handle {
                Handle::Moment => (tokens.past, true),
                Handle::Against => (tokens.accent, false),
            };
            paint::handle(painter, rect, x, colour, hot, filled);
        }
        if response.has_focus() {
            painter.rect_stroke(lanes.expand(2.0), 4.0, tokens.focus_ring(), egui::StrokeKind::Outside);
        }
    }
}

/// The handle that a press takes.
fn nearest(rect: Rect, axis: &Axis, window: Window, handles: [Option<i64>; 2], pointer: Pos2) -> Handle {
    let distance = |revision: Option<i64>| {
        let lanes = paint::lanes(rect);
        revision.map(|revision| (paint::x_of(lanes, window, axis.place(revision)) - pointer.x).abs())
    };
    match (distance(handles[0]), distance(handles[1])) {
        (Some(moment), Some(against)) if against < moment && against <= GRIP * 2.0 => Handle::Against,
        _ => Handle::Moment,
    }
}

/// The moment under the pointer: after the newest change that is not right of it.
fn revision_under(rect: Rect, axis: &Axis, window: Window, timeline: &Timeline, x: f32) -> Option<i64> {
    // A press on a column means the change in it.
    let place = paint::place_of(paint::lanes(rect), window, x + paint::COLUMN);
    axis.revision_at(place).or_else(|| timeline.first_stop())
}

fn zoom_and_pan(ui: &Ui, response: &Response, rect: Rect, axis: &Axis, window: Window) -> Window {
    let lanes = paint::lanes(rect);
    let mut window = window;
    if response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle) {
        let by = -f64::from(response.drag_delta().x / lanes.width().max(1.0)) * window.length();
        window = axis.clamped(Window { from: window.from + by, to: window.to + by });
    }
    let Some(pointer) = response.hover_pos() else { return window };
    let (scrolled, shift, pinch) = ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta);
        (scrolled, input.modifiers.shift, input.zoom_delta())
    });
    let sideways = if shift { scrolled.x + scrolled.y } else { scrolled.x };
    if sideways != 0.0 {
        let by = -f64::from(sideways / lanes.width().max(1.0)) * window.length();
        window = axis.clamped(Window { from: window.from + by, to: window.to + by });
    }
    let wheel = if shift { 0.0 } else { scrolled.y };
    let factor = f64::from((-wheel * WHEEL).exp() / pinch.max(0.01));
    if (factor - 1.0).abs() > 1e-4 {
        window = axis.zoomed(window, paint::place_of(lanes, window, pointer.x), factor);
    }
    window
}

fn announce(ui: &Ui, response: &Response, timeline: &Timeline, look: Option<i64>, now: SeenAt) {
    let name = t!("travel.strip.name");
    let value = look.unwrap_or_default();
    response.widget_info(|| WidgetInfo::slider(true, value as f64, &name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        let text = match look {
            Some(revision) => words::moment_and_change(timeline, revision, now),
            None => t!("travel.strip.nothing").into_owned(),
        };
        node.set_value(text);
        if let (Some(first), Some(last)) = (timeline.first_stop(), timeline.last_stop()) {
            node.set_min_numeric_value(first as f64);
            node.set_max_numeric_value(last as f64);
        }
        node.add_action(Asked::SetValue);
        node.add_action(Asked::Increment);
        node.add_action(Asked::Decrement);
    });
}

/// What a screen reader asks of the slider.
fn asked_by_reader(ui: &Ui, response: &Response, timeline: &Timeline, look: Option<i64>) -> Vec<i64> {
    let mut asked = Vec::new();
    let Some(look) = look else { return asked };
    ui.input(|input| {
        let more = input.num_accesskit_action_requests(response.id, Asked::Increment);
        let less = input.num_accesskit_action_requests(response.id, Asked::Decrement);
        if more != less {
            let by = more as isize - less as isize;
            asked.push(timeline.step(look, by));
        }
        for request in input.accesskit_action_requests(response.id, Asked::SetValue) {
            if let Some(ActionData::NumericValue(value)) = request.data {
                asked.extend(timeline.snapped(value as i64));
            }
        }
    });
    asked
}

/// What the pointer tells of the changes under it.
fn hover(response: Response, rect: Rect, axis: &Axis, window: Window, timeline: &Timeline, now: SeenAt) {
    let lanes = paint::lanes(rect);
    let Some(pointer) = response.hover_pos() else { return };
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    let place = |x: f32| paint::place_of(lanes, window, x);
    let near = Window { from: place(pointer.x - 2.0), to: place(pointer.x + 2.0) };
    let (stretch, newest) = axis.stretch(near);
    let lines = match newest.and_then(|revision| timeline.tick(revision)) {
        Some(tick) => change_lines(tick, stretch, now),
        None => match unwatched_at(timeline, axis, place(pointer.x)) {
            true => vec![t!("travel.strip.unwatched").into_owned()],
            false => match axis.revision_at(place(pointer.x)) {
                Some(revision) => vec![words::moment(timeline, revision, now)],
                None => vec![t!("travel.strip.before_first").into_owned()],
            },
        },
    };
    response.on_hover_ui_at_pointer(|ui| {
        let tokens = theme::tokens(ui);
        for (at, line) in lines.into_iter().enumerate() {
            ui.label(if at == 0 { tokens.mono(line) } else { tokens.meta(line) });
        }
    });
}

fn change_lines(tick: &Tick, stretch: Stretch, now: SeenAt) -> Vec<String> {
    let mut lines = vec![words::revision_and_time(tick.revision, tick.seen_at, now), words::change(tick)];
    if stretch.ticks > 1 {
        let sum = words::sum(stretch.created, stretch.changed, stretch.deleted);
        lines.push(t!("travel.strip.several", count = stretch.ticks, sum = sum).into_owned());
    }
    lines
}

fn unwatched_at(timeline: &Timeline, axis: &Axis, place: f64) -> bool {
    timeline.unwatched().iter().any(|gap| {
        let from = gap.after.map_or(f64::MIN, |after| axis.boundary(after, gap.from_time));
        (from..axis.boundary(gap.to, gap.to_time)).contains(&place)
    })
}
