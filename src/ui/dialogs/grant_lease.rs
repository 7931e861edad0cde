//! Grant a lease.

use egui::Ui;

use super::{Ending, Form};
use crate::action::Actions;

/// Draws the dialog.
pub(super) fn show(_ui: &mut Ui, _form: &mut Form, _actions: &mut Actions) -> Ending {
    Ending::Cancelled
}
