//! The step that is chosen: what it changes, and what is to be known of it.

use egui::{Frame, Label, Margin, Ui};
use rust_i18n::t;

use super::{RestoreState, words};
use crate::model::bytes::Value;
use crate::model::format::{self, ValueFormat};
use crate::model::key_text::display_short;
use crate::model::plan::{Plan, PlanStep, StepAction, Warning};
use crate::ui::editor::{Stale, show_diff};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, tag};
use crate::ui::widgets::hex_view::{HexCursor, hex_view};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{bytes_text, empty_state};

pub fn show(ui: &mut Ui, plan: &Plan, state: &mut RestoreState) {
    let chosen = state.chosen.as_ref().and_then(|(_, at)| plan.steps.get(*at));
    let Some(step) = chosen else { return };
    let margin = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 10, bottom: 6 });
    margin.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = size::GRID;
        about(ui, step);
    });
    if step.warnings.contains(&Warning::ValueUnknown) {
        let hint = words::warning(&Warning::ValueUnknown).1;
        empty_state(ui, icons::QUESTION, &t!("restore.warning.unknown"), &hint, None);
        return;
    }
    let empty = || Value::from([].as_slice());
    let old = step.before.as_ref().and_then(|before| before.value.clone()).unwrap_or_else(empty);
    let new = match &step.action {
        StepAction::Put { value, .. } => value.clone(),
        StepAction::Delete => empty(),
    };
    let names = words::sides(plan, step);
    let names = [names[0].as_str(), names[1].as_str()];
    let one = match (&step.before, &step.action) {
        (None, StepAction::Put { .. }) => Some((&new, names[1])),
        (Some(_), StepAction::Delete) => Some((&old, names[0])),
        _ => None,
    };
    if let Some((bytes, name)) =
        one.filter(|(bytes, _)| format::detect(&step.key, bytes) == ValueFormat::Binary)
    {
        one_side(ui, state, bytes, names, name);
        return;
    }
    if state.format_of != state.chosen {
        state.format_of.clone_from(&state.chosen);
        state.look.format = format::detect(&step.key, if new.is_empty() { &old } else { &new });
    }
    show_diff(ui, &mut state.diff, &old, &new, names, &mut state.look, Stale::Hide, |_| {});
}

/// The bytes of a key that is created or deleted: beside them there would be nothing.
fn one_side(ui: &mut Ui, state: &mut RestoreState, bytes: &Value, names: [&str; 2], name: &str) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(tokens.meta(names[0]));
            ui.label(tokens.icon(icons::ARROW_RIGHT).color(tokens.faint));
            ui.label(tokens.meta(names[1]));
            ui.label(tokens.meta(bytes_text(bytes.len() as u64)));
        });
    });
    hex_view(ui, ("plan bytes", &state.chosen), name, bytes, &mut HexCursor::default(), false);
}

fn about(ui: &mut Ui, step: &PlanStep) {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.mono(display_short(&step.key, 400))).wrap().selectable(true));
    ui.horizontal_wrapped(|ui| {
        let (_, word, tone) = words::action(step);
        tag(ui, &word, tone);
        if let StepAction::Put { lease, .. } = &step.action
            && *lease != 0
        {
            tag(ui, &t!("restore.on_lease", lease = format!("{lease:016x}")), Tone::Plain);
        }
        if let Some(before) = &step.before {
            ui.label(tokens.mono_meta(format!("r{}", before.meta.mod_revision)));
        }
    });
    if let Some(words) = words::state_in_full(step) {
        let tone = words::state(step).map_or(Tone::Plain, |(_, tone)| tone);
        let icon = if tone == Tone::Live { icons::CHECK_CIRCLE } else { icons::INFO };
        card(ui, tone, icon, |ui| {
            ui.add(Label::new(tokens.body(words)).wrap().selectable(true));
        });
    }
    // They were worked out with the plan, and say nothing of the key as it is since.
    if words::is_past(step) && !step.warnings.is_empty() {
        ui.label(tokens.meta(t!("restore.known_then")));
    }
    for warning in &step.warnings {
        let (_, hint, tone) = words::warning(warning);
        ui.horizontal(|ui| {
            let colour = if words::is_past(step) { tokens.faint } else { tone.colour(tokens) };
            ui.label(tokens.icon(icons::WARNING).color(colour));
            ui.add(Label::new(tokens.secondary(hint)).wrap());
        });
    }
}
