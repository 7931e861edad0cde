//! The wait-for graph, drawn: owners and locks, who waits for what and who holds it, deadlocks framed.

mod camera;
mod canvas;
mod edges;
pub mod layout;
pub mod net;
mod nodes;
mod picture;
mod rows;

use egui::{Align, Frame, Layout as Lay, Margin, Panel, Ui};
use rust_i18n::t;

use self::camera::Camera;
use self::net::{Node, Tie};
use self::picture::{Asked, Drawn, Picture};
use super::words;
use crate::action::Actions;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::Wait;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{count_text, empty_state, link, progress_line};

/// So many locks are drawn at first: more can hardly be read in one picture.
const FEW_LOCKS: usize = 60;
/// So many where the operator asks for more. The others are told in words, and found by the filter.
const MANY_LOCKS: usize = 240;
/// Width of the table beside the graph: at first, at most as a share of both, least, most.
const TABLE_WIDTH: f32 = 380.0;
const TABLE_SHARE: f32 = 0.28;
const TABLE_LEAST: f32 = 260.0;
const TABLE_MOST: f32 = 620.0;
/// The graph keeps at least this much room.
const GRAPH_LEAST: f32 = 320.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct GraphState {
    /// Of which connection all of this is.
    session: SessionId,
    picture: Picture,
    camera: Camera,
    /// More locks than at first are drawn.
    many: bool,
    /// The owner or lock that was chosen.
    picked: Option<Node>,
    /// The line of the table that was chosen.
    chosen_wait: Option<Wait>,
    /// What was chosen is to be brought in sight.
    reveal: bool,
    /// What the camera was put to its beginning for.
    filter: String,
}

impl GraphState {
    /// Shows the first deadlock.
    pub fn show_deadlock(&mut self, graph: &WaitGraph) {
        let wait = graph.cycles.first().and_then(|cycle| cycle.waits.first());
        if let Some(wait) = wait {
            self.picked = Some(Node::Owner(wait.waiter.clone()));
            self.camera.begin();
        }
    }

    /// Lays the graph out anew where it is due.
    fn refresh(&mut self, ui: &Ui, world: &World, session: &Session, filter: &str) {
        if self.session != session.id {
            *self = Self { session: session.id, picked: self.picked.take(), ..Self::default() };
        }
        if self.filter != filter {
            filter.clone_into(&mut self.filter);
            self.camera.begin();
        }
        let chosen = session.chosen.lock.clone().map(Node::Lock);
        let asked = Asked {
            most: if self.many { MANY_LOCKS } else { FEW_LOCKS },
            filter: filter.to_owned(),
            pinned: self.picked.clone().or(chosen),
        };
        self.picture.refresh(ui.ctx(), &session.coordination.waits, asked, world.now);
    }
}

/// Draws the graph, and the table of waits beside it. `calm`: how many held locks nobody waits for.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    (filter, calm): (&str, usize),
    state: &mut GraphState,
    actions: &mut Actions,
) {
    state.refresh(ui, world, session, filter);
    let tokens = theme::tokens(ui);
    if session.coordination.waits.waits.is_empty() && !state.picture.is_working() {
        empty_state(ui, icons::GIT_MERGE, &t!("locks.graph.empty"), &t!("locks.graph.empty_hint"), None);
        return;
    }
    if state.picture.of().is_none() {
        Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
            progress_line(ui, &t!("locks.graph.drawing"), 0, None, false);
        });
        return;
    }
    if state.picture.drawn().net.nodes.is_empty() && !filter.trim().is_empty() {
        empty_state(ui, icons::MAGNIFYING_GLASS, &t!("locks.graph.none_found"), "", None);
        return;
    }
    let most = (ui.available_width() - GRAPH_LEAST).clamp(TABLE_LEAST, TABLE_MOST);
    let frame = Frame::new().fill(tokens.panel);
    Panel::right("waits")
        .frame(frame)
        .resizable(true)
        .default_size(TABLE_WIDTH.min(ui.available_width() * TABLE_SHARE).clamp(TABLE_LEAST, most))
        .size_range(TABLE_LEAST..=most)
        .show(ui, |ui| {
            rows::show(ui, world, session, state, actions);
        });
    Panel::bottom("wait legend").frame(Frame::new().inner_margin(Margin::symmetric(12, 4))).show(ui, |ui| {
        legend(ui, state.picture.drawn(), calm);
    });
    if state.picture.drawn().net.left_out > 0 || state.many {
        Panel::top("wait extent").frame(Frame::new().inner_margin(Margin::symmetric(16, 4))).show(ui, |ui| {
            extent(ui, state);
        });
    }
    canvas::show(ui, session, state, actions);
}

/// How much of the graph is drawn, and the way to more of it.
fn extent(ui: &mut Ui, state: &mut GraphState) {
    let tokens = theme::tokens(ui);
    let net = &state.picture.drawn().net;
    let (count, all) = (count_text(net.locks as u64), count_text((net.locks + net.left_out) as u64));
    let words = t!("locks.graph.extent", count = count, all = all);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Lay::right_to_left(Align::Center), |ui| {
            let other = if state.many { FEW_LOCKS } else { MANY_LOCKS };
            let label = if state.many { "locks.graph.draw_fewer" } else { "locks.graph.draw_more" };
            if link(ui, &t!(label, count = other)).clicked() {
                state.many = !state.many;
            }
            ui.add_space(size::PAD);
            ui.with_layout(Lay::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(tokens.meta(words)).truncate());
            });
        });
    });
}

/// What the shapes mean, and what is not drawn.
fn legend(ui: &mut Ui, drawn: &Drawn, calm: usize) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.spacing_mut().item_spacing.x = size::PAD;
        canvas::legend_line(ui, Tie::Waits(1));
        ui.label(tokens.hint(t!("locks.graph.waits_for")));
        ui.add_space(size::PAD);
        canvas::legend_line(ui, Tie::HeldBy);
        ui.label(tokens.hint(t!("locks.graph.held_by")));
        if drawn.has_ahead {
            ui.add_space(size::PAD);
            canvas::legend_line(ui, Tie::Ahead);
            ui.label(tokens.hint(t!("locks.graph.ahead")));
        }
        if calm > 0 {
            ui.with_layout(Lay::right_to_left(Align::Center), |ui| {
                let words = t!("locks.graph.calm", count = count_text(calm as u64));
                ui.add(egui::Label::new(tokens.hint(words)).truncate());
            });
        }
    });
}
