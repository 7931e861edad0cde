//! What is recorded of the cluster on this machine.

use egui::{Label, Ui};
use rust_i18n::t;

use super::SUMMARY_WIDTH;
use crate::action::{Action, Actions};
use crate::model::fault::FaultKind;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::notice::{card, fault_words};
use crate::ui::widgets::{bytes_text, clock_text, count_text, property, section_header};

/// Draws how the journal stands.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let journal = &session.journal;
    section_header(ui, &t!("journal.title"), |ui| {
        let (tone, words) = match (&journal.fault, journal.on, journal.recorded_to) {
            (Some(_), _, _) => (Tone::Danger, t!("journal.interrupted")),
            (None, false, _) => (Tone::Plain, t!("journal.off")),
            (None, true, 0) => (Tone::Waiting, t!("journal.begins")),
            (None, true, _) => (Tone::Live, t!("journal.recording")),
        };
        chip(ui, tone, &words);
    });
    let tokens = theme::tokens(ui);
    if let Some(fault) = &journal.fault {
        card(ui, Tone::Danger, icons::WARNING_CIRCLE, |ui| {
            ui.add(Label::new(tokens.strong(fault_words(fault))).wrap());
            let advice = match fault.kind {
                FaultKind::DiskFull => t!("journal.advice_full"),
                _ => t!("journal.advice"),
            };
            ui.add(Label::new(tokens.secondary(advice)).wrap());
            ui.add(Label::new(tokens.mono_meta(fault.detail.as_str())).wrap().selectable(true));
        });
        ui.add_space(size::PAD);
    }
    if let Some(aside) = &journal.kept_aside {
        card(ui, Tone::Changed, icons::WARNING, |ui| {
            ui.add(Label::new(tokens.body(t!("journal.kept_aside"))).wrap());
            ui.add(Label::new(tokens.mono_meta(aside.as_str())).wrap().selectable(true));
        });
        ui.add_space(size::PAD);
    }
    if !journal.on {
        ui.add(Label::new(tokens.hint(t!("journal.off_hint"))).wrap());
        return;
    }
    ui.scope(|ui| {
        ui.set_max_width(SUMMARY_WIDTH);
        let mut copied = Vec::new();
        if let Some((revision, seen_at)) = journal.since {
            let words = t!("journal.since_value", revision = revision, time = clock_text(seen_at, world.now));
            copied.extend(property(ui, &t!("journal.since"), &words));
        }
        if journal.recorded_to > 0 {
            let words = t!("journal.to_value", revision = journal.recorded_to);
            copied.extend(property(ui, &t!("journal.to"), &words));
            let words = t!(
                "journal.bytes_value",
                bytes = bytes_text(journal.bytes),
                records = count_text(journal.records)
            );
            copied.extend(property(ui, &t!("journal.bytes"), &words));
        }
        for text in copied {
            actions.push(Action::CopyText(text));
        }
    });
}
