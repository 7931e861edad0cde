//! Above the timeline: how much of the past is known, and the way to all that etcd still has, with its
//! cost said before.

use egui::{Frame, Label, Layout, Margin, Ui};
use rust_i18n::t;

use super::super::View;
use crate::action::{Action, Actions};
use crate::model::history::{DeepHistory, EntryKind, KeyHistory, ReplayCost};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{Button, ProgressAnswer, count_text, fault_line, progress_line};

/// Draws it.
pub(super) fn show(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let past = &view.document.past;
    let key = || view.document.key.clone();
    let framed = Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = size::GRID;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                if matches!(past.deep, DeepHistory::NotAsked | DeepHistory::Done) {
                    let (label, hint) = (t!("history.deep.button"), t!("history.deep.hint"));
                    if Button::ghost(&label)
                        .icon(icons::ARROW_LINE_DOWN)
                        .small()
                        .tooltip(hint)
                        .show(ui)
                        .clicked()
                    {
                        actions.push(Action::OfferDeepHistory(key()));
                    }
                }
                let (words, whole) = (summary(&past.merged, false), summary(&past.merged, true));
                ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(Label::new(tokens.meta(words)).truncate()).on_hover_text(whole);
                });
            });
        });
        match &past.deep {
            DeepHistory::NotAsked | DeepHistory::Done => {}
            DeepHistory::Offered(None) => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label(tokens.hint(t!("history.deep.asking")));
                });
            }
            DeepHistory::Offered(Some(cost)) => offer(ui, view, *cost, actions),
            DeepHistory::Running { done, total, .. } => {
                let label = t!("history.deep.running");
                if progress_line(ui, &label, *done, *total, true) == Some(ProgressAnswer::Cancel) {
                    actions.push(Action::StopDeepHistory(key()));
                }
            }
            DeepHistory::Failed(fault) => {
                fault_line(ui, fault);
                ui.horizontal(|ui| {
                    if Button::quiet(&t!("common.retry")).small().show(ui).clicked() {
                        actions.push(Action::OfferDeepHistory(key()));
                    }
                    if Button::ghost(&t!("history.deep.not_now")).small().show(ui).clicked() {
                        actions.push(Action::StopDeepHistory(key()));
                    }
                });
            }
        }
        if past.recorded.value().is_some_and(|recorded| recorded.kept_out) {
            ui.add(Label::new(tokens.hint(t!("history.kept_out"))).wrap());
        }
        if let Some(fault) = past.recorded.fault() {
            ui.add(Label::new(tokens.hint(t!("history.journal_failed"))).wrap())
                .on_hover_text(fault.detail.clone());
        }
    });
    let rect = framed.response.rect;
    let width = ui.max_rect().x_range();
    ui.painter().hline(width, rect.bottom() - 0.5, tokens.line());
}

/// What it costs, before anything is done.
fn offer(ui: &mut Ui, view: View<'_>, cost: ReplayCost, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let key = || view.document.key.clone();
    let stall = cost.stall();
    let wait = if stall.as_secs() >= 2 {
        t!("history.deep.seconds", count = stall.as_secs())
    } else {
        t!("history.deep.milliseconds", count = count_text(stall.as_millis().max(10) as u64))
    };
    let words = t!("history.deep.cost", count = count_text(cost.revisions), wait = wait);
    ui.add(Label::new(tokens.body(words)).wrap());
    ui.horizontal(|ui| {
        let label = t!("history.deep.start");
        if Button::quiet(&label).icon(icons::PLAY).small().show(ui).clicked() {
            actions.push(Action::StartDeepHistory(key()));
        }
        if Button::ghost(&t!("history.deep.not_now")).small().show(ui).clicked() {
            actions.push(Action::StopDeepHistory(key()));
        }
    });
}

/// Versions and gaps, and deletions where there is room.
fn summary(history: &KeyHistory, whole: bool) -> String {
    let (mut versions, mut deletions, mut gaps) = (0, 0, 0);
    for entry in &history.entries {
        match entry.kind {
            EntryKind::Version { .. } => versions += 1,
            EntryKind::Deleted { .. } => deletions += 1,
            EntryKind::Gap(_) => gaps += 1,
        }
    }
    let mut parts = vec![t!("history.count.versions", count = count_text(versions)).into_owned()];
    if deletions > 0 && whole {
        parts.push(t!("history.count.deletions", count = count_text(deletions)).into_owned());
    }
    if gaps > 0 {
        parts.push(t!("history.count.gaps", count = count_text(gaps)).into_owned());
    }
    parts.join(" · ")
}
