//! Leases: what lives on them, what they have left, and what goes when they end.

mod detail;
pub mod meaning;
mod order;
mod table;

use std::collections::BTreeMap;

use egui::{Align, Frame, Id, Layout, Margin, Panel, Ui, vec2};
use rust_i18n::t;

use self::order::{Ask, Order, Ordered};
use crate::action::{Action, Actions};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::status::{MirrorState, SeenAt};
use crate::model::world::World;
use crate::ui::coordination::{LeasesInSight, faded_unless_live};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::{
    Button, banner, count_text, empty_state, fault_view, from_left, icon_button, progress_line,
};

/// The list of all leases is asked for again so often while the screen is shown, in milliseconds; where
/// there are many, a third as often.
const LIST_EVERY_MS: i64 = 10_000;
const MANY: usize = 10_000;
/// Narrower screens show the details below the table.
const ROOM_BESIDE: f32 = 820.0;
const DETAIL_WIDTH: f32 = 380.0;
const DETAIL_HEIGHT: f32 = 240.0;
/// The field is not wider.
const FIELD: f32 = 320.0;
/// How a lease is made by hand.
const COMMAND: &str = "etcdctl lease grant 60";

/// What this view keeps between frames.
#[derive(Default)]
pub struct LeasesState {
    filter: String,
    order: Order,
    leases: LeasesInSight,
    /// When the list of all leases was asked for last.
    listed_at: BTreeMap<SessionId, SeenAt>,
    /// The pointer was over the rows.
    hovered: bool,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut LeasesState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.leases.begin(world);
    state.listed_at.retain(|id, _| world.session(*id).is_some());
    list(world, session, state, actions);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        faded_unless_live(ui, world, session);
        let filter = state.filter.trim().to_owned();
        let ask = Ask { filter: &filter, all: session.all_leases.value(), hovered: state.hovered };
        let ordered = state.order.current(ui.ctx(), world.now, session, ask);
        header(ui, session, ordered.as_deref(), state, actions);
        not_all(ui, session, actions);
        match ordered {
            Some(ordered) if ordered.total > 0 => contents(ui, world, session, &ordered, state, actions),
            ordered => nothing(ui, session, ordered.is_some(), actions),
        }
        state.leases.ask(ui, world, session, actions);
    });
}

/// Asks for all leases now and then; not again on its own where the user may not.
fn list(world: &World, session: &Session, state: &mut LeasesState, actions: &mut Actions) {
    let all = &session.all_leases;
    if all.is_pending() || !session.state.is_live() || all.fault().is_some_and(refused) {
        return;
    }
    let many = all.value().is_some_and(|all| all.len() > MANY);
    let every = if many { 3 * LIST_EVERY_MS } else { LIST_EVERY_MS };
    let lately = |asked: &SeenAt| (0..every).contains(&(world.now - asked));
    if !state.listed_at.get(&session.id).is_some_and(lately) {
        state.listed_at.insert(session.id, world.now);
        actions.push(Action::ListLeases);
    }
}

fn refused(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::PermissionDenied | FaultKind::Unimplemented)
}

fn header(
    ui: &mut Ui,
    session: &Session,
    ordered: Option<&Ordered>,
    state: &mut LeasesState,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 6, bottom: 6 }).show(ui, |ui| {
        let room = vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            let label = t!("leases.grant");
            let grant = Button::quiet(&label).icon(icons::PLUS).small();
            let grant = grant.enabled(!session.profile.read_only).disabled_hint(t!("leases.read_only"));
            if grant.show(ui).clicked() {
                actions.push(Action::AskGrantLease);
            }
            if icon_button(ui, icons::ARROW_CLOCKWISE, &t!("leases.list_again"), None).clicked() {
                actions.push(Action::ListLeases);
            }
            let width = (ui.available_width() * 0.45).clamp(120.0, FIELD);
            ui.allocate_ui_with_layout(
                vec2(width, size::CONTROL),
                Layout::left_to_right(Align::Center),
                |ui| {
                    let (name, hint) = (t!("leases.filter"), t!("leases.filter_hint"));
                    search_field(ui, Id::unique("leases filter"), &mut state.filter, &name, &hint);
                },
            );
            from_left(ui, |ui| {
                ui.label(tokens.title(t!("leases.title")));
                let Some(ordered) = ordered.filter(|ordered| ordered.total > 0) else { return };
                chip(ui, Tone::Plain, &count_text(ordered.total as u64));
                if ordered.ending > 0 {
                    let words = t!("leases.ending", count = count_text(ordered.ending as u64));
                    chip(ui, Tone::Changed, &words).on_hover_text(t!("leases.ending_hint"));
                }
                if ordered.without_keys > 0 && ui.available_width() > 110.0 {
                    let words = t!("leases.without_keys", count = count_text(ordered.without_keys as u64));
                    chip(ui, Tone::Plain, &words).on_hover_text(t!("leases.without_keys_hint"));
                }
            });
        });
    });
}

/// Says that not all leases are shown, and why.
fn not_all(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let Some(fault) = session.all_leases.fault() else { return };
    let retry = t!("common.retry");
    let words = if refused(fault) {
        t!("leases.restricted").into_owned()
    } else {
        t!("leases.not_listed", cause = crate::ui::widgets::notice::fault_words(fault)).into_owned()
    };
    if banner(ui, Tone::Changed, icons::INFO, &words, Some(&retry)) {
        actions.push(Action::ListLeases);
    }
}

fn contents(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    ordered: &Ordered,
    state: &mut LeasesState,
    actions: &mut Actions,
) {
    if let Some(lease) = session.chosen.lease {
        state.leases.see(lease);
        beside(ui, world, session, lease, actions);
    }
    if ordered.rows.is_empty() {
        let action = t!("leases.show_all");
        let (title, hint) = (t!("leases.none_found"), t!("leases.none_found_hint"));
        if empty_state(ui, icons::FUNNEL, &title, &hint, Some(&action)) {
            state.filter.clear();
        }
        return;
    }
    table::show(ui, world, session, ordered, state, actions);
}

/// The lease that is chosen: at the right, or below where there is no room.
fn beside(ui: &mut Ui, world: &World, session: &Session, lease: i64, actions: &mut Actions) {
    let frame = Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::symmetric(16, 8));
    if ui.available_width() >= ROOM_BESIDE {
        Panel::right("lease detail")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_WIDTH)
            .size_range(300.0..=600.0)
            .show(ui, |ui| detail::show(ui, world, session, lease, actions));
    } else {
        let most = (ui.available_height() - 140.0).max(120.0);
        Panel::bottom("lease detail below")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_HEIGHT.min(most))
            .size_range(120.0..=most)
            .show(ui, |ui| detail::show(ui, world, session, lease, actions));
    }
}

fn nothing(ui: &mut Ui, session: &Session, ordered: bool, actions: &mut Actions) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        MirrorState::Connecting | MirrorState::Listing { .. } if session.keyspace.is_empty() => {
            progress_line(ui, &t!("leases.loading"), 0, None, false);
        }
        _ if !ordered || session.all_leases.is_pending() => {
            progress_line(ui, &t!("leases.loading"), 0, None, false);
        }
        _ => {
            let action = t!("leases.copy_command", command = COMMAND);
            // Where not all are listed it is not known that there are none.
            let (title, hint) = match session.all_leases.fault() {
                Some(_) => (t!("leases.none_in_sight"), t!("leases.none_in_sight_hint")),
                None => (t!("leases.empty"), t!("leases.empty_hint")),
            };
            if empty_state(ui, icons::TIMER, &title, &hint, Some(&action)) {
                actions.push(Action::CopyText(COMMAND.to_owned()));
            }
        }
    });
}
