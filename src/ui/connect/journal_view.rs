//! The part of the form about what is recorded on this machine.

use egui::{Id, Ui};
use rust_i18n::t;

use super::journal_form::JournalForm;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::field::{check_box, field_error, field_label, mono_field};
use crate::ui::widgets::{icon_button, link};

/// Draws the switch, and the limits while it is on.
pub(super) fn show(ui: &mut Ui, form: &mut JournalForm) {
    check_box(ui, &mut form.on, &t!("journal.record"), Some(&t!("journal.record_hint")));
    if !form.on {
        return;
    }
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            let name = t!("journal.size");
            field_label(left, &name);
            mono_field(left, Id::unique("journal size"), &mut form.most_mib, &name, "512");
            let name = t!("journal.days");
            field_label(right, &name);
            mono_field(right, Id::unique("journal days"), &mut form.most_days, &name, "90");
        }
    });
    field_label(ui, &t!("journal.kept_out"));
    ui.label(theme::tokens(ui).hint(t!("journal.kept_out_hint")));
    let mut removed = None;
    for (at, prefix) in form.kept_out.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let room = ui.available_width() - size::CONTROL_SMALL - size::PAD;
            ui.scope(|ui| {
                ui.set_max_width(room);
                let name = t!("journal.kept_out_field", n = at + 1);
                mono_field(ui, Id::unique(("journal kept out", at)), prefix, &name, "/secrets/");
            });
            if icon_button(ui, icons::X, &t!("journal.kept_out_remove", n = at + 1), None).clicked() {
                removed = Some(at);
            }
        });
    }
    if let Some(at) = removed {
        form.kept_out.remove(at);
    }
    if link(ui, &t!("journal.kept_out_add")).clicked() {
        form.kept_out.push(String::new());
        let last = Id::unique(("journal kept out", form.kept_out.len() - 1));
        ui.memory_mut(|memory| memory.request_focus(last));
    }
    if let Some(words) = form.problem() {
        field_error(ui, &t!(words));
    }
}
