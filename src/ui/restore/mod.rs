//! Plans to bring keys back: reviewed, run, taken up again, undone.

use egui::Ui;
use rust_i18n::t;

use crate::action::Actions;
use crate::model::world::World;
use crate::ui::theme::icons;
use crate::ui::widgets::empty_state;

/// What this view keeps between frames.
#[derive(Default)]
pub struct RestoreState {}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, _state: &mut RestoreState, _actions: &mut Actions) {
    if world.active_session().is_some() {
        empty_state(
            ui,
            icons::CLOCK_COUNTER_CLOCKWISE,
            &t!("restore.title"),
            &t!("restore.empty_hint"),
            None,
        );
    }
}
