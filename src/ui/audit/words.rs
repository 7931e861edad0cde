//! Operations and outcomes in words.

use rust_i18n::t;

use crate::model::audit::{AuditEntry, AuditOperation, AuditOutcome};
use crate::ui::widgets::chip::Tone;

/// An operation in a word.
pub(super) fn operation(operation: AuditOperation) -> String {
    let name = format!("audit.operation.{}", operation.name());
    t!(&name).into_owned()
}

/// An outcome in a word or two, and what it means.
pub(super) fn outcome(outcome: &AuditOutcome) -> (Tone, String) {
    let tone = match outcome {
        AuditOutcome::Done { .. } => Tone::Live,
        AuditOutcome::Conflict => Tone::Changed,
        AuditOutcome::Refused(_) => Tone::Danger,
        AuditOutcome::Asked | AuditOutcome::Unknown(_) => Tone::Waiting,
        AuditOutcome::Noted(_) => Tone::Accent,
    };
    let name = format!("audit.outcome.{}", outcome.name());
    (tone, t!(&name).into_owned())
}

/// A longer word on an outcome.
pub(super) fn outcome_hint(outcome: &AuditOutcome) -> String {
    let name = format!("audit.outcome.{}_hint", outcome.name());
    t!(&name).into_owned()
}

/// `r182310 → r182334`; a dash where the key did not exist, or no revision is known.
pub(super) fn revisions(entry: &AuditEntry) -> String {
    if entry.write.operation == AuditOperation::Note {
        return String::new();
    }
    let text = |revision: i64| if revision == 0 { "–".to_owned() } else { format!("r{revision}") };
    format!("{} → {}", text(entry.write.before), text(entry.write.outcome.revision()))
}
