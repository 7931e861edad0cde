//! Locks and elections: who holds or leads, and who waits in which order.

mod detail;
mod table;
pub mod ttl;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use egui::{Frame, Margin, Panel, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::claim::{Claim, ClaimKind, ClaimQueue};
use crate::model::key_text::preview_value;
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::status::SeenAt;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::{banner, clock_text, empty_state, fault_view, progress_line};

/// TTLs are asked for again so often while the screen is shown, in milliseconds.
const LEASES_EVERY_MS: i64 = 3_000;
/// At most so many leases are asked for at once.
const MAX_LEASES: usize = 256;
/// Width of the detail: at first, least, most.
const DETAIL_WIDTH: f32 = 420.0;
const DETAIL_LEAST: f32 = 300.0;
const DETAIL_MOST: f32 = 640.0;
/// The table keeps at least this much room.
const TABLE_LEAST: f32 = 340.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ClaimsState {
    /// The queue chosen, by connection and screen.
    chosen: BTreeMap<(SessionId, ClaimKind), Key>,
    /// When TTLs were asked for last.
    asked_at: BTreeMap<SessionId, SeenAt>,
    /// Leases in sight in the table.
    in_sight: BTreeSet<i64>,
    /// Rows that fit into the table.
    page: usize,
}

/// Draws the screen of locks or of elections, whichever the session shows.
pub fn show(ui: &mut Ui, world: &World, state: &mut ClaimsState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    let kind = if session.screen == Screen::Elections { ClaimKind::Election } else { ClaimKind::Lock };
    let queues: Vec<&ClaimQueue> = session.claims.iter().filter(|queue| queue.kind == kind).collect();
    state.asked_at.retain(|id, _| world.session(*id).is_some());
    state.chosen.retain(|(id, _), _| world.session(*id).is_some());
    let tokens = theme::tokens(ui);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        not_live(ui, world, session);
        if queues.is_empty() {
            nothing(ui, session, kind, actions);
            return;
        }
        let chosen = choose(state, session, kind, &queues);
        state.in_sight.clear();
        let most = (ui.available_width() - TABLE_LEAST).clamp(DETAIL_LEAST, DETAIL_MOST);
        let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(16, 8));
        Panel::right("claim detail")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_WIDTH.min(ui.available_width() * 0.42).clamp(DETAIL_LEAST, most))
            .size_range(DETAIL_LEAST..=most)
            .show(ui, |ui| {
                if let Some(queue) = chosen.and_then(|at| queues.get(at)) {
                    detail::show(ui, world, session, queue, actions);
                }
            });
        table::show(ui, world, session, kind, &queues, chosen, state);
        if let Some(queue) = chosen.and_then(|at| queues.get(at)) {
            state.in_sight.extend(queue.claims.iter().map(|claim| claim.meta.lease));
        }
        ask_leases(ui, world, session, state, actions);
    });
}

/// The place of the queue that is chosen; the first one where none is.
fn choose(
    state: &mut ClaimsState,
    session: &Session,
    kind: ClaimKind,
    queues: &[&ClaimQueue],
) -> Option<usize> {
    let chosen = state.chosen.get(&(session.id, kind));
    let at = chosen.and_then(|name| queues.iter().position(|queue| queue.name == *name)).unwrap_or(0);
    let queue = queues.get(at)?;
    if chosen.is_none() {
        state.chosen.insert((session.id, kind), queue.name.clone());
    }
    Some(at)
}

/// Asks for the TTLs of what is in sight, every few seconds, and has them counted down between.
fn ask_leases(ui: &Ui, world: &World, session: &Session, state: &mut ClaimsState, actions: &mut Actions) {
    state.in_sight.remove(&0);
    if state.in_sight.is_empty() {
        return;
    }
    let due = state
        .asked_at
        .get(&session.id)
        .is_none_or(|asked| world.now < *asked || world.now - asked >= LEASES_EVERY_MS);
    if due && session.state.is_live() {
        state.asked_at.insert(session.id, world.now);
        actions.push(Action::LoadLeases(state.in_sight.iter().copied().take(MAX_LEASES).collect()));
    }
    ui.ctx().request_repaint_after(Duration::from_secs(1));
}

fn not_live(ui: &mut Ui, world: &World, session: &Session) {
    use crate::model::status::MirrorState;
    let words = match &session.state {
        MirrorState::Live => return,
        _ if session.keyspace.is_empty() => return,
        MirrorState::Stale { since, .. } => t!("claims.stale", time = clock_text(*since, world.now)),
        _ => t!("claims.not_live"),
    };
    banner(ui, Tone::Changed, icons::WARNING, &words, None);
}

fn nothing(ui: &mut Ui, session: &Session, kind: ClaimKind, actions: &mut Actions) {
    use crate::model::status::MirrorState;
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        MirrorState::Connecting | MirrorState::Listing { .. } if session.keyspace.is_empty() => {
            progress_line(ui, &t!("claims.loading"), 0, None, false);
        }
        _ => {
            let (icon, title, hint, command) = match kind {
                ClaimKind::Lock => {
                    (icons::LOCK, t!("claims.lock.empty"), t!("claims.lock.empty_hint"), "etcdctl lock demo")
                }
                ClaimKind::Election => (
                    icons::CROWN_SIMPLE,
                    t!("claims.election.empty"),
                    t!("claims.election.empty_hint"),
                    "etcdctl elect demo candidate-1",
                ),
            };
            let action = t!("claims.copy_command", command = command);
            if empty_state(ui, icon, &title, &hint, Some(&action)) {
                actions.push(Action::CopyText(command.to_owned()));
            }
        }
    });
}

/// What a claim says of its owner: its value, where it is loaded and not empty.
fn owner(claim: &Claim) -> Option<String> {
    let value = claim.value.as_ref().filter(|value| !value.is_empty())?;
    Some(preview_value(value, 120))
}

/// The owner, or the lease where the claim has no value.
fn owner_or_lease(claim: &Claim) -> String {
    owner(claim).unwrap_or_else(|| t!("claims.lease", lease = lease_text(claim.meta.lease)).into_owned())
}

/// A lease id as etcdctl writes it.
fn lease_text(lease: i64) -> String {
    format!("{lease:016x}")
}

/// Since when a claim stands: etcd keeps no times, so its revision, and when it was seen if it was.
fn since(world: &World, session: &Session, claim: &Claim) -> String {
    use crate::model::activity::ActivityKind;
    match session.activity.newest(&claim.key) {
        Some((ActivityKind::Created, seen_at)) => clock_text(seen_at, world.now),
        _ => format!("r{}", claim.meta.create_revision),
    }
}

/// Opens a claim's key among the keys.
fn open_key(key: &Key, actions: &mut Actions) {
    actions.push(Action::ShowScreen(Screen::Keys));
    actions.push(Action::Reveal(TreeItem::key(key.clone())));
    actions.push(Action::OpenKey(key.clone()));
}

/// Height of the header of both halves.
const HEADER: f32 = size::BAR;
