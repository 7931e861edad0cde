//! Locks: who holds them, who waits for whom, and who waits for ever.

mod contention;
mod detail;
pub mod graph;
mod line;
mod order;
mod past;
mod table;
mod words;

pub use words::deadlocks;

use std::sync::Arc;

use egui::{Align, Frame, Id, Layout, Margin, Panel, Ui, vec2};
use rust_i18n::t;

use self::order::{Listed, Order};
use crate::action::{Action, Actions};
use crate::model::coordination::ClaimQueue;
use crate::model::key_text::display_short;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::status::MirrorState;
use crate::model::world::World;
use crate::ui::coordination::{LeasesInSight, faded_unless_live};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::{banner, count_text, empty_state, fault_view, progress_line, segmented};

/// Width of the detail: at first, least, most.
const DETAIL_WIDTH: f32 = 430.0;
const DETAIL_LEAST: f32 = 300.0;
const DETAIL_MOST: f32 = 680.0;
/// The table keeps at least this much room.
const TABLE_LEAST: f32 = 340.0;
/// The filter's field is not wider.
const FIELD: f32 = 280.0;
/// Narrower bars leave the counts out.
const ROOM_FOR_COUNTS: f32 = 620.0;

/// The two ways to look at locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    /// A line for each lock, and the chosen one in detail.
    #[default]
    List,
    /// Who waits for whom.
    Graph,
}

/// What this view keeps between frames.
#[derive(Default)]
pub struct LocksState {
    page: Page,
    filter: String,
    order: Order,
    /// What is shown where nothing was chosen: it stays, whatever comes to stand above it.
    first: Option<crate::model::bytes::Key>,
    listed: Listed,
    graph: graph::GraphState,
    /// Leases in sight.
    leases: LeasesInSight,
    /// Of which connection the rest is.
    session: SessionId,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut LocksState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    if state.session != session.id {
        state.session = session.id;
        state.filter.clear();
        state.first = None;
    }
    state.leases.begin(world);
    let coordination = &session.coordination;
    state.listed.refresh(ui.ctx(), session.id, coordination, &state.filter, state.order, world.now);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        faded_unless_live(ui, world, session);
        if state.listed.counts.all == 0 {
            nothing(ui, session, actions);
            return;
        }
        deadlock_banner(ui, session, state);
        bar(ui, session, state);
        match state.page {
            Page::List => list(ui, world, session, state, actions),
            Page::Graph => {
                let calm = state.listed.counts.held.saturating_sub(state.listed.counts.contended);
                graph::show(ui, world, session, (&state.filter, calm), &mut state.graph, actions);
            }
        }
    });
    state.leases.ask(ui, world, session, actions);
}

/// That owners wait for each other for ever: above everything until it is over.
fn deadlock_banner(ui: &mut Ui, session: &Session, state: &mut LocksState) {
    let waits = &session.coordination.waits;
    let Some(words) = words::deadlocks(waits) else {
        // Less than a deadlock, and said to be less.
        if let Some(words) = words::possible_deadlocks(waits) {
            banner(ui, Tone::Changed, icons::QUESTION, &words, None);
        }
        return;
    };
    let action = (state.page != Page::Graph).then(|| t!("locks.show_in_graph"));
    if banner(ui, Tone::Danger, icons::WARNING, &words, action.as_deref()) {
        state.page = Page::Graph;
        state.graph.show_deadlock(waits);
    }
}

/// The two pages, the filter, and how many locks there are.
fn bar(ui: &mut Ui, session: &Session, state: &mut LocksState) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 16, right: 16, top: 8, bottom: 6 }).show(ui, |ui| {
        let room = vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            let (list, graph) = (t!("locks.page_list"), t!("locks.page_graph"));
            let pages = [(Page::List, &*list), (Page::Graph, &*graph)];
            if let Some(page) = segmented(ui, state.page, &pages) {
                state.page = page;
            }
            let width = (ui.available_width() * 0.5).clamp(100.0, FIELD);
            let field = vec2(width, size::CONTROL);
            ui.allocate_ui_with_layout(field, Layout::left_to_right(Align::Center), |ui| {
                let id = Id::unique("locks filter");
                search_field(ui, id, &mut state.filter, &t!("locks.filter"), &t!("locks.filter_hint"));
            });
            if room.x >= ROOM_FOR_COUNTS {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(tokens.hint(counts(session, &state.listed)));
                });
            }
        });
    });
    ui.painter().hline(ui.min_rect().x_range(), ui.cursor().top() - 0.5, tokens.line());
}

fn counts(session: &Session, listed: &Listed) -> String {
    let counts = listed.counts;
    // Those that are free stand in the list for their past: the navigation counts the others.
    let mut parts = vec![match counts.held {
        1 => t!("locks.count_one").into_owned(),
        held => t!("locks.count_all", count = count_text(held as u64)).into_owned(),
    }];
    if counts.all > counts.held {
        let free = (counts.all - counts.held) as u64;
        parts.push(t!("locks.count_free", count = count_text(free)).into_owned());
    }
    parts.push(t!("locks.count_contended", count = count_text(counts.contended as u64)).into_owned());
    match session.coordination.waits.cycles.len() {
        0 => {}
        1 => parts.push(t!("locks.count_deadlock").into_owned()),
        many => parts.push(t!("locks.count_deadlocks", count = many).into_owned()),
    }
    parts.join("  ·  ")
}

/// The table, and the chosen lock beside it.
fn list(ui: &mut Ui, world: &World, session: &Session, state: &mut LocksState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let chosen = chosen(session, &state.listed, &mut state.first);
    let most = (ui.available_width() - TABLE_LEAST).clamp(DETAIL_LEAST, DETAIL_MOST);
    Panel::right("lock detail")
        .frame(Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(16, 8)))
        .resizable(true)
        .default_size(DETAIL_WIDTH.min(ui.available_width() * 0.42).clamp(DETAIL_LEAST, most))
        .size_range(DETAIL_LEAST..=most)
        .show(ui, |ui| match &chosen {
            Chosen::Lock(_, queue) => detail::show(ui, world, session, queue, state, actions),
            Chosen::Gone(name) => {
                let title = t!("locks.gone", name = display_short(name, 120));
                empty_state(ui, icons::LOCK_OPEN, &title, &t!("locks.gone_hint"), None);
            }
            Chosen::Nothing => {
                empty_state(ui, icons::MAGNIFYING_GLASS, &t!("locks.none_found"), "", None);
            }
        });
    let at = match &chosen {
        Chosen::Lock(at, _) => *at,
        Chosen::Gone(_) | Chosen::Nothing => None,
    };
    table::show(ui, world, session, at, state, actions);
}

enum Chosen {
    /// This one, in this line of the table unless the filter hides it.
    Lock(Option<usize>, Arc<ClaimQueue>),
    /// One that is not there any more.
    Gone(crate::model::bytes::Key),
    /// The filter finds none.
    Nothing,
}

/// The lock that is chosen; the first one where none is.
fn chosen(session: &Session, listed: &Listed, first: &mut Option<crate::model::bytes::Key>) -> Chosen {
    let queues = &session.coordination.queues;
    if let Some(name) = &session.chosen.lock {
        return match queues.get(name) {
            Some(queue) => Chosen::Lock(listed.rows.iter().position(|row| row == name), queue.clone()),
            None => Chosen::Gone(name.clone()),
        };
    }
    let place = first.as_ref().and_then(|name| listed.rows.iter().position(|row| row == name)).unwrap_or(0);
    match listed.rows.get(place).and_then(|name| queues.get(name)) {
        Some(queue) => {
            *first = Some(queue.name.clone());
            Chosen::Lock(Some(place), queue.clone())
        }
        None => Chosen::Nothing,
    }
}

/// There are no locks, or it is not known yet whether there are.
fn nothing(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        _ if !session.coordination.complete => {
            progress_line(ui, &t!("locks.loading"), 0, None, false);
        }
        _ => {
            const COMMAND: &str = "etcdctl lock demo";
            let action = t!("locks.copy_command", command = COMMAND);
            if empty_state(ui, icons::LOCK, &t!("locks.empty"), &t!("locks.empty_hint"), Some(&action)) {
                actions.push(Action::CopyText(COMMAND.to_owned()));
            }
        }
    });
}
