//! The frame of the window: tabs, the state of knowledge, navigation, activity, and what lies above.

mod activity;
mod edge;
mod jobs;
mod navigation;
mod notices;
mod shortcuts;
mod status;
mod title;
mod toasts;

pub use shortcuts::shortcuts;

use std::collections::BTreeSet;

use egui::{CentralPanel, Frame, Panel};

use crate::action::{Action, Actions};
use crate::model::message::SessionId;
use crate::model::session::Screen;
use crate::model::settings::Settings;
use crate::model::world::World;
use crate::ui::theme::{self, size};
use crate::ui::{
    UiState, audit, cluster, connect, dialogs, elections, environments, keys, leases, locks, overview,
    palette, restore, services,
};

/// What this view keeps between frames.
#[derive(Default)]
pub struct ShellState {
    /// Zoom of the window and of the settings in the last frame.
    zoom: Option<(f32, f32)>,
    /// Notices that the operator has read, by connection and kind.
    read_notices: BTreeSet<(SessionId, &'static str)>,
}

/// Draws the window: its bars, and in the middle the screen that is shown.
pub fn show(ui: &mut egui::Ui, world: &World, state: &mut UiState, actions: &mut Actions) {
    keep_zoom(ui, world, &mut state.shell, actions);
    let tokens = theme::tokens(ui);
    let bar = Frame::new().fill(tokens.panel);
    edge::strip(ui, world);
    Panel::top("title").exact_size(size::TITLE_BAR).frame(bar).show_separator_line(true).show(ui, |ui| {
        title::show(ui, world, actions);
    });
    match world.active_session() {
        None => {
            CentralPanel::default().frame(Frame::new().fill(tokens.base)).show(ui, |ui| {
                connect::show(ui, world, &mut state.connect, actions);
            });
        }
        Some(session) => {
            Panel::top("status").exact_size(size::BAR).frame(bar).show(ui, |ui| {
                status::show(ui, world, session, actions);
            });
            notices::show_audit(ui, world);
            notices::show(ui, session, &mut state.shell.read_notices, &mut state.connect, actions);
            Panel::bottom("activity").exact_size(size::ACTIVITY).frame(bar).show(ui, |ui| {
                activity::show(ui, world, session, actions);
            });
            jobs::show(ui, world, session, actions);
            navigation::show(ui, session, actions);
            let screen = session.screen;
            // Each place is filled once: without a graphics card every layer is felt.
            let ground = match screen {
                Screen::Keys => Frame::new(),
                _ => Frame::new().fill(tokens.base),
            };
            CentralPanel::default().frame(ground).show(ui, |ui| match screen {
                Screen::Keys => keys::show(ui, world, state, actions),
                Screen::Locks => locks::show(ui, world, &mut state.locks, actions),
                Screen::Elections => elections::show(ui, world, &mut state.elections, actions),
                Screen::Overview => overview::show(ui, world, &mut state.overview, actions),
                Screen::Services => services::show(ui, world, &mut state.services, actions),
                Screen::Leases => leases::show(ui, world, &mut state.leases, actions),
                Screen::Environments => environments::show(ui, world, &mut state.environments, actions),
                Screen::Restore => restore::show(ui, world, &mut state.restore, actions),
                Screen::Audit => audit::show(ui, world, &mut state.audit, actions),
                Screen::Cluster => cluster::show(ui, world, &mut state.cluster, actions),
            });
        }
    }
    toasts::show(ui, world, actions);
    dialogs::show(ui, world, &mut state.dialogs, actions);
    palette::show(ui, world, &mut state.palette, actions);
    edge::frame(ui, world);
}

/// A zoom made with the keyboard or the wheel is kept as a setting.
fn keep_zoom(ui: &egui::Ui, world: &World, state: &mut ShellState, actions: &mut Actions) {
    let now = (ui.ctx().zoom_factor(), world.settings.zoom);
    let zoomed = state
        .zoom
        .is_some_and(|before| (before.0 - now.0).abs() > 0.005 && (before.1 - now.1).abs() <= 0.005);
    if zoomed && (now.0 - now.1).abs() > 0.005 {
        let zoom = now.0.clamp(size::ZOOM_MIN, size::ZOOM_MAX);
        actions.push(Action::ChangeSettings(Box::new(Settings { zoom, ..world.shown_settings() })));
    }
    state.zoom = Some(now);
}
