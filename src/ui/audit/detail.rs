//! One entry, whole.

use egui::{Label, ScrollArea, Ui};
use rust_i18n::t;

use super::words;
use crate::action::{Action, Actions};
use crate::model::audit::{AuditEntry, AuditOperation};
use crate::model::key_text::{display_key, display_short, neutral};
use crate::model::session::{Screen, Session};
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::chip;
use crate::ui::widgets::{Button, count_text, property, property_mono, section_header, time_text};

/// Characters of a key that are shown.
const LONGEST: usize = 600;

/// Draws it.
pub(super) fn show(ui: &mut Ui, world: &World, entry: &AuditEntry, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let write = &entry.write;
    ScrollArea::vertical().id_salt("audit detail").auto_shrink([false, false]).show(ui, |ui| {
        let (tone, words) = words::outcome(&write.outcome);
        ui.horizontal(|ui| {
            ui.label(tokens.title(words::operation(write.operation)));
            chip(ui, tone, &words);
        });
        ui.add(Label::new(tokens.hint(words::outcome_hint(&write.outcome))).wrap());
        if !write.outcome.detail().is_empty() {
            ui.add(Label::new(tokens.mono_meta(neutral(write.outcome.detail()))).wrap().selectable(true));
        }
        ui.add_space(size::PAD);
        if write.operation != AuditOperation::Note {
            let key = display_short(&write.key, LONGEST);
            ui.add(Label::new(tokens.mono(key)).wrap().selectable(true));
            ui.add_space(size::GRID);
            buttons(ui, world, entry, actions);
            ui.add_space(size::PAD);
        }
        facts(ui, world, entry, actions);
    });
}

fn buttons(ui: &mut Ui, world: &World, entry: &AuditEntry, actions: &mut Actions) {
    let write = &entry.write;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        let here = world.active_session().filter(|session| is_of(session, entry));
        let lease = write.lease();
        let label = if lease.is_some() { t!("audit.show_lease") } else { t!("audit.open_key") };
        let icon = if lease.is_some() { icons::HOURGLASS } else { icons::FILE_TEXT };
        let open = Button::quiet(&label).icon(icon).small().enabled(here.is_some());
        let pressed = open.disabled_hint(t!("audit.open_elsewhere")).show(ui).clicked();
        if let Some(lease) = lease.filter(|_| pressed) {
            actions.push(Action::ShowLease(lease));
        } else if pressed {
            actions.push(Action::ShowScreen(Screen::Keys));
            actions.push(Action::Reveal(TreeItem::key(write.key.clone())));
            actions.push(Action::OpenKey(write.key.clone()));
        }
        if Button::quiet(&t!("audit.copy_key")).icon(icons::COPY).small().show(ui).clicked() {
            actions.push(Action::CopyText(display_key(&write.key).into_owned()));
        }
        if let Some(plan) = write.plan.clone().filter(|_| here.is_some()) {
            let label = t!("audit.show_plan");
            if Button::quiet(&label).icon(icons::CLOCK_COUNTER_CLOCKWISE).small().show(ui).clicked() {
                actions.push(Action::ShowScreen(Screen::Restore));
                actions.push(Action::ShowPlan(Some(plan)));
            }
        }
    });
}

/// Whether the connection is to the cluster that was written to.
fn is_of(session: &Session, entry: &AuditEntry) -> bool {
    let id = session.cluster.cluster_id;
    if id == 0 || entry.write.cluster_id == 0 {
        session.profile.name == entry.write.profile
    } else {
        id == entry.write.cluster_id
    }
}

fn facts(ui: &mut Ui, world: &World, entry: &AuditEntry, actions: &mut Actions) {
    let write = &entry.write;
    let mut copied = Vec::new();
    section_header(ui, &t!("audit.entry", number = count_text(entry.number)), |_| {});
    copied.extend(property(ui, &t!("audit.column.when"), &time_text(write.at, world.now)));
    if !write.profile.is_empty() {
        copied.extend(property(ui, &t!("audit.column.profile"), &neutral(&write.profile)));
        copied.extend(property(ui, &t!("audit.column.user"), &neutral(write.user.as_deref().unwrap_or("–"))));
        copied.extend(property_mono(ui, &t!("audit.cluster"), &format!("{:x}", write.cluster_id)));
    }
    if let Some(source) = &write.source {
        let label = match write.operation {
            AuditOperation::RevokeLease => t!("audit.with_lease"),
            _ => t!("audit.source"),
        };
        copied.extend(property_mono(ui, &label, &display_short(source, LONGEST)));
    }
    if write.operation != AuditOperation::Note {
        copied.extend(property_mono(ui, &t!("audit.column.revisions"), &words::revisions(entry)));
    }
    if let Some(plan) = &write.plan {
        copied.extend(property_mono(ui, &t!("audit.plan"), &neutral(plan)));
    }
    copied.extend(property_mono(ui, &t!("audit.hash"), &entry.hash));
    for text in copied {
        actions.push(Action::CopyText(text));
    }
}
