//! The frame of the window: tabs, title bar, navigation, activity.

use crate::action::Actions;
use crate::model::world::World;
use crate::ui::UiState;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ShellState {}

/// Draws the window: its bars, and in the middle the screen that is shown.
pub fn show(_ui: &mut egui::Ui, _world: &World, _state: &mut UiState, _actions: &mut Actions) {}
