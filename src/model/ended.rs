//! Ending something that lives on a lease: what is asked for, who or what is there afterwards, and what came
//! of it.

use std::sync::Arc;

use super::bytes::Key;
use super::coordination::{Claim, ClaimForm, Coordination};
use super::dialog::{EndHow, EndQuestion, EndSubject};
use super::fault::{Fault, FaultKind};
use super::message::{RequestId, SessionId};
use super::session::{JobKind, Session};
use super::status::SeenAt;
use super::world::{ToastKind, ToastText, World};
use super::write::BatchReport;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What is ended.
    pub subject: EndSubject,
    /// How.
    pub how: EndHow,
    /// The key that registers or claims it; `None`: the lease itself was chosen.
    pub key: Option<Key>,
    /// The lease; 0: none.
    pub lease: i64,
    /// Keys known to have been attached to the lease when it was asked.
    pub attached: Vec<Key>,
    /// When it was asked.
    pub asked_at: SeenAt,
    /// What was seen to go, once the lease is revoked.
    pub receipt: Option<Receipt>,
}

/// What went with a lease that was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The connection.
    pub session: SessionId,
    /// The revision at which it was revoked.
    pub revision: i64,
    /// Keys that this revision was seen to delete; `None`: that is not known, or not yet.
    pub went: Option<u64>,
    /// The user sees a part of the keys only.
    pub partly: bool,
}

/// Who or what is there once it has ended, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// There is nothing to be said.
    Nothing,
    /// A single key: who waits for it is not seen.
    Unseen,
    /// Nobody: free, or without a leader.
    Nobody,
    /// This one is next.
    Next(Arc<Claim>),
    /// This one goes on holding or leading.
    Stays(Arc<Claim>),
    /// So many other instances of the service.
    Instances(usize),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndOutcome {
    /// It is done.
    Done(After),
    /// The key was changed or deleted by someone meanwhile: nothing was done.
    LeftAlone,
    /// The answer was lost: it may be done.
    Unknown,
    /// It was refused, or never reached the cluster.
    Failed(Fault),
}

impl Ended {
    /// What a confirmed question asks for.
    #[must_use]
    pub fn of(question: EndQuestion, how: EndHow, asked_at: SeenAt) -> Self {
        let attached = question.attached.into_iter().map(|(key, _)| key).collect();
        let key = question.key.map(|(key, _)| key);
        Self { subject: question.subject, how, key, lease: question.lease, attached, asked_at, receipt: None }
    }

    fn goes(&self, key: &Key) -> bool {
        let own = self.key.as_ref() == Some(key);
        own || (self.how == EndHow::RevokeLease && self.attached.contains(key))
    }

    /// Who or what is there once it has ended, going by this picture. The picture may be of before or of
    /// after it.
    #[must_use]
    pub fn after(&self, coordination: &Coordination) -> After {
        after(coordination, &self.subject, |key| self.goes(key))
    }
}

/// Who or what is there once these keys have gone.
#[must_use]
pub fn after(coordination: &Coordination, subject: &EndSubject, goes: impl Fn(&Key) -> bool) -> After {
    match subject {
        EndSubject::Claim { queue, place, .. } => {
            let Some(queue) = coordination.queues.get(queue) else { return After::Nothing };
            if queue.form == ClaimForm::SingleKey {
                return After::Unseen;
            }
            let holds = queue.holders().iter().find(|claim| !goes(&claim.key));
            let next = queue.claims.iter().find(|claim| !goes(&claim.key));
            match (holds, next) {
                // In a picture of after it the next one holds already.
                (Some(first), _) if *place == 0 && queue.holders().iter().all(|claim| !goes(&claim.key)) => {
                    After::Next(first.clone())
                }
                (Some(holder), _) => After::Stays(holder.clone()),
                (None, Some(next)) => After::Next(next.clone()),
                (None, None) => After::Nobody,
            }
        }
        EndSubject::Instance { folder, .. } => {
            let service = coordination.services.get(folder);
            let others =
                service.map_or(0, |service| service.instances.keys().filter(|key| !goes(key)).count());
            After::Instances(others)
        }
        EndSubject::Lease => After::Nothing,
    }
}

type Message = (ToastKind, ToastText);

impl Session {
    /// Whether this request was to end something.
    pub(super) fn is_ending(&self, request: RequestId) -> bool {
        self.jobs.iter().any(|job| job.request == request && matches!(job.kind, JobKind::End(_)))
    }

    /// Takes what was asked for under this request, if it was to end something; it is answered now.
    pub(super) fn take_ending(&mut self, request: RequestId) -> Option<Ended> {
        let is_it = |kind: &JobKind| matches!(kind, JobKind::End(_));
        let at = self.jobs.iter().position(|job| job.request == request && is_it(&job.kind))?;
        match self.jobs.remove(at).kind {
            JobKind::End(ended) => Some(*ended),
            _ => None,
        }
    }

    /// What is said of a key that was to be deleted.
    pub(super) fn key_ended(&self, ended: Ended, report: BatchReport) -> Message {
        let outcome = match report {
            BatchReport { stopped: Some(fault), unknown, .. } if unknown.is_empty() => {
                EndOutcome::Failed(fault)
            }
            BatchReport { unknown, .. } if !unknown.is_empty() => EndOutcome::Unknown,
            BatchReport { done: 0, .. } => EndOutcome::LeftAlone,
            _ => EndOutcome::Done(ended.after(&self.coordination)),
        };
        said(ended, outcome)
    }

    /// What is said of a lease that was to be revoked.
    pub(super) fn lease_ended(&self, mut ended: Ended, answer: Result<i64, Fault>) -> Message {
        match answer {
            Ok(revision) => {
                let went = self.lease_ends.count(ended.lease, revision, self.applied);
                let partly = self.sees_a_part();
                ended.receipt = Some(Receipt { session: self.id, revision, went, partly });
                let after = ended.after(&self.coordination);
                said(ended, EndOutcome::Done(after))
            }
            Err(fault) if fault.kind == FaultKind::OutcomeUnknown => said(ended, EndOutcome::Unknown),
            Err(fault) => said(ended, EndOutcome::Failed(fault)),
        }
    }
}

impl World {
    /// Receipts that do not say yet what went say so once it was seen.
    pub(super) fn settle_receipts(&mut self, id: SessionId) {
        let Some(session) = self.sessions.iter().find(|session| session.id == id) else { return };
        for toast in &mut self.toasts {
            let ToastText::Ended(ended, _) = &mut toast.text else { continue };
            let lease = ended.lease;
            if let Some(receipt) = ended.receipt.as_mut().filter(|it| it.session == id && it.went.is_none()) {
                receipt.went = session.lease_ends.count(lease, receipt.revision, session.applied);
            }
        }
    }
}

fn said(ended: Ended, outcome: EndOutcome) -> Message {
    let kind = match &outcome {
        EndOutcome::Done(_) => ToastKind::Success,
        EndOutcome::LeftAlone => ToastKind::Info,
        EndOutcome::Unknown | EndOutcome::Failed(_) => ToastKind::Failure,
    };
    (kind, ToastText::Ended(Box::new(ended), outcome))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::coordination::{ClaimKind, ClaimQueue, Confidence};
    use crate::model::record::KeyMeta;

    fn key(text: &str) -> Key {
        Key::from(text.as_bytes())
    }

    /// The lock `/l`, claimed on these leases in this order.
    pub(in crate::model) fn line(form: ClaimForm, leases: &[i64]) -> Coordination {
        let mut queue = ClaimQueue::new(key("/l"), ClaimKind::Lock, form, Confidence::Certain);
        queue.claims = leases
            .iter()
            .map(|lease| {
                let meta =
                    KeyMeta { create_revision: *lease, mod_revision: *lease, version: 1, lease: *lease };
                Arc::new(Claim::found(key(&format!("/l/{lease}")), meta, None))
            })
            .collect();
        let mut coordination = Coordination::default();
        coordination.add_queue(queue);
        coordination
    }

    fn asked(place: usize, lease: i64, how: EndHow, attached: &[&str]) -> Ended {
        Ended {
            subject: EndSubject::Claim { queue: key("/l"), kind: ClaimKind::Lock, place },
            how,
            key: Some(key(&format!("/l/{lease}"))),
            lease,
            attached: attached.iter().map(|name| key(name)).collect(),
            asked_at: 0,
            receipt: None,
        }
    }

    fn lease_of(after: After) -> (&'static str, i64) {
        match after {
            After::Next(claim) => ("next", claim.meta.lease),
            After::Stays(claim) => ("stays", claim.meta.lease),
            After::Nobody => ("nobody", 0),
            After::Unseen => ("unseen", 0),
            After::Nothing => ("nothing", 0),
            After::Instances(count) => ("instances", count as i64),
        }
    }

    #[test]
    fn the_next_in_line_takes_over_and_a_waiter_leaves_the_holder_where_it_is() {
        let picture = line(ClaimForm::Queue, &[1, 2, 3]);
        let delete = |place, lease| lease_of(asked(place, lease, EndHow::DeleteKey, &[]).after(&picture));
        assert_eq!(delete(0, 1), ("next", 2));
        assert_eq!([delete(1, 2), delete(2, 3)], [("stays", 1), ("stays", 1)]);
        // Two places of one lease go together.
        let both = asked(0, 1, EndHow::RevokeLease, &["/l/1", "/l/2"]);
        assert_eq!(lease_of(both.after(&picture)), ("next", 3));
        assert_eq!(lease_of(asked(0, 1, EndHow::DeleteKey, &["/l/1", "/l/2"]).after(&picture)), ("next", 2));
        let alone = line(ClaimForm::Queue, &[1]);
        assert_eq!(lease_of(asked(0, 1, EndHow::DeleteKey, &[]).after(&alone)), ("nobody", 0));
        let single = line(ClaimForm::SingleKey, &[1]);
        assert_eq!(lease_of(asked(0, 1, EndHow::DeleteKey, &[]).after(&single)), ("unseen", 0));
    }

    #[test]
    fn a_picture_of_after_it_says_the_same() {
        let picture = line(ClaimForm::Queue, &[2, 3]);
        assert_eq!(lease_of(asked(0, 1, EndHow::DeleteKey, &[]).after(&picture)), ("next", 2));
        assert_eq!(lease_of(asked(1, 9, EndHow::DeleteKey, &[]).after(&picture)), ("stays", 2));
    }

    #[test]
    fn each_end_of_a_deletion_is_told() {
        let session = Session { coordination: line(ClaimForm::Queue, &[1, 2]), ..Session::default() };
        let told = |report| session.key_ended(asked(0, 1, EndHow::DeleteKey, &[]), report);
        let done = BatchReport { done: 1, total: 1, ..BatchReport::default() };
        let (kind, ToastText::Ended(_, EndOutcome::Done(After::Next(next)))) = told(done) else {
            panic!("not done")
        };
        assert_eq!((kind, next.meta.lease), (ToastKind::Success, 2));
        let report = BatchReport { total: 1, skipped: vec![key("/l/1")], ..BatchReport::default() };
        assert!(matches!(told(report), (ToastKind::Info, ToastText::Ended(_, EndOutcome::LeftAlone))));
        let report = BatchReport { total: 1, unknown: vec![key("/l/1")], ..BatchReport::default() };
        assert!(matches!(told(report), (ToastKind::Failure, ToastText::Ended(_, EndOutcome::Unknown))));
        let fault = Fault::new(FaultKind::PermissionDenied, "");
        let report = BatchReport { total: 1, stopped: Some(fault), ..BatchReport::default() };
        assert!(matches!(told(report), (ToastKind::Failure, ToastText::Ended(_, EndOutcome::Failed(_)))));
    }
}
