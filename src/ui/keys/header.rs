//! Above the tree: what is shown, the filter and how it matches, new key, deleted keys.

use egui::{Align, Frame, Id, Label, Layout, Margin, Ui, vec2};
use rust_i18n::t;

use super::{SessionView, tree, words};
use crate::action::{Action, Actions, UserCommand};
use crate::model::key_text::display_short;
use crate::model::search::{SearchMode, SearchQuery};
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::{count_text, icon_button, icon_toggle, segmented, shortcut_text};

/// The modes in the order of the chooser.
const MODES: [SearchMode; 3] = [SearchMode::Substring, SearchMode::Fuzzy, SearchMode::Values];

/// The id of the filter of a connection.
pub fn filter_id(session: &Session) -> Id {
    Id::unique(("key filter", session.id))
}

/// Draws it.
pub fn show(
    ui: &mut Ui,
    session: &Session,
    view: &mut SessionView,
    focus_filter: bool,
    details_open: bool,
    toggle_details: &mut bool,
    actions: &mut Actions,
) {
    let margin = Margin { left: 8, right: 8, top: 6, bottom: 6 };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = size::GRID;
        title(ui, session, details_open, toggle_details, actions);
        filter(ui, session, view, focus_filter, actions);
        if session.search.query.text.is_empty() && view.filter.is_empty() {
            place(ui, session);
        } else {
            modes(ui, session, view, actions);
        }
    });
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top(), theme::tokens(ui).line());
    ui.add_space(2.0);
}

fn title(
    ui: &mut Ui,
    session: &Session,
    details_open: bool,
    toggle_details: &mut bool,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let room = vec2(ui.available_width(), size::CONTROL_SMALL);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let details = t!("keys.header.details");
        if icon_toggle(ui, icons::INFO, &details, None, details_open).clicked() {
            *toggle_details = true;
        }
        let travel = t!("keys.header.travel");
        let keys = shortcut_text(UserCommand::TimeTravel);
        if icon_button(ui, icons::CLOCK_COUNTER_CLOCKWISE, &travel, keys).clicked() {
            actions.push(Action::Run(UserCommand::TimeTravel));
        }
        let deleted = t!("keys.header.show_deleted");
        if icon_toggle(ui, icons::EYE, &deleted, None, session.show_deleted).clicked() {
            actions.push(Action::Run(UserCommand::ShowDeleted));
        }
        ui.add_enabled_ui(!session.profile.read_only, |ui| {
            let keys = shortcut_text(UserCommand::CreateKey);
            if icon_button(ui, icons::PLUS, &t!("keys.header.new_key"), keys).clicked() {
                actions.push(Action::Run(UserCommand::CreateKey));
            }
        });
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            ui.label(tokens.strong(t!("keys.header.title")));
            let count = count_text(session.keyspace.len());
            ui.add(Label::new(tokens.mono_meta(count)).truncate());
        });
    });
}

fn filter(ui: &mut Ui, session: &Session, view: &mut SessionView, focus_filter: bool, actions: &mut Actions) {
    let id = filter_id(session);
    let focused = ui.memory(|memory| memory.has_focus(id));
    // Something else may have cleared or set the search.
    if !focused && view.filter != session.search.query.text {
        view.filter.clone_from(&session.search.query.text);
    }
    if focused && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::ArrowDown)) {
        ui.memory_mut(|memory| memory.request_focus(tree::list_id(session)));
    }
    let name = t!("keys.filter.name");
    let response = search_field(ui, id, &mut view.filter, &name, &t!("keys.filter.hint"));
    if focus_filter {
        response.request_focus();
    }
    if response.changed() {
        view.hit = 0;
        view.reveal = Some(0);
        search(view, session.search.query.mode, actions);
    }
    // Enter goes to the first hit.
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(egui::Key::Enter))
        && let Some(hit) = session.search.result.value().and_then(|result| result.hits.get(view.hit))
    {
        let item = TreeItem::key(hit.key.clone());
        actions.push(Action::Select { rows: vec![item.clone()], cursor: Some(item) });
        view.keep_open(session, &hit.key, actions);
    }
}

fn search(view: &SessionView, mode: SearchMode, actions: &mut Actions) {
    actions.push(Action::Search(SearchQuery { text: view.filter.clone(), mode }));
}

fn modes(ui: &mut Ui, session: &Session, view: &mut SessionView, actions: &mut Actions) {
    let names = [t!("keys.filter.substring"), t!("keys.filter.fuzzy"), t!("keys.filter.values")];
    let choices: Vec<(SearchMode, &str)> =
        MODES.into_iter().zip(names.iter().map(|name| name.as_ref())).collect();
    if let Some(mode) = segmented(ui, session.search.query.mode, &choices) {
        view.hit = 0;
        search(view, mode, actions);
    }
}

/// The folder that the cursor is in, and how many keys it holds.
fn place(ui: &mut Ui, session: &Session) {
    let tokens = theme::tokens(ui);
    let cursor = session.cursor.as_ref().map(|cursor| &*cursor.path).unwrap_or_default();
    let folder = match session.keyspace.folder(cursor) {
        Some(_) => cursor,
        None => session.keyspace.ancestors(cursor).last().copied().unwrap_or_default(),
    };
    let count = session.keyspace.folder(folder).map_or(0, |folder| folder.keys());
    let everything = folder.is_empty();
    let path = if everything {
        tokens.meta(t!("keys.header.everything"))
    } else {
        tokens.mono_meta(display_short(folder, 300))
    };
    let room = vec2(ui.available_width(), 18.0);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        // The title says how many there are in all.
        if !everything {
            ui.label(tokens.hint(words::keys(count)));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(Label::new(path).truncate());
        });
    });
}
