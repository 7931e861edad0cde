//! Taking events in: the only way in which the world changes by news from outside.

mod audit;
mod coordination;
mod documents;
mod history;
mod plans;
mod travel;

use std::sync::Arc;

use super::discard::Discarded;
use super::fault::{Fault, FaultKind};
use super::loadable::LoadState;
use super::message::{CommandKind, Event, EventKind, MirrorUpdate, SessionId};
use super::notify::Notifying;
use super::session::{Job, JobState, Session};
use super::status::MirrorState;
use super::world::{DemoState, Toast, ToastKind, ToastText, World};

/// A question that follows from an event.
pub type FollowUp = (SessionId, CommandKind);

/// At most so many toasts are on screen.
const MAX_TOASTS: usize = 5;

impl World {
    /// Takes an event in, and returns what has to be asked next. Answers to a connection that is
    /// closed, and to a question that was overtaken, change nothing.
    pub fn apply(&mut self, event: Event) -> Vec<FollowUp> {
        let Event { session: id, request, kind } = event;
        if id == SessionId::default() {
            self.apply_global(request, kind);
            return Vec::new();
        }
        let now = self.now;
        let Some(session) = self.session_mut(id) else { return Vec::new() };
        let mut follow_ups = Vec::new();
        let mut toast = None;
        let mut discarded = Vec::new();
        let mirrored = matches!(kind, EventKind::Mirror(_));
        match kind {
            EventKind::State(state) => session.state = state,
            EventKind::Mirror(update) => {
                discarded.push(Discarded::Changes(update.changes.clone()));
                discarded.push(Discarded::Keyspace(session.keyspace.clone()));
                session.apply_mirror(*update, &mut follow_ups);
            }
            EventKind::Cluster(status) => session.apply_cluster(*status),
            EventKind::Journal(status) => session.journal = *status,
            EventKind::Coordination(coordination) => {
                let before = std::mem::replace(&mut session.coordination, *coordination);
                discarded.push(Discarded::Coordination(Box::new(before)));
                session.count_leases_now_and_then(now);
            }
            EventKind::Proven(at) => session.prove(at),
            kind @ (EventKind::LeaseList(_)
            | EventKind::Leases(_)
            | EventKind::LeaseGranted(_)
            | EventKind::LeaseKept { .. }
            | EventKind::LeaseRevoked { .. }) => toast = session.apply_leases(request, kind, now),
            EventKind::Timeline { prefix, timeline } => session.apply_timeline(&prefix, request, timeline),
            EventKind::Moment { picture, .. } if session.layers.waits_for(request) => {
                session.layers.answer(picture.as_deref().map_err(Clone::clone));
            }
            EventKind::Moment { prefix, picture, .. } => session.apply_moment(&prefix, request, &picture),
            EventKind::DeletedKeys { keys, .. } => session.apply_deleted_keys(request, keys),
            EventKind::FileRead { path, content } => session.apply_file(&path, request, &content),
            EventKind::Value { key, record } => {
                toast = session.apply_attaching(&key, request, &record, &mut follow_ups);
                session.apply_compared(&key, request, &record);
                if let Some(travel) = &mut session.travel {
                    travel.opened_answered(&key, request, &record);
                }
                session.apply_value(&key, request, record, now, &mut follow_ups);
                session.merge_past(&key);
            }
            EventKind::Written { key, value, outcome } => {
                toast = session.apply_written(&key, request, &value, outcome, now, &mut follow_ups);
                session.merge_past(&key);
            }
            EventKind::History { key, page } => session.apply_history(&key, request, page),
            EventKind::Recorded { key, records } => session.apply_recorded(&key, request, records),
            EventKind::Replayed { what, replay } => session.apply_replayed(&what, request, &replay),
            EventKind::CompactionRevision(revision) => session.apply_compaction(request, revision),
            EventKind::Together { revision, keys } => session.apply_together(revision, &keys),
            EventKind::Found(result) if session.search.request == request => {
                let before = session.search.result.value().cloned();
                discarded.extend(before.map(Discarded::Found));
                session.search.result.answer(result.map(Arc::new));
            }
            kind @ (EventKind::Planned(_)
            | EventKind::PlanNews { .. }
            | EventKind::PlanDone(_)
            | EventKind::Plans(_)) => toast = session.apply_plans(request, kind, &mut discarded),
            EventKind::Progress { done, total } => {
                if session.apply_replay_progress(request, done, total) {
                    return follow_ups;
                }
                if let Some(job) = session.job_mut(request) {
                    job.done = done;
                    job.total = total.or(job.total);
                }
            }
            EventKind::BatchDone(report) if session.is_ending(request) => {
                toast = session.take_ending(request).map(|ended| session.key_ended(ended, report));
            }
            EventKind::BatchDone(report) => {
                let failed = report.stopped.is_some() || !report.unknown.is_empty();
                let skipped = report.skipped.len() as u64;
                let text = match &report.stopped {
                    Some(fault) if fault.kind != FaultKind::Cancelled => ToastText::Fault(fault.clone()),
                    _ => ToastText::BatchDone { done: report.done, total: report.total, skipped },
                };
                let kind = match (failed, skipped) {
                    (true, _) => ToastKind::Failure,
                    (false, 0) => ToastKind::Success,
                    (false, _) => ToastKind::Info,
                };
                toast = Some((kind, text));
                if let Some(job) = session.job_mut(request) {
                    job.done = report.done;
                    job.state = JobState::Done(report);
                }
            }
            EventKind::Exported(Ok(report)) => {
                let path = report.path.display().to_string();
                toast = Some((ToastKind::Success, ToastText::Exported { keys: report.keys, path }));
                if let Some(job) = session.job_mut(request) {
                    job.done = report.keys;
                    job.state = JobState::Exported(report);
                }
            }
            EventKind::Exported(Err(fault)) => {
                if fault.kind != FaultKind::Cancelled {
                    toast = Some((ToastKind::Failure, ToastText::Fault(fault.clone())));
                }
                if let Some(job) = session.job_mut(request) {
                    job.state = JobState::Failed(fault);
                }
            }
            _ => {}
        }
        self.discarded.extend(discarded);
        if mirrored {
            self.settle_receipts(id);
        }
        if let Some((kind, text)) = toast {
            self.toast(kind, text);
        }
        follow_ups
    }

    fn apply_global(&mut self, request: super::message::RequestId, kind: EventKind) {
        match kind {
            EventKind::TestStep(step) => {
                if let Some(test) = self.test.as_mut().filter(|test| test.request == request) {
                    test.steps.push(step);
                }
            }
            EventKind::Audit(page) => self.apply_audit(request, page),
            EventKind::AuditChain(chain) => self.apply_audit_chain(chain),
            EventKind::AuditTrouble(fault) => self.audit.trouble = fault,
            EventKind::AuditExported(written) => self.apply_audit_exported(written),
            EventKind::TestDone => {
                if let Some(test) = self.test.as_mut().filter(|test| test.request == request) {
                    test.done = true;
                }
            }
            EventKind::Stored { profiles, settings, drafts, fault } => {
                self.profiles = profiles;
                self.settings = *settings;
                self.drafts = drafts;
                self.stored_loaded = true;
                if let Some(fault) = fault {
                    self.toast(ToastKind::Failure, ToastText::Fault(fault));
                }
            }
            EventKind::ProfileKept { name, fault: None } => {
                self.toast(ToastKind::Success, ToastText::ProfileKept(name));
            }
            EventKind::ProfileKept { fault: Some(fault), .. } | EventKind::NotKept(fault) => {
                self.toast(ToastKind::Failure, ToastText::Fault(fault));
            }
            EventKind::Notified(taken) => self.apply_notified(taken),
            EventKind::NotificationClicked(opens) => self.clicked = Some(opens),
            EventKind::DemoStarted(Ok(profile)) => self.demo = DemoState::Running(profile),
            EventKind::DemoStarted(Err(fault)) => self.demo = DemoState::Failed(fault),
            EventKind::LocalFound(endpoint) => self.local_endpoint = endpoint,
            _ => {}
        }
    }

    /// That the system shows no notifications is said once, until it does again.
    fn apply_notified(&mut self, taken: Result<(), Fault>) {
        let known = matches!(&self.notifying, Notifying::Failed(fault) if taken.as_ref() == Err(fault));
        self.notifying = match taken {
            Ok(()) => Notifying::Taken,
            Err(fault) => Notifying::Failed(fault),
        };
        if let (Notifying::Failed(fault), false) = (&self.notifying, known) {
            self.toast(ToastKind::Failure, ToastText::Fault(fault.clone()));
        }
    }

    /// Shows a short message. One that is on screen already stays longer instead of coming twice.
    pub fn toast(&mut self, kind: ToastKind, text: ToastText) {
        if let Some(same) = self.toasts.iter_mut().find(|toast| toast.kind == kind && toast.text == text) {
            same.seen_at = self.now;
            return;
        }
        let id = self.toasts.last().map_or(1, |toast| toast.id + 1);
        if self.toasts.len() >= MAX_TOASTS {
            self.toasts.remove(0);
        }
        self.toasts.push(Toast { id, kind, text, seen_at: self.now });
    }

    /// Shows a fault as a short message.
    pub fn toast_fault(&mut self, fault: Fault) {
        self.toast(ToastKind::Failure, ToastText::Fault(fault));
    }
}

impl Session {
    fn job_mut(&mut self, request: super::message::RequestId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.request == request)
    }

    fn apply_cluster(&mut self, status: super::status::ClusterStatus) {
        self.raft.see(&status);
        self.cluster = status;
    }

    fn apply_mirror(&mut self, update: MirrorUpdate, follow_ups: &mut Vec<FollowUp>) {
        // After the first listing, and after each time without a connection, changes may be missing.
        let in_step = |state: &MirrorState| matches!(state, MirrorState::Live | MirrorState::CatchingUp);
        let resumed = in_step(&update.state) && !in_step(&self.state);
        self.lease_ends.note(&self.keyspace, &update);
        self.follow_past(&update);
        self.state = update.state;
        self.keyspace = update.keyspace;
        if update.relisted {
            self.activity.note_gap(self.applied, update.applied, update.seen_at);
        }
        self.applied = update.applied;
        self.notable.note(&self.profile.coordination.notify, &update.changes);
        self.note_for_travel(&update.changes, update.seen_at, update.relisted);
        self.refresh_schemas();
        for revision in update.changes.iter() {
            for change in &revision.changes {
                let ancestors = self.keyspace.ancestors(&change.key);
                self.activity.note(change, revision.revision, update.seen_at, &ancestors);
                self.note_change(change, revision.revision, update.seen_at, follow_ups);
            }
        }
        self.activity.prune(update.seen_at);
        if update.relisted {
            self.activity.forget_existing(&self.keyspace);
        }
        if update.relisted || resumed {
            self.recheck_documents(follow_ups);
        }
        if resumed && self.plans.loaded.state() == &LoadState::NotAsked {
            // One that was interrupted is to be seen without being looked for.
            self.plans.loaded.ask();
            follow_ups.push((self.id, CommandKind::LoadPlans));
        }
    }
}

#[cfg(test)]
mod tests;
