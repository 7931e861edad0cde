//! The frame of the window: tabs, the state of knowledge, navigation, activity, and what lies above.

mod activity;
mod edge;
mod jobs;
mod language;
mod navigation;
mod notices;
mod shortcuts;
mod status;
mod title;
mod toasts;

pub use language::{locale, next_language};
pub use shortcuts::shortcuts;

use std::collections::BTreeSet;

use egui::{CentralPanel, Frame, Panel};

use crate::action::{Action, Actions};
use crate::model::message::SessionId;
use crate::model::session::Screen;
use crate::model::settings::Settings;
use crate::model::world::World;
use crate::ui::theme::{self, size};
use crate::ui::{UiState, claims, cluster, connect, dialogs, keys, palette};

/// What this view keeps between frames.
#[derive(Default)]
pub struct ShellState {
    /// The settings that the window looks like now.
    applied: Option<Settings>,
    /// Notices that the operator has read, by connection and kind.
    read_notices: BTreeSet<(SessionId, &'static str)>,
}

/// Draws the window: its bars, and in the middle the screen that is shown.
pub fn show(ui: &mut egui::Ui, world: &World, state: &mut UiState, actions: &mut Actions) {
    apply_settings(ui, world, &mut state.shell, actions);
    for command in shortcuts(ui.ctx(), world) {
        actions.push(Action::Run(command));
    }
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
            notices::show(ui, session, &mut state.shell.read_notices, actions);
            Panel::bottom("activity").exact_size(size::ACTIVITY).frame(bar).show(ui, |ui| {
                activity::show(ui, world, session, actions);
            });
            jobs::show(ui, session, actions);
            navigation::show(ui, world, session, actions);
            let screen = session.screen;
            CentralPanel::default().frame(Frame::new().fill(tokens.base)).show(ui, |ui| match screen {
                Screen::Keys => keys::show(ui, world, state, actions),
                Screen::Locks | Screen::Elections => claims::show(ui, world, &mut state.claims, actions),
                Screen::Cluster => cluster::show(ui, world, &mut state.cluster, actions),
            });
        }
    }
    toasts::show(ui, world, actions);
    dialogs::show(ui, world, &mut state.dialogs, actions);
    palette::show(ui, world, &mut state.palette, actions);
    edge::frame(ui, world);
}

/// Takes changed settings over. A zoom made with the keyboard is kept as a setting.
fn apply_settings(ui: &egui::Ui, world: &World, state: &mut ShellState, actions: &mut Actions) {
    let ctx = ui.ctx();
    if state.applied.as_ref() != Some(&world.settings) {
        theme::apply_settings(ctx, &world.settings);
        rust_i18n::set_locale(locale(world.settings.language));
        state.applied = Some(world.settings.clone());
        ctx.request_repaint();
    } else if (ctx.zoom_factor() - world.settings.zoom).abs() > 0.005 {
        let zoom = ctx.zoom_factor().clamp(size::ZOOM_MIN, size::ZOOM_MAX);
        let settings = Settings { zoom, ..world.settings.clone() };
        state.applied = Some(settings.clone());
        actions.push(Action::ChangeSettings(Box::new(settings)));
    }
}
