//! The table: one line for each lease, the next to expire first.

use egui::accesskit::Role;
use egui::{Color32, FontId, Id, Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::meaning::{self, Words};
use super::order::{Group, Ordered, Row};
use super::{LeasesState, detail};
use crate::action::{Action, Actions};
use crate::model::coordination::{LeaseUse, Meaning};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{lease_text, open_key};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, Tone, clock_text, count_text, duration_text, elided};

/// Widths of the columns that do not stretch.
const LEASE: f32 = 136.0;
const KEYS: f32 = 52.0;
const SINCE: f32 = 80.0;
const GRANTED: f32 = 84.0;
const LEFT: f32 = 150.0;
/// Narrower tables leave columns out, in this order.
const ROOM_FOR_SINCE: f32 = 840.0;
const ROOM_FOR_GRANTED: f32 = 700.0;
const ROOM_FOR_KEYS: f32 = 560.0;
/// Narrower cells tell of one key alone.
const ROOM_FOR_SEVERAL: f32 = 260.0;
/// Keys of a lease that its line tells of, of so many that are looked at.
const TOLD: usize = 2;
const LOOKED_AT: usize = 32;

type Span = (f32, f32);

/// Where the columns begin and end.
struct Columns {
    lease: Span,
    means: Span,
    keys: Option<Span>,
    since: Option<Span>,
    granted: Option<Span>,
    left: Span,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let gap = 16.0;
        let (left, mut right) = (rect.left() + size::GROUP, rect.right() - size::GROUP);
        let width = rect.width();
        let mut take = |column: f32, shown: bool| {
            shown.then(|| {
                let end = right;
                right -= column + gap;
                (end - column, end)
            })
        };
        let remaining = take(LEFT, true).unwrap_or_default();
        let granted = take(GRANTED, width >= ROOM_FOR_GRANTED);
        let since = take(SINCE, width >= ROOM_FOR_SINCE);
        let keys = take(KEYS, width >= ROOM_FOR_KEYS);
        let means = (left + LEASE + gap, right);
        Self { lease: (left, left + LEASE), means, keys, since, granted, left: remaining }
    }
}

/// Draws the table; a line chooses its lease.
pub(super) fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    ordered: &Ordered,
    state: &mut LeasesState,
    actions: &mut Actions,
) {
    header(ui);
    let rows = &ordered.rows;
    let chosen = session.chosen.lease;
    let chosen = chosen.and_then(|chosen| rows.iter().position(|row| *row == Row::Lease(chosen)));
    let mut list = ListBox::begin(ui, world, Id::unique(("leases", session.id)), &t!("leases.title"));
    if let Some((at, _)) = list.step_to(ui, chosen, rows.len(), |to| land(rows, chosen, to))
        && let Some(Row::Lease(lease)) = rows.get(at)
    {
        actions.push(Action::ShowLease(*lease));
    }
    let (id, focused) = (list.id(), list.has_focus());
    let height = theme::row_height(&world.settings) + size::PAD;
    let room = ui.available_rect_before_wrap();
    state.hovered = ui.rect_contains_pointer(room);
    list.show(ui, rows.len(), height, |ui, sight, places| {
        for at in sight {
            let is_chosen = chosen == Some(at);
            match rows.get(at) {
                Some(Row::Head(group, count)) => head(ui, places.rect(at), *group, *count),
                Some(Row::Lease(lease)) => {
                    state.leases.see(*lease);
                    let marks = (is_chosen, is_chosen && focused);
                    row(ui, world, session, *lease, places.rect(at), marks, id, actions);
                }
                None => {}
            }
        }
    });
}

/// Where a step to a line ends: heads of groups are passed over.
fn land(rows: &[Row], chosen: Option<usize>, to: usize) -> Option<usize> {
    let is_lease = |at: &usize| matches!(rows.get(*at), Some(Row::Lease(_)));
    let upwards = chosen.is_some_and(|chosen| to < chosen);
    let (behind, before) = ((to..rows.len()).find(is_lease), (0..=to).rev().find(is_lease));
    if upwards { before.or(behind) } else { behind.or(before) }
}

/// The head of a group: what its leases have in common, and by what they are ordered.
fn head(ui: &mut Ui, rect: Rect, group: Group, count: usize) {
    let tokens = theme::tokens(ui);
    let (icon, tone, words, hint) = match group {
        Group::Ending => {
            (icons::HOURGLASS_MEDIUM, Tone::Changed, t!("leases.group.ending"), t!("leases.ending_hint"))
        }
        Group::Kept => (icons::HEARTBEAT, Tone::Live, t!("leases.group.kept"), t!("leases.group.kept_hint")),
        Group::Unknown => {
            (icons::QUESTION, Tone::Plain, t!("leases.group.unknown"), t!("leases.group.unknown_hint"))
        }
        Group::Gone => (icons::X_CIRCLE, Tone::Danger, t!("leases.group.gone"), t!("leases.group.gone_hint")),
    };
    let words = format!("{words}  ·  {}", count_text(count as u64));
    let response = ui.interact(rect, ui.scope_id().with(("group", group as u8)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &*words));
    ui.painter().rect_filled(rect, 0.0, tokens.panel);
    let (left, y) = (rect.left() + size::GROUP, rect.center().y);
    paint_icon(ui, pos2(left + size::ICON_SMALL / 2.0, y), icon, size::ICON_SMALL, tone.colour(tokens));
    let span = (left + size::ICON_SMALL + size::PAD, rect.right() - size::GROUP);
    cell(ui, rect, span, &words, text::meta_medium(), tokens.second, false);
    response.on_hover_text(hint);
}

fn header(ui: &mut Ui) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let columns = Columns::of(rect);
    let cells = [
        (Some(columns.lease), t!("leases.column.lease"), false),
        (Some(columns.means), t!("leases.column.means"), false),
        (columns.keys, t!("leases.column.keys"), true),
        (columns.since, t!("leases.column.since"), false),
        (columns.granted, t!("leases.column.granted"), true),
        (Some(columns.left), t!("leases.column.left"), true),
    ];
    for (column, title, right) in cells {
        if let Some(column) = column {
            cell(ui, rect, column, &title, text::meta_medium(), tokens.faint, right);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn cell(
    ui: &Ui,
    rect: Rect,
    (left, right): Span,
    words: &str,
    font: FontId,
    colour: Color32,
    to_right: bool,
) {
    let galley = elided(ui.painter(), words, font, colour, right - left);
    let x = if to_right { right - galley.size().x } else { left };
    ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, colour);
}

/// What lives on a lease: what means something first, and how many keys there are beside what is told.
fn told(session: &Session, used: Option<&LeaseUse>) -> (Vec<Words>, usize) {
    let Some(used) = used else { return (Vec::new(), 0) };
    let mut first: Vec<_> = used.keys.iter().take(LOOKED_AT).collect();
    first.sort_by_key(|(_, meaning)| match &***meaning {
        Meaning::Claim(..) | Meaning::Instance(_) => 0,
        Meaning::Report(_) => 1,
        Meaning::Other => 2,
    });
    first.truncate(TOLD);
    let told = first.into_iter().map(|(key, meaning)| meaning::is(session, key, meaning)).collect();
    (told, used.keys.len().saturating_sub(TOLD))
}

fn row(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    lease: i64,
    rect: Rect,
    (chosen, ringed): (bool, bool),
    list: Id,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(lease), Sense::CLICK);
    let used = session.coordination.leases.get(&lease).map(|used| &**used);
    let info = session.leases.get(&lease);
    let left = ttl::of(session, lease, world.now);
    let (means, more) = told(session, used);
    let keys = used.map_or(0, |used| used.keys.len());
    response.widget_info(|| {
        let mut words = means.iter().map(|words| words.text.as_str()).collect::<Vec<_>>().join(", ");
        if words.is_empty() {
            words = t!("leases.no_keys").into_owned();
        }
        let label = t!("leases.row", lease = lease_text(lease), means = words, left = left.words());
        WidgetInfo::selected(Role::ListBoxOption, true, chosen, label)
    });
    row_ground(ui, rect, chosen, response.hovered(), ringed);
    let columns = Columns::of(rect);
    // One that is gone stays a moment, struck through.
    let gone = left == ttl::Ttl::Gone;
    let colour = if gone { tokens.faint } else { tokens.text };
    cell(ui, rect, columns.lease, &lease_text(lease), text::mono_small(), colour, false);
    means_cell(ui, rect, columns.means, &means, more, colour);
    if gone {
        ui.painter().hline(columns.lease.0..=columns.lease.1 - 20.0, rect.center().y, (1.0, tokens.faint));
    }
    if let Some(column) = columns.keys {
        let colour = if keys == 0 { tokens.faint } else { tokens.second };
        cell(ui, rect, column, &count_text(keys as u64), text::mono_small(), colour, true);
    }
    if let Some(column) = columns.since {
        let words = used.and_then(|used| used.since).map(|since| clock_text(since, world.now));
        let words = words.unwrap_or_else(|| "–".to_owned());
        cell(ui, rect, column, &words, text::mono_small(), tokens.second, false);
    }
    if let Some(column) = columns.granted {
        let known = info.filter(|info| info.granted_secs > 0);
        let words = known.map_or_else(|| "–".to_owned(), |info| duration_text(info.granted_secs));
        cell(ui, rect, column, &words, text::mono_small(), tokens.second, true);
    }
    let bar = Rect::from_min_max(pos2(columns.left.0, rect.top()), pos2(columns.left.1, rect.bottom()));
    ttl::paint(ui, bar, left);
    response.context_menu(|ui| menu(ui, session, lease, used, actions));
    if response.clicked() {
        actions.push(Action::ShowLease(lease));
        ListBox::focus(ui, list);
    }
}

/// Icons and words of what lives on a lease, as far as there is room.
fn means_cell(
    ui: &Ui,
    rect: Rect,
    (mut left, right): Span,
    means: &[Words],
    more: usize,
    words_colour: Color32,
) {
    let tokens = theme::tokens(ui);
    if means.is_empty() {
        cell(ui, rect, (left, right), &t!("leases.no_keys"), text::body(), tokens.faint, false);
        return;
    }
    // Where there is little room, one that can be read says more than two that can not.
    let narrow = right - left < ROOM_FOR_SEVERAL;
    let (means, more) = if narrow { (&means[..1], 0) } else { (means, more) };
    let rest = (more > 0).then(|| t!("leases.more", count = count_text(more as u64)).into_owned());
    let rest_width = rest.as_ref().map_or(0.0, |_| 64.0);
    let icon_room = size::ICON_SMALL + 6.0;
    for (at, words) in means.iter().enumerate() {
        let behind = means.len() - at - 1;
        let room = right - rest_width - left;
        // Those behind it get what is left; the first has at least half.
        let most = if behind > 0 { room * 0.6 } else { room };
        if most < icon_room + 24.0 {
            break;
        }
        let colour = words.tone.colour(tokens);
        paint_icon(
            ui,
            pos2(left + size::ICON_SMALL / 2.0, rect.center().y),
            words.icon,
            size::ICON_SMALL,
            colour,
        );
        let galley = elided(ui.painter(), words.text.as_str(), text::body(), words_colour, most - icon_room);
        let width = galley.size().x;
        ui.painter().galley(
            pos2(left + icon_room, rect.center().y - galley.size().y / 2.0),
            galley,
            words_colour,
        );
        left += icon_room + width + 14.0;
    }
    if let Some(rest) = rest {
        cell(ui, rect, (left, right), &rest, text::meta(), tokens.second, false);
    }
}

fn menu(ui: &mut Ui, session: &Session, lease: i64, used: Option<&LeaseUse>, actions: &mut Actions) {
    let mut item = |ui: &mut Ui, words: &str, action: Action| {
        if ui.button(words).clicked() {
            actions.push(action);
            ui.close();
        }
    };
    item(ui, &t!("leases.copy_hex"), Action::CopyText(detail::hex(lease)));
    item(ui, &t!("leases.copy_decimal"), Action::CopyText(lease.to_string()));
    if !session.profile.read_only {
        ui.separator();
        item(ui, &t!("leases.keep"), Action::KeepLease(lease));
        item(ui, &t!("leases.attach"), Action::AskAttach(lease));
        item(ui, &t!("leases.revoke"), Action::AskEndLease(lease));
    }
    if let Some(key) = used.and_then(|used| used.keys.get_min().map(|(key, _)| key.clone())) {
        ui.separator();
        if ui.button(t!("leases.open_key")).clicked() {
            open_key(&key, actions);
            ui.close();
        }
    }
}
