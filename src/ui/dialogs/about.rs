//! What the console is.

use egui::{Id, Label, Ui};
use rust_i18n::t;

use super::Ending;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::modal::modal;

/// Draws the dialog.
pub(super) fn show(ui: &mut Ui) -> Ending {
    let title = t!("shell.about_title");
    let answer = modal(ui.ctx(), Id::unique("about dialog"), &title, size::DIALOG, |ui| {
        let tokens = theme::tokens(ui);
        ui.horizontal(|ui| {
            ui.label(tokens.icon(icons::TREE_STRUCTURE).color(tokens.accent));
            ui.label(tokens.strong(t!("common.app_name")));
            ui.label(tokens.secondary(t!("shell.about_version", version = env!("CARGO_PKG_VERSION"))));
        });
        ui.add_space(size::PAD);
        ui.add(Label::new(tokens.body(t!("shell.about_words"))).wrap());
        ui.add(Label::new(tokens.meta(t!("shell.about_fonts"))).wrap());
    });
    if answer.closed { Ending::Cancelled } else { Ending::Open }
}
