//! Ending something that lives on a lease, in words: what is ended, who is next, and what came of it.

use rust_i18n::t;

use super::{lease_name, lease_text, owner_or_lease};
use crate::model::coordination::ClaimKind;
use crate::model::dialog::{EndHow, EndSubject};
use crate::model::ended::{After, EndOutcome, Ended};
use crate::model::fault::{Fault, FaultKind};
use crate::model::key_text::display_short;
use crate::ui::keys::words::keys;
use crate::ui::widgets::notice::{fault_advice, fault_words};

/// Characters of a name that are shown.
const LONGEST: usize = 120;

/// What is to be done, in a few words: `Force release of the lock`.
#[must_use]
pub fn end_title(subject: &EndSubject) -> String {
    let words = match subject {
        EndSubject::Instance { id, .. } => t!("endings.deregister", id = id),
        EndSubject::Claim { kind: ClaimKind::Lock, place: 0, .. } => t!("endings.release"),
        EndSubject::Claim { kind: ClaimKind::Lock, .. } => t!("endings.remove_waiter"),
        EndSubject::Claim { kind: ClaimKind::Election, place: 0, .. } => t!("endings.end_leadership"),
        EndSubject::Claim { kind: ClaimKind::Election, .. } => t!("endings.remove_candidate"),
        EndSubject::Lease => t!("endings.revoke"),
    };
    words.into_owned()
}

/// What it is about, in a line.
#[must_use]
pub fn end_about(subject: &EndSubject, lease: i64) -> String {
    match subject {
        EndSubject::Instance { service, id, .. } => {
            t!("leases.is.instance", service = service, id = id).into_owned()
        }
        EndSubject::Claim { queue, .. } => display_short(queue, LONGEST).into_owned(),
        EndSubject::Lease => lease_text(lease),
    }
}

/// While it is under way: `Force release of the lock: /locks/a`.
#[must_use]
pub fn end_running(ended: &Ended) -> String {
    let (what, about) = (end_title(&ended.subject), end_about(&ended.subject, ended.lease));
    t!("endings.running", what = what, about = about).into_owned()
}

/// Who or what is there once it has ended; `None`: there is nothing to be said.
#[must_use]
pub fn after_words(subject: &EndSubject, after: &After) -> Option<String> {
    let election = matches!(subject, EndSubject::Claim { kind: ClaimKind::Election, .. });
    let words = match after {
        After::Nothing => return None,
        After::Unseen => t!("endings.after.unseen"),
        After::Nobody if election => t!("endings.after.no_leader"),
        After::Nobody => t!("endings.after.free"),
        After::Next(claim) if election => t!("endings.after.leads", owner = owner_or_lease(claim)),
        After::Next(claim) => t!("endings.after.holds", owner = owner_or_lease(claim)),
        After::Stays(claim) if election => t!("endings.after.leads_on", owner = owner_or_lease(claim)),
        After::Stays(claim) => t!("endings.after.holds_on", owner = owner_or_lease(claim)),
        After::Instances(0) => t!("endings.after.no_instance"),
        After::Instances(1) => t!("endings.after.one_instance"),
        After::Instances(count) => t!("endings.after.instances", count = count),
    };
    Some(words.into_owned())
}

/// Why something was not done to a lease, and what to do.
#[must_use]
pub fn lease_fault(fault: &Fault) -> String {
    let advice = match fault.kind {
        // Whoever may not write one of its keys may neither revoke it nor keep it alive.
        FaultKind::PermissionDenied => t!("endings.lease_denied").into_owned(),
        _ => fault_advice(fault),
    };
    format!("{}. {advice}", fault_words(fault))
}

/// What came of it: a title, and what exactly was done.
#[must_use]
pub fn end_outcome(ended: &Ended, outcome: &EndOutcome) -> (String, String) {
    let about = end_about(&ended.subject, ended.lease);
    let key = ended.key.as_ref().map(|key| display_short(key, LONGEST).into_owned()).unwrap_or_default();
    let after = match outcome {
        EndOutcome::Done(after) => after,
        EndOutcome::LeftAlone => {
            let title = t!("endings.not_done", what = end_title(&ended.subject), about = about);
            return (title.into_owned(), t!("endings.left_alone", key = key).into_owned());
        }
        EndOutcome::Failed(fault) => {
            let title = t!("endings.not_done", what = end_title(&ended.subject), about = about);
            let why = match ended.how {
                EndHow::RevokeLease => lease_fault(fault),
                EndHow::DeleteKey => format!("{}. {}", fault_words(fault), fault_advice(fault)),
            };
            return (title.into_owned(), why);
        }
        EndOutcome::Unknown => {
            let title = t!("endings.not_known", what = end_title(&ended.subject), about = about);
            return (title.into_owned(), t!("endings.not_known_hint").into_owned());
        }
    };
    let title = match &ended.subject {
        EndSubject::Instance { .. } => t!("endings.done.instance", instance = about),
        EndSubject::Claim { kind: ClaimKind::Lock, place: 0, .. } => t!("endings.done.lock", lock = about),
        EndSubject::Claim { kind: ClaimKind::Lock, .. } => t!("endings.done.waiter", lock = about),
        EndSubject::Claim { kind: ClaimKind::Election, place: 0, .. } => {
            t!("endings.done.leader", election = about)
        }
        EndSubject::Claim { kind: ClaimKind::Election, .. } => {
            t!("endings.done.candidate", election = about)
        }
        EndSubject::Lease => t!("endings.done.lease", lease = about),
    };
    let lease = || lease_name(ended.lease);
    let done = match (ended.how, ended.receipt.and_then(|receipt| Some((receipt.went?, receipt.partly)))) {
        (EndHow::DeleteKey, _) => t!("endings.key_deleted", key = key),
        // What went is told once it was seen.
        (EndHow::RevokeLease, None) => t!("endings.revoked_uncounted", lease = lease()),
        (EndHow::RevokeLease, Some((count, true))) => {
            t!("endings.revoked_partly", lease = lease(), keys = keys(count))
        }
        (EndHow::RevokeLease, Some((0, false))) => t!("endings.revoked_bare", lease = lease()),
        (EndHow::RevokeLease, Some((count, false))) => {
            t!("endings.revoked", lease = lease(), keys = keys(count))
        }
    };
    let mut detail = done.into_owned();
    if let Some(after) = after_words(&ended.subject, after) {
        detail.push('\n');
        detail.push_str(&after);
    }
    (title.into_owned(), detail)
}
