//! Above the steps of a plan: what it is, what it does, and what can be done with it.

use egui::{DragValue, Frame, Label, Margin, Ui};
use rust_i18n::t;

use super::{Filter, RestoreState, View, list, may_change, runs_elsewhere, words};
use crate::action::{Action, Actions};
use crate::model::plan::{LostLease, Plan, PlanState};
use crate::model::session::Session;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::notice::{banner, card};
use crate::ui::widgets::{
    ProgressAnswer, clock_text, count_text, fault_view, icon_button, progress_line, segmented,
};

/// The longest time to live of a lease that can be chosen: etcd allows more than anybody waits.
const TTL_MOST: i64 = 30 * 24 * 3_600;

/// Draws it.
pub(super) fn show(ui: &mut Ui, view: View<'_>, state: &mut RestoreState, actions: &mut Actions) {
    let View { session, plan, .. } = view;
    if session.profile.read_only {
        banner(ui, Tone::Accent, icons::LOCK, &t!("restore.read_only"), None);
    }
    let frame = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 10, bottom: 8 });
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = size::GRID;
        title(ui, view, actions);
        if let PlanState::Stopped(Some(fault)) = &plan.state {
            fault_view(ui, fault, false);
        }
        summary(ui, plan, state);
        notes(ui, session, plan, state, actions);
        buttons(ui, session, plan, state, actions);
    });
    let tokens = theme::tokens(ui);
    let (left, right) = (ui.max_rect().left(), ui.max_rect().right());
    ui.painter().hline(left..=right, ui.cursor().top() - 0.5, tokens.line());
}

fn title(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let View { world, session, plan } = view;
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        if icon_button(ui, icons::ARROW_LEFT, &t!("restore.back"), None).clicked() {
            actions.push(Action::ShowPlan(None));
        }
        let (words, tone) = list::state(session, plan);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            chip(ui, tone, &words);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(Label::new(tokens.title(words::title(plan))).truncate());
            });
        });
    });
    let made = t!(
        "restore.made",
        time = clock_text(plan.made_at, world.now),
        revision = plan.made_at_revision,
        profile = plan.profile
    );
    ui.label(tokens.hint(made));
}

/// What it would do, or has done, in numbers.
fn summary(ui: &mut Ui, plan: &Plan, state: &RestoreState) {
    let (counts, work) = (state.digest.counts, state.digest.work);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = size::GRID;
        let numbers = [
            (counts.done, Tone::Live, t!("restore.count.done", count = count_text(counts.done))),
            (counts.skipped, Tone::Changed, t!("restore.count.skipped", count = count_text(counts.skipped))),
            (counts.refused, Tone::Danger, t!("restore.count.refused", count = count_text(counts.refused))),
            (counts.unknown, Tone::Danger, t!("restore.count.unknown", count = count_text(counts.unknown))),
            (work.creates, Tone::Accent, t!("restore.count.creates", count = count_text(work.creates))),
            (
                work.overwrites,
                Tone::Accent,
                t!("restore.count.overwrites", count = count_text(work.overwrites)),
            ),
            (work.deletes, Tone::Danger, t!("restore.count.deletes", count = count_text(work.deletes))),
            (counts.off, Tone::Plain, t!("restore.count.off", count = count_text(counts.off))),
        ];
        let is_over = plan.state == PlanState::Finished;
        for (at, (count, tone, words)) in numbers.iter().enumerate() {
            // What is left to do is no news of a plan that is over.
            if *count > 0 && !(is_over && (4..7).contains(&at)) {
                chip(ui, *tone, words);
            }
        }
    });
}

/// What has to be known, and decided, before it is run.
fn notes(ui: &mut Ui, session: &Session, plan: &Plan, state: &mut RestoreState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let work = state.digest.work;
    let change = may_change(session, plan);
    if change && state.digest.lost_leases {
        card(ui, Tone::Changed, icons::LINK_BREAK, |ui| {
            ui.add(Label::new(tokens.body(t!("restore.lost_lease"))).wrap());
            ui.add_space(size::GRID);
            lost_lease(ui, plan, state, actions);
        });
    }
    if change && work.transactions > 1 {
        let (count, transactions) = (count_text(work.steps()), count_text(work.transactions));
        ui.horizontal(|ui| {
            ui.label(tokens.icon(icons::INFO).color(tokens.changed));
            let words = t!("restore.not_atomic", count = count, transactions = transactions);
            ui.add(Label::new(tokens.secondary(words)).wrap());
        });
    }
    if runs_elsewhere(session, plan) {
        ui.label(tokens.secondary(t!("restore.elsewhere_hint")));
    }
}

/// What becomes of keys whose lease is gone.
fn lost_lease(ui: &mut Ui, plan: &Plan, state: &mut RestoreState, actions: &mut Actions) {
    #[derive(Clone, Copy, PartialEq)]
    enum Choice {
        LeaveOut,
        Permanent,
        New,
    }
    let tokens = theme::tokens(ui);
    let (chosen, hint) = match plan.lost_lease {
        LostLease::LeaveOut => (Choice::LeaveOut, t!("restore.leave_out_hint")),
        LostLease::Permanent => (Choice::Permanent, t!("restore.permanent_hint")),
        LostLease::NewLease { .. } => (Choice::New, t!("restore.new_lease_hint")),
    };
    let mut ttl_secs = match plan.lost_lease {
        LostLease::NewLease { ttl_secs } => ttl_secs,
        _ => state.ttl_secs.unwrap_or(LostLease::NEW_TTL_SECS),
    };
    let mut decided = None;
    ui.horizontal_wrapped(|ui| {
        let names = [t!("restore.leave_out"), t!("restore.permanent"), t!("restore.new_lease")];
        let choices = [
            (Choice::LeaveOut, names[0].as_ref()),
            (Choice::Permanent, names[1].as_ref()),
            (Choice::New, names[2].as_ref()),
        ];
        decided = segmented(ui, chosen, &choices);
        if chosen == Choice::New {
            let drag = DragValue::new(&mut ttl_secs).range(5..=TTL_MOST).speed(10.0).suffix(" s");
            let response = ui.add(drag);
            let name = t!("restore.ttl");
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &*name));
            if response.changed() {
                decided = Some(Choice::New);
            }
        }
    });
    ui.add(Label::new(tokens.hint(hint)).wrap());
    state.ttl_secs = Some(ttl_secs);
    let Some(decided) = decided else { return };
    let lost_lease = match decided {
        Choice::LeaveOut => LostLease::LeaveOut,
        Choice::Permanent => LostLease::Permanent,
        Choice::New => LostLease::NewLease { ttl_secs },
    };
    if lost_lease != plan.lost_lease {
        actions.push(Action::SetLostLease { plan: plan.id.clone(), lost_lease });
    }
}

fn buttons(ui: &mut Ui, session: &Session, plan: &Plan, state: &mut RestoreState, actions: &mut Actions) {
    let id = &plan.id;
    if let Some(running) = session.plans.running.get(id) {
        let label = if running.stopping { t!("restore.stopping") } else { t!("restore.running") };
        let stop = !running.stopping;
        let answer = progress_line(ui, &label, running.over, Some(running.total), stop);
        if answer == Some(ProgressAnswer::Cancel) {
            actions.push(Action::StopPlan(id.clone()));
        }
        return;
    }
    let (counts, work) = (state.digest.counts, state.digest.work);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = size::GRID;
        if may_change(session, plan) && !plan.steps.is_empty() {
            let count = count_text(work.steps());
            let label = match plan.state {
                PlanState::Draft if work.steps() == 1 => t!("restore.run_one"),
                PlanState::Draft => t!("restore.run", count = count),
                _ => t!("restore.run_rest", count = count),
            };
            let ready = work.steps() > 0 && !session.profile.read_only;
            let hint =
                if session.profile.read_only { t!("restore.read_only") } else { t!("restore.all_off") };
            let button = Button::primary(&label).icon(icons::PLAY).enabled(ready).disabled_hint(hint);
            if button.show(ui).clicked() {
                actions.push(Action::AskRunPlan(id.clone()));
            }
        }
        if counts.done > 0 && !runs_elsewhere(session, plan) {
            let label = t!("restore.undo");
            let button = Button::quiet(&label).icon(icons::ARROW_COUNTER_CLOCKWISE);
            if button.tooltip(t!("restore.undo_hint")).show(ui).clicked() {
                actions.push(Action::UndoPlan(id.clone()));
            }
        }
        if !runs_elsewhere(session, plan) {
            let label = t!("restore.remove");
            let button = Button::ghost(&label).icon(icons::TRASH);
            if button.tooltip(t!("restore.remove_hint")).show(ui).clicked() {
                actions.push(Action::DropPlan(id.clone()));
            }
        }
        if !plan.steps.is_empty() {
            filter(ui, state);
        }
    });
}

/// Which steps are listed.
fn filter(ui: &mut Ui, state: &mut RestoreState) {
    let counts = state.digest.counts;
    let not_done = counts.skipped + counts.refused + counts.unknown;
    if counts.warned + not_done == 0 {
        state.filter = Filter::All;
        return;
    }
    let all = t!("restore.filter.all");
    let warned = t!("restore.filter.warned", count = count_text(counts.warned));
    let left = t!("restore.filter.not_done", count = count_text(not_done));
    let mut choices = vec![(Filter::All, all.as_ref())];
    if counts.warned > 0 {
        choices.push((Filter::Warned, warned.as_ref()));
    }
    if not_done > 0 {
        choices.push((Filter::NotDone, left.as_ref()));
    }
    if !choices.iter().any(|(choice, _)| *choice == state.filter) {
        state.filter = Filter::All;
    }
    if let Some(chosen) = segmented(ui, state.filter, &choices) {
        state.filter = chosen;
    }
}
