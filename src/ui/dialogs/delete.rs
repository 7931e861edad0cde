//! Delete keys: the blast radius first, the profile's name in production.

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, give_keyboard, radius};
use crate::action::{Action, Actions, ConfirmedDelete};
use crate::model::dialog::{BlastRadius, Dialog};
use crate::model::key_text::display_short;
use crate::ui::theme::{self, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::field::{field_label, text_field};
use crate::ui::widgets::modal::{footer, modal};

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The dialog, to be confirmed.
    pub dialog: &'a Dialog,
    /// What it touches.
    pub radius: &'a BlastRadius,
    /// Text to be typed before the button works.
    pub type_to_confirm: Option<&'a str>,
}

pub fn show(ui: &mut Ui, question: Question<'_>, form: &mut Form, actions: &mut Actions) -> Ending {
    let title = t!("dialogs.delete.title", keys = radius::keys(question.radius.keys));
    let id = egui::Id::unique("dialog delete");
    let answer = modal(ui.ctx(), id, &title, size::DIALOG_WIDE, |ui| contents(ui, question, form, actions));
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, question: Question<'_>, form: &mut Form, actions: &mut Actions) -> Ending {
    let Question { dialog, radius: touched, type_to_confirm } = question;
    let tokens = theme::tokens(ui);
    radius::show(ui, touched);
    ui.add_space(size::PAD);
    radius::sample(ui, touched, |key| display_short(key, 300).into_owned());
    ui.add_space(size::GRID);
    ui.add(Label::new(tokens.hint(t!("dialogs.delete.hint"))).wrap());
    let mut fields = Vec::new();
    if let Some(name) = type_to_confirm {
        ui.add_space(size::PAD);
        let label = t!("dialogs.delete.confirm", name = name);
        field_label(ui, &label);
        let id = field_id("delete confirm");
        focus_first(ui, form, id);
        text_field(ui, id, &mut form.text, &label, name);
        fields.push(id);
    }
    let confirmed = ConfirmedDelete::confirm(dialog, &form.text);
    // Without a name to type the keyboard is at the button that does nothing: Enter, pressed once
    // too often, must not delete.
    let enter = type_to_confirm.is_some() && entered(ui, &fields);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let words = t!("dialogs.delete.action", keys = radius::keys(touched.keys));
        let button = Button::danger_filled(&words)
            .enabled(confirmed.is_some())
            .disabled_hint(t!("dialogs.delete.type_first"));
        let response = button.show(ui);
        if let Some(confirmed) = confirmed
            && (response.clicked() || enter)
        {
            actions.push(Action::Delete(confirmed));
            ending = Ending::Done;
        }
        let cancel = Button::quiet(&t!("common.cancel")).show(ui);
        if type_to_confirm.is_none() && !form.focused {
            give_keyboard(ui, form, cancel.id);
        }
        if cancel.clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}
