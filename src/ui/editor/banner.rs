//! What the operator must know about the key before going on: a line each, never in the way of the
//! text.

use std::time::Duration;

use egui::{Align, Frame, Label, Layout, Margin, RichText, Ui, Vec2};
use rust_i18n::t;

use super::View;
use crate::action::{Action, Actions};
use crate::model::coordination::ClaimKind;
use crate::model::document::{DocumentPage, SaveState};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::notice::{fault_advice, fault_words};
use crate::ui::widgets::{Button, Tone, clock_text, relative_text};

/// Ages are told to the second at first, later by the half minute.
const FRESH_MS: i64 = 60_000;

/// A line with up to three buttons; which of them was pressed.
pub(super) fn line(ui: &mut Ui, tone: Tone, icon: &str, words: &str, buttons: &[&str]) -> Option<usize> {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let mut pressed = None;
    Frame::new().fill(tokens.soft(colour)).inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_size(Vec2::new(ui.available_width(), size::CONTROL_SMALL));
            ui.label(RichText::new(icon).font(text::icon(size::ICON)).color(colour));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for (at, button) in buttons.iter().enumerate().rev() {
                    if Button::quiet(button).small().show(ui).clicked() {
                        pressed = Some(at);
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(tokens.body(words)).truncate()).on_hover_text(words);
                });
            });
        });
    });
    pressed
}

/// Draws the lines that apply.
pub(super) fn show(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    outcome(ui, view, actions);
    elsewhere(ui, view, actions);
    let document = view.document;
    if document.recovered && document.draft.is_some() {
        let words = t!("editor.banner.recovered");
        let discard = t!("editor.discard");
        if line(ui, Tone::Changed, icons::CLOCK_COUNTER_CLOCKWISE, &words, &[&discard]).is_some() {
            actions.push(Action::DiscardDraft(document.key.clone()));
        }
    }
    gone(ui, view, actions);
    if document.page == DocumentPage::History {
        return;
    }
    if let Some((queue, _)) = view.session.coordination.claim_of(&view.document.key) {
        let kind = match queue.kind {
            ClaimKind::Lock => t!("editor.banner.lock_claim"),
            ClaimKind::Election => t!("editor.banner.election_claim"),
        };
        line(ui, Tone::Danger, icons::WARNING, &kind, &[]);
    } else if let Some(meta) = document.newest_meta()
        && meta.lease != 0
        && !view.session.profile.read_only
    {
        let words = t!("editor.banner.leased", lease = lease_text(meta.lease));
        line(ui, Tone::Accent, icons::TIMER, &words, &[]);
    }
}

/// A lease as etcdctl writes it.
pub(super) fn lease_text(lease: i64) -> String {
    format!("{lease:x}")
}

/// A save that failed, or whose outcome is not known.
fn outcome(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let key = &view.document.key;
    match &view.document.save {
        SaveState::Unknown(fault) => {
            let words = t!("editor.banner.unknown", fault = fault_words(fault));
            let again = t!("editor.banner.read_again");
            if line(ui, Tone::Danger, icons::QUESTION, &words, &[&again]).is_some() {
                actions.push(Action::Reload(key.clone()));
            }
        }
        SaveState::Failed(fault) => {
            let words = t!("editor.banner.failed", fault = fault_words(fault), advice = fault_advice(fault));
            let again = t!("editor.banner.review_again");
            if line(ui, Tone::Danger, icons::X_CIRCLE, &words, &[&again]).is_some() {
                actions.push(Action::Review(key.clone()));
            }
        }
        _ => {}
    }
    if let (Some(fault), Some(_)) = (view.document.base.fault(), view.document.base.value()) {
        let words = t!("editor.banner.not_read", fault = fault_words(fault));
        let again = t!("common.retry");
        if line(ui, Tone::Changed, icons::CLOUD_SLASH, &words, &[&again]).is_some() {
            actions.push(Action::Reload(key.clone()));
        }
    }
}

/// Someone else changed or deleted the key while it was open here.
fn elsewhere(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let document = view.document;
    let Some(live) = &document.live else { return };
    let now = view.world.now;
    let age = now - document.live_seen_at;
    ui.ctx().request_repaint_after(Duration::from_secs(if age < FRESH_MS { 1 } else { 30 }));
    let time = clock_text(document.live_seen_at, now);
    let ago = relative_text(document.live_seen_at, now);
    let key = document.key.clone();
    match live {
        Some(record) => {
            let revision = record.meta.mod_revision;
            let words = t!("editor.banner.changed", revision = revision, time = time, ago = ago);
            let compare = t!("editor.banner.compare");
            let take = t!("editor.banner.take_theirs");
            let pressed = line(ui, Tone::Waiting, icons::USERS, &words, &[&compare, &take]);
            match pressed {
                Some(0) if document.is_dirty() => actions.push(Action::Review(key)),
                Some(0) => actions.push(Action::ShowPage { key, page: DocumentPage::Diff }),
                Some(_) => actions.push(Action::TakeTheirs(key)),
                None => {}
            }
        }
        None => {
            let words = t!("editor.banner.deleted", time = time, ago = ago);
            let can_undelete = view.session.activity.deleted_key(&document.key).is_some();
            let writable = !view.session.profile.read_only;
            let (recreate, undelete, close) =
                (t!("editor.banner.recreate"), t!("editor.banner.undelete"), t!("editor.banner.close"));
            let mut choices: Vec<(&str, Action)> = Vec::new();
            if document.is_dirty() && writable {
                choices.push((&recreate, Action::Review(key.clone())));
            } else if can_undelete && writable {
                choices.push((&undelete, Action::AskUndelete(key.clone())));
            }
            choices.push((&close, Action::CloseDocument(key)));
            offer(ui, Tone::Danger, icons::TRASH, &words, choices, actions);
        }
    }
}

/// The key does not exist, but was seen deleted.
fn gone(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let document = view.document;
    let absent = matches!(document.base.value(), Some(None)) && document.live.is_none();
    let Some(deleted) = view.session.activity.deleted_key(&document.key).filter(|_| absent) else { return };
    let words = t!(
        "editor.banner.gone",
        revision = deleted.revision,
        time = clock_text(deleted.seen_at, view.world.now)
    );
    let undelete = t!("editor.banner.undelete");
    let choices = if view.session.profile.read_only {
        Vec::new()
    } else {
        vec![(undelete.as_ref(), Action::AskUndelete(document.key.clone()))]
    };
    offer(ui, Tone::Danger, icons::TRASH, &words, choices, actions);
}

fn offer(
    ui: &mut Ui,
    tone: Tone,
    icon: &str,
    words: &str,
    mut choices: Vec<(&str, Action)>,
    actions: &mut Actions,
) {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    if let Some(pressed) = line(ui, tone, icon, words, &names) {
        actions.push(choices.swap_remove(pressed).1);
    }
}
