//! The menu of a row, and of a whole selection.

use egui::{Response, Ui};
use rust_i18n::t;

use super::tree_rows::TreeRows;
use super::{favourites, words};
use crate::action::{Action, Actions, UserCommand};
use crate::model::bytes::Key;
use crate::model::document::DocumentPage;
use crate::model::key_text::display_key;
use crate::model::plan::{LostLease, PlanGoal};
use crate::model::rows::{Row, RowKind};
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::ui::theme::{self, icons};
use crate::ui::widgets::shortcut_text;

/// Shows the menu when the row is clicked with the second button.
pub fn attach(response: &Response, session: &Session, tree: &TreeRows, row: &Row, actions: &mut Actions) {
    response.context_menu(|ui| {
        ui.set_min_width(220.0);
        let several = session.selected.len() > 1 && session.selected.contains(&row.item());
        match &row.kind {
            _ if several => for_several(ui, session, tree, actions),
            RowKind::Ghost | RowKind::GhostFolder { .. } => for_ghost(ui, session, row, actions),
            RowKind::Folder { expanded, .. } => for_folder(ui, session, tree, row, *expanded, actions),
            RowKind::Leaf { .. } => for_key(ui, session, &row.path, actions),
        }
    });
}

/// The menu of a key, wherever it is shown.
pub fn for_key(ui: &mut Ui, session: &Session, key: &Key, actions: &mut Actions) {
    let writable = !session.profile.read_only;
    if item(ui, true, icons::FILE_TEXT, &t!("keys.menu.open"), "Enter") {
        actions.push(Action::OpenKey(key.clone()));
    }
    ui.separator();
    let parent = session.keyspace.ancestors(key).last().map_or(0, |parent| parent.len());
    if item(ui, writable, icons::FILE_PLUS, &t!("keys.menu.new_beside"), &keys_of(UserCommand::CreateKey)) {
        actions.push(Action::AskCreate { prefix: Key::from(&key[..parent]) });
    }
    let item_of_key = TreeItem::key(key.clone());
    move_items(ui, writable, &item_of_key, actions);
    ui.separator();
    copy_item(ui, key, actions);
    favourite_item(ui, session, key, actions);
    if item(ui, true, icons::EXPORT, &t!("keys.menu.export"), &keys_of(UserCommand::Export)) {
        actions.push(Action::AskExport(item_of_key.clone()));
    }
    ui.separator();
    delete_item(ui, writable, vec![item_of_key], actions);
}

fn for_folder(
    ui: &mut Ui,
    session: &Session,
    tree: &TreeRows,
    row: &Row,
    expanded: bool,
    actions: &mut Actions,
) {
    let writable = !session.profile.read_only;
    let (icon, words) = if expanded {
        (icons::FOLDER, t!("keys.menu.collapse"))
    } else {
        (icons::FOLDER_OPEN, t!("keys.menu.expand"))
    };
    if item(ui, true, icon, &words, "Enter") {
        actions.push(Action::ToggleFolder(row.path.clone()));
    }
    ui.separator();
    let keys = keys_of(UserCommand::TimeTravel);
    if item(ui, true, icons::CLOCK_COUNTER_CLOCKWISE, &t!("keys.menu.travel"), &keys) {
        actions.push(Action::Travel { prefix: row.path.clone() });
    }
    let gone = tree.gone_in(&row.path);
    if gone > 0 {
        let words = t!("keys.menu.undelete_in", keys = words::deleted_keys(gone));
        if item(ui, writable, icons::ARROW_COUNTER_CLOCKWISE, &words, "") {
            actions.push(bring_back(vec![row.item()]));
        }
    }
    ui.separator();
    if item(ui, writable, icons::FILE_PLUS, &t!("keys.menu.new_here"), &keys_of(UserCommand::CreateKey)) {
        actions.push(Action::AskCreate { prefix: row.path.clone() });
    }
    move_items(ui, writable, &row.item(), actions);
    ui.separator();
    copy_item(ui, &row.path, actions);
    favourite_item(ui, session, &row.path, actions);
    if item(ui, true, icons::EXPORT, &t!("keys.menu.export"), &keys_of(UserCommand::Export)) {
        actions.push(Action::AskExport(row.item()));
    }
    ui.separator();
    delete_item(ui, writable, vec![row.item()], actions);
}

fn for_ghost(ui: &mut Ui, session: &Session, row: &Row, actions: &mut Actions) {
    let writable = !session.profile.read_only;
    if let Some(expanded) = row.kind.expanded() {
        let words = if expanded { t!("keys.menu.collapse") } else { t!("keys.menu.expand") };
        if item(ui, true, icons::FOLDER_OPEN, &words, "Enter") {
            actions.push(Action::ToggleFolder(row.path.clone()));
        }
    }
    let keys = if row.kind.expanded().is_some() { "" } else { "Enter" };
    if item(ui, writable, icons::ARROW_COUNTER_CLOCKWISE, &t!("keys.menu.undelete"), keys) {
        actions.push(bring_back(vec![row.item()]));
    }
    if row.kind == RowKind::Ghost {
        if item(ui, true, icons::GIT_COMMIT, &t!("keys.menu.history"), "") {
            actions.push(Action::OpenKey(row.path.clone()));
            actions.push(Action::ShowPage { key: row.path.clone(), page: DocumentPage::History });
        }
    } else if item(ui, true, icons::CLOCK_COUNTER_CLOCKWISE, &t!("keys.menu.travel"), "") {
        actions.push(Action::Travel { prefix: row.path.clone() });
    }
    copy_item(ui, &row.path, actions);
}

/// The plan that brings these deleted keys and folders back; nothing is written before it is run.
pub fn bring_back(roots: Vec<TreeItem>) -> Action {
    Action::MakePlan { goal: PlanGoal::Undelete { roots }, lost_lease: LostLease::default() }
}

fn for_several(ui: &mut Ui, session: &Session, tree: &TreeRows, actions: &mut Actions) {
    let writable = !session.profile.read_only;
    let is_gone = |item: &&TreeItem| match item.is_folder() {
        true => tree.gone_in(&item.path) > 0,
        false => session.keyspace.get(&item.path).is_none() && session.deleted_key(&item.path).is_some(),
    };
    let gone: Vec<TreeItem> = session.selected.iter().filter(is_gone).cloned().collect();
    if !gone.is_empty() {
        if item(ui, writable, icons::ARROW_COUNTER_CLOCKWISE, &t!("keys.menu.undelete"), "") {
            actions.push(bring_back(gone));
        }
        ui.separator();
    }
    if item(ui, true, icons::COPY, &t!("keys.menu.copy_texts"), "") {
        actions.push(Action::CopyText(super::tree::selection_text(session)));
    }
    ui.separator();
    delete_item(ui, writable, session.selected.iter().cloned().collect(), actions);
}

fn move_items(ui: &mut Ui, writable: bool, from: &TreeItem, actions: &mut Actions) {
    if item(ui, writable, icons::PENCIL_SIMPLE, &t!("keys.menu.rename"), &keys_of(UserCommand::Rename)) {
        actions.push(Action::AskMove { from: from.clone(), copy: false });
    }
    if item(ui, writable, icons::COPY, &t!("keys.menu.copy"), &keys_of(UserCommand::Copy)) {
        actions.push(Action::AskMove { from: from.clone(), copy: true });
    }
}

fn copy_item(ui: &mut Ui, path: &Key, actions: &mut Actions) {
    if item(ui, true, icons::CLIPBOARD, &t!("keys.menu.copy_text"), "") {
        actions.push(Action::CopyText(display_key(path).into_owned()));
    }
}

fn favourite_item(ui: &mut Ui, session: &Session, path: &Key, actions: &mut Actions) {
    let words = if favourites::is_favourite(&session.profile, path) {
        t!("keys.menu.unfavourite")
    } else {
        t!("keys.menu.favourite")
    };
    if item(ui, true, icons::STAR, &words, &keys_of(UserCommand::ToggleFavourite)) {
        actions.push(Action::ToggleFavourite(path.clone()));
    }
}

fn delete_item(ui: &mut Ui, writable: bool, items: Vec<TreeItem>, actions: &mut Actions) {
    if item(ui, writable, icons::TRASH, &t!("keys.menu.delete"), &keys_of(UserCommand::Delete)) {
        actions.push(Action::AskDelete(items));
    }
}

/// The shortcut of a command, or nothing.
fn keys_of(command: UserCommand) -> String {
    shortcut_text(command).unwrap_or_default()
}

/// A line of a menu: icon, words, shortcut. Says whether it was chosen.
pub(super) fn item(ui: &mut Ui, enabled: bool, icon: &str, words: &str, shortcut: &str) -> bool {
    let tokens = theme::tokens(ui);
    let button = egui::Button::new((tokens.icon(icon), words)).shortcut_text(tokens.hint(shortcut));
    let response = ui.add_enabled(enabled, button).on_disabled_hover_text(t!("keys.menu.read_only"));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MenuItem, enabled, words));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}
