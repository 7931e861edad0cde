//! The wait-for graph, drawn: owners and locks, who waits for what and who holds it, deadlocks framed.

mod camera;
mod canvas;
mod edges;
pub mod layout;
pub mod net;
mod nodes;
mod rows;

use std::sync::Arc;

use egui::{Align, Frame, Layout as Lay, Margin, Panel, Pos2, Ui};
use rust_i18n::t;

use self::camera::Camera;
use self::layout::Layout;
use self::net::{Net, Node, Tie};
use self::nodes::Facts;
use super::words;
use crate::action::Actions;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::{Owner, Wait};
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{count_text, empty_state, progress_line};

/// At most so many locks are drawn; the others are told in words.
const MOST_LOCKS: usize = 300;
/// Graphs of so many waits are laid out at once; larger ones beside the window.
const AT_ONCE: usize = 60;
/// Width of the table beside the graph: at first, least, most.
const TABLE_WIDTH: f32 = 380.0;
const TABLE_LEAST: f32 = 260.0;
const TABLE_MOST: f32 = 620.0;
/// The graph keeps at least this much room.
const GRAPH_LEAST: f32 = 320.0;

/// A graph ready to be drawn.
#[derive(Default)]
struct Drawn {
    net: Net,
    layout: Layout,
    facts: Vec<Facts>,
    ways: Vec<Vec<Pos2>>,
    badges: Vec<Option<f32>>,
    rows: Vec<rows::WaitRow>,
}

impl Drawn {
    fn of(graph: &WaitGraph, before: &Layout) -> Self {
        let net = Net::of(graph, MOST_LOCKS);
        let layout = Layout::of(&net, before);
        let ways = (0..net.edges.len()).map(|at| edges::way(&net, &layout, at)).collect();
        let facts = nodes::facts(&net);
        let badges = edges::badges(&net);
        Self { facts, ways, badges, rows: rows::of(graph), net, layout }
    }
}

/// What this view keeps between frames.
#[derive(Default)]
pub struct GraphState {
    /// Of which connection all of this is.
    session: SessionId,
    /// Which graph is drawn.
    of: Option<Arc<WaitGraph>>,
    drawn: Arc<Drawn>,
    /// The one that is being laid out.
    working: Option<(Arc<WaitGraph>, Beside<Drawn>)>,
    camera: Camera,
    /// The owner or lock that was chosen.
    picked: Option<Node>,
    /// The line of the table that was chosen.
    chosen_wait: Option<Wait>,
    /// What was chosen is to be brought in sight.
    reveal: bool,
}

impl GraphState {
    /// Shows the first deadlock.
    pub fn show_deadlock(&mut self, graph: &WaitGraph) {
        let wait = graph.cycles.first().and_then(|cycle| cycle.waits.first());
        if let Some(wait) = wait {
            self.picked = Some(Node::Owner(wait.waiter.clone()));
            self.reveal = true;
        }
    }

    /// Lays the graph out anew where it is another one: at once where it is small, else beside the window.
    fn refresh(&mut self, ui: &Ui, session: &Session) {
        let graph = &session.coordination.waits;
        if self.session != session.id {
            *self = Self { session: session.id, ..Self::default() };
        }
        if let Some((of, working)) = &self.working {
            match working.take() {
                Answer::Working => return,
                Answer::Ready(drawn) => {
                    self.of = Some(of.clone());
                    self.drawn = Arc::new(drawn);
                }
                Answer::Failed => {}
            }
            self.working = None;
        }
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, graph) || of == graph) {
            return;
        }
        if graph.waits.len() <= AT_ONCE {
            self.drawn = Arc::new(Drawn::of(graph, &self.drawn.layout));
            self.of = Some(graph.clone());
        } else {
            let (graph, before) = (graph.clone(), self.drawn.clone());
            let of = graph.clone();
            let work = move || Drawn::of(&graph, &before.layout);
            self.working = Some((of, Beside::start(ui.ctx(), "wait-for graph", work)));
        }
    }
}

/// Draws the graph, and the table of waits beside it.
pub fn show(ui: &mut Ui, world: &World, session: &Session, state: &mut GraphState, actions: &mut Actions) {
    state.refresh(ui, session);
    let tokens = theme::tokens(ui);
    if session.coordination.waits.waits.is_empty() && state.working.is_none() {
        empty_state(ui, icons::GIT_MERGE, &t!("locks.graph.empty"), &t!("locks.graph.empty_hint"), None);
        return;
    }
    if state.of.is_none() {
        Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
            progress_line(ui, &t!("locks.graph.drawing"), 0, None, false);
        });
        return;
    }
    let most = (ui.available_width() - GRAPH_LEAST).clamp(TABLE_LEAST, TABLE_MOST);
    let frame = Frame::new().fill(tokens.panel);
    Panel::right("waits")
        .frame(frame)
        .resizable(true)
        .default_size(TABLE_WIDTH.min(ui.available_width() * 0.42).clamp(TABLE_LEAST, most))
        .size_range(TABLE_LEAST..=most)
        .show(ui, |ui| {
            rows::show(ui, world, session, state, actions);
        });
    Panel::bottom("wait legend").frame(Frame::new().inner_margin(Margin::symmetric(12, 4))).show(ui, |ui| {
        legend(ui, session, state);
    });
    canvas::show(ui, session, state, actions);
}

/// What the shapes mean, and what is not drawn.
fn legend(ui: &mut Ui, session: &Session, state: &GraphState) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.spacing_mut().item_spacing.x = size::PAD;
        canvas::legend_line(ui, Tie::Waits(1));
        ui.label(tokens.hint(t!("locks.graph.waits_for")));
        ui.add_space(size::PAD);
        canvas::legend_line(ui, Tie::HeldBy);
        ui.label(tokens.hint(t!("locks.graph.held_by")));
        if state.drawn.net.edges.iter().any(|edge| edge.tie == Tie::Ahead) {
            ui.add_space(size::PAD);
            canvas::legend_line(ui, Tie::Ahead);
            ui.label(tokens.hint(t!("locks.graph.ahead")));
        }
        ui.with_layout(Lay::right_to_left(Align::Center), |ui| {
            let drawn = &state.drawn.net;
            let contended =
                drawn.left_out + drawn.nodes.iter().filter(|node| matches!(node, Node::Lock(_))).count();
            let locks = session
                .coordination
                .of_kind(crate::model::coordination::ClaimKind::Lock)
                .filter(|lock| !lock.claims.is_empty())
                .count();
            let calm = locks.saturating_sub(contended);
            let mut notes = Vec::new();
            if drawn.left_out > 0 {
                let count = count_text(drawn.left_out as u64);
                notes.push(t!("locks.graph.left_out", count = count).into_owned());
            }
            if calm > 0 {
                notes.push(t!("locks.graph.calm", count = count_text(calm as u64)).into_owned());
            }
            ui.add(egui::Label::new(tokens.hint(notes.join("  ·  "))).truncate());
        });
    });
}

/// Whether owners are told apart by nothing but their leases.
fn by_lease_alone(graph: &WaitGraph) -> bool {
    let mut owners = graph.waits.iter().flat_map(|wait| [&wait.waiter, &wait.holder]);
    !graph.waits.is_empty() && owners.all(|owner| matches!(owner, Owner::Lease(_)))
}
