//! The table of locks: a line each.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Id, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::order::Order;
use super::words::{form_words, owner_short};
use super::{LocksState, contention};
use crate::action::{Action, Actions};
use crate::model::coordination::waits::Owner;
use crate::model::coordination::{ClaimForm, ClaimKind, ClaimQueue, Confidence};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{confidence_hint, lasted, owner, owner_or_lease};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::columns::{CellLook, Columns, Span, paint_cell};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, count_text, paint_key_tail};

/// Widths of the columns that do not stretch.
const WAITING: f32 = 52.0;
const SPARK: f32 = 88.0;
const HELD: f32 = 92.0;
const LEFT: f32 = 116.0;
/// Narrower tables leave columns out, in this order.
const ROOM_FOR_SPARK: f32 = 760.0;
const ROOM_FOR_TTL: f32 = 620.0;
const ROOM_FOR_HELD: f32 = 500.0;
/// More signs of a name are never spoken.
const LONGEST: usize = 400;

/// Where the columns begin and end.
struct Cells {
    name: Span,
    owner: Span,
    waiting: Span,
    spark: Option<Span>,
    held: Option<Span>,
    ttl: Option<Span>,
}

impl Cells {
    fn of(rect: Rect) -> Self {
        let mut columns = Columns::of(rect);
        let ttl = columns.from_right(LEFT, ROOM_FOR_TTL);
        let held = columns.from_right(HELD, ROOM_FOR_HELD);
        let spark = columns.from_right(SPARK, ROOM_FOR_SPARK);
        let waiting = columns.from_right(WAITING, 0.0).unwrap_or_default();
        let (left, right) = columns.rest();
        let middle = left + (right - left) * 0.55;
        Self { name: (left, middle - size::GROUP), owner: (middle, right), waiting, spark, held, ttl }
    }
}

/// Draws the table; a line chooses its lock.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    chosen: Option<usize>,
    state: &mut LocksState,
    actions: &mut Actions,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header(ui, state);
    let id = Id::unique(("locks", session.id));
    let mut list = ListBox::begin(ui, world, id, &t!("locks.list"));
    let rows = state.listed.rows.len();
    let mut pressed = list.step(ui, chosen, rows).map(|(row, _)| row);
    let focused = list.has_focus();
    let height = theme::row_height(&world.settings) + size::PAD;
    list.show(ui, rows, height, |ui, sight, places| {
        for at in sight {
            let Some(name) = state.listed.rows.get(at) else { continue };
            // One that is gone since the lines were ordered leaves its line empty for a moment.
            let Some(queue) = session.coordination.queues.get(name) else { continue };
            let marks = Marks {
                chosen: chosen == Some(at),
                focused: chosen == Some(at) && focused,
                deadlocked: state.listed.deadlocked.contains(name),
            };
            if let Some(holder) = queue.holder() {
                state.leases.see(holder.meta.lease);
            }
            if row(ui, world, session, queue, places.rect(at), marks) {
                pressed = Some(at);
                ListBox::focus(ui, id);
            }
        }
    });
    if let Some(name) = pressed.and_then(|at| state.listed.rows.get(at)) {
        actions.push(Action::ShowQueue(ClaimKind::Lock, name.clone()));
    }
}

/// The titles; some order the table when they are pressed.
fn header(ui: &mut Ui, state: &mut LocksState) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let cells = Cells::of(rect);
    let titles = [
        (Some(cells.name), t!("locks.column.name"), Some(Order::Name), false),
        (Some(cells.owner), t!("locks.column.holder"), None, false),
        (Some(cells.waiting), t!("locks.column.waiting"), Some(Order::Urgent), true),
        (cells.spark, t!("locks.column.contention"), None, false),
        (cells.held, t!("locks.column.held"), Some(Order::Held), true),
        (cells.ttl, t!("locks.column.lease"), None, true),
    ];
    for (span, title, order, right) in titles {
        let Some(span) = span else { continue };
        let chosen = order == Some(state.order);
        let colour = if chosen { tokens.text } else { tokens.faint };
        let mut look = CellLook::new(text::meta_medium(), colour);
        if right {
            look = look.right();
        }
        let Some(order) = order else {
            paint_cell(ui, rect, span, &title, look);
            continue;
        };
        let place = Rect::from_x_y_ranges(span.0..=span.1, rect.y_range());
        let response = ui.interact(place, ui.scope_id().with(("order", &*title)), Sense::click());
        let spoken = t!("locks.order_by", column = title);
        response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &*spoken));
        if response.hovered() {
            look = CellLook::new(text::meta_medium(), tokens.text);
            look = if right { look.right() } else { look };
        }
        let (begin, end) = paint_cell(ui, rect, span, &title, look);
        if chosen {
            let x =
                if right { begin - size::ICON_SMALL / 2.0 - 2.0 } else { end + size::ICON_SMALL / 2.0 + 2.0 };
            // Up where the least is first.
            let caret = if order == Order::Name { icons::CARET_UP } else { icons::CARET_DOWN };
            paint_icon(ui, pos2(x, rect.center().y), caret, 11.0, tokens.second);
        }
        crate::ui::widgets::button::focus_ring(ui, place.shrink2(vec2(0.0, 4.0)), &response);
        if response.on_hover_text(spoken.into_owned()).clicked() {
            state.order = order;
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

#[derive(Clone, Copy)]
struct Marks {
    chosen: bool,
    focused: bool,
    deadlocked: bool,
}

fn row(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    queue: &Arc<ClaimQueue>,
    rect: Rect,
    marks: Marks,
) -> bool {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(&queue.name), Sense::CLICK);
    let holders = holders(queue);
    let waiting = queue.waiting().len();
    response.widget_info(|| {
        let name = display_short(&queue.name, LONGEST);
        let label = if queue.form == ClaimForm::SingleKey {
            t!("locks.row_single", name = name, holder = holders)
        } else {
            t!("locks.row", name = name, holder = holders, waiting = waiting)
        };
        let label = if marks.deadlocked { t!("locks.row_deadlock", row = label) } else { label };
        egui::WidgetInfo::selected(Role::ListBoxOption, true, marks.chosen, label)
    });
    row_ground(ui, rect, marks.chosen, response.hovered(), marks.focused);
    let cells = Cells::of(rect);
    let y = rect.center().y;
    name_cell(ui, session, queue, cells.name, y, marks.deadlocked);

    let holder = queue.holder();
    let (tone, colour) = match holder {
        _ if marks.deadlocked => (Tone::Danger, tokens.text),
        Some(_) => (Tone::Live, tokens.text),
        None => (Tone::Plain, tokens.faint),
    };
    dot(ui, pos2(cells.owner.0 + 4.0, y), tone);
    let owner_at = (cells.owner.0 + 16.0, cells.owner.1);
    let short = holder.filter(|holder| owner(holder).is_none() && queue.holding() == 1);
    let shown = short.map_or(holders.clone(), |holder| owner_short(&Owner::Lease(holder.meta.lease)));
    paint_cell(ui, rect, owner_at, &shown, CellLook::new(text::body(), colour));
    let colour = if waiting == 0 { tokens.faint } else { tokens.waiting };
    // Who waits for a single key is not seen: that is not nobody.
    let unseen = queue.form == ClaimForm::SingleKey;
    let count = if unseen { String::from("–") } else { count_text(waiting as u64) };
    paint_cell(ui, rect, cells.waiting, &count, CellLook::new(text::mono_small(), colour).right());
    if let Some((left, right)) = cells.spark.filter(|_| !unseen) {
        let place = Rect::from_x_y_ranges(left..=right, rect.y_range());
        let watched_since = session.coordination.watched_since;
        contention::spark(ui, place, &queue.contention, watched_since, world.now);
    }
    if let Some(holder) = holder {
        if let Some(span) = cells.held {
            let words = lasted(holder.turn_since, session.known_until(world.now))
                .unwrap_or_else(|| t!("locks.before_watched_short").into_owned());
            paint_cell(ui, rect, span, &words, CellLook::new(text::mono_small(), tokens.second).right());
        }
        if let Some((left, right)) = cells.ttl {
            let place = Rect::from_x_y_ranges(left..=right, rect.y_range());
            ttl::paint(ui, place, ttl::of(session, holder.meta.lease, world.now));
        }
    }
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&queue.name, LONGEST)));
        ui.label(tokens.meta(holders.as_str()));
        ui.label(tokens.meta(form_words(queue.form)));
        if queue.confidence == Confidence::Likely {
            ui.label(tokens.meta(confidence_hint(queue.confidence)));
        }
    });
    clicked
}

/// The name: its end is what tells locks apart. Behind it what is to be known of it.
fn name_cell(ui: &Ui, session: &Session, queue: &ClaimQueue, (left, right): Span, y: f32, deadlocked: bool) {
    let tokens = theme::tokens(ui);
    let likely = queue.confidence == Confidence::Likely;
    // A queue in the folder of the same name is another lock.
    let single = queue.form == ClaimForm::SingleKey;
    let marks = usize::from(likely) + usize::from(deadlocked) + usize::from(single);
    let room = right - left - marks as f32 * (size::ICON_SMALL + size::GRID);
    let separator = session.keyspace.separator();
    let galley = paint_key_tail(ui.painter(), tokens, &queue.name, separator, &text::mono(), room);
    let mut x = left + galley.size().x + size::PAD + 2.0;
    ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.text);
    for (shown, icon, colour) in [
        (deadlocked, icons::WARNING, tokens.danger),
        (single, icons::KEY, tokens.faint),
        (likely, icons::QUESTION, tokens.faint),
    ] {
        if shown {
            paint_icon(ui, pos2(x, y), icon, size::ICON_SMALL, colour);
            x += size::ICON_SMALL + size::GRID;
        }
    }
}

/// Who holds, in words.
pub fn holders(queue: &ClaimQueue) -> String {
    match queue.holders() {
        [] => t!("locks.free").into_owned(),
        [holder] => owner_or_lease(holder),
        [first, others @ ..] => {
            t!("locks.holders", first = owner_or_lease(first), count = others.len()).into_owned()
        }
    }
}
