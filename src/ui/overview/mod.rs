//! Everything at a glance.

use egui::Ui;

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct OverviewState {}

/// Draws the screen.
pub fn show(_ui: &mut Ui, _world: &World, _state: &mut OverviewState, _actions: &mut Actions) {}
