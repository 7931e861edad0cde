//! Attach a key to a lease.

use egui::Ui;

use super::{Ending, Form};
use crate::action::Actions;
use crate::model::session::Session;

/// Draws the dialog.
pub(super) fn show(
    _ui: &mut Ui,
    _session: &Session,
    _lease: i64,
    _form: &mut Form,
    _actions: &mut Actions,
) -> Ending {
    Ending::Cancelled
}
