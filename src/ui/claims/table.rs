//! The table of queues: one line each.

use egui::accesskit::Role;
use egui::{Id, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::{ClaimsState, HEADER, since};
use crate::model::claim::{ClaimKind, ClaimQueue, Confidence};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::owner_or_lease;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, count_text, elided, paint_key_tail};

/// Widths of the columns that do not stretch.
const WAITING: f32 = 56.0;
const SINCE: f32 = 72.0;
const LEFT: f32 = 124.0;
/// Narrower tables leave out since when a claim stands.
const ROOM_FOR_SINCE: f32 = 600.0;
/// Narrower ones leave out what its lease has left, too.
const ROOM_FOR_TTL: f32 = 500.0;

/// Where the columns begin and end.
struct Columns {
    name: (f32, f32),
    owner: (f32, f32),
    waiting: (f32, f32),
    since: Option<(f32, f32)>,
    ttl: Option<(f32, f32)>,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let pad = size::GROUP;
        let (left, mut right) = (rect.left() + pad, rect.right() - pad);
        let width = rect.width();
        let mut take = |column: f32, shown: bool| {
            shown.then(|| {
                let end = right;
                right -= column + pad;
                (end - column, end)
            })
        };
        let ttl = take(LEFT, width >= ROOM_FOR_TTL);
        let since = take(SINCE, width >= ROOM_FOR_SINCE);
        let waiting = take(WAITING, true).unwrap_or((right, right));
        let name_width = ((right - left) * 0.5).max(60.0);
        let name = (left, left + name_width - pad);
        Self { name, owner: (left + name_width, right), waiting, since, ttl }
    }
}

/// Draws the table; a line chooses its queue.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    kind: ClaimKind,
    queues: &[&ClaimQueue],
    chosen: Option<usize>,
    state: &mut ClaimsState,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header(ui, kind);
    let id = Id::unique(("claims", session.id, kind));
    let name = if kind == ClaimKind::Lock { t!("claims.lock.list") } else { t!("claims.election.list") };
    let mut list = ListBox::begin(ui, world, id, &name);
    if let Some((at, _)) = list.step(ui, chosen, queues.len())
        && let Some(queue) = queues.get(at)
    {
        state.chosen.insert((session.id, kind), queue.name.clone());
    }
    let focused = list.has_focus();
    list.show(ui, queues.len(), row_height(world), |ui, sight, places| {
        for at in sight {
            let Some(queue) = queues.get(at) else { continue };
            let is_chosen = chosen == Some(at);
            row(ui, world, session, queue, places.rect(at), is_chosen, focused, state);
        }
    });
}

fn row_height(world: &World) -> f32 {
    theme::row_height(&world.settings) + size::PAD
}

fn header(ui: &mut Ui, kind: ClaimKind) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER), Sense::hover());
    let columns = Columns::of(rect);
    let owner = if kind == ClaimKind::Lock { t!("claims.lock.holder") } else { t!("claims.election.leader") };
    let cells = [
        (Some(columns.name), t!("claims.column.name"), false),
        (Some(columns.owner), owner, false),
        (Some(columns.waiting), t!("claims.column.waiting"), true),
        (columns.since, t!("claims.column.since"), false),
        (columns.ttl, t!("claims.column.ttl"), true),
    ];
    for (column, title, right) in cells {
        if let Some(column) = column {
            cell(
                ui,
                tokens,
                rect,
                column,
                &title,
                Cell { font: text::meta_medium(), colour: tokens.faint, right },
            );
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

struct Cell {
    font: egui::FontId,
    colour: egui::Color32,
    right: bool,
}

fn cell(ui: &Ui, _tokens: &Tokens, rect: Rect, (left, right): (f32, f32), words: &str, look: Cell) {
    let galley = elided(ui.painter(), words, look.font, look.colour, right - left);
    let x = if look.right { right - galley.size().x } else { left };
    let at = pos2(x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, look.colour);
}

fn row(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    queue: &ClaimQueue,
    rect: Rect,
    chosen: bool,
    focused: bool,
    state: &mut ClaimsState,
) {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(&queue.name), Sense::CLICK);
    let name = display_short(&queue.name, 400);
    let holder = queue.holder();
    let owner = holder.map_or_else(|| t!("claims.nobody").into_owned(), |claim| owner_or_lease(claim));
    response.widget_info(|| {
        let label = t!("claims.row", name = name, owner = owner, waiting = queue.waiting().len());
        egui::WidgetInfo::selected(Role::ListBoxOption, true, chosen, label)
    });
    row_ground(ui, rect, chosen, response.hovered(), chosen && focused);
    let columns = Columns::of(rect);
    let y = rect.center().y;

    let likely = queue.confidence == Confidence::Likely;
    let name_end = columns.name.1 - if likely { size::ICON_SMALL + size::GRID } else { 0.0 };
    // What tells queues apart is the end of their names.
    let separator = session.keyspace.separator();
    let room = name_end - columns.name.0;
    let galley = paint_key_tail(ui.painter(), tokens, &queue.name, separator, &text::mono(), room);
    let end = columns.name.0 + galley.size().x;
    ui.painter().galley(pos2(columns.name.0, y - galley.size().y / 2.0), galley, tokens.text);
    if likely {
        paint_icon(ui, pos2(end + size::PAD + 2.0, y), icons::QUESTION, size::ICON_SMALL, tokens.faint);
    }

    let tone = if holder.is_some() { Tone::Live } else { Tone::Plain };
    dot(ui, pos2(columns.owner.0 + 4.0, y), tone);
    let owner_at = (columns.owner.0 + 16.0, columns.owner.1);
    cell(ui, tokens, rect, owner_at, &owner, Cell { font: text::body(), colour: tokens.text, right: false });

    let waiting = queue.waiting().len();
    let colour = if waiting == 0 { tokens.faint } else { tokens.waiting };
    let words = count_text(waiting as u64);
    cell(ui, tokens, rect, columns.waiting, &words, Cell { font: text::mono_small(), colour, right: true });
    if let Some(holder) = holder {
        state.leases.see(holder.meta.lease);
        if let Some(column) = columns.since {
            let words = since(world, session, holder);
            let look = Cell { font: text::mono_small(), colour: tokens.second, right: false };
            cell(ui, tokens, rect, column, &words, look);
        }
        if let Some((left, right)) = columns.ttl {
            let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
            ttl::paint(ui, place, ttl::left(session.leases.get(&holder.meta.lease), world.now));
        }
    }
    if response.clicked() {
        state.chosen.insert((session.id, queue.kind), queue.name.clone());
        let id = Id::unique(("claims", session.id, queue.kind));
        ListBox::focus(ui, id);
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(name.as_ref()));
        ui.label(tokens.meta(owner.as_str()));
        if likely {
            ui.label(tokens.meta(t!("claims.likely_hint")));
        }
    });
}
