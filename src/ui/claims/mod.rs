//! Locks and elections: who holds or leads, and who waits in which order.

mod detail;
mod table;

use std::collections::BTreeMap;

use egui::{Frame, Margin, Panel, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::claim::{Claim, ClaimKind, ClaimQueue};
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::world::World;
use crate::ui::coordination::{LeasesInSight, not_live};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{clock_text, empty_state, fault_view, progress_line};

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
    /// Leases in sight.
    leases: LeasesInSight,
}

/// Draws the screen of locks or of elections, whichever the session shows.
pub fn show(ui: &mut Ui, world: &World, state: &mut ClaimsState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    let kind = if session.screen == Screen::Elections { ClaimKind::Election } else { ClaimKind::Lock };
    let queues: Vec<&ClaimQueue> = session.claims.iter().filter(|queue| queue.kind == kind).collect();
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
        state.leases.begin(world);
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
            queue.claims.iter().for_each(|claim| state.leases.see(claim.meta.lease));
        }
        state.leases.ask(ui, world, session, actions);
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

/// Since when a claim stands: etcd keeps no times, so its revision, and when it was seen if it was.
fn since(world: &World, session: &Session, claim: &Claim) -> String {
    use crate::model::activity::ActivityKind;
    match session.activity.newest(&claim.key) {
        Some((ActivityKind::Created, seen_at)) => clock_text(seen_at, world.now),
        _ => format!("r{}", claim.meta.create_revision),
    }
}

/// Height of the header of both halves.
const HEADER: f32 = size::BAR;
