//! Run a plan: what it writes first, the profile's name in production.

use egui::{Label, Ui};
use rust_i18n::t;

use super::confirm::Typed;
use super::{Ending, Form, radius};
use crate::action::{Action, Actions, ConfirmedPlan};
use crate::model::dialog::Dialog;
use crate::model::plan::PlanWork;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, count_text};

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The dialog, to be confirmed.
    pub dialog: &'a Dialog,
    /// What it would do.
    pub work: PlanWork,
    /// Text to be typed before the button works.
    pub type_to_confirm: Option<&'a str>,
}

pub fn show(ui: &mut Ui, question: Question<'_>, form: &mut Form, actions: &mut Actions) -> Ending {
    let title = t!("dialogs.run_plan.title", keys = radius::keys(question.work.steps()));
    let id = egui::Id::unique("dialog run plan");
    let answer = modal(ui.ctx(), id, &title, size::DIALOG_WIDE, |ui| contents(ui, question, form, actions));
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, question: Question<'_>, form: &mut Form, actions: &mut Actions) -> Ending {
    let Question { dialog, work, type_to_confirm } = question;
    let tokens = theme::tokens(ui);
    let lines = [
        (work.creates, t!("dialogs.run_plan.creates", keys = radius::keys(work.creates))),
        (work.overwrites, t!("dialogs.run_plan.overwrites", keys = radius::keys(work.overwrites))),
        (work.off, t!("dialogs.run_plan.off", keys = radius::keys(work.off))),
    ];
    for (_, words) in lines.iter().filter(|(count, _)| *count > 0) {
        ui.label(tokens.body(words.as_ref()));
    }
    if work.deletes > 0 {
        ui.add_space(size::GRID);
        card(ui, Tone::Danger, icons::TRASH, |ui| {
            let words = t!("dialogs.run_plan.deletes", keys = radius::keys(work.deletes));
            ui.add(Label::new(tokens.body(words)).wrap());
        });
    }
    if work.uncertain > 0 {
        ui.add_space(size::GRID);
        card(ui, Tone::Changed, icons::WARNING, |ui| {
            let words = t!("dialogs.run_plan.uncertain", keys = radius::keys(work.uncertain));
            ui.add(Label::new(tokens.body(words)).wrap());
        });
    }
    if work.transactions > 1 {
        ui.add_space(size::PAD);
        card(ui, Tone::Changed, icons::WARNING, |ui| {
            let words = t!(
                "dialogs.run_plan.not_atomic",
                keys = radius::keys(work.steps()),
                transactions = count_text(work.transactions)
            );
            ui.add(Label::new(tokens.body(words)).wrap());
        });
    }
    ui.add_space(size::PAD);
    ui.add(Label::new(tokens.hint(t!("dialogs.run_plan.guarded"))).wrap());
    ui.add(Label::new(tokens.hint(t!("dialogs.run_plan.kept"))).wrap());
    let typed = Typed::show(ui, form, "run plan confirm", type_to_confirm);
    let confirmed = ConfirmedPlan::confirm(dialog, &form.text);
    let words = match work.steps() {
        1 => t!("dialogs.run_plan.action_one"),
        steps => t!("dialogs.run_plan.action", count = count_text(steps)),
    };
    let button = if work.deletes > 0 { Button::danger_filled(&words) } else { Button::primary(&words) };
    typed.buttons(ui, form, button, confirmed, |confirmed| actions.push(Action::RunPlan(confirmed)))
}
