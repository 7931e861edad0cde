//! Deregister, release, end a leadership, revoke: the ways to do it. Each says what exactly is deleted, what
//! stays, who takes over, and what the program will notice.

use egui::{CornerRadius, Frame, Label, Margin, Stroke, Ui, vec2};
use rust_i18n::t;

use super::confirm::Typed;
use super::{Ending, Form};
use crate::action::{Action, Actions, ConfirmedEnd};
use crate::model::bytes::Key;
use crate::model::coordination::ClaimKind;
use crate::model::dialog::{EndHow, EndQuestion, EndSubject};
use crate::model::ended;
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{after_words, end_about, end_title, lease_text};
use crate::ui::leases::meaning::{self, Words};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, clock_text, count_text};

/// So many consequences are told one by one.
const MOST_ENDS: usize = 5;
/// So many keys that stay are named.
const MOST_NAMED: usize = 3;
/// Characters of a name that are shown.
const LONGEST: usize = 200;
/// Room for what a line is about.
const FACT: f32 = 68.0;

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
    let answer = modal(ui.ctx(), id, &end_title(&question.subject), size::DIALOG_WIDE, |ui| {
        contents(ui, world, session, question, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

/// The way that takes less along, to begin with.
pub(super) fn safer(question: &EndQuestion) -> EndHow {
    if question.key.is_some() { EndHow::DeleteKey } else { EndHow::RevokeLease }
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
    ui.add(Label::new(tokens.mono(end_about(&question.subject, question.lease))).truncate());
    changed(ui, session, question);
    moved(ui, question);
    not_proven(ui, world, session);
    ui.add_space(size::GRID);
    let both = question.key.is_some() && question.lease != 0;
    if question.key.is_some() {
        way(ui, both, &mut form.how, EndHow::DeleteKey, |ui| delete_key(ui, session, question));
    }
    if question.lease != 0 {
        ui.add_space(if both { size::PAD } else { 0.0 });
        way(ui, both, &mut form.how, EndHow::RevokeLease, |ui| revoke_lease(ui, session, question));
    }
    let typed = Typed::show(ui, form, "end confirm", question.type_to_confirm.as_deref());
    let dialog = world.dialog.as_ref();
    let confirmed = dialog.and_then(|dialog| ConfirmedEnd::confirm(dialog, form.how, &form.text));
    let words = match form.how {
        EndHow::DeleteKey => t!("endings.way.delete_key_action"),
        EndHow::RevokeLease => t!("endings.way.revoke_action"),
    };
    typed.buttons(ui, form, Button::danger_filled(&words), confirmed, |confirmed| {
        actions.push(Action::End(confirmed));
    })
}

/// Says that what is asked about is not any more what it was.
fn changed(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let Some((key, revision)) = &question.key else { return };
    let words = match session.keyspace.get(key) {
        Some(view) if view.meta.mod_revision == *revision => return,
        Some(_) => t!("endings.key_changed"),
        None => t!("endings.key_gone"),
    };
    ui.add_space(size::GRID);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        ui.add(Label::new(tokens.body(words)).wrap());
    });
}

/// Says what has changed since it was asked, and that it has to be confirmed again.
fn moved(ui: &mut Ui, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let moved = &question.moved;
    let mut lines = Vec::new();
    if moved.again {
        lines.push(t!("endings.again").into_owned());
    }
    if moved.turned_at.is_some() {
        lines.push(t!("endings.turned").into_owned());
    }
    if !moved.came.is_empty() {
        let keys = crate::ui::keys::words::keys(moved.came.len() as u64);
        lines.push(t!("endings.grew", keys = keys, names = names(moved.came.iter())).into_owned());
    }
    if moved.gone > 0 {
        let keys = crate::ui::keys::words::keys(moved.gone as u64);
        lines.push(t!("endings.shrank", keys = keys).into_owned());
    }
    if lines.is_empty() {
        return;
    }
    ui.add_space(size::GRID);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        for line in lines {
            ui.add(Label::new(tokens.body(line)).wrap());
        }
    });
}

/// Says that what is told here may have moved on.
fn not_proven(ui: &mut Ui, world: &World, session: &Session) {
    let tokens = theme::tokens(ui);
    let known_until = session.known_until(world.now);
    if session.state.is_live() && known_until == world.now {
        return;
    }
    ui.add_space(size::GRID);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        let words = match session.proven_at {
            Some(_) => t!("endings.not_proven", time = clock_text(known_until, world.now)),
            None => t!("endings.never_proven"),
        };
        ui.add(Label::new(tokens.body(words)).wrap());
    });
}

/// One way to do it; with a button to choose it where there are two.
fn way(ui: &mut Ui, both: bool, chosen: &mut EndHow, how: EndHow, contents: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    let words = match how {
        EndHow::DeleteKey => t!("endings.way.delete_key"),
        EndHow::RevokeLease => t!("endings.way.revoke_lease"),
    };
    let is_chosen = *chosen == how;
    let colour = if both && is_chosen { tokens.accent } else { tokens.border };
    // Equally broad, so that nothing moves when the other one is chosen.
    let outline = Stroke::new(if both { size::FOCUS } else { 1.0 }, colour);
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

/// What it is about at the left, what is said of it at the right.
fn fact(ui: &mut Ui, about: &str, contents: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        let (room, _) = ui.allocate_exact_size(vec2(FACT, size::GROUP), egui::Sense::hover());
        let name = ui.painter().layout_no_wrap(about.to_owned(), text::meta(), tokens.second);
        ui.painter().galley(room.left_top() + vec2(0.0, 1.0), name, tokens.second);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            contents(ui);
        });
    });
}

fn said(ui: &mut Ui, about: &str, words: impl Into<String>) {
    let tokens = theme::tokens(ui);
    fact(ui, about, |ui| {
        ui.add(Label::new(tokens.body(words)).wrap());
    });
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

/// Who takes over once these keys are gone.
fn next(ui: &mut Ui, session: &Session, subject: &EndSubject, goes: impl Fn(&Key) -> bool) {
    let after = ended::after(&session.coordination, subject, goes);
    if let Some(words) = after_words(subject, &after) {
        said(ui, &t!("endings.fact.next"), words);
    }
}

/// A few keys by name, and how many there are beside them.
fn names<'a>(keys: impl ExactSizeIterator<Item = &'a Key>) -> String {
    let others = keys.len().saturating_sub(MOST_NAMED);
    let named: Vec<_> = keys.take(MOST_NAMED).map(|key| display_short(key, LONGEST).into_owned()).collect();
    let named = named.join(", ");
    match others {
        0 => named,
        _ => t!("endings.many", names = named, count = count_text(others as u64)).into_owned(),
    }
}

fn delete_key(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let Some((key, revision)) = &question.key else { return };
    let shown = display_short(key, LONGEST);
    said(ui, &t!("endings.fact.deletes"), t!("endings.key_and_revision", key = shown, revision = revision));
    let others: Vec<&Key> =
        question.attached.iter().map(|(other, _)| other).filter(|it| *it != key).collect();
    let lease = lease_text(question.lease);
    let stays = match (question.lease, others.len()) {
        (0, _) => t!("endings.no_lease"),
        (_, 0) => t!("endings.lease_lives", lease = lease),
        _ => t!("endings.lease_lives_with", lease = lease, keys = names(others.into_iter())),
    };
    said(ui, &t!("endings.fact.stays"), stays);
    next(ui, session, &question.subject, |going| going == key);
    let program = match &question.subject {
        EndSubject::Claim { kind: ClaimKind::Lock, place: 0, .. } => t!("endings.program.holder"),
        EndSubject::Claim { kind: ClaimKind::Lock, .. } => t!("endings.program.waiter"),
        EndSubject::Claim { kind: ClaimKind::Election, place: 0, .. } => t!("endings.program.leader"),
        EndSubject::Claim { kind: ClaimKind::Election, .. } => t!("endings.program.candidate"),
        EndSubject::Instance { .. } => t!("endings.program.instance"),
        EndSubject::Lease => return,
    };
    said(ui, &t!("endings.fact.program"), program);
}

fn revoke_lease(ui: &mut Ui, session: &Session, question: &EndQuestion) {
    let tokens = theme::tokens(ui);
    let all = || question.attached.iter().map(|(key, meaning)| (key, meaning));
    let (told, _) = meaning::end_of_all(session, all(), MOST_ENDS);
    let bare = question.attached.is_empty();
    fact(ui, &t!("endings.fact.deletes"), |ui| {
        let lease = lease_text(question.lease);
        let words = if bare {
            t!("endings.lease_bare", lease = lease)
        } else {
            let keys = names(question.attached.iter().map(|(key, _)| key));
            t!("endings.lease_with", lease = lease, keys = keys)
        };
        ui.add(Label::new(tokens.body(words)).wrap());
        for words in &told {
            line(ui, words);
        }
        if !bare {
            ui.add(Label::new(tokens.hint(t!("endings.whatever"))).wrap());
        }
        if session.sees_a_part() {
            ui.add(Label::new(tokens.hint(t!("endings.unseen_keys"))).wrap());
        }
    });
    if matches!(question.subject, EndSubject::Instance { .. }) {
        let alone = question.attached.len() <= 1;
        let words = if alone { t!("endings.off_lease_none") } else { t!("endings.off_lease") };
        said(ui, &t!("endings.fact.stays"), words);
    }
    let goes = |key: &Key| question.attached.iter().any(|(attached, _)| attached == key);
    next(ui, session, &question.subject, goes);
    said(ui, &t!("endings.fact.program"), t!("endings.program.lease"));
}
