//! The end of a dialog that asks before something is lost: in production a name is to be typed, and the
//! button works once what is confirmed is there.

use egui::{Id, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, give_keyboard};
use crate::ui::theme::size;
use crate::ui::widgets::Button;
use crate::ui::widgets::field::{field_label, text_field};
use crate::ui::widgets::modal::footer;

/// The field for the name, where one is to be typed.
pub(super) struct Typed {
    field: Option<Id>,
}

impl Typed {
    /// Draws the field for this name (`None`: nothing is to be typed). `salt` names the dialog.
    pub fn show(ui: &mut Ui, form: &mut Form, salt: &str, name: Option<&str>) -> Self {
        let Some(name) = name else { return Self { field: None } };
        ui.add_space(size::PAD);
        let label = t!("dialogs.delete.confirm", name = name);
        field_label(ui, &label);
        let id = field_id(salt);
        focus_first(ui, form, id);
        text_field(ui, id, &mut form.text, &label, name);
        Self { field: Some(id) }
    }

    /// Draws the buttons. `confirmed` is what the button does, once it may.
    pub fn buttons<C>(
        &self,
        ui: &mut Ui,
        form: &mut Form,
        button: Button<'_>,
        confirmed: Option<C>,
        act: impl FnOnce(C),
    ) -> Ending {
        // Without a name to type the keyboard is at the button that does nothing: Enter, pressed once
        // too often, must not do what is asked about.
        let enter = self.field.is_some_and(|field| entered(ui, &[field]));
        let mut ending = Ending::Open;
        footer(ui, |ui| {
            let button = button.enabled(confirmed.is_some()).disabled_hint(t!("dialogs.delete.type_first"));
            let clicked = button.show(ui).clicked();
            if let Some(confirmed) = confirmed
                && (clicked || enter)
            {
                act(confirmed);
                ending = Ending::Done;
            }
            let cancel = Button::quiet(&t!("common.cancel")).show(ui);
            if self.field.is_none() && !form.focused {
                give_keyboard(ui, form, cancel.id);
            }
            if cancel.clicked() {
                ending = Ending::Cancelled;
            }
        });
        ending
    }
}
