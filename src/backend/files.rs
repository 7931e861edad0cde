//! What is kept on disk and in the keyring, each on a thread of its own: one after the other, so
//! that a newer draft is never overwritten by an older one; and apart, so that a keyring that asks
//! its owner to unlock it holds up no draft.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Outbox;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, ConnectRequest, Event, EventKind, RequestId, SessionId};
use crate::model::profile::Secret;
use crate::storage::{Storage, secrets::Secrets};

/// At the end of the console the files have so long to be written.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// So much may wait for the disk, or for the keyring.
const WAITING: usize = 1_024;

/// Something for the keyring.
enum KeyringJob {
    Read { profile: String, reply: oneshot::Sender<Option<Secret>> },
    Keep { request: RequestId, name: String, renamed_from: Option<String>, password: Option<Secret> },
    Remove(String),
}

/// The hub's end of the two threads.
pub(super) struct Files {
    jobs: mpsc::Sender<(RequestId, CommandKind)>,
    keyring: mpsc::Sender<KeyringJob>,
    outbox: Outbox,
    done: Option<oneshot::Receiver<()>>,
}

impl Files {
    pub(super) fn start(storage: Storage, secrets: Secrets, outbox: Outbox) -> Self {
        let (keyring, keyring_waiting) = mpsc::channel(WAITING);
        let (jobs, waiting) = mpsc::channel(WAITING);
        let (finished, done) = oneshot::channel();
        let (told, lost) = (outbox.clone(), outbox.clone());
        thread("keyring", move || serve_keyring(secrets, keyring_waiting, &told));
        let passwords = keyring.clone();
        thread("files", move || {
            serve_files(&storage, waiting, &passwords, &outbox);
            if finished.send(()).is_err() {
                tracing::debug!("nobody waits for the files any more");
            }
        });
        Self { jobs, keyring, outbox: lost, done: Some(done) }
    }

    pub(super) async fn execute(&self, request: RequestId, kind: CommandKind) {
        if self.jobs.send((request, kind)).await.is_err() {
            // Whoever types must know that it is not kept.
            let fault = Fault::new(FaultKind::File, "the thread that writes files has ended");
            let kind = EventKind::NotKept(fault);
            self.outbox.send(Event { session: SessionId::default(), request, kind }).await;
        }
    }

    /// Who reads passwords for a connection.
    pub(super) fn passwords(&self) -> Passwords {
        Passwords { keyring: self.keyring.clone() }
    }

    /// Waits until everything is on disk.
    pub(super) async fn finish(self) {
        let Self { jobs, keyring, outbox, done } = self;
        drop((jobs, keyring, outbox));
        if let Some(done) = done
            && tokio::time::timeout(FINISH_WITHIN, done).await.is_err()
        {
            tracing::error!("the files were not written in time");
        }
    }
}

/// Reads passwords from the keyring.
pub(super) struct Passwords {
    keyring: mpsc::Sender<KeyringJob>,
}

impl Passwords {
    /// Adds the password kept in the keyring, where the profile has a user and none was typed.
    pub(super) async fn complete(self, mut connect: ConnectRequest) -> ConnectRequest {
        if connect.profile.user.is_some() && connect.password.is_none() {
            let (reply, password) = oneshot::channel();
            let profile = connect.profile.name.clone();
            if self.keyring.send(KeyringJob::Read { profile, reply }).await.is_ok() {
                connect.password = password.await.unwrap_or(None);
            }
        }
        connect
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        tracing::error!(%error, name, "no thread: nothing will be kept");
    }
}

fn serve_files(
    storage: &Storage,
    mut waiting: mpsc::Receiver<(RequestId, CommandKind)>,
    keyring: &mpsc::Sender<KeyringJob>,
    outbox: &Outbox,
) {
    while let Some((request, kind)) = waiting.blocking_recv() {
        let answer = match kind {
            CommandKind::LoadStored => {
                let stored = storage.load();
                Some(EventKind::Stored {
                    profiles: stored.profiles,
                    settings: Box::new(stored.settings),
                    drafts: stored.drafts,
                    fault: stored.fault,
                })
            }
            CommandKind::KeepProfile { profile, renamed_from, password } => {
                let name = profile.name.clone();
                match storage.keep_profile(&profile, renamed_from.as_deref()) {
                    Err(fault) => Some(EventKind::ProfileKept { name, fault: Some(fault) }),
                    Ok(()) => {
                        ask_keyring(keyring, KeyringJob::Keep { request, name, renamed_from, password })
                    }
                }
            }
            CommandKind::RemoveProfile(name) => {
                let removed = storage.remove_profile(&name);
                told(removed).or_else(|| ask_keyring(keyring, KeyringJob::Remove(name)))
            }
            CommandKind::KeepSettings(settings) => told(storage.keep_settings(&settings)),
            CommandKind::KeepDraft(draft) => told(storage.keep_draft(&draft)),
            CommandKind::DropDraft { profile, key } => told(storage.drop_draft(&profile, &key)),
            _ => None,
        };
        if let Some(kind) = answer {
            outbox.blocking_send(Event { session: SessionId::default(), request, kind });
        }
    }
}

fn ask_keyring(keyring: &mpsc::Sender<KeyringJob>, job: KeyringJob) -> Option<EventKind> {
    let asked = keyring.try_send(job);
    asked.err().map(|error| EventKind::NotKept(Fault::new(FaultKind::Keyring, error.to_string())))
}

fn told(result: Result<(), Fault>) -> Option<EventKind> {
    result.err().map(EventKind::NotKept)
}

fn serve_keyring(secrets: Secrets, mut waiting: mpsc::Receiver<KeyringJob>, outbox: &Outbox) {
    while let Some(job) = waiting.blocking_recv() {
        match job {
            KeyringJob::Read { profile, reply } => {
                let secret = secrets.read(&profile).unwrap_or_else(|fault| {
                    tracing::info!(%fault, "no password from the keyring");
                    None
                });
                if reply.send(secret).is_err() {
                    tracing::debug!("nobody waits for the password any more");
                }
            }
            KeyringJob::Keep { request, name, renamed_from, password } => {
                let moved = match renamed_from.filter(|before| *before != name) {
                    Some(before) => secrets.rename(&before, &name),
                    None => Ok(()),
                };
                let kept = match password {
                    Some(password) => secrets.keep(&name, &password),
                    // Without a password at hand a keyring that is not there is no news.
                    None => moved.or_else(
                        |fault| {
                            if fault.kind == FaultKind::Keyring { Ok(()) } else { Err(fault) }
                        },
                    ),
                };
                let kind = EventKind::ProfileKept { name, fault: kept.err() };
                outbox.blocking_send(Event { session: SessionId::default(), request, kind });
            }
            KeyringJob::Remove(name) => {
                if let Err(fault) = secrets.remove(&name) {
                    tracing::warn!(%fault, "the password could not be removed from the keyring");
                }
            }
        }
    }
}
