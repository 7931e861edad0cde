//! Below the pages: review and save, discard, how saving went, and what is known of the text.

use std::time::Duration;

use egui::{Frame, Margin, RichText, Ui};
use rust_i18n::t;

use super::header::{NARROW, bar, format_name};
use super::state::{Body, Checked, DocumentState};
use super::text::LineEnds;
use super::{View, schema_bar};
use crate::action::{Action, Actions, UserCommand};
use crate::model::document::{DocumentPage, SaveState};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::{Button, bytes_text, count_text, fault_line, shortcut_text};

/// Why the draft can not be reviewed and saved now.
pub(super) fn refusal(view: View<'_>) -> Option<String> {
    let document = view.document;
    let reason = if view.session.profile.read_only {
        t!("editor.refusal.read_only")
    } else if document.base.value().is_none() {
        t!("editor.refusal.not_read")
    } else if matches!(document.save, SaveState::Saving { .. }) {
        t!("editor.refusal.saving")
    } else if !document.is_dirty() {
        t!("editor.refusal.unchanged")
    } else {
        return None;
    };
    Some(reason.into_owned())
}

/// Draws the bar at the bottom of what is left.
pub(super) fn show(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::ZERO);
    let height = size::CONTROL + 2.0 * size::PAD;
    let narrow = ui.available_width() < NARROW;
    egui::Panel::bottom("editor_bottom").exact_size(height).frame(frame).show_separator_line(false).show(
        ui,
        |ui| {
            let mut offered = Actions::default();
            let facts = |ui: &mut Ui| facts(ui, view, shown, narrow, &mut offered);
            let rect = bar(ui, height, facts, |ui| buttons(ui, view, actions));
            for action in offered.take() {
                actions.push(action);
            }
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, tokens.line());
        },
    );
}

fn buttons(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let document = view.document;
    let reason = refusal(view);
    // A profile that may not write has no button to save with.
    if !view.session.profile.read_only {
        let label = t!("editor.review_and_save");
        let mut button = Button::primary(&label).shortcut(shortcut_text(UserCommand::Save));
        if let Some(reason) = &reason {
            button = button.enabled(false).disabled_hint(reason.clone());
        }
        if button.show(ui).clicked() {
            actions.push(Action::Review(document.key.clone()));
        }
        let label = t!("editor.discard");
        let discard = Button::quiet(&label)
            .enabled(document.draft.is_some())
            .disabled_hint(t!("editor.refusal.no_draft"))
            .tooltip(t!("editor.discard_hint"));
        if discard.show(ui).clicked() {
            actions.push(Action::DiscardDraft(document.key.clone()));
        }
    }
    save_state(ui, view);
}

/// How saving went, in few words.
fn save_state(ui: &mut Ui, view: View<'_>) {
    let tokens = theme::tokens(ui);
    match &view.document.save {
        SaveState::Saved { revision } => {
            ui.label(icon(icons::CHECK_CIRCLE, tokens.live));
            let words = t!("editor.saved_at", revision = revision);
            ui.label(RichText::new(words).font(text::meta()).color(tokens.live));
        }
        SaveState::Failed(fault) => fault_line(ui, fault),
        SaveState::Unknown(_) => {
            ui.label(icon(icons::QUESTION, tokens.danger));
            let words = t!("editor.outcome_unknown");
            ui.label(RichText::new(words).font(text::meta()).color(tokens.danger));
        }
        _ if view.document.is_dirty() && ui.available_width() > 60.0 => {
            ui.label(RichText::new(t!("editor.modified")).font(text::meta()).color(tokens.changed));
        }
        _ => {}
    }
}

fn icon(icon: &str, colour: egui::Color32) -> RichText {
    RichText::new(icon).font(text::icon(size::ICON)).color(colour)
}

/// Format and validity, place of the cursor, size; drawn from the right.
fn facts(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, narrow: bool, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.spacing_mut().item_spacing.x = size::GROUP;
    let (bytes, place, ends, hidden) = match &shown.body {
        Body::Text(text) => (text.byte_len(), shown.cursor.place, text.ends(), text.hidden()),
        Body::Bytes(bytes) => (bytes.bytes.len(), None, LineEnds::Lf, 0),
    };
    ui.label(tokens.meta(bytes_text(bytes as u64)))
        .on_hover_text(t!("editor.status.bytes", count = count_text(bytes as u64)));
    match ends {
        LineEnds::Lf => {}
        LineEnds::CrLf => {
            ui.label(tokens.meta("CRLF")).on_hover_text(t!("editor.status.crlf"));
        }
        LineEnds::Mixed => {
            ui.label(tokens.meta(t!("editor.status.mixed"))).on_hover_text(t!("editor.status.mixed_hint"));
        }
    }
    if hidden > 0 {
        let words = t!("editor.status.hidden", count = count_text(hidden as u64));
        let words = RichText::new(words).font(text::meta()).color(tokens.waiting);
        ui.label(words).on_hover_text(t!("editor.status.hidden_hint"));
    }
    if view.document.page != DocumentPage::Edit {
        return;
    }
    if let Some((line, column)) = place.filter(|_| !narrow) {
        ui.label(tokens.meta(t!("editor.status.place", line = line, column = column)));
    }
    validity(ui, shown);
    let time = ui.input(|input| input.time);
    let schema = shown.check_schema(ui.ctx(), view.session, &view.document.key, time);
    let nothing = schema.known().is_some_and(|checked| checked.applied.is_none());
    if nothing && !narrow && matches!(shown.body, Body::Text(_)) {
        schema_bar::offer(ui, view, shown, actions);
    }
}

/// `JSON ✓`, `YAML ✗`.
fn validity(ui: &mut Ui, shown: &mut DocumentState) {
    let tokens = theme::tokens(ui);
    let name = format_name(shown.format());
    let time = ui.input(|input| input.time);
    let (checked, wait) = shown.check(ui.ctx(), time, false);
    if let Some(wait) = wait {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(wait + 0.01));
    }
    let (mark, colour, words) = match checked {
        Checked::Valid => (icons::CHECK, tokens.live, t!("editor.status.valid", format = name).into_owned()),
        Checked::Invalid(issue) => (
            icons::X,
            tokens.danger,
            t!("editor.status.invalid", format = name, line = issue.line).into_owned(),
        ),
        Checked::Nothing | Checked::NotYet => {
            ui.label(tokens.meta(name));
            return;
        }
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.label(RichText::new(&name).font(text::meta()).color(colour)).on_hover_text(&words);
        let mark = RichText::new(mark).font(text::icon(size::ICON_SMALL)).color(colour);
        ui.label(mark).accessible_name(words);
    });
}
