//! Hands each command to whom it is for.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::audit::{AuditDesk, AuditLog};
use super::demo::DemoKeeper;
use super::files::Files;
use super::jobs::Jobs;
use super::journal::{Journal, JournalKeeper};
use super::notify::{Notifier, Shown};
use super::session::SessionHandle;
use super::{BackendOptions, Outbox};
use crate::model::message::{Command, CommandKind, Event, EventKind, RequestId, SessionId};
use crate::model::plan::PlanState;
use crate::model::write::{BatchReport, WriteOutcome};
use crate::storage::Storage;

/// Runs until the window drops its end.
pub(super) async fn run(mut commands: mpsc::Receiver<Command>, outbox: Outbox, options: BackendOptions) {
    let told = outbox.clone();
    let on_trouble = move |fault| {
        let event = Event {
            session: SessionId::default(),
            request: RequestId::default(),
            kind: EventKind::AuditTrouble(fault),
        };
        told.try_send(event);
    };
    let mut hub = Hub {
        audit: AuditLog::start(&options.storage, Arc::new(on_trouble)),
        audit_desk: AuditDesk::new(&options.storage, outbox.clone()),
        jobs: Jobs::new(options.storage.clone()),
        storage: options.storage.clone(),
        journals: JournalKeeper::new(),
        files: Files::start(options.storage, options.secrets, outbox.clone()),
        demo: DemoKeeper::new(options.demo),
        sessions: HashMap::new(),
        notifier: Notifier::new(outbox.clone()),
        outbox,
    };
    while let Some(command) = commands.recv().await {
        hub.execute(command).await;
    }
    hub.jobs.cancel_all();
    for (_, session) in hub.sessions.drain() {
        session.close();
    }
    hub.audit.flush().await;
    hub.journals.finish().await;
    hub.files.finish().await;
    hub.demo.shutdown().await;
}

struct Hub {
    outbox: Outbox,
    audit: AuditLog,
    audit_desk: AuditDesk,
    files: Files,
    demo: DemoKeeper,
    jobs: Jobs,
    storage: Storage,
    journals: JournalKeeper,
    sessions: HashMap<SessionId, SessionHandle>,
    notifier: Notifier,
}

impl Hub {
    async fn execute(&mut self, command: Command) {
        let Command { session, request, kind } = command;
        if let Some(refusal) = self.refusal(session, &kind) {
            self.outbox.send(Event { session, request, kind: refusal }).await;
            return;
        }
        match kind {
            CommandKind::Connect(connect) => {
                if self.sessions.contains_key(&session) {
                    // A number is never given twice: the connection that has it goes on.
                    tracing::error!(?session, "there is a connection with this number already");
                    return;
                }
                let passwords = self.files.passwords();
                let journal = Journal::start(
                    session,
                    &self.storage,
                    connect.profile.journal.clone(),
                    self.outbox.clone(),
                    self.journals.alive(),
                );
                let handle = SessionHandle::open(session, *connect, passwords, journal, self.outbox.clone());
                self.sessions.insert(session, handle);
            }
            CommandKind::Disconnect => {
                self.jobs.cancel_session(session);
                if let Some(session) = self.sessions.remove(&session) {
                    session.close();
                }
            }
            CommandKind::Reconnect => {
                if let Some(session) = self.sessions.get(&session) {
                    session.retry_now();
                }
            }
            CommandKind::TestConnection(connect) => {
                let passwords = self.files.passwords();
                self.jobs.test_connection(request, *connect, passwords, self.outbox.clone());
            }
            CommandKind::Cancel(request) => self.jobs.cancel(request),
            CommandKind::Search(keyspace, query) => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.search(request, keyspace, query);
                }
            }
            // It needs no connection, and waits for none.
            CommandKind::ReadFile(path) => {
                super::read_file::start(session, request, path, self.outbox.clone());
            }
            CommandKind::Notify { title, body, opens } => {
                self.notifier.show(request, Shown { title, body, opens });
            }
            CommandKind::StartDemo => self.demo.start(request, self.outbox.clone()),
            CommandKind::ProbeLocal => self.jobs.probe_local(request, self.outbox.clone()),
            CommandKind::KeepProfile { ref profile, ref renamed_from, .. } => {
                let before = renamed_from.as_ref().unwrap_or(&profile.name);
                // Whether or not it can be kept on disk: it was decided.
                for handle in self.sessions.values_mut() {
                    handle.follow_profile(before, profile);
                }
                self.files.execute(request, kind).await;
            }
            CommandKind::Audit(query) => self.audit_desk.page(request, query),
            CommandKind::ExportAudit(query, path) => self.audit_desk.export(request, query, path),
            CommandKind::LoadStored
            | CommandKind::RemoveProfile(_)
            | CommandKind::KeepSettings(_)
            | CommandKind::KeepDraft(_)
            | CommandKind::DropDraft { .. } => self.files.execute(request, kind).await,
            kind => match self.sessions.get(&session) {
                Some(handle) => {
                    let signer = handle.signer(self.audit.clone());
                    let (slot, profile) = (handle.cluster(), handle.profile());
                    let (journal, leases, outbox) = (handle.journal(), handle.leases(), self.outbox.clone());
                    self.jobs.spawn(session, request, kind, slot, signer, profile, journal, leases, outbox);
                }
                None => tracing::debug!(?session, "a command for a connection that is closed"),
            },
        }
    }

    /// What is answered to a write of a read-only profile, instead of doing it. (The connection's own
    /// gate refuses too.)
    fn refusal(&self, session: SessionId, kind: &CommandKind) -> Option<EventKind> {
        let fault = self.sessions.get(&session)?.gate().pass().err()?;
        match kind {
            CommandKind::Put(put) => Some(EventKind::Written {
                key: put.key.clone(),
                value: put.value.clone(),
                outcome: WriteOutcome::NotSaved(fault),
            }),
            CommandKind::Batch(steps) => Some(EventKind::BatchDone(BatchReport {
                total: steps.len() as u64,
                stopped: Some(fault),
                ..BatchReport::default()
            })),
            CommandKind::GrantLease { .. } => Some(EventKind::LeaseGranted(Err(fault))),
            CommandKind::KeepLease(lease) => Some(EventKind::LeaseKept { lease: *lease, kept: Err(fault) }),
            CommandKind::RevokeLease(lease) => {
                Some(EventKind::LeaseRevoked { lease: *lease, ended: Err(fault) })
            }
            CommandKind::RunPlan(plan) => {
                let mut plan = plan.clone();
                plan.state = PlanState::Stopped(Some(fault));
                Some(EventKind::PlanDone(plan))
            }
            // Every kind is named, so that a new one is decided upon here.
            CommandKind::Connect(_)
            | CommandKind::Disconnect
            | CommandKind::Reconnect
            | CommandKind::TestConnection(_)
            | CommandKind::Read(_)
            | CommandKind::History { .. }
            | CommandKind::Recorded(_)
            | CommandKind::Replay(_)
            | CommandKind::CompactionRevision
            | CommandKind::Together(_)
            | CommandKind::Timeline(_)
            | CommandKind::Moment { .. }
            | CommandKind::DeletedKeys(_)
            | CommandKind::MakePlan { .. }
            | CommandKind::LoadPlans
            | CommandKind::DropPlan(_)
            | CommandKind::Audit(_)
            | CommandKind::ExportAudit(..)
            | CommandKind::ReadFile(_)
            | CommandKind::Search(..)
            | CommandKind::Leases(_)
            | CommandKind::ListLeases
            | CommandKind::Notify { .. }
            | CommandKind::Export(_)
            | CommandKind::Cancel(_)
            | CommandKind::LoadStored
            | CommandKind::KeepProfile { .. }
            | CommandKind::RemoveProfile(_)
            | CommandKind::KeepSettings(_)
            | CommandKind::KeepDraft(_)
            | CommandKind::DropDraft { .. }
            | CommandKind::StartDemo
            | CommandKind::ProbeLocal => None,
        }
    }
}
