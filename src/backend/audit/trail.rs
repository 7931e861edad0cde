//! What is written through one connection, on its way into the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use super::super::coordination::{Note, Observer};
use super::writer::AuditLog;
use crate::etcd::{Cluster, Testimony, Witness, Witnessing};
use crate::model::audit::{AuditIntent, AuditOperation, AuditOutcome, AuditWrite};
use crate::model::coordination::{LeaseInfo, OwnEnd};
use crate::model::fault::{Fault, FaultKind};
use crate::model::plan::Plan;
use crate::model::profile::Profile;
use crate::model::status::now;
use crate::model::write::{PutRequest, WriteOutcome};

/// A revocation names so many of the keys that go with a lease; one that has more is a rarity.
const MOST_KEYS_OF_A_LEASE: usize = 1_000;

/// Records what is written through a connection. Cheap to clone.
#[derive(Clone)]
pub struct AuditTrail {
    log: AuditLog,
    who: Arc<Who>,
    plan: Option<Arc<str>>,
    /// Who is told what this console ended.
    told: Option<Observer>,
}

struct Who {
    profile: String,
    user: Option<String>,
    cluster_id: u64,
}

/// Who will write through a connection that may not be made yet.
pub(crate) struct Signer {
    pub(crate) log: AuditLog,
    pub(crate) profile: String,
    pub(crate) user: Option<String>,
    /// Who is told what this console ended.
    pub(crate) told: Option<Observer>,
}

impl Signer {
    /// The trail of the connection, once it is made.
    pub(crate) fn trail(self, cluster: &Cluster) -> AuditTrail {
        let trail = AuditTrail::new(self.log, &self.profile, self.user.as_deref(), cluster.cluster_id());
        AuditTrail { told: self.told, ..trail }
    }
}

impl AuditTrail {
    /// The trail of a connection.
    #[must_use]
    pub fn new(log: AuditLog, profile: &str, user: Option<&str>, cluster_id: u64) -> Self {
        let user = user.filter(|user| !user.is_empty()).map(str::to_owned);
        Self {
            log,
            who: Arc::new(Who { profile: profile.to_owned(), user, cluster_id }),
            plan: None,
            told: None,
        }
    }

    /// The trail of a connection made with this profile.
    #[must_use]
    pub fn of(log: AuditLog, profile: &Profile, cluster: &Cluster) -> Self {
        Self::new(log, &profile.name, profile.user.as_deref(), cluster.cluster_id())
    }

    /// The same for the steps of a plan.
    #[must_use]
    pub fn for_plan(&self, plan: &str) -> Self {
        Self { plan: Some(plan.into()), ..self.clone() }
    }

    /// These keys are about to be written. When this is over, that is on disk (or it was told that it
    /// can not be): send the transaction then, and give what is returned to [`AuditTrail::ended`].
    pub async fn asked(&self, intents: Vec<AuditIntent>) -> Testimony {
        let told: Vec<(String, AuditIntent)> =
            intents.into_iter().map(|intent| (next_id(), intent)).collect();
        self.record(told.iter().map(|(id, intent)| (id, intent, AuditOutcome::Asked))).await;
        Testimony(told)
    }

    /// The same for steps of a plan: they keep their ids, so that one that is settled after a crash is
    /// the answer to what was asked before it.
    pub async fn asked_again(&self, testimony: &Testimony) {
        self.record(testimony.0.iter().map(|(id, intent)| (id, intent, AuditOutcome::Asked))).await;
    }

    /// What the log knows a step of a plan by.
    #[must_use]
    pub fn of_step(plan: &Plan, at: usize) -> Option<(String, AuditIntent)> {
        let step = plan.steps.get(at)?;
        Some((format!("{}/{at}", plan.id), AuditIntent::of_plan(step)))
    }

    /// This is how each of them ended, in the order in which they were asked.
    pub async fn ended(&self, testimony: Testimony, outcomes: Vec<AuditOutcome>) {
        if let Some(observer) = &self.told {
            let ends = testimony.0.iter().zip(&outcomes).filter_map(|((_, intent), it)| own_end(intent, it));
            ends.for_each(|end| observer.note(Note::Ours(end)));
        }
        let told = testimony.0.iter().zip(outcomes).map(|((id, intent), outcome)| (id, intent, outcome));
        self.record(told).await;
    }

    /// A guarded put, recorded. It runs to its end even if this future is dropped.
    pub async fn put(&self, cluster: &Cluster, put: &PutRequest) -> WriteOutcome {
        let (trail, cluster, put) = (self.clone(), cluster.clone(), put.clone());
        let running = tokio::spawn(async move {
            let testimony = trail.asked(vec![AuditIntent::of_put(&put)]).await;
            let outcome = cluster.put(&put).await;
            trail.ended(testimony, vec![AuditOutcome::of_put(&outcome)]).await;
            outcome
        });
        let lost = |error: tokio::task::JoinError| {
            WriteOutcome::Unknown(Fault::new(FaultKind::OutcomeUnknown, error.to_string()))
        };
        running.await.unwrap_or_else(lost)
    }

    /// A lease granted under this id, recorded. It runs to its end even if this future is dropped.
    pub async fn grant_lease(&self, cluster: &Cluster, id: i64, ttl_secs: i64) -> Result<LeaseInfo, Fault> {
        let (trail, cluster) = (self.clone(), cluster.clone());
        to_its_end(async move {
            let intent = AuditIntent::of_lease(AuditOperation::GrantLease, id);
            let testimony = trail.asked(vec![intent]).await;
            let granted = cluster.grant_lease(id, ttl_secs).await;
            trail.ended(testimony, vec![AuditOutcome::of_lease(&granted.clone().map(|_| 0))]).await;
            granted
        })
        .await
    }

    /// A lease kept alive once, recorded. It runs to its end even if this future is dropped.
    pub async fn keep_lease(&self, cluster: &Cluster, id: i64) -> Result<LeaseInfo, Fault> {
        let (trail, cluster) = (self.clone(), cluster.clone());
        to_its_end(async move {
            let intent = AuditIntent::of_lease(AuditOperation::KeepLease, id);
            let testimony = trail.asked(vec![intent]).await;
            let kept = cluster.keep_lease(id).await;
            trail.ended(testimony, vec![AuditOutcome::of_lease(&kept.clone().map(|_| 0))]).await;
            kept
        })
        .await
    }

    /// A lease revoked, recorded with the keys that go with it, as far as the user may know them. Gives the
    /// revision at which it went (0: not known). It runs to its end even if this future is dropped.
    pub async fn revoke_lease(&self, cluster: &Cluster, id: i64) -> Result<i64, Fault> {
        let (trail, cluster) = (self.clone(), cluster.clone());
        to_its_end(async move {
            let mut keys = cluster.attached_keys(id).await.unwrap_or_else(|fault| {
                tracing::debug!(%fault, "what a revocation takes along is not known");
                Vec::new()
            });
            keys.truncate(MOST_KEYS_OF_A_LEASE);
            let intents = AuditIntent::of_revoke(id, &keys);
            let writes = intents.len();
            let testimony = trail.asked(intents).await;
            let ended = cluster.revoke_lease(id).await;
            trail.ended(testimony, vec![AuditOutcome::of_lease(&ended); writes]).await;
            ended
        })
        .await
    }

    async fn record<'a>(&self, told: impl Iterator<Item = (&'a String, &'a AuditIntent, AuditOutcome)>) {
        let (at, who) = (now(), &self.who);
        let writes: Vec<AuditWrite> = told
            .map(|(id, intent, outcome)| AuditWrite {
                at,
                profile: who.profile.clone(),
                cluster_id: who.cluster_id,
                user: who.user.clone(),
                operation: intent.operation,
                key: intent.key.clone(),
                source: intent.source.clone(),
                before: intent.before,
                outcome,
                plan: self.plan.as_deref().map(str::to_owned),
                write_id: id.clone(),
            })
            .collect();
        if !writes.is_empty() {
            self.log.append(writes).await;
        }
    }
}

impl Witness for AuditTrail {
    fn asked(&self, intents: Vec<AuditIntent>) -> Witnessing<'_, Testimony> {
        Box::pin(self.asked(intents))
    }

    fn ended(&self, testimony: Testimony, outcomes: Vec<AuditOutcome>) -> Witnessing<'_, ()> {
        Box::pin(self.ended(testimony, outcomes))
    }
}

/// What this console ended, if that is what it did.
fn own_end(intent: &AuditIntent, outcome: &AuditOutcome) -> Option<OwnEnd> {
    let AuditOutcome::Done { revision } = *outcome else { return None };
    match intent.operation {
        AuditOperation::Delete => Some(OwnEnd::Deleted { key: intent.key.clone(), revision }),
        AuditOperation::RevokeLease => intent.lease().map(|lease| OwnEnd::Revoked { lease, revision }),
        _ => None,
    }
}

/// Runs a write in a task of its own: whoever waits for it may go, it does not stop half-way.
async fn to_its_end<T: Send + 'static>(
    write: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let lost = |error: tokio::task::JoinError| Err(Fault::new(FaultKind::OutcomeUnknown, error.to_string()));
    tokio::spawn(write).await.unwrap_or_else(lost)
}

/// An id that no other write has, of this process or another.
fn next_id() -> String {
    static PROCESS: LazyLock<String> = LazyLock::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        format!("{:x}-{:x}", std::process::id(), since.map_or(0, |since| since.as_nanos()))
    });
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", *PROCESS, LAST.fetch_add(1, Ordering::Relaxed) + 1)
}
