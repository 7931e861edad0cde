//! The list of services: one line each.

use egui::accesskit::Role;
use egui::{Align, Frame, Id, Layout, Margin, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::order::Sort;
use super::summary::{Row, Summary};
use super::{ServicesState, View, words};
use crate::action::{Action, Actions};
use crate::model::coordination::{Confidence, Health, InstanceCounts};
use crate::model::key_text::{display_short, neutral};
use crate::model::overview::ServiceFilter;
use crate::ui::coordination::{confidence_hint, layout_words};
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::dot;
use crate::ui::widgets::columns::{CellLook, Columns, Span, paint_cell};
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::filter_chips::{FilterChip, filter_chips};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::list_box::{ListBox, ListRow};
use crate::ui::widgets::{Tone, count_text, empty_state, stack_bar};

/// Widths of the columns that do not stretch.
const INSTANCES: f32 = 132.0;
const VERSION: f32 = 84.0;
const EVENTS: f32 = 56.0;
/// Narrower lists leave columns out, in this order.
const ROOM_FOR_VERSION: f32 = 520.0;
const ROOM_FOR_EVENTS: f32 = 340.0;
/// Narrower lists do not say how many instances there are.
const ROOM_FOR_TOTALS: f32 = 380.0;
/// The bar of shares in the column of instances.
const BAR: f32 = 44.0;
/// Characters of a name that are ever laid out.
const LONGEST: usize = 200;

struct Cells {
    name: Span,
    instances: Span,
    version: Option<Span>,
    events: Option<Span>,
}

impl Cells {
    fn of(rect: Rect, versions: bool) -> Self {
        let mut columns = Columns::of(rect);
        let events = columns.from_right(EVENTS, ROOM_FOR_EVENTS);
        let version = columns.from_right(VERSION, if versions { ROOM_FOR_VERSION } else { f32::INFINITY });
        let instances = columns.from_right(INSTANCES, 0.0).unwrap_or_default();
        Self { name: columns.rest(), instances, version, events }
    }
}

/// Draws the list; a line chooses its service.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut ServicesState,
    chosen: Option<usize>,
    actions: &mut Actions,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    filter(ui, state, actions);
    header(ui, state);
    if state.order.places.is_empty() {
        none_found(ui, state, actions);
        return;
    }
    let place = chosen.and_then(|at| state.order.places.iter().position(|place| *place == at));
    let ServicesState { order, summaries, shown, .. } = state;
    // A service that was chosen elsewhere is brought into sight, once.
    let folder = chosen.and_then(|at| summaries.rows.get(at));
    let folder = folder.map(|row| (view.session.id, row.service.folder.clone()));
    let other = *shown != folder;
    if other {
        *shown = folder;
    }
    let id = Id::unique(("services", view.session.id));
    let list = ListBox::begin(ui, view.world, id, &t!("services.list")).reveal(place.filter(|_| other));
    let height = theme::row_height(&view.world.settings) + size::PAD;
    let picked = list.choose(ui, (place, order.places.len()), height, |ui, cell| {
        let Some(at) = order.places.get(cell.at) else { return false };
        summaries.look(*at, view.now);
        let versions = summaries.totals.versions;
        summaries.rows.get(*at).is_some_and(|row| line(ui, row, versions, cell))
    });
    let picked = picked.and_then(|at| summaries.rows.get(*order.places.get(at)?));
    if let Some(row) = picked {
        *shown = Some((view.session.id, row.service.folder.clone()));
        actions.push(Action::ShowService(row.service.folder.clone()));
    }
}

/// The field, and below it what else services are sorted out by, with how many each would list.
fn filter(ui: &mut Ui, state: &mut ServicesState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 12, right: 12, top: 8, bottom: 6 }).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let room = vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            let totals = state.summaries.totals;
            let instances = count_text(totals.counts.all() as u64);
            let words = match totals.counts.all() {
                1 => t!("services.total_instance"),
                _ => t!("services.total_instances", count = instances),
            };
            let hint = t!(
                "services.totals_hint",
                services = count_text(totals.services as u64),
                counts = words::counts(totals.counts)
            );
            if room.x >= ROOM_FOR_TOTALS {
                ui.label(tokens.hint(words)).on_hover_text(hint);
            }
            let id = Id::unique("services filter");
            let (name, hint) = (t!("services.filter"), t!("services.filter_hint"));
            search_field(ui, id, &mut state.wanted.text, &name, &hint);
            if std::mem::take(&mut state.focus_filter) {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
        });
        let only = state.wanted.only;
        let counts = ServiceFilter::ALL.into_iter().zip(state.order.counts);
        // What there is none of takes no room.
        let shown = counts.filter(|(filter, count)| {
            *count > 0 || *filter == only || matches!(filter, ServiceFilter::All | ServiceFilter::Problems)
        });
        let chips: Vec<_> = shown
            .map(|(filter, count)| {
                let (label, hint, tone) = words::filter(filter);
                FilterChip { value: filter, label, hint, count, tone }
            })
            .collect();
        if let Some(chosen) = filter_chips(ui, only, &chips) {
            actions.push(Action::ShowServices(chosen));
        }
    });
}

fn none_found(ui: &mut Ui, state: &mut ServicesState, actions: &mut Actions) {
    let (title, hint, all) =
        (t!("services.none_found"), t!("services.none_found_hint"), t!("services.show_all"));
    if empty_state(ui, icons::FUNNEL, &title, &hint, Some(&all)) {
        state.wanted.text.clear();
        actions.push(Action::ShowServices(ServiceFilter::All));
    }
}

fn header(ui: &mut Ui, state: &mut ServicesState) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let cells = Cells::of(rect, state.summaries.totals.versions);
    // The shape before the name is what problems are told by.
    let mark = (rect.left() + size::PAD, cells.name.0 + 14.0);
    let name = (cells.name.0 + 18.0, cells.name.1);
    let sorts = [
        (Some(mark), String::new(), Sort::Problems, t!("services.sort.problems"), false),
        (Some(name), t!("services.column.name").into_owned(), Sort::Name, t!("services.sort.name"), false),
        (
            Some(cells.instances),
            t!("services.column.instances").into_owned(),
            Sort::Instances,
            t!("services.sort.instances"),
            false,
        ),
        (
            cells.events,
            t!("services.column.events").into_owned(),
            Sort::Events,
            t!("services.sort.events"),
            true,
        ),
    ];
    for (column, title, sort, hint, right) in sorts {
        let Some(column) = column else { continue };
        if sort_title(ui, rect, column, &title, &hint, state.wanted.sort == sort, right) {
            state.wanted.sort = sort;
        }
    }
    if let Some(column) = cells.version {
        let look = CellLook::new(text::meta_medium(), tokens.faint);
        paint_cell(ui, rect, column, &t!("services.column.version"), look);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// The title of a column by which the list can be ordered. Whether it was pressed.
fn sort_title(
    ui: &Ui,
    rect: Rect,
    (left, right): Span,
    title: &str,
    hint: &str,
    is: bool,
    at_right: bool,
) -> bool {
    let tokens = theme::tokens(ui);
    let part = Rect::from_x_y_ranges(left..=right, rect.y_range());
    let response = ui.interact(part, ui.scope_id().with(("sort", hint)), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, is, hint));
    let colour = if is || response.hovered() { tokens.text } else { tokens.faint };
    let look = CellLook::new(text::meta_medium(), colour);
    let mark = if is { size::ICON_SMALL } else { 0.0 };
    if title.is_empty() {
        paint_icon(ui, pos2(right - 8.0, part.center().y), icons::WARNING, size::ICON_SMALL, colour);
    } else {
        let look = if at_right { look.right() } else { look };
        let (begin, end) = paint_cell(ui, rect, (left, right), title, look);
        if is {
            let x = if at_right { begin - mark / 2.0 - 1.0 } else { end + mark / 2.0 + 1.0 };
            paint_icon(ui, pos2(x, part.center().y), icons::CARET_DOWN, size::ICON_SMALL - 2.0, colour);
        }
    }
    focus_ring(ui, part.shrink(2.0), &response);
    response.on_hover_text(hint).clicked()
}

/// A service. Whether it was pressed.
fn line(ui: &mut Ui, row: &Row, versions: bool, cell: ListRow) -> bool {
    let tokens = theme::tokens(ui);
    let service = &row.service;
    let rect = cell.rect;
    let response = ui.interact(rect, ui.scope_id().with(&service.folder), Sense::CLICK);
    let unknown = Summary::default();
    let summary = row.summary.as_ref().unwrap_or(&unknown);
    let name: String = neutral(&service.name).chars().take(LONGEST).collect();
    response.widget_info(|| {
        let label = accessible(&name, row, summary);
        egui::WidgetInfo::selected(Role::ListBoxOption, true, cell.chosen, label)
    });
    row_ground(ui, rect, cell.chosen, response.hovered(), cell.focused);
    let cells = Cells::of(rect, versions);
    let y = rect.center().y;
    let tone = if row.summary.is_some() { words::trouble_tone(summary.trouble) } else { Tone::Plain };
    dot(ui, pos2(cells.name.0 + 4.0, y), tone);

    let empty = service.instances.is_empty();
    let colour = if empty { tokens.second } else { tokens.text };
    let likely = service.confidence == Confidence::Likely;
    let marks = [
        (likely, icons::QUESTION, tokens.faint),
        (summary.canaries > 0, icons::FLASK, tokens.faint),
        (summary.breakers > 0, icons::LIGHTNING, tokens.changed),
    ];
    let count = marks.iter().filter(|(shown, ..)| *shown).count() as f32;
    let room = (cells.name.0 + 18.0, cells.name.1 - count * (size::ICON_SMALL + size::GRID));
    let (_, mut end) = paint_cell(ui, rect, room, &name, CellLook::new(text::medium(), colour));
    for (_, icon, colour) in marks.into_iter().filter(|(shown, ..)| *shown) {
        paint_icon(ui, pos2(end + size::PAD + 2.0, y), icon, size::ICON_SMALL, colour);
        end += size::ICON_SMALL + size::GRID;
    }
    if row.shares_name && end + size::GROUP < room.1 {
        let folder = display_short(&service.folder, LONGEST);
        let place = (end + size::PAD, cells.name.1);
        paint_cell(ui, rect, place, &folder, CellLook::new(text::mono_small(), tokens.faint));
    }
    if row.summary.is_some() {
        counts(ui, tokens, rect, cells.instances, summary.counts);
        if let Some(column) = cells.version {
            let words = words::version(summary).unwrap_or_default();
            paint_cell(ui, rect, column, &words, CellLook::new(text::mono_small(), tokens.second));
        }
        if let Some(column) = cells.events {
            events(ui, tokens, rect, column, summary);
        }
    } else {
        let words = count_text(service.instances.len() as u64);
        paint_cell(ui, rect, cells.instances, &words, CellLook::new(text::mono_small(), tokens.faint));
    }
    let clicked = response.clicked();
    response.on_hover_ui(|ui| tooltip(ui, &name, row, summary));
    clicked
}

/// `▇▇▇ 22 ▲2 ■1`: a bar, and the numbers with their shapes.
fn counts(ui: &Ui, tokens: &Tokens, rect: Rect, (left, right): Span, counts: InstanceCounts) {
    let y = rect.center().y;
    let bar = Rect::from_min_size(pos2(left, y - 3.0), vec2(BAR, 6.0));
    stack_bar::paint(ui, bar, &words::shares(counts, tokens));
    let mut x = left + BAR + size::PAD;
    for (is, count) in words::parts(counts) {
        let tone = words::tone(is);
        let colour = if is == Health::Up { tokens.second } else { tone.colour(tokens) };
        let words = count_text(count as u64);
        let galley = ui.painter().layout_no_wrap(words, text::mono_small(), colour);
        let mark = if is == Health::Up { 0.0 } else { size::DOT + 3.0 };
        if x + mark + galley.size().x > right + size::PAD {
            break;
        }
        if mark > 0.0 {
            dot(ui, pos2(x + size::DOT / 2.0, y), tone);
        }
        let width = galley.size().x;
        ui.painter().galley(pos2(x + mark, y - galley.size().y / 2.0), galley, colour);
        x += mark + width + size::PAD - 1.0;
    }
    if counts == InstanceCounts::default() {
        let look = CellLook::new(text::meta(), tokens.faint);
        paint_cell(ui, rect, (left + BAR + size::PAD, right), &t!("services.none"), look);
    }
}

/// How much came and went lately, and whether something flaps.
fn events(ui: &Ui, tokens: &Tokens, rect: Rect, column: Span, summary: &Summary) {
    let colour = if summary.flapping > 0 { tokens.changed } else { tokens.second };
    if summary.events > 0 {
        let words = words::events(summary.events);
        paint_cell(ui, rect, column, &words, CellLook::new(text::mono_small(), colour).right());
    }
    if summary.flapping > 0 {
        let at = pos2(column.0 + size::PAD, rect.center().y);
        paint_icon(ui, at, icons::ARROWS_CLOCKWISE, size::ICON_SMALL, colour);
    }
}

fn accessible(name: &str, row: &Row, summary: &Summary) -> String {
    let mut parts = vec![name.to_owned()];
    if row.shares_name {
        parts.push(display_short(&row.service.folder, LONGEST).into_owned());
    }
    if row.summary.is_some() {
        parts.push(words::counts(summary.counts));
        parts.extend(words::trouble(summary).map(Into::into));
        parts.extend(words::version(summary));
        if summary.flapping > 0 {
            parts.push(t!("services.flapping", count = summary.flapping).into_owned());
        }
        if summary.events > 0 {
            parts.push(t!("services.events_lately", count = words::events(summary.events)).into_owned());
        }
    }
    if row.service.confidence == Confidence::Likely {
        parts.push(crate::ui::coordination::confidence_words(Confidence::Likely).into_owned());
    }
    parts.join(&t!("services.comma"))
}

fn tooltip(ui: &mut Ui, name: &str, row: &Row, summary: &Summary) {
    let tokens = theme::tokens(ui);
    let service = &row.service;
    ui.label(tokens.strong(name));
    ui.label(tokens.mono_meta(display_short(&service.folder, LONGEST)));
    ui.label(tokens.body(words::counts(summary.counts)));
    if let Some(words) = words::trouble(summary) {
        ui.label(tokens.body(words).color(words::trouble_tone(summary.trouble).colour(tokens)));
    }
    if summary.events > 0 {
        ui.label(tokens.meta(t!("services.events_lately", count = words::events(summary.events))));
    }
    let layout = layout_words(service.layout);
    if let Some(layout) = layout {
        ui.label(tokens.meta(layout));
    }
    ui.label(tokens.meta(confidence_hint(service.confidence)));
}
