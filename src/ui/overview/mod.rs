//! Everything at a glance, for a window that stays open: a tile for each thing that can go wrong, calm while
//! all is well, and below them what happened last.

mod feed;
mod layout;
mod tile;
mod tiles;
mod trend;

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Frame, Margin, Ui};
use rust_i18n::t;

use crate::action::Actions;
use crate::model::coordination::Coordination;
use crate::model::message::SessionId;
use crate::model::overview::Sums;
use crate::model::session::Session;
use crate::model::status::{MirrorState, SeenAt};
use crate::model::world::World;
use crate::ui::beside::{Answer, Beside, free};
use crate::ui::coordination::not_live;
use crate::ui::theme::size;
use crate::ui::widgets::{clock_text, fault_view};

/// Of more services, locks and elections than this sums are counted beside the window.
const MANY: usize = 300;
/// Or of more instances than this.
const MANY_INSTANCES: usize = 5_000;
/// A changed picture is counted at most so often, in milliseconds.
const PAUSE_MS: i64 = 500;
/// What depends on the clock alone is counted so often, in milliseconds.
const EVERY_MS: i64 = 1_000;

/// What this view keeps between frames.
#[derive(Default)]
pub struct OverviewState {
    counted: BTreeMap<SessionId, Counted>,
    feed: feed::FeedState,
}

/// The sums of a connection.
#[derive(Default)]
struct Counted {
    /// The picture that was counted last.
    of: Coordination,
    at: SeenAt,
    known: bool,
    sums: Sums,
    trend: trend::Trend,
    working: Option<Beside<Sums>>,
}

/// How true what is shown is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Every change is shown.
    Current,
    /// It was so at this time of day.
    AsOf(String),
    /// Nothing has been seen yet.
    NotYet,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut OverviewState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.counted.retain(|id, _| world.session(*id).is_some());
    let counted = state.counted.entry(session.id).or_default();
    // Of what is no longer seen nothing grows late: it is as it was then.
    counted.refresh(ui, session, session.judged_at(world.now), world.now);
    let view = tiles::View {
        world,
        session,
        sums: &counted.sums,
        trend: &counted.trend,
        knowledge: knowledge(session, world.now),
    };
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        not_live(ui, world, session);
        if let MirrorState::Failed(fault) = &session.state {
            Frame::new().inner_margin(Margin::symmetric(size::GROUP as i8, size::PAD as i8)).show(ui, |ui| {
                fault_view(ui, fault, false);
            });
        }
        Frame::new().inner_margin(Margin::symmetric(size::GROUP as i8, 12)).show(ui, |ui| {
            let plan = layout::Plan::of(ui.available_size());
            tiles::show(ui, &view, &plan, actions);
            feed::show(ui, world, session, &mut state.feed, actions);
        });
    });
    // Ages are told in seconds, and lateness comes with the clock alone.
    ui.ctx().request_repaint_after(Duration::from_secs(1));
}

fn knowledge(session: &Session, now: SeenAt) -> Knowledge {
    match &session.state {
        MirrorState::Stale { since, .. } => Knowledge::AsOf(clock_text(*since, now)),
        MirrorState::Live => session
            .silent_since(now)
            .map_or(Knowledge::Current, |since| Knowledge::AsOf(clock_text(since, now))),
        _ if session.coordination.complete => Knowledge::AsOf(match session.proven_at {
            Some(at) => clock_text(at, now),
            None => t!("overview.before").into_owned(),
        }),
        _ => Knowledge::NotYet,
    }
}

impl Counted {
    /// Counts anew where it is time to.
    fn refresh(&mut self, ui: &Ui, session: &Session, judged_at: SeenAt, now: SeenAt) {
        if let Some(working) = &self.working {
            match working.take() {
                Answer::Working => return,
                Answer::Ready(sums) => {
                    self.sums = sums;
                    self.working = None;
                    self.counted(session);
                }
                Answer::Failed => self.working = None,
            }
        }
        let age = now - self.at;
        let wait = if self.of.is_same(&session.coordination) { EVERY_MS } else { PAUSE_MS };
        if self.known && (0..wait).contains(&age) {
            return;
        }
        free(std::mem::replace(&mut self.of, session.coordination.clone()));
        self.at = now;
        let until = session.known_until(now);
        let (picture, rules) = (self.of.clone(), session.profile.coordination.clone());
        let told = session.leases.clone();
        let count = move || Sums::of(&picture, &told, &rules, judged_at, until);
        if self.of.services.len() + self.of.queues.len() > MANY
            || self.sums.services.instances.all() > MANY_INSTANCES
        {
            self.working = Some(Beside::start(ui.ctx(), "overview", count));
        } else {
            self.sums = count();
            self.counted(session);
        }
    }

    /// New sums are there.
    fn counted(&mut self, session: &Session) {
        self.known = true;
        // Of what is not seen nothing is noted.
        if session.state.is_live() && session.silent_since(self.at).is_none() && session.coordination.complete
        {
            self.trend.note(&self.sums, self.at);
        }
    }
}
