//! Deregister, release, step down, revoke: the ways to do it, and what each takes along.

use egui::Ui;

use super::{Ending, Form};
use crate::action::Actions;
use crate::model::dialog::EndQuestion;
use crate::model::session::Session;
use crate::model::world::World;

/// Draws the dialog.
pub(super) fn show(
    _ui: &mut Ui,
    _world: &World,
    _session: &Session,
    _question: &EndQuestion,
    _form: &mut Form,
    _actions: &mut Actions,
) -> Ending {
    Ending::Cancelled
}
