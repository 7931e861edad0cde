//! Plans in words and as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value as Json, json};

use super::text::{counted, size, time};
use crate::model::key_text::{display_key, neutral};
use crate::model::plan::{Plan, PlanKind, PlanState, PlanStep, StepAction, StepState, Warning};

/// What the plan is, in a line.
pub(super) fn title(plan: &Plan) -> String {
    let what = neutral(&plan.title);
    match (plan.kind, plan.moment) {
        (PlanKind::Moment, Some(revision)) => format!("restore of {what} as of revision {revision}"),
        (PlanKind::Moment, None) => format!("restore of {what}"),
        (PlanKind::Undelete, _) => format!("undelete of {what}"),
        (PlanKind::Values, _) => format!("values from {what}"),
        (PlanKind::Undo, _) => format!("undo of {what}"),
    }
}

/// What is left to do, in a line.
pub(super) fn work(plan: &Plan) -> String {
    let work = plan.work();
    let mut parts = Vec::new();
    for (count, one, many) in [
        (work.creates, "key created", "keys created"),
        (work.overwrites, "key written over", "keys written over"),
        (work.deletes, "key deleted", "keys deleted"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    if parts.is_empty() {
        parts.push("nothing to write".to_owned());
    }
    let mut words = parts.join(", ");
    if work.off > 0 {
        words.push_str(&format!("; {} left out", work.off));
    }
    if work.transactions > 1 {
        let transactions = work.transactions;
        words.push_str(&format!("; in {transactions} transactions, so not all at one moment"));
    }
    words
}

/// A step in a line, with what to know about it.
pub(super) fn line(step: &PlanStep) -> String {
    let before = |step: &PlanStep| {
        let record = step.before.as_ref()?;
        let bytes = record.value.as_ref().map_or_else(|| "?".to_owned(), |value| size(value.len()));
        Some((record.meta.mod_revision, bytes))
    };
    let key = display_key(&step.key);
    let mut line = match (&step.action, before(step)) {
        _ if step.warnings.contains(&Warning::ValueUnknown) => format!("unknown {key}"),
        (StepAction::Put { value, .. }, None) => format!("create  {key}  ({})", size(value.len())),
        (StepAction::Put { value, .. }, Some((revision, bytes))) => {
            format!("put     {key}  (r{revision}, {bytes} → {})", size(value.len()))
        }
        (StepAction::Delete, Some((revision, _))) => format!("delete  {key}  (r{revision})"),
        (StepAction::Delete, None) => format!("delete  {key}"),
    };
    if let StepAction::Put { lease, .. } = &step.action
        && *lease != 0
        && !step.warnings.contains(&Warning::ValueUnknown)
    {
        line.push_str(&format!("  lease {lease:x}"));
    }
    match &step.state {
        StepState::Waiting | StepState::Sent if !step.on => line.push_str("  LEFT OUT"),
        StepState::Waiting => {}
        StepState::Sent => line.push_str("  not known whether done"),
        StepState::Done { revision } => line.push_str(&format!("  done at r{revision}")),
        StepState::Skipped { .. } => line.push_str("  LEFT ALONE: someone changed it meanwhile"),
        StepState::Refused(fault) => line.push_str(&format!("  REFUSED: {fault}")),
        StepState::Unknown(fault) => line.push_str(&format!("  NOT KNOWN whether done: {fault}")),
    }
    for warning in &step.warnings {
        line.push_str("\n        ! ");
        line.push_str(&self::warning(warning));
    }
    line
}

fn warning(warning: &Warning) -> String {
    let lease = |lease: &i64| if *lease == 0 { "no lease".to_owned() } else { format!("lease {lease:x}") };
    match warning {
        Warning::LeaseGone(lease) => format!("its lease {lease:x} is gone"),
        Warning::ChangedSince { revision } => format!("changed since, at revision {revision}"),
        Warning::Coordination => "part of a lock or an election".to_owned(),
        Warning::Registration => "leased: probably a registration; its owner writes it".to_owned(),
        Warning::Uncertain => "what it was is not certain: nobody watched".to_owned(),
        Warning::ValueUnknown => "what it was is not known".to_owned(),
        Warning::Invalid(problem) => format!("breaks its schema: {}", neutral(problem)),
        Warning::OtherLease { now, then } => format!("moves from {} to {}", lease(now), lease(then)),
        Warning::KeepsLease { now, then } => format!("stays at {}; then it had {}", lease(now), lease(then)),
    }
}

/// How the plan stands, in a word.
pub(super) fn state(plan: &Plan) -> &'static str {
    match plan.state {
        PlanState::Draft => "draft",
        PlanState::Running => "running",
        PlanState::Stopped(_) => "stopped",
        PlanState::Finished => "finished",
    }
}

/// A plan in the list of plans.
pub(super) fn listed(plan: &Plan) -> String {
    let counts = plan.counts();
    let (id, when, state, title) = (&plan.id, time(plan.made_at), state(plan), title(plan));
    let mut line = format!("{id}  {when}  {state:<8}  {} done", counts.done);
    for (count, words) in [
        (counts.left, "to do"),
        (counts.skipped, "left alone"),
        (counts.refused, "refused"),
        (counts.unknown, "not known"),
        (counts.off, "left out"),
    ] {
        if count > 0 {
            line.push_str(&format!(", {count} {words}"));
        }
    }
    format!("{line}  {title}")
}

/// A plan as JSON, with its steps and their values.
pub(super) fn json_of(plan: &Plan) -> Json {
    json!({
        "id": plan.id,
        "title": title(plan),
        "profile": plan.profile,
        "cluster_id": format!("{:016x}", plan.cluster_id),
        "revision": plan.moment,
        "made_at_revision": plan.made_at_revision,
        "made_at": plan.made_at,
        "undoes": plan.undoes,
        "state": state(plan),
        "transactions": plan.work().transactions,
        "steps": plan.steps.iter().map(step_json).collect::<Vec<_>>(),
    })
}

fn step_json(step: &PlanStep) -> Json {
    let (action, value, lease) = match &step.action {
        StepAction::Put { value, lease } => ("put", Some(BASE64.encode(value)), Some(*lease)),
        StepAction::Delete => ("delete", None, None),
    };
    let (state, revision, reason) = match &step.state {
        StepState::Waiting => ("waiting", None, None),
        StepState::Sent => ("sent", None, None),
        StepState::Done { revision } => ("done", Some(*revision), None),
        StepState::Skipped { .. } => ("skipped", None, None),
        StepState::Refused(fault) => ("refused", None, Some(fault.to_string())),
        StepState::Unknown(fault) => ("unknown", None, Some(fault.to_string())),
    };
    json!({
        "key": display_key(&step.key),
        "key_base64": BASE64.encode(&step.key),
        "action": action,
        "value_base64": value,
        "lease": lease,
        "before_revision": step.before.as_ref().map(|record| record.meta.mod_revision),
        "on": step.on,
        "warnings": step.warnings.iter().map(warning).collect::<Vec<_>>(),
        "state": state,
        "revision": revision,
        "reason": reason,
    })
}
