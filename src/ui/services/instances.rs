//! The instances of a service: a dense line each, and beside or below them the one that is chosen.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Frame, Id, Margin, Panel, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::instance_columns::{Cells, Column, Filled};
use super::instance_filter::InstanceFilter;
use super::summary::{FLAPPING, Heartbeat};
use super::{ServicesState, View, instance, words};
use crate::action::Actions;
use crate::model::bytes::Key;
use crate::model::coordination::{Breaker, EndCause, Health, Instance, Sample, Service, Turn};
use crate::model::key_text::neutral;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::dot;
use crate::ui::widgets::columns::{CellLook, Span, paint_cell, paint_tail, paint_title};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::list_box::{ListBox, ListRow};
use crate::ui::widgets::{banner, empty_state, sparkline, time_text};

/// The course takes so much of a metric's column, its newest value the rest.
const COURSE: f32 = 46.0;
/// The newest samples of a course that are drawn.
const SAMPLES: usize = 240;
/// More instances than this stay in the order of their keys.
const MOST_SORTED: usize = 5_000;
/// A screen at least so wide shows the chosen instance beside the table, narrower ones below it.
const ROOM_BESIDE: f32 = 1_060.0;
const BESIDE: f32 = 400.0;
/// Characters of a name that are ever laid out.
const LONGEST: usize = 200;

/// What the table keeps between frames.
#[derive(Default)]
pub(super) struct InstancesState {
    of: Option<(Arc<Service>, Heartbeat, SeenAt)>,
    /// The instances as they are listed, the worst first.
    rows: Vec<(Health, Arc<Instance>)>,
    filled: Filled,
    /// Which of them are listed.
    filter: InstanceFilter,
}

impl InstancesState {
    /// Puts the instances in order again where the service changed, or a second has passed.
    fn update(&mut self, service: &Arc<Service>, heartbeat: Heartbeat, now: SeenAt) {
        let fresh = self.of.as_ref().is_some_and(|(of, with, at)| {
            Arc::ptr_eq(of, service) && *with == heartbeat && (*at..*at + 500).contains(&now)
        });
        if self.of.as_ref().is_some_and(|(of, ..)| of.folder != service.folder) {
            self.filter.clear();
        }
        if !self.filter.take_changed() && fresh {
            return;
        }
        let rows = service.instances.values();
        let mut rows: Vec<_> =
            rows.map(|instance| (heartbeat.health(instance, now), instance.clone())).collect();
        self.filled = Filled::of(rows.iter().map(|(_, instance)| &**instance));
        self.filter.apply(&mut rows);
        self.rows = rows;
        if self.rows.len() <= MOST_SORTED {
            // Within the same health they keep the order of their keys.
            self.rows.sort_by_key(|(health, _)| std::cmp::Reverse(*health));
        }
        self.of = Some((service.clone(), heartbeat, now));
    }
}

/// Draws the page.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut ServicesState,
    service: &Arc<Service>,
    actions: &mut Actions,
) {
    gone(ui, view, state, service);
    if service.instances.is_empty() {
        empty_state(ui, icons::HARD_DRIVES, &t!("services.all_gone"), &t!("services.all_gone_hint"), None);
        return;
    }
    state.instances.update(service, view.heartbeat, view.now);
    let chosen = state.instance.get(&view.session.id);
    let place =
        chosen.and_then(|key| state.instances.rows.iter().position(|(_, instance)| instance.key == *key));
    if let Some((health, instance)) = place.and_then(|at| state.instances.rows.get(at)).cloned() {
        state.leases.see(instance.meta.lease);
        beside(ui, view, state, service, &instance, health, actions);
    }
    state.instances.filter.show(ui, service.instances.len());
    if state.instances.rows.is_empty() {
        let (title, all) = (t!("services.no_instance_found"), t!("services.show_all"));
        if empty_state(ui, icons::FUNNEL, &title, "", Some(&all)) {
            state.instances.filter.clear();
        }
        return;
    }
    table(ui, view, state, place, actions);
}

/// What became of the chosen instance, where it is gone: a line below the table, until it is read.
fn gone(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, service: &Service) {
    let Some(key) = state.instance.get(&view.session.id) else { return };
    let last = service.past.iter().rev().find(|event| event.key == *key && event.turn == Turn::Down);
    let Some(event) = last.filter(|_| !service.instances.contains_key(key)) else { return };
    let cause = event.cause.unwrap_or(EndCause::Unknown);
    let words = t!(
        "services.instance_gone",
        instance = neutral(&event.id),
        cause = words::cause(cause),
        time = time_text(event.at, view.world.now)
    );
    let tone = words::turn_tone(event.turn, event.cause);
    let close = t!("common.dismiss");
    let mut closed = false;
    Panel::bottom("instance gone").frame(Frame::new()).show(ui, |ui| {
        closed = banner(ui, tone, icons::INFO, &words, Some(&close));
    });
    if closed {
        state.instance.remove(&view.session.id);
    }
}

/// The instance that is chosen: at the right, or below where there is no room.
fn beside(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut ServicesState,
    service: &Service,
    one: &Arc<Instance>,
    health: Health,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.base).inner_margin(Margin { left: 16, right: 8, top: 6, bottom: 6 });
    let mut close = false;
    let mut show = |ui: &mut Ui| {
        close = instance::show(ui, view, service, one, health, actions);
    };
    if ui.available_width() >= ROOM_BESIDE {
        Panel::right("instance")
            .frame(frame)
            .resizable(true)
            .default_size(BESIDE)
            .size_range(300.0..=620.0)
            .show(ui, |ui| show(ui));
    } else {
        let height = ui.available_height();
        let most = (height - 96.0).max(120.0);
        Panel::bottom("instance below")
            .frame(frame)
            .resizable(true)
            .default_size((height * 0.56).clamp(120.0, most))
            .size_range(120.0..=most)
            .show(ui, |ui| show(ui));
    }
    if close {
        state.instance.remove(&view.session.id);
    }
}

/// The lines; `at`: that of the chosen one.
fn table(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, at: Option<usize>, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header(ui, &state.instances.filled);
    let ServicesState { instances, leases, .. } = state;
    let id = Id::unique(("instances", view.session.id));
    let list = ListBox::beside(ui, id, &t!("services.page.instances"));
    let height = theme::row_height(&view.world.settings) + size::GRID;
    let picked = list.choose(ui, (at, instances.rows.len()), height, |ui, cell| {
        let Some((_, instance)) = instances.rows.get(cell.at) else { return false };
        leases.see(instance.meta.lease);
        // The order may be half a second old; what a line says is not.
        let health = view.heartbeat.health(instance, view.now);
        line(ui, view, (instance, health), cell, &instances.filled, actions)
    });
    if let Some((_, instance)) = picked.and_then(|at| instances.rows.get(at)) {
        let key: Key = instance.key.clone();
        state.instance.insert(view.session.id, key);
    }
}

fn header(ui: &mut Ui, filled: &Filled) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let cells = Cells::of(rect, filled);
    paint_title(ui, rect, Some(cells.status), &t!("services.column.status"), false);
    paint_title(ui, rect, Some(cells.name), &t!("services.column.instance"), false);
    paint_title(ui, rect, cells.at(Column::Version), &t!("services.column.version"), false);
    paint_title(ui, rect, cells.at(Column::Label), &t!("services.column.label"), false);
    paint_title(ui, rect, cells.at(Column::Weight), &t!("services.column.weight"), true);
    paint_title(ui, rect, cells.at(Column::Age), &t!("services.column.age"), true);
    paint_title(ui, rect, cells.at(Column::Cpu), &t!("services.column.cpu"), false);
    paint_title(ui, rect, cells.at(Column::Memory), &t!("services.column.memory"), false);
    paint_title(ui, rect, cells.at(Column::Latency), &t!("services.column.latency"), false);
    paint_title(ui, rect, cells.at(Column::Ttl), &t!("services.column.ttl"), true);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme::tokens(ui).line());
}

/// An instance. Whether it was pressed.
fn line(
    ui: &mut Ui,
    view: View<'_>,
    (instance, health): (&Instance, Health),
    cell: ListRow,
    filled: &Filled,
    actions: &mut Actions,
) -> bool {
    let tokens = theme::tokens(ui);
    let rect = cell.rect;
    let response = ui.interact(rect, ui.scope_id().with((&instance.key, "row")), Sense::CLICK);
    let status = words::status(instance, health);
    let left = ttl::of(view.session, instance.meta.lease, view.world.now);
    let age = instance.report.as_ref().and_then(|report| report.seen_at).map(|at| (view.now - at).max(0));
    response.widget_info(|| {
        let label = accessible(instance, &status, left, age);
        egui::WidgetInfo::selected(Role::ListBoxOption, true, cell.chosen, label)
    });
    row_ground(ui, rect, cell.chosen, response.hovered(), cell.focused);
    let cells = Cells::of(rect, filled);
    let y = rect.center().y;
    let tone = words::instance_tone(instance, health);
    dot(ui, pos2(cells.status.0 + 4.0, y), tone);
    let colour = if health == Health::Up { tokens.second } else { tone.colour(tokens) };
    let room = (cells.status.0 + 14.0, cells.status.1);
    let (_, end) = paint_cell(ui, rect, room, &status, CellLook::new(text::body(), colour));
    breaker_mark(ui, tokens, instance, end + size::PAD, y);
    name(ui, tokens, rect, cells.name, instance);
    let mono = |colour| CellLook::new(text::mono_small(), colour);
    if let (Some(column), Some(version)) = (cells.at(Column::Version), instance.version.as_deref()) {
        paint_cell(ui, rect, column, &neutral(version), mono(tokens.second));
    }
    if let (Some(column), Some(label)) = (cells.at(Column::Label), instance.label.as_deref()) {
        let colour = if label == "canary" { tokens.waiting } else { tokens.second };
        paint_cell(ui, rect, column, &neutral(label), CellLook::new(text::meta_medium(), colour));
    }
    if let (Some(column), Some(weight)) = (cells.at(Column::Weight), instance.weight) {
        paint_cell(ui, rect, column, &words::weight(weight), mono(tokens.second).right());
    }
    if let Some(column) = cells.at(Column::Age) {
        let (words, colour) = match age {
            Some(age) => (words::age_in_brief(age), colour_of_age(tokens, view.heartbeat.of_age(age))),
            None => ("–".to_owned(), tokens.faint),
        };
        paint_cell(ui, rect, column, &words, mono(colour).right());
    }
    metrics(ui, tokens, rect, &cells, instance);
    if let Some((left_edge, right)) = cells.at(Column::Ttl) {
        if instance.meta.lease == 0 {
            let look = CellLook::new(text::meta(), tokens.faint).right();
            paint_cell(ui, rect, (left_edge, right), &t!("services.no_lease_short"), look);
        } else {
            ttl::paint(ui, Rect::from_x_y_ranges(left_edge..=right, rect.y_range()), left);
        }
    }
    response.context_menu(|ui| super::instance::menu(ui, view, instance, actions));
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(tokens.strong(neutral(&instance.id)));
        ui.label(tokens.body(accessible(instance, &status, left, age)));
        if health == Health::Unknown {
            ui.label(tokens.meta(t!("services.health_unknown_hint")));
        }
    });
    clicked
}

fn colour_of_age(tokens: &Tokens, health: Health) -> egui::Color32 {
    match health {
        Health::Late => tokens.changed,
        Health::Down => tokens.danger,
        Health::Up | Health::Unknown | Health::Starting => tokens.second,
    }
}

/// A breaker that is not closed, as a sign behind the status.
fn breaker_mark(ui: &Ui, tokens: &Tokens, instance: &Instance, x: f32, y: f32) {
    let breaker = instance.report.as_ref().and_then(|report| report.breaker);
    if let Some(breaker) = breaker.filter(|breaker| *breaker != Breaker::Closed) {
        let tone = words::breaker(breaker).1;
        paint_icon(ui, pos2(x + 4.0, y), icons::LIGHTNING, size::ICON_SMALL, tone.colour(tokens));
    }
}

/// The id, the address where it is another, and how often it came back.
fn name(ui: &Ui, tokens: &Tokens, rect: Rect, (left, right): Span, instance: &Instance) {
    let flaps = instance.flaps > 0;
    let mark = if flaps { 30.0 } else { 0.0 };
    let id: String = neutral(&instance.id).chars().take(LONGEST).collect();
    let look = CellLook::new(text::mono(), tokens.text);
    let (_, mut end) = paint_tail(ui, rect, (left, right - mark), &id, look);
    let address = instance.address.as_deref().filter(|address| *address != instance.id);
    if let Some(address) = address.filter(|_| end + size::PAD + 60.0 < right - mark) {
        let address: String = neutral(address).chars().take(LONGEST).collect();
        let look = CellLook::new(text::mono_small(), tokens.faint);
        end = paint_cell(ui, rect, (end + size::PAD, right - mark), &address, look).1;
    }
    if flaps {
        let colour = if instance.flaps >= FLAPPING { tokens.changed } else { tokens.faint };
        let y = rect.center().y;
        paint_icon(ui, pos2(end + size::PAD + 5.0, y), icons::ARROWS_CLOCKWISE, size::ICON_SMALL, colour);
        let words = instance.flaps.to_string();
        let look = CellLook::new(text::mono_small(), colour);
        paint_cell(ui, rect, (end + size::PAD + 14.0, end + size::PAD + 40.0), &words, look);
    }
}

fn metrics(ui: &Ui, tokens: &Tokens, rect: Rect, cells: &Cells, instance: &Instance) {
    let series = &instance.series;
    let newest = |of: fn(&Sample) -> f32| -> Vec<f32> {
        series.iter().skip(series.len().saturating_sub(SAMPLES)).map(of).collect()
    };
    let report = instance.report.as_deref();
    let share = |column: Option<Span>, now: Option<f32>, of: fn(&Sample) -> f32| {
        if let Some(column) = column {
            metric(ui, tokens, rect, column, &newest(of), 1.0, now.map(words::percent));
        }
    };
    share(cells.at(Column::Cpu), report.and_then(|report| report.cpu), |sample| sample.cpu);
    share(cells.at(Column::Memory), report.and_then(|report| report.memory), |sample| sample.memory);
    if let Some(column) = cells.at(Column::Latency) {
        let course = newest(|sample| sample.latency_ms);
        let high = course.iter().copied().fold(f32::NAN, f32::max).max(10.0);
        let words = report.and_then(|report| report.latency_ms).map(words::latency);
        metric(ui, tokens, rect, column, &course, high, words);
    }
}

fn metric(
    ui: &Ui,
    tokens: &Tokens,
    rect: Rect,
    (left, right): Span,
    course: &[f32],
    high: f32,
    now: Option<String>,
) {
    let place = Rect::from_x_y_ranges(left..=left + COURSE, rect.y_range());
    sparkline::paint(ui, place, course, 0.0, high, tokens.accent.gamma_multiply(0.8));
    let (words, colour) = now.map_or_else(|| ("–".to_owned(), tokens.faint), |words| (words, tokens.second));
    let look = CellLook::new(text::mono_small(), colour).right();
    paint_cell(ui, rect, (left + COURSE + size::GRID, right), &words, look);
}

fn accessible(instance: &Instance, status: &str, left: ttl::Ttl, age: Option<i64>) -> String {
    let mut parts = vec![neutral(&instance.id).into_owned(), status.to_owned()];
    let address = instance.address.as_deref().filter(|address| *address != instance.id);
    parts.extend(address.map(|address| neutral(address).into_owned()));
    let report = instance.report.as_deref();
    if let Some(breaker) = report.and_then(|report| report.breaker) {
        parts.push(t!("services.row.breaker", state = words::breaker(breaker).0).into_owned());
    }
    parts.extend(instance.version.as_deref().map(|version| neutral(version).into_owned()));
    parts.extend(instance.label.as_deref().map(|label| neutral(label).into_owned()));
    if let Some(weight) = instance.weight {
        parts.push(t!("services.row.weight", weight = words::weight(weight)).into_owned());
    }
    if let Some(age) = age {
        parts.push(t!("services.row.age", age = words::age(age)).into_owned());
    }
    if let Some(cpu) = report.and_then(|report| report.cpu) {
        parts.push(t!("services.row.cpu", value = words::percent(cpu)).into_owned());
    }
    if let Some(memory) = report.and_then(|report| report.memory) {
        parts.push(t!("services.row.memory", value = words::percent(memory)).into_owned());
    }
    if let Some(latency) = report.and_then(|report| report.latency_ms) {
        parts.push(t!("services.row.latency", value = words::latency(latency)).into_owned());
    }
    parts.push(match instance.meta.lease {
        0 => t!("services.no_lease_short").into_owned(),
        _ => t!("services.row.ttl", left = left.words()).into_owned(),
    });
    if instance.flaps > 0 {
        parts.push(t!("services.row.flaps", count = instance.flaps).into_owned());
    }
    parts.join(&t!("services.comma"))
}
