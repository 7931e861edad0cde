//! Questions above everything else.

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct DialogState {}

/// Draws it.
pub fn show(_ui: &mut egui::Ui, _world: &World, _state: &mut DialogState, _actions: &mut Actions) {}
