//! A cluster as one thing to ask: its members, which of them is asked first, and fail-over.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use etcd_client::{Error, GetOptions};
use tokio::task::JoinSet;

use super::address::{TlsFiles, addresses};
use super::fault::{telling, worth_another_member};
use super::gate::WriteGate;
use super::member::{CONTACT_TIMEOUT, Common, Handle, Member};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::ConnectRequest;
use crate::model::status::{KeyInterval, Notice};

/// A read of one key, or of little.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(3);
/// A read of a part of a listing.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_secs(12);
/// While the members elect a leader, reads are tried again for so long.
const PATIENCE: Duration = Duration::from_secs(8);
const BETWEEN_ROUNDS: Duration = Duration::from_millis(250);

/// A connection to all members of one cluster. Clones share it.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    members: Vec<Arc<Member>>,
    common: Arc<Common>,
    gate: WriteGate,
    /// The user's name, where one was given.
    user: Option<String>,
    /// Index of the member that answered last, asked first.
    preferred: AtomicUsize,
    known: Mutex<Known>,
}

/// What was learnt on the way.
#[derive(Default)]
struct Known {
    /// What the user may read; `None`: not asked yet.
    readable: Option<Vec<KeyInterval>>,
    /// Index of the member that the mirror watches.
    watching: Option<usize>,
    old_server: Option<String>,
}

impl Cluster {
    /// [`Cluster::connect_behind`] a gate of its own.
    ///
    /// # Errors
    /// As there.
    pub async fn connect(request: &ConnectRequest) -> Result<Self, Fault> {
        Self::connect_behind(request, WriteGate::of(&request.profile)).await
    }

    /// Connects to every endpoint at once and returns when the first member has answered; the
    /// others are tried again when they are needed. What is written goes through the gate.
    ///
    /// # Errors
    /// When no member answers: the fault that tells most. A wrong password is told at once.
    pub async fn connect_behind(request: &ConnectRequest, gate: WriteGate) -> Result<Self, Fault> {
        let profile = &request.profile;
        let addresses = addresses(profile)?;
        let tls = if addresses.iter().any(|address| address.tls) {
            let settings = profile.tls.clone();
            let read = tokio::task::spawn_blocking(move || TlsFiles::read(&settings)).await;
            Some(read.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))??)
        } else {
            None
        };
        let user = profile.user.clone().filter(|user| !user.is_empty());
        let login = user.clone().map(|user| {
            let password = request.password.as_ref().map(|secret| secret.0.clone());
            (user, password.unwrap_or_default())
        });
        let common = Arc::new(Common::default());
        let members: Vec<_> = addresses
            .into_iter()
            .map(|address| {
                let options = address.options(tls.as_ref());
                Arc::new(Member::new(address, options, login.clone(), common.clone()))
            })
            .collect();
        let first = first_contact(&members, user.is_none()).await?;
        let inner = Inner {
            members,
            common,
            gate,
            user,
            preferred: AtomicUsize::new(first),
            known: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The id that the cluster's members gave.
    #[must_use]
    pub fn cluster_id(&self) -> u64 {
        self.inner.common.cluster_id.load(Ordering::SeqCst)
    }

    /// Takes over another id: the cluster behind the endpoints has been replaced.
    pub(super) fn adopt(&self, cluster_id: u64) {
        self.inner.common.cluster_id.store(cluster_id, Ordering::SeqCst);
    }

    /// An answer told this revision.
    pub(super) fn saw(&self, revision: i64) {
        self.inner.common.seen.store(revision, Ordering::SeqCst);
    }

    /// A revision that the cluster has been at lately; 0: none is known.
    pub(super) fn seen(&self) -> i64 {
        self.inner.common.seen.load(Ordering::SeqCst)
    }

    /// The operator asked: a login that was refused may be tried again.
    pub(super) fn allow_login(&self) {
        self.inner.common.allow_login();
    }

    /// What there is to know about the connection.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        if self.inner.common.auth_off.load(Ordering::SeqCst) {
            notices.push(Notice::AuthenticationOff);
        }
        let known = self.known();
        if let Some(readable) = known.readable.as_ref().filter(|it| **it != [KeyInterval::everything()]) {
            notices.push(Notice::RestrictedTo(readable.clone()));
        }
        if let Some(version) = &known.old_server {
            notices.push(Notice::OldServer(version.clone()));
        }
        notices
    }

    pub(super) fn members(&self) -> &[Arc<Member>] {
        &self.inner.members
    }

    pub(super) fn gate(&self) -> &WriteGate {
        &self.inner.gate
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.inner.user.as_deref()
    }

    pub(super) fn watching(&self) -> Option<usize> {
        self.known().watching
    }

    pub(super) fn set_watching(&self, index: Option<usize>) {
        self.known().watching = index;
    }

    pub(super) fn set_old_server(&self, version: Option<String>) {
        self.known().old_server = version;
    }

    pub(super) fn readable(&self) -> Option<Vec<KeyInterval>> {
        self.known().readable.clone()
    }

    pub(super) fn set_readable(&self, readable: Option<Vec<KeyInterval>>) {
        self.known().readable = readable;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The members in the order to ask them: the one that answered last, the others, and those that
    /// failed lately, the latest failure last.
    pub(super) fn order(&self) -> Vec<usize> {
        let preferred = self.inner.preferred.load(Ordering::Relaxed);
        let mut order: Vec<usize> = (0..self.inner.members.len()).collect();
        order.sort_by_key(|&index| (self.inner.members[index].trouble_since(), index != preferred, index));
        order
    }

    /// This member answered: it is asked first from now on.
    pub(super) fn prefer(&self, index: usize) {
        self.inner.preferred.store(index, Ordering::Relaxed);
    }

    /// Asks one member after the other until one answers. For reads alone.
    pub(super) async fn ask<T, F, Fut>(&self, limit: Duration, op: F) -> Result<T, Fault>
    where
        F: Fn(Handle) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let begun = Instant::now();
        let mut worst: Option<Fault> = None;
        loop {
            for index in self.order() {
                match self.inner.members[index].call(limit, &op).await {
                    Ok(answer) => {
                        self.prefer(index);
                        return Ok(answer);
                    }
                    Err(refusal) if worth_another_member(&refusal.fault) => {
                        worst = more_telling(worst, refusal.fault);
                    }
                    Err(refusal) => return Err(refusal.fault),
                }
                if begun.elapsed() > PATIENCE {
                    break;
                }
            }
            let passing = worst
                .as_ref()
                .is_some_and(|fault| matches!(fault.kind, FaultKind::NoLeader | FaultKind::Unavailable));
            if !passing || begun.elapsed() > PATIENCE {
                return Err(worst.unwrap_or_else(|| Fault::new(FaultKind::Unavailable, "no member")));
            }
            tokio::time::sleep(BETWEEN_ROUNDS).await;
        }
    }
}

/// The fault that tells the operator more.
pub(super) fn more_telling(known: Option<Fault>, fault: Fault) -> Option<Fault> {
    match known {
        Some(known) if telling(known.kind) >= telling(fault.kind) => Some(known),
        _ => Some(fault),
    }
}

/// Asks all members at once and returns the first that answers.
async fn first_contact(members: &[Arc<Member>], anonymous: bool) -> Result<usize, Fault> {
    let mut contacts = JoinSet::new();
    for (index, member) in members.iter().enumerate() {
        let member = member.clone();
        contacts.spawn(async move {
            let greet = async |mut handle: Handle| {
                // Where authentication is on, a read without a user is refused; a user without
                // permission for this key is one all the same.
                if anonymous {
                    handle
                        .kv
                        .get("\0", Some(GetOptions::new().with_serializable().with_count_only()))
                        .await?;
                }
                Ok(())
            };
            (index, member.call(CONTACT_TIMEOUT, greet).await.map_err(|refusal| refusal.fault))
        });
    }
    let mut worst = None;
    while let Some(contact) = contacts.join_next().await {
        match contact {
            Ok((index, Ok(()))) => {
                // The others go on connecting, each to its own end.
                contacts.detach_all();
                return Ok(index);
            }
            Ok((_, Err(fault))) => {
                if matches!(fault.kind, FaultKind::WrongPassword | FaultKind::UserRequired) {
                    return Err(fault);
                }
                worst = more_telling(worst, fault);
            }
            Err(error) => {
                worst = more_telling(worst, Fault::new(FaultKind::Other, error.to_string()));
            }
        }
    }
    Err(worst.unwrap_or_else(|| Fault::new(FaultKind::BadEndpoint, "no endpoint is given")))
}
