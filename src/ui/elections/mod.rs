//! Elections: who leads, who stands in line, and who led before for how long. The leadership of the cluster
//! itself stands among them, on the same kind of timeline.

mod candidates;
mod detail;
mod listed;
pub mod raft;
mod table;
pub mod terms;

use std::collections::BTreeMap;

use egui::{Frame, Margin, Panel, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::status::MirrorState;
use crate::model::world::World;
use crate::ui::coordination::{LeasesInSight, faded_unless_live};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{empty_state, fault_view, progress_line};

use listed::{Listed, Row};
use terms::TermsState;

/// Share of the width that the detail has at first.
const DETAIL_SHARE: f32 = 0.56;
/// Width of the detail: least, most.
const DETAIL_LEAST: f32 = 340.0;
const DETAIL_MOST: f32 = 1_400.0;
/// The table keeps at least this much room.
const TABLE_LEAST: f32 = 360.0;
/// What can be typed to see an election.
const EXAMPLE: &str = "etcdctl elect demo candidate-1";

/// What this view keeps between frames.
#[derive(Default)]
pub struct ElectionsState {
    /// The elections as they are listed, by connection.
    listed: BTreeMap<SessionId, Listed>,
    /// The election that is shown until one is chosen: it stays though the order changes.
    first: BTreeMap<SessionId, Key>,
    /// What the timeline of terms keeps.
    terms: TermsState,
    /// Leases in sight.
    leases: LeasesInSight,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut ElectionsState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.listed.retain(|id, _| world.session(*id).is_some());
    state.first.retain(|id, _| world.session(*id).is_some());
    state.leases.begin(world);
    let listed = state.listed.entry(session.id).or_default();
    listed.refresh(session, world.now);
    let rows = listed.rows();
    let tokens = theme::tokens(ui);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        faded_unless_live(ui, world, session);
        if rows.is_empty() {
            nothing(ui, session, actions);
            return;
        }
        let chosen = chosen(session, &rows, &mut state.first);
        let most = (ui.available_width() - TABLE_LEAST).clamp(DETAIL_LEAST, DETAIL_MOST);
        let frame =
            Frame::new().fill(tokens.panel).inner_margin(Margin { right: 4, ..Margin::symmetric(16, 8) });
        Panel::right("election detail")
            .frame(frame)
            .resizable(true)
            .default_size((ui.available_width() * DETAIL_SHARE).clamp(DETAIL_LEAST, most))
            .size_range(DETAIL_LEAST..=most)
            .show(ui, |ui| match chosen.and_then(|at| rows.get(at)) {
                Some(Row::Cluster) => raft::detail(ui, world, session, &mut state.terms, actions),
                Some(Row::Election(election)) => {
                    // As it is at this moment: the list may be a moment behind.
                    let queues = &session.coordination.queues;
                    let queue = queues.get(&election.queue.name).unwrap_or(&election.queue);
                    let view = detail::View { world, session, queue, changes: election };
                    detail::show(ui, &view, &mut state.terms, &mut state.leases, actions);
                }
                None => {}
            });
        let mut table = table::Table { world, session, rows: &rows, chosen, leases: &mut state.leases };
        table.show(ui, actions);
        if rows.len() == 1 && matches!(rows.first(), Some(Row::Cluster)) {
            none_but_the_cluster(ui, session);
        }
    });
    state.leases.ask(ui, world, session, actions);
    // Terms grow while they are looked at.
    ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
}

/// The place of what is chosen; the first election where nothing is.
fn chosen(session: &Session, rows: &[Row<'_>], first: &mut BTreeMap<SessionId, Key>) -> Option<usize> {
    let cluster = || rows.iter().position(|row| matches!(row, Row::Cluster));
    let named = |name: &Key| {
        rows.iter().position(|row| matches!(row, Row::Election(election) if election.queue.name == *name))
    };
    if session.chosen.raft && cluster().is_some() {
        return cluster();
    }
    if let Some(at) = session.chosen.election.as_ref().and_then(named) {
        return Some(at);
    }
    if let Some(at) = first.get(&session.id).and_then(named) {
        return Some(at);
    }
    let found = rows.iter().enumerate().find_map(|(at, row)| match row {
        Row::Election(election) => Some((at, election.queue.name.clone())),
        Row::Cluster => None,
    });
    let Some((at, name)) = found else { return cluster() };
    first.insert(session.id, name);
    Some(at)
}

fn nothing(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        _ if !session.coordination.complete => {
            progress_line(ui, &t!("elections.loading"), 0, None, false);
        }
        _ => {
            let copy = t!("elections.copy_command", command = EXAMPLE);
            let (title, hint) = (t!("elections.empty"), t!("elections.empty_hint"));
            if empty_state(ui, icons::CROWN_SIMPLE, &title, &hint, Some(&copy)) {
                actions.push(Action::CopyText(EXAMPLE.to_owned()));
            }
        }
    });
}

/// Below the one line of the cluster: what else would be here.
fn none_but_the_cluster(ui: &mut Ui, session: &Session) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin::symmetric(size::GROUP as i8, size::PAD as i8)).show(ui, |ui| {
        let words =
            if session.coordination.complete { t!("elections.empty_hint") } else { t!("elections.loading") };
        ui.add(egui::Label::new(tokens.hint(words)).wrap());
    });
}
