//! Close a key that has a draft.

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, entered};
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::key_text::display_short;
use crate::ui::theme::{self, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::modal::{footer, modal};

pub fn show(ui: &mut Ui, key: &Key, actions: &mut Actions) -> Ending {
    let title = t!("dialogs.close_dirty.title");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog close"), &title, size::DIALOG, |ui| {
        let tokens = theme::tokens(ui);
        ui.add(Label::new(tokens.mono(display_short(key, 300))).wrap());
        ui.add_space(size::GRID);
        ui.add(Label::new(tokens.secondary(t!("dialogs.close_dirty.hint"))).wrap());
        let enter = entered(ui, &[]);
        let mut ending = Ending::Open;
        footer(ui, |ui| {
            let save = t!("dialogs.close_dirty.save");
            if Button::primary(&save).show(ui).clicked() || enter {
                actions.push(Action::CloseDialog);
                actions.push(Action::OpenKey(key.clone()));
                actions.push(Action::Review(key.clone()));
                ending = Ending::Done;
            }
            if Button::danger(&t!("dialogs.close_dirty.discard")).show(ui).clicked() {
                actions.push(Action::DiscardAndClose(key.clone()));
                ending = Ending::Done;
            }
            if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
                ending = Ending::Cancelled;
            }
        });
        ending
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}
