//! The part of the form about what the system notifies of: nothing at first.

use egui::{Id, Label, Ui};
use rust_i18n::t;

use super::coordination_form::CoordinationForm;
use crate::action::{Action, Actions};
use crate::model::notify::Notifying;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::Button;
use crate::ui::widgets::field::{check_box, field_error, field_label, mono_field, outline_error};
use crate::ui::widgets::notice::{fault_advice, fault_words};

/// Draws what can be switched on, and a way to see whether the system shows it.
pub(super) fn show(ui: &mut Ui, world: &World, form: &mut CoordinationForm, actions: &mut Actions) {
    ui.add(Label::new(theme::tokens(ui).hint(t!("notify.hint"))).wrap());
    ui.add_space(size::GRID);
    let wanted = &mut form.notify;
    check_box(ui, &mut wanted.instance_down, &t!("notify.on_instance"), None);
    check_box(ui, &mut wanted.leader_changed, &t!("notify.on_leader"), None);
    check_box(ui, &mut wanted.deadlock, &t!("notify.on_deadlock"), None);
    ui.add_space(size::GRID);
    let name = t!("notify.on_held");
    field_label(ui, &name);
    let problem = form.notify_problem();
    ui.columns(2, |columns| {
        if let [left, _] = columns {
            let id = Id::unique("notify of held locks");
            let held = mono_field(left, id, &mut form.held, &name, &t!("notify.never"));
            if problem.is_some() {
                outline_error(left, &held);
            }
        }
    });
    if let Some(words) = problem {
        field_error(ui, &t!(words));
    }
    ui.add_space(size::GRID);
    prefixes(ui, &mut form.notified_keys);
    ui.add_space(size::PAD);
    test(ui, world, actions);
}

fn prefixes(ui: &mut Ui, keys: &mut String) {
    let tokens = theme::tokens(ui);
    let name = t!("notify.on_keys");
    field_label(ui, &name);
    let selection = std::mem::replace(&mut ui.visuals_mut().selection.stroke, tokens.focus_ring());
    let keys = egui::TextEdit::multiline(keys)
        .id(Id::unique("notify of keys"))
        .font(text::mono())
        .text_color(tokens.text)
        .hint_text("/config/production/")
        .margin(egui::Margin::symmetric(8, 6))
        .desired_rows(2)
        .desired_width(f32::INFINITY);
    ui.add(keys).accessible_name(&*name);
    ui.visuals_mut().selection.stroke = selection;
}

/// Whether the system shows notifications, seen at once rather than in an incident.
fn test(ui: &mut Ui, world: &World, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let asked = world.notifying == Notifying::Asked;
    let words = t!("notify.test");
    ui.horizontal(|ui| {
        if Button::quiet(&words).icon(icons::BELL).small().enabled(!asked).show(ui).clicked() {
            actions.push(Action::TestNotification);
        }
        // Beside the button: below it would be out of sight.
        match &world.notifying {
            Notifying::NotTried => {}
            Notifying::Asked => {
                ui.label(tokens.hint(t!("notify.asked")));
            }
            Notifying::Taken => {
                ui.add(Label::new(tokens.hint(t!("notify.taken"))).wrap());
            }
            Notifying::Failed(fault) => field_error(ui, &fault_words(fault)),
        }
    });
    if let Notifying::Failed(fault) = &world.notifying {
        ui.add(Label::new(tokens.hint(fault_advice(fault))).wrap());
    }
}
