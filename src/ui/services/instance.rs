//! The instance that is chosen, whole: what it says of itself, its metrics, its past, and what can be done
//! with it.

use egui::{Align, Label, Layout, ScrollArea, Ui, vec2};
use rust_i18n::t;

use super::{View, facts, plots, words};
use crate::action::{Action, Actions};
use crate::model::coordination::{Health, Instance, Service, Turn};
use crate::model::key_text::neutral;
use crate::ui::coordination::open_key;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::chip;
use crate::ui::widgets::{Button, icon_button, section_header, time_text};

/// From this width on, facts and plots stand side by side.
const ROOM_FOR_TWO: f32 = 620.0;
/// So many comings and goings of the instance are listed.
const MOST_PAST: usize = 20;

/// Draws it. Whether it was closed.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    service: &Service,
    instance: &Instance,
    health: Health,
    actions: &mut Actions,
) -> bool {
    let closed = title(ui, instance, health);
    buttons(ui, view, instance, actions);
    ui.add_space(size::GRID);
    ScrollArea::vertical().id_salt(("instance", &instance.key)).auto_shrink([false, false]).show(ui, |ui| {
        let width = ui.available_width() - size::PAD;
        ui.set_max_width(width);
        if width >= ROOM_FOR_TWO {
            let half = (width - size::GROUP) / 2.0;
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = size::GROUP;
                let column = |ui: &mut Ui, content: &mut dyn FnMut(&mut Ui)| {
                    ui.allocate_ui_with_layout(vec2(half, 0.0), Layout::top_down(Align::Min), |ui| {
                        ui.set_width(half);
                        content(ui);
                    });
                };
                column(ui, &mut |ui| facts::show(ui, view, instance, actions));
                column(ui, &mut |ui| {
                    plots::show(ui, view, instance);
                    past(ui, view, service, instance);
                });
            });
        } else {
            plots::show(ui, view, instance);
            facts::show(ui, view, instance, actions);
            past(ui, view, service, instance);
        }
    });
    closed
}

fn title(ui: &mut Ui, instance: &Instance, health: Health) -> bool {
    let tokens = theme::tokens(ui);
    let mut closed = false;
    let room = vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        closed = icon_button(ui, icons::X, &t!("services.close_instance"), None).clicked();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            chip(ui, words::instance_tone(instance, health), &words::status(instance, health));
            ui.add(Label::new(tokens.strong(neutral(&instance.id))).truncate().selectable(true));
        });
    });
    closed
}

fn buttons(ui: &mut Ui, view: View<'_>, instance: &Instance, actions: &mut Actions) {
    let writable = !view.session.profile.read_only;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(size::PAD, size::GRID);
        let why = t!("services.read_only");
        let edit = t!("services.edit");
        let button = Button::quiet(&edit).icon(icons::SLIDERS).small().enabled(writable).disabled_hint(&*why);
        if button.show(ui).clicked() {
            actions.push(Action::AskEditInstance(instance.key.clone()));
        }
        let end = t!("services.deregister");
        let button = Button::danger(&end).icon(icons::TRASH).small().enabled(writable).disabled_hint(&*why);
        if button.show(ui).clicked() {
            actions.push(Action::AskEndKey(instance.key.clone()));
        }
        if Button::ghost(&t!("services.open_key")).icon(icons::FILE_TEXT).small().show(ui).clicked() {
            open_key(&instance.key, actions);
        }
        if let Some(address) = &instance.address
            && Button::ghost(&t!("services.copy_address")).icon(icons::COPY).small().show(ui).clicked()
        {
            actions.push(Action::CopyText(address.clone()));
        }
    });
}

/// The same in the menu of a line.
pub(super) fn menu(ui: &mut Ui, view: View<'_>, instance: &Instance, actions: &mut Actions) {
    let writable = !view.session.profile.read_only;
    let mut chosen = None;
    let mut item = |ui: &mut Ui, words: &str, enabled: bool, action: &dyn Fn() -> Vec<Action>| {
        let response = ui.add_enabled(enabled, egui::Button::new(words));
        if response.on_disabled_hover_text(t!("services.read_only")).clicked() {
            chosen = Some(action());
        }
    };
    let key = &instance.key;
    item(ui, &t!("services.edit"), writable, &|| vec![Action::AskEditInstance(key.clone())]);
    item(ui, &t!("services.deregister"), writable, &|| vec![Action::AskEndKey(key.clone())]);
    item(ui, &t!("services.open_key"), true, &|| {
        let mut actions = Actions::default();
        open_key(key, &mut actions);
        actions.take()
    });
    if let Some(address) = &instance.address {
        item(ui, &t!("services.copy_address"), true, &|| vec![Action::CopyText(address.clone())]);
    }
    if instance.meta.lease != 0 {
        let lease = instance.meta.lease;
        item(ui, &t!("services.show_lease"), true, &|| vec![Action::ShowLease(lease)]);
    }
    if let Some(done) = chosen {
        for action in done {
            actions.push(action);
        }
        ui.close();
    }
}

/// How this instance came and went.
fn past(ui: &mut Ui, view: View<'_>, service: &Service, instance: &Instance) {
    let tokens = theme::tokens(ui);
    ui.add_space(size::PAD);
    section_header(ui, &t!("services.past"), |_| {});
    let events = service.past.iter().rev().filter(|event| event.key == instance.key);
    let mut any = false;
    for event in events.take(MOST_PAST) {
        any = true;
        ui.horizontal(|ui| {
            ui.set_min_height(size::ROW);
            let tone = words::turn_tone(event.turn, event.cause);
            let words = chip(ui, tone, &words::turn(event.turn, event.cause));
            if let (Turn::Down, Some(cause)) = (event.turn, event.cause) {
                words.on_hover_text(words::cause_hint(cause));
            }
            let when = time_text(event.at, view.world.now);
            ui.add(Label::new(tokens.meta(format!("{when} · r{}", event.revision))).truncate());
        });
    }
    if !any {
        ui.label(tokens.hint(t!("services.no_past")));
    }
}
