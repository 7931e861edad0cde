//! Delete keys: the blast radius first, the profile's name in production.

use egui::{Label, Ui};
use rust_i18n::t;

use super::confirm::Typed;
use super::{Ending, Form, radius};
use crate::action::{Action, Actions, ConfirmedDelete};
use crate::model::dialog::{BlastRadius, Dialog};
use crate::model::key_text::display_short;
use crate::ui::theme::{self, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::modal::modal;

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
    let typed = Typed::show(ui, form, "delete confirm", type_to_confirm);
    let confirmed = ConfirmedDelete::confirm(dialog, &form.text);
    let words = t!("dialogs.delete.action", keys = radius::keys(touched.keys));
    typed.buttons(ui, form, Button::danger_filled(&words), confirmed, |confirmed| {
        actions.push(Action::Delete(confirmed));
    })
}
