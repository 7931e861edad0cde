//! Plans in words.

use rust_i18n::t;

use crate::model::plan::{Plan, PlanKind, PlanStep, StepAction, StepState, Warning};
use crate::ui::theme::icons;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::notice::fault_words;

/// What a plan is, as its title.
pub fn title(plan: &Plan) -> String {
    let what = if plan.title.is_empty() { t!("restore.everything").into_owned() } else { plan.title.clone() };
    match plan.kind {
        PlanKind::Moment => {
            t!("restore.title_moment", what = what, revision = plan.moment.unwrap_or(0)).into_owned()
        }
        PlanKind::Undelete => t!("restore.title_undelete", what = what).into_owned(),
        PlanKind::Values => t!("restore.title_values", what = what).into_owned(),
        PlanKind::Undo => t!("restore.title_undo", what = what).into_owned(),
    }
}

/// The sign of a plan's kind.
pub fn icon(plan: &Plan) -> &'static str {
    match plan.kind {
        PlanKind::Moment => icons::CLOCK_COUNTER_CLOCKWISE,
        PlanKind::Undelete => icons::ARROW_U_UP_LEFT,
        PlanKind::Values => icons::SWAP,
        PlanKind::Undo => icons::ARROW_COUNTER_CLOCKWISE,
    }
}

/// What a step does: its sign, its word, its colour.
pub fn action(step: &PlanStep) -> (&'static str, String, Tone) {
    match (&step.action, &step.before) {
        (StepAction::Put { .. }, None) => {
            (icons::PLUS_CIRCLE, t!("restore.step.create").into_owned(), Tone::Live)
        }
        (StepAction::Put { .. }, Some(_)) => {
            (icons::PENCIL_SIMPLE, t!("restore.step.overwrite").into_owned(), Tone::Changed)
        }
        (StepAction::Delete, _) => (icons::TRASH, t!("restore.step.delete").into_owned(), Tone::Danger),
    }
}

/// How a step stands: its word, its colour. `None`: it has not been run.
pub fn state(step: &PlanStep) -> Option<(String, Tone)> {
    Some(match &step.state {
        StepState::Waiting => return None,
        StepState::Sent => (t!("restore.state.sent").into_owned(), Tone::Waiting),
        StepState::Done { revision } => (format!("r{revision}"), Tone::Live),
        StepState::Skipped { .. } => (t!("restore.state.skipped").into_owned(), Tone::Changed),
        StepState::Refused(_) => (t!("restore.state.refused").into_owned(), Tone::Danger),
        StepState::Unknown(_) => (t!("restore.state.unknown").into_owned(), Tone::Danger),
    })
}

/// How a step stands, in full.
pub fn state_in_full(step: &PlanStep) -> Option<String> {
    Some(match &step.state {
        StepState::Waiting => return None,
        StepState::Sent => t!("restore.state.sent_hint").into_owned(),
        StepState::Done { revision } => t!("restore.state.done_hint", revision = revision).into_owned(),
        StepState::Skipped { found: Some(found) } => {
            t!("restore.state.skipped_hint", revision = found.mod_revision).into_owned()
        }
        StepState::Skipped { found: None } => t!("restore.state.skipped_gone").into_owned(),
        StepState::Refused(fault) | StepState::Unknown(fault) => {
            format!("{} {}", fault_words(fault), fault.detail)
        }
    })
}

/// Whether the step was run, so that what was known of it before is past.
pub fn is_past(step: &PlanStep) -> bool {
    step.state != StepState::Waiting
}

/// What the two values of a step are. Neither is called what the key is now: nobody keeps looking.
pub fn sides(plan: &Plan, step: &PlanStep) -> [String; 2] {
    let past = is_past(step);
    let before = match &step.before {
        Some(before) if past => t!("restore.side.before", revision = before.meta.mod_revision),
        Some(_) => t!("restore.side.as_of", revision = plan.made_at_revision),
        None if past => t!("restore.side.absent_before"),
        None => t!("restore.side.absent_as_of", revision = plan.made_at_revision),
    };
    let deletes = step.action == StepAction::Delete;
    let after = match &step.state {
        StepState::Done { revision } if deletes => t!("restore.side.deleted_at", revision = revision),
        StepState::Done { revision } => t!("restore.side.written_at", revision = revision),
        StepState::Skipped { .. } | StepState::Refused(_) => t!("restore.side.not_done"),
        StepState::Sent | StepState::Unknown(_) => t!("restore.side.unknown"),
        StepState::Waiting if deletes => t!("restore.deleted"),
        StepState::Waiting => t!("restore.planned"),
    };
    [before.into_owned(), after.into_owned()]
}

/// A warning: its short word, what it means, its colour.
pub fn warning(warning: &Warning) -> (String, String, Tone) {
    let lease = |lease: &i64| {
        if *lease == 0 { t!("restore.no_lease").into_owned() } else { format!("{lease:016x}") }
    };
    let (word, hint, tone) = match warning {
        Warning::LeaseGone(gone) => (
            t!("restore.warning.lease_gone"),
            t!("restore.warning.lease_gone_hint", lease = lease(gone)),
            Tone::Changed,
        ),
        Warning::ChangedSince { revision: 0 } => {
            (t!("restore.warning.changed"), t!("restore.warning.deleted_hint"), Tone::Changed)
        }
        Warning::ChangedSince { revision } => (
            t!("restore.warning.changed"),
            t!("restore.warning.changed_hint", revision = revision),
            Tone::Changed,
        ),
        Warning::Coordination => {
            (t!("restore.warning.coordination"), t!("restore.warning.coordination_hint"), Tone::Danger)
        }
        Warning::Registration => {
            (t!("restore.warning.registration"), t!("restore.warning.registration_hint"), Tone::Changed)
        }
        Warning::Uncertain => {
            (t!("restore.warning.uncertain"), t!("restore.warning.uncertain_hint"), Tone::Changed)
        }
        Warning::ValueUnknown => {
            (t!("restore.warning.unknown"), t!("restore.warning.unknown_hint"), Tone::Danger)
        }
        Warning::Invalid(problem) => (
            t!("restore.warning.invalid"),
            t!("restore.warning.invalid_hint", problem = problem),
            Tone::Danger,
        ),
        Warning::OtherLease { now, then } => (
            t!("restore.warning.other_lease"),
            t!("restore.warning.other_lease_hint", now = lease(now), then = lease(then)),
            Tone::Accent,
        ),
        Warning::KeepsLease { now, then } => (
            t!("restore.warning.keeps_lease"),
            t!("restore.warning.keeps_lease_hint", now = lease(now), then = lease(then)),
            Tone::Accent,
        ),
    };
    (word.into_owned(), hint.into_owned(), tone)
}
