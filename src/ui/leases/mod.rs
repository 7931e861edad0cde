//! Leases: what lives on them, and what they have left.

use egui::Ui;

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct LeasesState {}

/// Draws the screen.
pub fn show(_ui: &mut Ui, _world: &World, _state: &mut LeasesState, _actions: &mut Actions) {}
