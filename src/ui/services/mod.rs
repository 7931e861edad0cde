//! Services, their instances, and how traffic is shared among them.

mod detail;
mod facts;
mod instance;
mod instance_columns;
mod instance_filter;
mod instances;
mod lanes;
mod order;
mod plots;
mod routers;
mod summary;
mod table;
mod timeline;
mod traffic;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Frame, Margin, Panel, Ui};
use rust_i18n::t;

use self::detail::Page;
use self::order::{Order, Wanted};
use self::summary::{Heartbeat, Summaries};
use crate::action::{Action, Actions, UserCommand};
use crate::model::bytes::Key;
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::status::{MirrorState, SeenAt};
use crate::model::world::World;
use crate::ui::UiState;
use crate::ui::coordination::{LeasesInSight, faded_unless_live};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{empty_state, fault_view, progress_line};

/// Width of the list of services: at first, least, most.
const LIST_SHARE: f32 = 0.36;
const LIST_LEAST: f32 = 300.0;
const LIST_MOST: f32 = 680.0;
/// The service beside it keeps at least this much room.
const DETAIL_LEAST: f32 = 480.0;
/// What would fill this screen.
const EXAMPLE: &str = r#"etcdctl put --lease=$(etcdctl lease grant 30 | cut -d' ' -f2) /services/demo/10.0.0.1:8080 '{"address":"10.0.0.1:8080","weight":10}'"#;
/// After a connection is live again, what was on screen stands for so long until the picture is there.
const SETTLES_MS: i64 = 1_000;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ServicesState {
    leases: LeasesInSight,
    summaries: Summaries,
    order: Order,
    wanted: Wanted,
    focus_filter: bool,
    /// The service that is shown.
    shown: Option<(SessionId, Key)>,
    clock: Clock,
    /// The page of the service that is shown.
    page: Page,
    /// The instance chosen, by connection.
    instance: BTreeMap<SessionId, Key>,
    instances: instances::InstancesState,
    routers: routers::RoutersState,
    lanes: lanes::Lanes,
    timeline: timeline::TimelineState,
    traffic: traffic::TrafficState,
}

/// The moment that the ages on screen are counted up to: while nothing is known of what goes on now, what is
/// on screen does not grow older.
#[derive(Default)]
struct Clock {
    last: Option<(SessionId, SeenAt)>,
    live_since: Option<SeenAt>,
}

impl Clock {
    fn of(&mut self, world: &World, session: &Session) -> SeenAt {
        let before = self.last.filter(|(id, _)| *id == session.id).map(|(_, at)| at);
        let at = match &session.state {
            MirrorState::Live => {
                let since = *self.live_since.get_or_insert(world.now);
                let settles = (since..since + SETTLES_MS).contains(&world.now);
                before.filter(|_| settles).unwrap_or(session.proven_until(world.now))
            }
            state => {
                self.live_since = None;
                match (state, before) {
                    (MirrorState::Stale { .. }, _) => session.proven_until(world.now),
                    (_, Some(before)) => before,
                    (_, None) => world.now,
                }
            }
        };
        self.last = Some((session.id, at));
        at
    }
}

/// What every part of the screen is about.
#[derive(Clone, Copy)]
struct View<'a> {
    world: &'a World,
    session: &'a Session,
    heartbeat: Heartbeat,
    /// The moment that ages are counted up to.
    now: SeenAt,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut ServicesState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    let heartbeat = Heartbeat::of(session, world.now);
    let now = state.clock.of(world, session);
    let view = View { world, session, heartbeat, now };
    state.instance.retain(|id, _| world.session(*id).is_some());
    state.leases.begin(world);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        faded_unless_live(ui, world, session);
        let services = &session.coordination.services;
        if services.is_empty() {
            nothing(ui, session, actions);
            return;
        }
        let behind = state.summaries.update(session.id, services, heartbeat, now);
        state.wanted.only = session.chosen.services;
        state.order.update(&state.summaries, &state.wanted, now);
        contents(ui, view, state, actions);
        state.leases.ask(ui, world, session, actions);
        wake(ui, view, state, behind);
    });
}

fn contents(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, actions: &mut Actions) {
    let chosen = choose(state, view.session);
    let width = ui.available_width();
    let most = (width - DETAIL_LEAST).clamp(LIST_LEAST, LIST_MOST);
    Panel::left("services")
        .frame(Frame::new())
        .resizable(true)
        .default_size((width * LIST_SHARE).clamp(LIST_LEAST, most))
        .size_range(LIST_LEAST..=most)
        .show(ui, |ui| table::show(ui, view, state, chosen, actions));
    if let Some(at) = chosen {
        state.summaries.look(at, view.now);
        let frame = Frame::new().fill(theme::tokens(ui).panel);
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            detail::show(ui, view, state, at, actions);
        });
    }
}

/// The service that is shown: the one that was chosen, else the first in the list, and then the same until
/// another is chosen, whatever becomes of the order.
fn choose(state: &ServicesState, session: &Session) -> Option<usize> {
    let place = |folder: &Key| state.summaries.position(folder);
    let chosen = session.chosen.service.as_ref().and_then(place);
    let shown =
        || state.shown.as_ref().filter(|(id, _)| *id == session.id).and_then(|(_, folder)| place(folder));
    chosen.or_else(shown).or_else(|| state.order.places.first().copied())
}

/// Has the window drawn again when the clock alone makes a difference.
fn wake(ui: &Ui, view: View<'_>, state: &ServicesState, behind: bool) {
    if behind {
        ui.ctx().request_repaint();
    } else if view.session.state.is_live() {
        let until = (state.summaries.due().saturating_sub(view.now)).clamp(50, 1_000);
        ui.ctx().request_repaint_after(Duration::from_millis(until.unsigned_abs()));
        if state.order.is_behind(&state.summaries) {
            ui.ctx().request_repaint_after(Duration::from_millis(500));
        }
    }
}

fn nothing(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        _ if !session.coordination.complete => {
            progress_line(ui, &t!("services.loading"), 0, None, false);
        }
        _ => {
            let (title, hint, copy) =
                (t!("services.empty"), t!("services.empty_hint"), t!("services.copy_example"));
            if empty_state(ui, icons::HARD_DRIVES, &title, &hint, Some(&copy)) {
                actions.push(Action::CopyText(EXAMPLE.to_owned()));
            }
            ui.add_space(size::PAD);
            let width = ui.available_width().min(560.0);
            ui.vertical_centered(|ui| {
                ui.set_max_width(width);
                let tokens = theme::tokens(ui);
                ui.add(egui::Label::new(tokens.mono_meta(EXAMPLE)).wrap().selectable(true));
            });
        }
    });
}

impl ServicesState {
    /// Takes the commands that are for this screen.
    pub fn take_requests(&mut self, world: &World, requests: &mut Vec<UserCommand>) {
        let shown = world.active_session().is_some_and(|session| session.screen == Screen::Services);
        if shown && UiState::take_request(requests, UserCommand::FocusFilter) {
            self.focus_filter = true;
        }
    }
}
