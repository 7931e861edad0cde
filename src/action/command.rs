//! The commands that have a name: palette, menus, tooltips and shortcuts all come from here.

use crate::model::document::{Document, DocumentPage, SaveState};
use crate::model::session::{Screen, Session};
use crate::model::world::World;

/// A command of the palette. Its words are `command.<id>` and `command.<id>_hint` in the
/// catalogues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserCommand {
    /// Open or close the palette.
    Palette,
    /// Go to the connect screen.
    NewConnection,
    /// Close the connection's tab.
    CloseConnection,
    /// Next connection.
    NextConnection,
    /// Try to connect again at once.
    Reconnect,
    /// Show the keys.
    ShowKeys,
    /// Show everything at a glance.
    ShowOverview,
    /// Show the services.
    ShowServices,
    /// Show the leases.
    ShowLeases,
    /// Show the locks.
    ShowLocks,
    /// Show the elections.
    ShowElections,
    /// Show the layers of environments.
    ShowEnvironments,
    /// Show the plans.
    ShowRestore,
    /// Show what this console wrote.
    ShowAudit,
    /// Show the cluster.
    ShowCluster,
    /// Put the keyboard into the filter.
    FocusFilter,
    /// New key beside the cursor.
    CreateKey,
    /// Rename the key or folder at the cursor.
    Rename,
    /// Copy the key or folder at the cursor.
    Copy,
    /// Delete the selection.
    Delete,
    /// Export the folder at the cursor, or everything.
    Export,
    /// Add the key or folder at the cursor to the favourites, or take it out.
    ToggleFavourite,
    /// Show or hide deleted keys.
    ShowDeleted,
    /// Look at the folder at the cursor as it was, or go back to now.
    TimeTravel,
    /// Review the draft, and save it once reviewed.
    Save,
    /// Format the draft by its syntax.
    Format,
    /// Forget the draft.
    Discard,
    /// Close the key's tab.
    CloseKey,
    /// Show the history of the key.
    ShowHistory,
    /// Compare the key.
    Compare,
    /// Go to the next change of a comparison.
    NextChange,
    /// Go to the change before.
    PreviousChange,
    /// Dark, light, system.
    CycleTheme,
    /// English or Chinese.
    SwitchLanguage,
    /// Settings.
    Settings,
    /// Keyboard shortcuts.
    Shortcuts,
    /// About the console.
    About,
}

/// A key with its modifiers. `command` is Ctrl, on macOS ⌘.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyCombo {
    /// Ctrl, on macOS ⌘.
    pub command: bool,
    /// Shift.
    pub shift: bool,
    /// The key by egui's name (`K`, `F2`, `Delete`, `Comma`, `Slash` …).
    pub key: &'static str,
}

impl KeyCombo {
    const fn command(key: &'static str) -> Self {
        Self { command: true, shift: false, key }
    }

    const fn command_shift(key: &'static str) -> Self {
        Self { command: true, shift: true, key }
    }

    const fn plain(key: &'static str) -> Self {
        Self { command: false, shift: false, key }
    }
}

impl UserCommand {
    /// Every command, in the order of the palette.
    pub const ALL: [Self; 37] = [
        Self::Palette,
        Self::NewConnection,
        Self::CloseConnection,
        Self::NextConnection,
        Self::Reconnect,
        Self::ShowOverview,
        Self::ShowKeys,
        Self::ShowServices,
        Self::ShowLocks,
        Self::ShowElections,
        Self::ShowLeases,
        Self::ShowEnvironments,
        Self::ShowRestore,
        Self::ShowAudit,
        Self::ShowCluster,
        Self::FocusFilter,
        Self::CreateKey,
        Self::Rename,
        Self::Copy,
        Self::Delete,
        Self::Export,
        Self::ToggleFavourite,
        Self::ShowDeleted,
        Self::TimeTravel,
        Self::Save,
        Self::Format,
        Self::Discard,
        Self::CloseKey,
        Self::ShowHistory,
        Self::Compare,
        Self::NextChange,
        Self::PreviousChange,
        Self::CycleTheme,
        Self::SwitchLanguage,
        Self::Settings,
        Self::Shortcuts,
        Self::About,
    ];

    /// Its name in the catalogues.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Palette => "palette",
            Self::NewConnection => "new_connection",
            Self::CloseConnection => "close_connection",
            Self::NextConnection => "next_connection",
            Self::Reconnect => "reconnect",
            Self::ShowKeys => "show_keys",
            Self::ShowOverview => "show_overview",
            Self::ShowServices => "show_services",
            Self::ShowLeases => "show_leases",
            Self::ShowLocks => "show_locks",
            Self::ShowElections => "show_elections",
            Self::ShowEnvironments => "show_environments",
            Self::ShowRestore => "show_restore",
            Self::ShowAudit => "show_audit",
            Self::ShowCluster => "show_cluster",
            Self::FocusFilter => "focus_filter",
            Self::CreateKey => "create_key",
            Self::Rename => "rename",
            Self::Copy => "copy",
            Self::Delete => "delete",
            Self::Export => "export",
            Self::ToggleFavourite => "toggle_favourite",
            Self::ShowDeleted => "show_deleted",
            Self::TimeTravel => "time_travel",
            Self::Save => "save",
            Self::Format => "format",
            Self::Discard => "discard",
            Self::CloseKey => "close_key",
            Self::ShowHistory => "show_history",
            Self::Compare => "compare",
            Self::NextChange => "next_change",
            Self::PreviousChange => "previous_change",
            Self::CycleTheme => "cycle_theme",
            Self::SwitchLanguage => "switch_language",
            Self::Settings => "settings",
            Self::Shortcuts => "shortcuts",
            Self::About => "about",
        }
    }

    /// Its shortcut. Plain keys work only while no text field has the keyboard.
    #[must_use]
    pub fn shortcut(self) -> Option<KeyCombo> {
        Some(match self {
            Self::Palette => KeyCombo::command("K"),
            Self::NewConnection => KeyCombo::command("T"),
            Self::CloseConnection => KeyCombo::command_shift("W"),
            Self::NextConnection => KeyCombo::command("Tab"),
            Self::Reconnect => KeyCombo::command("R"),
            Self::ShowKeys => KeyCombo::command("1"),
            Self::ShowOverview => KeyCombo::command("O"),
            Self::ShowServices => KeyCombo::command("2"),
            Self::ShowLocks => KeyCombo::command("3"),
            Self::ShowElections => KeyCombo::command("4"),
            Self::ShowLeases => KeyCombo::command("5"),
            Self::ShowEnvironments => KeyCombo::command("6"),
            Self::ShowRestore => KeyCombo::command("7"),
            Self::ShowAudit => KeyCombo::command("8"),
            Self::ShowCluster => KeyCombo::command("9"),
            Self::FocusFilter => KeyCombo::plain("Slash"),
            Self::CreateKey => KeyCombo::command("N"),
            Self::Rename => KeyCombo::plain("F2"),
            Self::Copy => KeyCombo::command("D"),
            Self::Delete => KeyCombo::plain("Delete"),
            Self::Export => KeyCombo::command("E"),
            Self::ToggleFavourite => KeyCombo::command("B"),
            Self::Save => KeyCombo::command("S"),
            Self::Format => KeyCombo::command_shift("F"),
            Self::CloseKey => KeyCombo::command("W"),
            Self::ShowHistory => KeyCombo::command("H"),
            Self::Compare => KeyCombo::command_shift("D"),
            Self::NextChange => KeyCombo::plain("F7"),
            Self::PreviousChange => KeyCombo { shift: true, ..KeyCombo::plain("F7") },
            Self::TimeTravel => KeyCombo::command_shift("H"),
            Self::CycleTheme => KeyCombo::command_shift("T"),
            Self::SwitchLanguage => KeyCombo::command_shift("L"),
            Self::Settings => KeyCombo::command("Comma"),
            Self::Shortcuts => KeyCombo::plain("F1"),
            Self::Discard | Self::ShowDeleted | Self::About => return None,
        })
    }

    /// Whether it can be run now.
    #[must_use]
    pub fn is_available(self, world: &World) -> bool {
        let session = world.active_session();
        // What acts on keys acts on those that are shown: never while they are those of another time.
        let present = session.filter(|session| !session.shows_the_past());
        let writable = present.is_some_and(|session| !session.profile.read_only);
        match self {
            Self::Palette
            | Self::NewConnection
            | Self::CycleTheme
            | Self::SwitchLanguage
            | Self::Settings
            | Self::Shortcuts
            | Self::About => true,
            Self::CloseConnection
            | Self::Reconnect
            | Self::ShowKeys
            | Self::ShowOverview
            | Self::ShowServices
            | Self::ShowLeases
            | Self::ShowLocks
            | Self::ShowElections
            | Self::ShowEnvironments
            | Self::ShowRestore
            | Self::ShowAudit
            | Self::ShowCluster
            | Self::TimeTravel => session.is_some(),
            Self::FocusFilter | Self::Export | Self::ShowDeleted => present.is_some(),
            Self::NextConnection => world.sessions.len() > 1,
            Self::CreateKey => writable,
            Self::Rename | Self::Copy => writable && session.is_some_and(|session| session.cursor.is_some()),
            Self::Delete => writable && session.is_some_and(|session| !session.selected.is_empty()),
            Self::ToggleFavourite => present.is_some_and(|session| session.cursor.is_some()),
            Self::Save => {
                writable
                    && session.and_then(|s| s.shown_document()).is_some_and(|document| document.is_dirty())
            }
            Self::Format | Self::CloseKey | Self::ShowHistory | Self::Compare => present
                .is_some_and(|session| session.screen == Screen::Keys && session.shown_document().is_some()),
            Self::NextChange | Self::PreviousChange => {
                let shown = session.filter(|session| session.screen == Screen::Keys);
                shown.and_then(Session::shown_document).is_some_and(shows_changes)
            }
            Self::Discard => {
                present.and_then(|s| s.shown_document()).is_some_and(|document| document.draft.is_some())
            }
        }
    }
}

/// Whether differences are on screen.
fn shows_changes(document: &Document) -> bool {
    document.page != DocumentPage::Edit
        || matches!(
            document.save,
            SaveState::Reviewing | SaveState::Saving { .. } | SaveState::Conflict { .. }
        )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::UserCommand;

    #[test]
    fn no_two_commands_share_a_shortcut() {
        let mut seen = HashMap::new();
        for command in UserCommand::ALL {
            if let Some(combo) = command.shortcut() {
                let other = seen.insert(combo, command);
                assert_eq!(other, None, "{command:?} and {other:?} share {combo:?}");
            }
        }
    }
}
