//! Bring a deleted key back.

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, entered};
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::key_text::{display_short, preview_value};
use crate::model::session::Session;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;

pub fn show(ui: &mut Ui, session: &Session, key: &Key, actions: &mut Actions) -> Ending {
    let title = t!("dialogs.undelete.title");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog undelete"), &title, size::DIALOG, |ui| {
        contents(ui, session, key, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, key: &Key, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.mono(display_short(key, 300))).wrap());
    let value = session.activity.deleted_key(key).and_then(|deleted| deleted.last.value.as_ref());
    let exists = session.keyspace.get(key).is_some();
    ui.add_space(size::GRID);
    match value {
        Some(value) => {
            ui.add(Label::new(tokens.mono_meta(preview_value(value, 160))).wrap());
            ui.add_space(size::GRID);
            ui.add(Label::new(tokens.secondary(t!("dialogs.undelete.hint"))).wrap());
        }
        None => {
            card(ui, Tone::Danger, icons::WARNING, |ui| {
                ui.add(Label::new(tokens.body(t!("dialogs.undelete.no_value"))).wrap());
            });
        }
    }
    if exists {
        ui.add_space(size::PAD);
        card(ui, Tone::Changed, icons::WARNING, |ui| {
            ui.add(Label::new(tokens.body(t!("dialogs.undelete.exists"))).wrap());
        });
    }
    let ready = value.is_some() && !exists;
    let enter = entered(ui, &[]);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let words = t!("dialogs.undelete.action");
        let pressed = Button::primary(&words).enabled(ready).show(ui).clicked();
        if ready && (pressed || enter) {
            actions.push(Action::Undelete(key.clone()));
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}
