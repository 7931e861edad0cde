//! Deregister, release, step down, revoke: the ways to do it, and what each takes along.

use egui::{CornerRadius, Frame, Label, Margin, Stroke, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, give_keyboard, radius};
use crate::action::{Action, Actions, ConfirmedEnd};
use crate::model::coordination::ClaimKind;
use crate::model::dialog::{EndHow, EndQuestion, EndSubject};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::status::KeyInterval;
use crate::model::world::World;
use crate::ui::coordination::lease_text;
use crate::ui::leases::meaning::{self, Words};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::Button;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::{field_label, text_field};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;

/// So many consequences are told one by one.
const MOST_ENDS: usize = 8;
/// Characters of a name that are shown.
const LONGEST: usize = 200;

/// Draws the dialog.
pub(super) fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    question: &EndQuestion,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let id = egui::Id::unique("dialog end");
    let answer = modal(ui.ctx(), id, &title(question), size::DIALOG_WIDE, |ui| {
        contents(ui, world, session, question, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

/// The way that takes less along, to begin with.
pub(super) fn safer(question: &EndQuestion) -> EndHow {
    if question.key.is_some() { EndHow::DeleteKey } else { EndHow::RevokeLease }
}

fn title(question: &EndQuestion) -> String {
    let words = match &question.subject {
        EndSubject::Instance { id, .. } => t!("leases.dialog.deregister", id = id),
        EndSubject::Claim { kind: ClaimKind::Lock, place: 0, .. } => t!("leases.dialog.release"),
        EndSubject::Claim { kind: ClaimKind::Lock, .. } => t!("leases.dialog.remove_waiter"),
        EndSubject::Claim { kind: ClaimKind::Election, place: 0, .. } => t!("leases.dialog.step_down"),
        EndSubject::Claim { kind: ClaimKind::Election, .. } => t!("leases.dialog.remove_candidate"),
        EndSubject::Lease => t!("leases.dialog.revoke"),
    };
    words.into_owned()
}

/// What it is about, in a line.
fn subject(question: &EndQuestion) -> String {
    match &question.subject {
        EndSubject::Instance { service, id } => {
            t!("leases.is.instance", service = service, id = id).into_owned()
        }
        EndSubject::Claim { queue, .. } => display_short(queue, LONGEST).into_owned(),
        EndSubject::Lease => lease_text(question.lease),
    }
}

fn contents(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    question: &EndQuestion,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.mono(subject(question))).truncate());
    changed(ui, session, question);
    ui.add_space(size::GRID);
    let both = question.key.is_some() && question.lease != 0;
    if question.key.is_some() {
        way(ui, both, &mut form.how, EndHow::DeleteKey, |ui| delete_key(ui, session, question));
    }
    if question.lease != 0 {
        ui.add_space(if both { size::PAD } else { 0.0 });
        way(ui, both, &mut form.how, EndHow::RevokeLease, |ui| revoke_lease(ui, session, question));
    }
    let mut fields = Vec::new();
    if let Some(name) = &question.type_to_confirm {
        ui.add_space(size::PAD);
        let label = t!("dialogs.delete.confirm", name = name);
        field_label(ui, &label);
        let id = field_id("end confirm");
        focus_first(ui, form, id);
        text_field(ui, id, &mut form.text, &label, name);
        fields.push(id);
    }
    let confirmed =
        world.dialog.as_ref().and_then(|dialog| ConfirmedEnd::confirm(dialog, form.how, &form.text));
    // Without a name to type the keyboard is at the button that does nothing.
    let enter = question.type_to_confirm.is_some() && entered(ui, &fields);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let words = match form.how {
            EndHow::DeleteKey => t!("leases.dialog.delete_key_action"),
            EndHow::RevokeLease => t!("leases.dialog.revoke_action"),
        };
        let button = Button::danger_filled(&words).enabled(confirmed.is_some());
        let response = button.disabled_hint(t!("dialogs.delete.type_first")).show(ui);
        if let Some(confirmed) = confirmed
            && (response.clicked() || enter)
        {
            actions.push(Action::End(confirmed));
            ending = Ending::Done;
        }
        let cancel = Button::quiet(&t!("common.cancel")).show(ui);
        if question.type_to_confirm.is_none() && !form.focused {
            give_keyboard(ui, form, cancel.id);
        }
        if cancel.clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

/// Says that what is asked about is not any more what it was.
fn changed(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let Some((key, revision)) = &question.key else { return };
    let words = match session.keyspace.get(key) {
        Some(view) if view.meta.mod_revision == *revision => return,
        Some(_) => t!("leases.dialog.key_changed"),
        None => t!("leases.dialog.key_gone"),
    };
    ui.add_space(size::GRID);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        ui.add(Label::new(tokens.body(words)).wrap());
    });
}

/// One way to do it; with a button to choose it where there are two.
fn way(ui: &mut Ui, both: bool, chosen: &mut EndHow, how: EndHow, contents: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    let words = match how {
        EndHow::DeleteKey => t!("leases.dialog.delete_key"),
        EndHow::RevokeLease => t!("leases.dialog.revoke_lease"),
    };
    let is_chosen = *chosen == how;
    let outline = if both && is_chosen { Stroke::new(size::FOCUS, tokens.accent) } else { tokens.line() };
    let frame = Frame::new()
        .fill(tokens.base)
        .stroke(outline)
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = size::GRID;
        if both {
            let title = egui::RichText::new(words).font(text::medium()).color(tokens.text);
            if ui.radio(is_chosen, title).clicked() {
                *chosen = how;
            }
        }
        contents(ui);
    });
}

fn hint(ui: &mut Ui, words: impl Into<String>) {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.secondary(words)).wrap());
}

fn line(ui: &mut Ui, words: &Words) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        let colour = words.tone.colour(tokens);
        ui.label(egui::RichText::new(words.icon).font(text::icon(size::ICON_SMALL)).color(colour));
        ui.add(Label::new(tokens.body(words.text.as_str())).truncate());
    });
}

fn delete_key(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let Some((key, revision)) = &question.key else { return };
    let meaning = session.coordination.meanings.get(key);
    if let Some(words) = meaning.and_then(|meaning| meaning::end_of(session, key, meaning)) {
        line(ui, &words);
    }
    ui.add(Label::new(tokens.mono_meta(display_short(key, LONGEST))).truncate());
    hint(ui, t!("leases.dialog.delete_key_hint", revision = revision));
    if question.lease != 0 {
        let others = question.attached.iter().filter(|(other, _)| other != key).count();
        let words = match (&question.subject, others) {
            (_, 0) => t!("leases.dialog.lease_lives"),
            (_, others) => t!("leases.dialog.lease_lives_with", keys = radius::keys(others as u64)),
        };
        hint(ui, words);
    }
    if matches!(&question.subject, EndSubject::Claim { place: 0, .. }) {
        hint(ui, t!("leases.dialog.owner_goes_on"));
    }
}

fn revoke_lease(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let all = question.attached.iter().map(|(key, meaning)| (key, meaning));
    let (told, others) = meaning::end_of_all(session, all, MOST_ENDS);
    if question.subject != EndSubject::Lease {
        ui.add(Label::new(tokens.mono_meta(lease_text(question.lease))).truncate());
    }
    for words in &told {
        line(ui, words);
    }
    if others > 0 {
        let keys = radius::keys(others as u64);
        let words = if told.is_empty() {
            t!("leases.dialog.deletes_keys", keys = keys)
        } else {
            t!("leases.other_keys", keys = keys)
        };
        ui.label(tokens.body(words));
    }
    if question.attached.is_empty() {
        hint(ui, t!("leases.dialog.no_keys_known"));
    } else {
        hint(ui, t!("leases.dialog.revoke_hint"));
    }
    let readable = session.cluster.notices.iter().any(|notice| {
        matches!(notice, crate::model::status::Notice::RestrictedTo(to) if *to != [KeyInterval::everything()])
    });
    if readable {
        hint(ui, t!("leases.dialog.unseen_keys"));
    }
}
