//! Layered configuration: what an environment really has and where each value comes from, two of them
//! side by side, and values on their way from one to another.

mod bar;
mod cells;
mod detail;
mod groups;
mod lane;
mod promote;
mod settings;
mod table;
mod view;
mod words;

use std::collections::BTreeMap;

use egui::{Frame, Id, Margin, Panel, Ui};
use rust_i18n::t;

use self::view::View;
use crate::action::{Action, Actions, UserCommand};
use crate::model::bytes::Key;
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::status::MirrorState;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::UiState;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::{banner, clock_text, count_text, empty_state, fault_view, progress_line};

/// Width of the detail: at first, least, most.
const DETAIL_WIDTH: f32 = 330.0;
const DETAIL_LEAST: f32 = 280.0;
const DETAIL_MOST: f32 = 640.0;
/// The table keeps at least this much room.
const TABLE_LEAST: f32 = 420.0;
/// Narrower screens have the services in a list that opens instead of beside the table.
const ROOM_FOR_GROUPS: f32 = 1_080.0;
/// Width of the list of services.
const GROUPS: f32 = 164.0;
/// Narrower screens have no room for the detail beside the table.
const ROOM_FOR_DETAIL: f32 = TABLE_LEAST + DETAIL_LEAST;
/// Values are read again at most so often while somebody changes them, in milliseconds.
const READ_EVERY_MS: i64 = 2_000;
/// The values of a layer with more keys are not read at once.
const MAX_READ: u64 = 20_000;

/// What this view keeps between frames.
#[derive(Default)]
pub struct EnvironmentsState {
    views: BTreeMap<SessionId, View>,
}

impl EnvironmentsState {
    /// Takes the commands out that this screen carries out, while it is shown.
    pub fn take_requests(&mut self, world: &World, requests: &mut Vec<UserCommand>) {
        let Some(session) = world.active_session().filter(|it| it.screen == Screen::Environments) else {
            return;
        };
        if UiState::take_request(requests, UserCommand::FocusFilter) {
            self.views.entry(session.id).or_default().focus_filter = true;
        }
    }
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut EnvironmentsState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.views.retain(|id, _| world.session(*id).is_some());
    let view = state.views.entry(session.id).or_default();
    view.follow(ui.ctx(), session);
    view.work_out(ui.ctx());
    promote::take_copy(view, actions);
    promote::take_promotion(view, actions);
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        not_live(ui, world, session);
        if view.set().is_none() {
            nothing(ui, session, view, actions);
            return;
        }
        content(ui, world, session, view, actions);
    });
}

fn content(ui: &mut Ui, world: &World, session: &Session, view: &mut View, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    bar::show(ui, session, view);
    if view.form.is_some() {
        Panel::top("layer settings")
            .frame(Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(16, 10)))
            .show(ui, |ui| settings::show(ui, session, view, actions));
    }
    notes(ui, world, session, view, actions);
    promote::show(ui, session, view, actions);
    let width = ui.available_width();
    if width >= ROOM_FOR_GROUPS && view.table().is_some_and(|table| table.groups.len() > 1) {
        let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(6, 6));
        Panel::left("layer groups").resizable(false).exact_size(GROUPS).frame(frame).show(ui, |ui| {
            groups::show(ui, view);
        });
    }
    if width >= ROOM_FOR_DETAIL {
        let most = (ui.available_width() - TABLE_LEAST).clamp(DETAIL_LEAST, DETAIL_MOST);
        let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(14, 8));
        Panel::right("layer detail")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_WIDTH.min(ui.available_width() * 0.36).clamp(DETAIL_LEAST, most))
            .size_range(DETAIL_LEAST..=most)
            .show(ui, |ui| detail::show(ui, session, view, actions));
    }
    table::show(ui, world, session, view, actions);
}

/// What is to be known about what is shown: it is old, it is not all, a value could not be read.
fn notes(ui: &mut Ui, world: &World, session: &Session, view: &mut View, actions: &mut Actions) {
    if view.has_failed() {
        banner(ui, Tone::Danger, icons::WARNING_CIRCLE, &t!("environments.broke"), None);
    }
    let Some(board) = view.board().cloned() else { return };
    if board.cut {
        let most = count_text(crate::model::layers::MAX_KEYS as u64);
        banner(ui, Tone::Changed, icons::WARNING, &t!("environments.cut", count = most), None);
    }
    if board.unread_count > 0 {
        read(ui, world, session, &board, actions);
    }
    if let Some(note) = &view.copy_note {
        let words = match note {
            view::CopyNote::LeftOut(count) => t!("environments.copy_left_out", count = count),
            view::CopyNote::Failed(why) => t!("environments.copy_failed", why = why),
        };
        if banner(ui, Tone::Changed, icons::WARNING, &words, Some(&t!("common.dismiss"))) {
            view.copy_note = None;
        }
    }
}

/// Asks for values that the mirror does not keep, one layer after the other.
fn read(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    board: &crate::model::layers::Board,
    actions: &mut Actions,
) {
    let layers = &session.layers;
    let count = count_text(board.unread_count as u64);
    if let Some(fault) = &layers.fault {
        let words = crate::ui::widgets::notice::fault_words(fault);
        let words = t!("environments.not_read", count = count, why = words);
        if banner(ui, Tone::Danger, icons::WARNING_CIRCLE, &words, Some(&t!("common.retry")))
            && let Some(prefix) = next_prefix(session, board)
        {
            actions.push(Action::ReadLayers(prefix));
        }
        return;
    }
    let Some(prefix) = next_prefix(session, board) else {
        banner(ui, Tone::Changed, icons::WARNING, &t!("environments.too_many_values", count = count), None);
        return;
    };
    banner(ui, Tone::Accent, icons::HOURGLASS, &t!("environments.reading", count = count), None);
    let since = world.now - layers.asked_at;
    let due = !(0..READ_EVERY_MS).contains(&since) || layers.serial < board.set.layers.len() as u64;
    if layers.asked.is_none() && session.state.is_live() {
        if due {
            actions.push(Action::ReadLayers(prefix));
        } else {
            let wait = u64::try_from(READ_EVERY_MS - since).unwrap_or(0);
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(wait));
        }
    }
}

/// The prefix to read next: the layer of a key whose value is missing, or the key alone.
fn next_prefix(session: &Session, board: &crate::model::layers::Board) -> Option<Key> {
    board.unread.iter().find_map(|key| {
        let layer = board.set.layers.iter().find(|layer| {
            board.set.style == crate::model::layers::LayerStyle::Folders && key.starts_with(&layer.mark)
        });
        let prefix: &[u8] = layer.map_or(key, |layer| &layer.mark);
        (session.keyspace.count_prefix(prefix) <= MAX_READ).then(|| Key::from(prefix))
    })
}

fn not_live(ui: &mut Ui, world: &World, session: &Session) {
    let words = match &session.state {
        MirrorState::Live => return,
        _ if session.keyspace.is_empty() => return,
        MirrorState::Stale { since, .. } => {
            t!("environments.stale", time = clock_text(*since, world.now))
        }
        _ => t!("environments.not_live"),
    };
    banner(ui, Tone::Changed, icons::WARNING, &words, None);
}

fn nothing(ui: &mut Ui, session: &Session, view: &mut View, actions: &mut Actions) {
    if view.form.is_some() {
        Panel::top("layer settings")
            .frame(Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::symmetric(16, 10)))
            .show(ui, |ui| settings::show(ui, session, view, actions));
    }
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| match &session.state {
        MirrorState::Failed(fault) => {
            fault_view(ui, fault, false);
        }
        MirrorState::Connecting | MirrorState::Listing { .. } if session.keyspace.is_empty() => {
            progress_line(ui, &t!("environments.loading"), 0, None, false);
        }
        _ if view.sets().is_none() => {
            progress_line(ui, &t!("environments.looking"), 0, None, false);
        }
        _ => {
            let action = t!("environments.set_base");
            let action = view.form.is_none().then_some(&*action);
            let hint = t!("environments.empty_hint");
            if empty_state(ui, icons::TREE_STRUCTURE, &t!("environments.empty"), &hint, action) {
                view.form = Some(settings::Form::of(&session.profile.layers));
            }
        }
    });
}

/// Opens a key among the keys.
fn open_key(key: &Key, actions: &mut Actions) {
    actions.push(Action::ShowScreen(Screen::Keys));
    actions.push(Action::Reveal(TreeItem::key(key.clone())));
    actions.push(Action::OpenKey(key.clone()));
}

/// The id of the filter of a connection.
fn filter_id(session: &Session) -> Id {
    Id::unique(("layer filter", session.id))
}

/// A bar across the screen.
const BAR: f32 = size::BAR + size::PAD;
