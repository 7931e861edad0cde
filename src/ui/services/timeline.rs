//! How instances came and went: a strip for each over the time watched, and the same as a list beside it.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Align, Frame, Id, Layout, Margin, Panel, Rect, Sense, Stroke, Ui, pos2, vec2};
use rust_i18n::t;

use super::detail::Page;
use super::lanes::{Lane, Lanes, Stretch};
use super::{ServicesState, View, plots, words};
use crate::model::coordination::{InstanceEvent, MOST_EVENTS, Service, Turn};
use crate::model::key_text::neutral;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::chip::dot;
use crate::ui::widgets::columns::{CellLook, Columns, paint_cell, paint_tail, paint_title};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::list_box::{ListBox, ListRow};
use crate::ui::widgets::{clock_text, count_text, empty_state, relative_text, segmented};

/// From this width on, the list stands beside the strips.
const ROOM_BESIDE: f32 = 1_000.0;
const LIST: f32 = 430.0;
/// The names before the strips.
const NAME: f32 = 168.0;
/// The state behind the strips.
const STATE: f32 = 184.0;
const ROOM_FOR_STATE: f32 = 620.0;
/// Height of a strip.
const STRIP: f32 = 8.0;
/// A shorter time is shown as so much, in milliseconds.
const LEAST_MS: i64 = 60_000;

/// How much of the time watched is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    TenMinutes,
    Hour,
    #[default]
    All,
}

/// What the page keeps between frames.
#[derive(Default)]
pub(super) struct TimelineState {
    reach: Reach,
}

/// The time that is shown.
#[derive(Clone, Copy)]
struct Window {
    from: SeenAt,
    to: SeenAt,
    /// From when on everything is known.
    known: SeenAt,
}

impl Window {
    fn of(lanes: &Lanes, reach: Reach, now: SeenAt) -> Self {
        let known = lanes.from.unwrap_or(now).min(now);
        let reach = match reach {
            Reach::TenMinutes => 10 * LEAST_MS,
            Reach::Hour => 60 * LEAST_MS,
            Reach::All => (now - known).max(LEAST_MS),
        };
        Self { from: now - reach, to: now, known }
    }

    fn x(self, strip: Rect, at: SeenAt) -> f32 {
        let share = (at - self.from) as f64 / (self.to - self.from).max(1) as f64;
        strip.left() + strip.width() * share.clamp(0.0, 1.0) as f32
    }
}

/// Draws the page.
pub(super) fn show(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, service: &Arc<Service>) {
    state.lanes.update(service, view.session.coordination.watched_since);
    if state.lanes.lanes.is_empty() {
        empty_state(ui, icons::CLOCK, &t!("services.no_events"), &t!("services.no_events_hint"), None);
        return;
    }
    bar(ui, view, state);
    let frame = Frame::new().fill(theme::tokens(ui).base);
    if ui.available_width() >= ROOM_BESIDE {
        Panel::right("service events")
            .frame(frame)
            .resizable(true)
            .default_size(LIST)
            .size_range(300.0..=640.0)
            .show(ui, |ui| events(ui, view, state, service));
    } else {
        let height = ui.available_height();
        let most = (height - 96.0).max(80.0);
        Panel::bottom("service events below")
            .frame(frame)
            .resizable(true)
            .default_size((height * 0.45).clamp(80.0, most))
            .size_range(80.0..=most)
            .show(ui, |ui| events(ui, view, state, service));
    }
    strips(ui, view, state);
}

fn bar(ui: &mut Ui, view: View<'_>, state: &mut ServicesState) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 8, bottom: 4 }).show(ui, |ui| {
        let room = vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            let choices = [
                (Reach::TenMinutes, t!("services.reach.ten_minutes")),
                (Reach::Hour, t!("services.reach.hour")),
                (Reach::All, t!("services.reach.all")),
            ];
            let choices = choices.each_ref().map(|(reach, words)| (*reach, &**words));
            if let Some(reach) = segmented(ui, state.timeline.reach, &choices) {
                state.timeline.reach = reach;
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let words = match state.lanes.from {
                    Some(from) => t!("services.watched_since", time = clock_text(from, view.world.now)),
                    None => t!("services.not_watched"),
                };
                ui.add(egui::Label::new(tokens.hint(words)).truncate())
                    .on_hover_text(t!("services.watched_hint", count = MOST_EVENTS));
            });
        });
    });
}

fn strips(ui: &mut Ui, view: View<'_>, state: &mut ServicesState) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let window = Window::of(&state.lanes, state.timeline.reach, view.now);
    axis(ui, view, window);
    let chosen = state.instance.get(&view.session.id);
    let id = Id::unique(("lanes", view.session.id));
    let at = chosen.and_then(|key| state.lanes.lanes.iter().position(|lane| lane.key == *key));
    let list = ListBox::beside(ui, id, &t!("services.strips"));
    let height = theme::row_height(&view.world.settings);
    let lanes = &state.lanes.lanes;
    let mut opened = false;
    let picked = list.choose(ui, (at, lanes.len()), height, |ui, cell| {
        let Some(lane) = lanes.get(cell.at) else { return false };
        let response = strip(ui, view, lane, window, cell);
        opened |= response.double_clicked();
        response.clicked()
    });
    if let Some(lane) = picked.and_then(|at| lanes.get(at)) {
        state.instance.insert(view.session.id, lane.key.clone());
    }
    if opened {
        state.page = Page::Instances;
    }
}

/// Where the strips lie in a row of the list.
fn places(rect: Rect) -> (Rect, Option<(f32, f32)>) {
    let name = NAME.min(rect.width() * 0.3);
    let state = (rect.width() >= ROOM_FOR_STATE).then(|| {
        let right = rect.right() - size::GROUP;
        (right - STATE, right)
    });
    let left = rect.left() + size::GROUP + name + size::PAD;
    let right = state.map_or(rect.right() - size::GROUP, |(left, _)| left - size::PAD);
    let strip = Rect::from_min_max(pos2(left, rect.top()), pos2(right.max(left + 8.0), rect.bottom()));
    (strip, state)
}

fn axis(ui: &mut Ui, view: View<'_>, window: Window) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let (strip, state) = places(rect);
    paint_title(
        ui,
        rect,
        Some((rect.left() + size::GROUP, strip.left())),
        &t!("services.column.instance"),
        false,
    );
    paint_title(ui, rect, state, &t!("services.column.last_end"), false);
    let seconds = |at: SeenAt| at as f64 / 1_000.0;
    for at in plots::time_steps(seconds(window.from), seconds(window.to)) {
        let at = (at * 1_000.0) as SeenAt;
        let x = window.x(strip, at);
        let words = clock_text(at, view.world.now);
        let galley = ui.painter().layout_no_wrap(words, text::mono_small(), tokens.faint);
        let half = galley.size().x / 2.0;
        if x - half < strip.left() || x + half > strip.right() {
            continue;
        }
        ui.painter().vline(x, rect.bottom() - 4.0..=rect.bottom(), tokens.line());
        let at = pos2(x - half, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, tokens.faint);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn strip(ui: &mut Ui, view: View<'_>, lane: &Lane, window: Window, cell: ListRow) -> egui::Response {
    let tokens = theme::tokens(ui);
    let rect = cell.rect;
    let response = ui.interact(rect, ui.scope_id().with((&lane.key, "lane")), Sense::CLICK);
    let words = accessible(view, lane);
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, cell.chosen, &words));
    row_ground(ui, rect, cell.chosen, response.hovered(), cell.focused);
    let (strip, state) = places(rect);
    let colour = if lane.present { tokens.text } else { tokens.second };
    let name = (rect.left() + size::GROUP, strip.left() - size::PAD);
    paint_tail(ui, rect, name, &neutral(&lane.id), CellLook::new(text::mono_small(), colour));
    let y = rect.center().y;
    unknown(ui, tokens, strip, window, y);
    let painter = ui.painter().with_clip_rect(strip.expand2(vec2(6.0, 0.0)).intersect(ui.clip_rect()));
    for (at, stretch) in lane.stretches.iter().enumerate() {
        paint_stretch(&painter, tokens, strip, window, y, *stretch);
        if let Some((end, _)) = stretch.to {
            let next = lane.stretches.get(at + 1).and_then(|next| next.from).unwrap_or(window.to);
            let (from, to) = (window.x(strip, end), window.x(strip, next));
            painter.hline(from..=to, y, Stroke::new(size::LINE, tokens.danger.gamma_multiply(0.5)));
        }
    }
    for (end, cause) in lane.stretches.iter().filter_map(|stretch| stretch.to) {
        if end >= window.from {
            dot(ui, pos2(window.x(strip, end), y), words::turn_tone(Turn::Down, Some(cause)));
        }
    }
    if let (Some(column), Some((at, cause))) = (state, lane.last_end()) {
        let words = format!("{}, {}", words::cause(cause), relative_text(at, view.world.now));
        paint_cell(ui, rect, column, &words, CellLook::new(text::meta(), tokens.second));
    }
    response.on_hover_text(words)
}

/// The time that is not known, as a thin line of dashes.
fn unknown(ui: &Ui, tokens: &Tokens, strip: Rect, window: Window, y: f32) {
    let end = window.x(strip, window.known);
    let mut x = strip.left();
    while x + 2.0 < end {
        ui.painter().hline(x..=(x + 3.0).min(end), y, Stroke::new(size::LINE, tokens.border));
        x += 7.0;
    }
}

fn paint_stretch(
    painter: &egui::Painter,
    tokens: &Tokens,
    strip: Rect,
    window: Window,
    y: f32,
    stretch: Stretch,
) {
    let from = stretch.from.unwrap_or(window.known).max(window.from);
    let to = stretch.to.map_or(window.to, |(at, _)| at);
    if to < window.from {
        return;
    }
    let (left, right) = (window.x(strip, from), window.x(strip, to));
    let bar = Rect::from_min_max(pos2(left, y - STRIP / 2.0), pos2(right.max(left + 2.0), y + STRIP / 2.0));
    painter.rect_filled(bar, 2, tokens.live.gamma_multiply(0.65));
}

fn accessible(view: View<'_>, lane: &Lane) -> String {
    let now = view.world.now;
    let mut parts = vec![neutral(&lane.id).into_owned()];
    let begun = lane.stretches.last().and_then(|stretch| stretch.from);
    parts.push(match (lane.present, begun) {
        (true, Some(since)) => t!("services.lane.up_since", time = clock_text(since, now)).into_owned(),
        (true, None) => t!("services.lane.up").into_owned(),
        (false, _) => t!("services.lane.gone").into_owned(),
    });
    if let Some((at, cause)) = lane.last_end() {
        let (cause, time) = (words::cause(cause), clock_text(at, now));
        parts.push(t!("services.lane.last_end", time = time, cause = cause).into_owned());
    }
    if lane.returns() > 0 {
        parts.push(t!("services.lane.returns", count = lane.returns()).into_owned());
    }
    parts.join(&t!("services.comma"))
}

fn events(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, service: &Arc<Service>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let mut columns = Columns::of(rect);
    let when = columns.from_left(66.0, 0.0);
    let what = columns.from_left(160.0, 0.0);
    let count = count_text(service.past.len() as u64);
    let counted = columns.from_right(48.0, 0.0);
    paint_title(ui, rect, when, &t!("services.column.when"), false);
    paint_title(ui, rect, what, &t!("services.column.what"), false);
    paint_title(ui, rect, Some(columns.rest()), &t!("services.column.instance"), false);
    paint_title(ui, rect, counted, &count, true);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme::tokens(ui).line());
    if service.past.is_empty() {
        empty_state(ui, icons::CLOCK, &t!("services.no_events"), &t!("services.no_events_hint"), None);
        return;
    }
    let id = Id::unique(("service events", view.session.id));
    let list = ListBox::beside(ui, id, &t!("services.events"));
    let height = theme::row_height(&view.world.settings);
    // Newest first.
    let nth = |at: usize| service.past.iter().nth_back(at);
    let rows = (None, service.past.len());
    let picked = list.choose(ui, rows, height, |ui, cell| {
        nth(cell.at).is_some_and(|event| event_line(ui, view, event, cell))
    });
    if let Some(event) = picked.and_then(nth) {
        state.instance.insert(view.session.id, event.key.clone());
    }
}

/// A coming or going. Whether it was pressed.
fn event_line(ui: &mut Ui, view: View<'_>, event: &InstanceEvent, cell: ListRow) -> bool {
    let tokens = theme::tokens(ui);
    let rect = cell.rect;
    let response = ui.interact(rect, ui.scope_id().with((event.revision, &event.key)), Sense::CLICK);
    let what = words::turn(event.turn, event.cause);
    let id = neutral(&event.id);
    let when = clock_text(event.at, view.world.now);
    let label = t!("services.event", time = when, instance = id, what = what);
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, false, &*label));
    row_ground(ui, rect, false, response.hovered(), false);
    let mut columns = Columns::of(rect);
    let when_at = columns.from_left(66.0, 0.0).unwrap_or_default();
    let what_at = columns.from_left(160.0, 0.0).unwrap_or_default();
    let mono = CellLook::new(text::mono_small(), tokens.second);
    // The last eight signs are the time of day, whichever the day is.
    let clock: String = when.chars().skip(when.chars().count().saturating_sub(8)).collect();
    paint_cell(ui, rect, when_at, &clock, mono.clone());
    let tone = words::turn_tone(event.turn, event.cause);
    dot(ui, pos2(what_at.0 + 4.0, rect.center().y), tone);
    let look = CellLook::new(text::body(), tokens.text);
    paint_cell(ui, rect, (what_at.0 + 16.0, what_at.1), &what, look);
    paint_tail(ui, rect, columns.rest(), &id, mono);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(tokens.body(&*label));
        if let (Turn::Down, Some(cause)) = (event.turn, event.cause) {
            ui.label(tokens.meta(words::cause_hint(cause)));
        }
        ui.label(tokens.mono_meta(format!("r{}", event.revision)));
    });
    clicked
}
