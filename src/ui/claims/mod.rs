//! Locks and elections.

pub mod ttl;

use crate::action::Actions;
use crate::model::world::World;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ClaimsState {}

/// Draws it.
pub fn show(_ui: &mut egui::Ui, _world: &World, _state: &mut ClaimsState, _actions: &mut Actions) {}
