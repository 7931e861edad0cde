//! The commands that have a name, as the same actions that a click makes.

use super::super::App;
use crate::action::{Action, UserCommand};
use crate::model::bytes::Key;
use crate::model::document::{DocumentPage, SaveState};
use crate::model::session::Screen;
use crate::model::settings::{Language, ThemeChoice};
use crate::model::tree_item::TreeItem;

impl App {
    pub(super) fn run_command(&mut self, command: UserCommand) {
        if !command.is_available(&self.world) {
            return;
        }
        match command {
            UserCommand::Palette => self.world.palette_open = !self.world.palette_open,
            UserCommand::NewConnection => self.world.active = None,
            UserCommand::NextConnection => self.show_next_connection(),
            UserCommand::ShowDeleted => self.show_deleted(),
            UserCommand::TimeTravel => self.toggle_travel(),
            UserCommand::FocusFilter => {
                let screen = self.world.active_session().map(|session| session.screen);
                if !matches!(screen, Some(Screen::Environments | Screen::Services)) {
                    self.dispatch(Action::ShowScreen(Screen::Keys));
                }
                self.ui.requests.push(command);
            }
            UserCommand::Format | UserCommand::NextChange | UserCommand::PreviousChange => {
                self.ui.requests.push(command);
            }
            // The review knows whether an invalid value may be saved.
            UserCommand::Save if self.is_reviewing() => self.ui.requests.push(command),
            UserCommand::CycleTheme | UserCommand::SwitchLanguage => self.run_settings(command),
            UserCommand::Settings => self.world.dialog = Some(crate::model::dialog::Dialog::Settings),
            UserCommand::Shortcuts => self.world.dialog = Some(crate::model::dialog::Dialog::Shortcuts),
            UserCommand::About => self.world.dialog = Some(crate::model::dialog::Dialog::About),
            _ => {
                if let Some(action) = self.action_of(command) {
                    self.dispatch(action);
                }
            }
        }
    }

    fn is_reviewing(&self) -> bool {
        let shown = self.world.active_session().and_then(|session| session.shown_document());
        shown.is_some_and(|document| document.save == SaveState::Reviewing)
    }

    /// The action that a command stands for, with what is shown and selected.
    fn action_of(&self, command: UserCommand) -> Option<Action> {
        let session = self.world.active_session()?;
        let cursor = session.cursor.clone();
        let open = session.active_document.clone();
        Some(match command {
            UserCommand::CloseConnection => Action::CloseSession(session.id),
            UserCommand::Reconnect => Action::Reconnect,
            UserCommand::ShowKeys => Action::ShowScreen(Screen::Keys),
            UserCommand::ShowOverview => Action::ShowScreen(Screen::Overview),
            UserCommand::ShowServices => Action::ShowScreen(Screen::Services),
            UserCommand::ShowLeases => Action::ShowScreen(Screen::Leases),
            UserCommand::ShowLocks => Action::ShowScreen(Screen::Locks),
            UserCommand::ShowElections => Action::ShowScreen(Screen::Elections),
            UserCommand::ShowEnvironments => Action::ShowScreen(Screen::Environments),
            UserCommand::ShowRestore => Action::ShowScreen(Screen::Restore),
            UserCommand::ShowAudit => Action::ShowScreen(Screen::Audit),
            UserCommand::ShowCluster => Action::ShowScreen(Screen::Cluster),
            UserCommand::CreateKey => Action::AskCreate { prefix: self.folder_at_cursor() },
            UserCommand::Rename => Action::AskMove { from: cursor?, copy: false },
            UserCommand::Copy => Action::AskMove { from: cursor?, copy: true },
            UserCommand::Delete => Action::AskDelete(session.selected.iter().cloned().collect()),
            UserCommand::Export => Action::AskExport(TreeItem::folder(self.folder_at_cursor())),
            UserCommand::ToggleFavourite => Action::ToggleFavourite(cursor?.path),
            UserCommand::Save => Action::Review(open?),
            UserCommand::Discard => Action::DiscardDraft(open?),
            UserCommand::CloseKey => Action::CloseDocument(open?),
            UserCommand::Compare => Action::ShowPage { key: open?, page: DocumentPage::Diff },
            UserCommand::ShowHistory => Action::ShowPage { key: open?, page: DocumentPage::History },
            _ => return None,
        })
    }

    /// The folder that the cursor is on or in; empty: everything.
    pub(super) fn folder_at_cursor(&self) -> Key {
        let empty = || Key::from([].as_slice());
        let Some(session) = self.world.active_session() else { return empty() };
        let Some(cursor) = &session.cursor else { return empty() };
        session.keyspace.ancestors(&cursor.path).last().map_or_else(empty, |folder| Key::from(*folder))
    }

    fn show_next_connection(&mut self) {
        let sessions = &self.world.sessions;
        let at = sessions.iter().position(|session| Some(session.id) == self.world.active);
        let next = at.map_or(0, |at| (at + 1) % sessions.len().max(1));
        self.world.active = sessions.get(next).map(|session| session.id);
    }

    fn run_settings(&mut self, command: UserCommand) {
        let mut settings = self.world.shown_settings();
        if command == UserCommand::CycleTheme {
            settings.theme = match settings.theme {
                ThemeChoice::System => ThemeChoice::Dark,
                ThemeChoice::Dark => ThemeChoice::Light,
                ThemeChoice::Light => ThemeChoice::System,
            };
        } else {
            settings.language = match super::super::settings::language(&settings) {
                "zh-CN" => Language::English,
                _ => Language::SimplifiedChinese,
            };
        }
        self.change_settings(settings);
    }
}
