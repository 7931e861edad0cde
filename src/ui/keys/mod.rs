//! The live tree, the search, the details.

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct KeysState {}

/// Draws it.
pub fn show(_ui: &mut egui::Ui, _world: &World, _state: &mut KeysState, _actions: &mut Actions) {}
