//! Change the weight or the label of an instance.

use egui::Ui;

use super::{Ending, Form};
use crate::action::Actions;
use crate::model::bytes::Key;
use crate::model::session::Session;

/// Draws the dialog.
pub(super) fn show(
    _ui: &mut Ui,
    _session: &Session,
    _key: &Key,
    _form: &mut Form,
    _actions: &mut Actions,
) -> Ending {
    Ending::Cancelled
}
