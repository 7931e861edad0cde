//! Services, their instances, and how traffic is shared among them.

use egui::Ui;

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ServicesState {}

/// Draws the screen.
pub fn show(_ui: &mut Ui, _world: &World, _state: &mut ServicesState, _actions: &mut Actions) {}
