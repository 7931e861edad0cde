//! The command palette.

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct PaletteState {}

/// Draws it.
pub fn show(_ui: &mut egui::Ui, _world: &World, _state: &mut PaletteState, _actions: &mut Actions) {}
