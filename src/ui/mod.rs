//! The screens. They read the world and push actions; they change nothing that is shared.

pub mod audit;
pub mod beside;
pub mod cluster;
pub mod connect;
pub mod coordination;
pub mod dialogs;
pub mod editor;
pub mod elections;
pub mod environments;
pub mod keys;
pub mod leases;
pub mod locks;
pub mod overview;
pub mod palette;
pub mod restore;
pub mod schema;
pub mod services;
pub mod shell;
pub mod theme;
pub mod ttl;
pub mod widgets;

use crate::action::{Actions, UserCommand};
use crate::model::world::World;

/// What views keep between frames: scroll positions, text being typed, caches of what they draw.
#[derive(Default)]
pub struct UiState {
    /// Title bar, tabs, navigation, activity.
    pub shell: shell::ShellState,
    /// The connect screen.
    pub connect: connect::ConnectState,
    /// The tree.
    pub keys: keys::KeysState,
    /// The editor.
    pub editor: editor::EditorState,
    /// Elections.
    pub elections: elections::ElectionsState,
    /// Locks.
    pub locks: locks::LocksState,
    /// Services.
    pub services: services::ServicesState,
    /// Leases.
    pub leases: leases::LeasesState,
    /// Everything at a glance.
    pub overview: overview::OverviewState,
    /// The cluster screen.
    pub cluster: cluster::ClusterState,
    /// The layers of environments.
    pub environments: environments::EnvironmentsState,
    /// Plans.
    pub restore: restore::RestoreState,
    /// What this console wrote.
    pub audit: audit::AuditState,
    /// Dialogs.
    pub dialogs: dialogs::DialogState,
    /// The palette.
    pub palette: palette::PaletteState,
    /// Commands that only a view can carry out (put the keyboard into the filter, format the
    /// text); the view that knows one takes it out.
    pub requests: Vec<UserCommand>,
}

impl UiState {
    /// Takes a command out, if it is waiting.
    pub fn take_request(requests: &mut Vec<UserCommand>, command: UserCommand) -> bool {
        let before = requests.len();
        requests.retain(|waiting| *waiting != command);
        requests.len() != before
    }
}

/// Draws the whole window.
pub fn show(ui: &mut egui::Ui, world: &World, state: &mut UiState, actions: &mut Actions) {
    state.editor.take_requests(&mut state.requests);
    state.environments.take_requests(world, &mut state.requests);
    state.services.take_requests(world, &mut state.requests);
    shell::show(ui, world, state, actions);
}
