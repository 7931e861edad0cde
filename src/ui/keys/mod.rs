//! The keys: the live tree or what a search found, the open keys, the details of the selection.

mod details;
mod facts;
mod favourites;
mod header;
mod menu;
mod results;
mod row;
mod selection;
mod status;
mod tooltip;
mod travel;
mod tree;
mod tree_rows;
pub mod words;

use std::collections::BTreeMap;

use egui::{Frame, Margin, Panel, Ui};

use crate::action::{Action, Actions, UserCommand};
use crate::model::bytes::Key;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme;
use crate::ui::{UiState, editor};
use tree_rows::TreeRows;

/// Width of the tree at first, its least and its most.
const TREE_WIDTH: f32 = 320.0;
const TREE_LEAST: f32 = 220.0;
const TREE_MOST: f32 = 640.0;
/// Width of the details.
const DETAILS_WIDTH: f32 = 304.0;
const DETAILS_LEAST: f32 = 220.0;
const DETAILS_MOST: f32 = 420.0;
/// The editor keeps at least this much room.
const EDITOR_LEAST: f32 = 380.0;
/// With less room than this the details begin closed.
const ROOM_FOR_DETAILS: f32 = 1_060.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct KeysState {
    views: BTreeMap<SessionId, SessionView>,
    /// Whether the details are shown; `None`: as there is room.
    details: Option<bool>,
}

/// What the view keeps for one connection.
#[derive(Default)]
pub struct SessionView {
    rows: TreeRows,
    /// Rows that fit into the list that was drawn last.
    page: usize,
    /// A row to be scrolled to.
    reveal: Option<usize>,
    /// The cursor that the list has scrolled to last.
    followed: Option<TreeItem>,
    /// Where a range of rows begins.
    anchor: Option<TreeItem>,
    /// The text in the filter.
    filter: String,
    /// The hit that the keyboard is at.
    hit: usize,
    favourites_closed: bool,
    /// A key opened by a click, replaced by the next one unless it is edited or opened for good.
    looked_at: Option<Key>,
    /// What the details have worked out.
    facts: facts::Facts,
    /// What is kept while a folder is looked at as it was.
    travel: Option<travel::TravelView>,
    /// Which lease was asked for last, and when.
    asked_lease: Option<(i64, SeenAt)>,
}

impl SessionView {
    /// The row that the cursor is at.
    fn cursor_row(&self, session: &Session) -> Option<usize> {
        self.rows.rows().position(session.cursor.as_ref()?)
    }

    /// Opens a key in passing: the next one opened so takes its tab.
    fn look_at(&mut self, session: &Session, key: &Key, actions: &mut Actions) {
        if self.looked_at.as_ref() == Some(key) && session.document(key).is_some() {
            actions.push(Action::OpenKey(key.clone()));
            return;
        }
        if let Some(before) = self.looked_at.take()
            && session.document(&before).is_some_and(|document| {
                document.draft.is_none() && document.save == crate::model::document::SaveState::Idle
            })
        {
            actions.push(Action::CloseDocument(before));
        }
        if session.document(key).is_none() {
            self.looked_at = Some(key.clone());
        }
        actions.push(Action::OpenKey(key.clone()));
    }

    /// Opens a key in a tab of its own.
    fn keep_open(&mut self, session: &Session, key: &Key, actions: &mut Actions) {
        if self.looked_at.as_ref() == Some(key) && session.document(key).is_some() {
            self.looked_at = None;
        }
        actions.push(Action::OpenKey(key.clone()));
    }
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut UiState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.keys.views.retain(|id, _| world.session(*id).is_some());
    let width = ui.available_width();
    let details_open = state.keys.details.unwrap_or(width >= ROOM_FOR_DETAILS);
    let focus_filter = UiState::take_request(&mut state.requests, UserCommand::FocusFilter);
    let view = state.keys.views.entry(session.id).or_default();
    if let Some(travel) = &session.travel {
        travel::show(ui, world, session, travel, &mut view.travel, actions);
        return;
    }
    view.travel = None;
    let mut toggle_details = false;

    let tokens = theme::tokens(ui);
    let room = width - EDITOR_LEAST - if details_open { DETAILS_LEAST } else { 0.0 };
    let most = room.clamp(TREE_LEAST, TREE_MOST);
    let frame = Frame::new().fill(tokens.panel);
    Panel::left("key tree")
        .frame(frame)
        .resizable(true)
        .default_size(TREE_WIDTH.min(most))
        .size_range(TREE_LEAST..=most)
        .show(ui, |ui| {
            ui.take_available_width();
            left(ui, world, session, view, focus_filter, details_open, &mut toggle_details, actions);
        });
    if details_open {
        let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 0));
        let most = (width - TREE_LEAST - EDITOR_LEAST).clamp(DETAILS_LEAST, DETAILS_MOST);
        Panel::right("key details")
            .frame(frame)
            .resizable(true)
            .default_size(DETAILS_WIDTH.min(most))
            .size_range(DETAILS_LEAST..=most)
            .show(ui, |ui| details::show(ui, world, session, view, &mut toggle_details, actions));
    }
    if toggle_details {
        state.keys.details = Some(!details_open);
    }
    egui::CentralPanel::default()
        .frame(Frame::new().fill(tokens.base))
        .show(ui, |ui| editor::show(ui, world, &mut state.editor, actions));
}

fn left(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    focus_filter: bool,
    details_open: bool,
    toggle_details: &mut bool,
    actions: &mut Actions,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    view.rows.refresh(session, world.now);
    header::show(ui, session, view, focus_filter, details_open, toggle_details, actions);
    status::strip(ui, world, session, actions);
    status::deleted(ui, session, actions);
    if !session.search.query.text.is_empty() {
        results::show(ui, world, session, view, actions);
        return;
    }
    if view.rows.rows().is_empty() {
        status::nothing(ui, session, actions);
        return;
    }
    favourites::show(ui, session, view, theme::row_height(&world.settings), actions);
    tree::show(ui, world, session, view, actions);
}
