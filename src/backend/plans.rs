//! Plans: worked out, run, kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::audit::AuditTrail;
use super::jobs::{Asker, PROGRESS_EVERY};
use crate::etcd::{Cluster, PlanKeeper, Present, Testimony};
use crate::model::activity::DeletedKey;
use crate::model::audit::AuditOutcome;
use crate::model::blast::MAX_KEYS;
use crate::model::bytes::{Key, Value};
use crate::model::fault::{Fault, FaultKind};
use crate::model::journal::{RecordedKind, Replay};
use crate::model::key_text::display_name;
use crate::model::keyspace::Keyspace;
use crate::model::message::{CommandKind, Event, EventKind};
use crate::model::moment::{PastKey, PastSource, Picture};
use crate::model::plan::make::{
    Materials, Wanted, WantedState, leases, steps, wanted_of_pictures, wanted_of_undo,
};
use crate::model::plan::{LostLease, Plan, PlanGoal, PlanKind, PlanState, StepState};
use crate::model::profile::Profile;
use crate::model::recognise::Rules;
use crate::model::record::KeyRecord;
use crate::model::schema::{SchemaSet, problems};
use crate::model::status::{KeyInterval, now};
use crate::model::tree_item::TreeItem;
use crate::storage::Storage;
use crate::storage::plans::StepKeeper;

/// What is wrong with a value of a key by its schema, if anything is.
pub type Problem = Arc<dyn Fn(&Key, &Value) -> Option<String> + Send + Sync>;

/// What the schemas of a profile, and of a key space, have against values.
#[must_use]
pub fn problem_by(profile: &Profile, keyspace: &Keyspace) -> Problem {
    let schemas = SchemaSet::new(&profile.schemas, keyspace);
    Arc::new(move |key, value| {
        let found = problems(&schemas, key, value);
        (!found.is_empty()).then(|| found.join("; "))
    })
}

/// Where the past is read from.
pub trait Past: Sync {
    /// What a prefix was at a revision.
    fn picture(
        &self,
        cluster: &Cluster,
        prefix: &[u8],
        revision: i64,
    ) -> impl Future<Output = Result<Picture, Fault>> + Send;

    /// Deleted keys below a prefix as they last were.
    fn deleted(
        &self,
        cluster: &Cluster,
        prefix: &[u8],
    ) -> impl Future<Output = Result<Vec<DeletedKey>, Fault>> + Send;
}

/// What etcd itself still has.
#[derive(Clone, Copy, Debug)]
pub struct EtcdPast;

impl Past for EtcdPast {
    async fn picture(&self, cluster: &Cluster, prefix: &[u8], revision: i64) -> Result<Picture, Fault> {
        let records = cluster.moment(&KeyInterval::prefix(prefix), revision).await?;
        let keys = records.into_iter().map(|record| {
            let past = PastKey { meta: record.meta, value: record.value, source: PastSource::Etcd };
            (record.key, past)
        });
        Ok(Picture { prefix: prefix.to_vec(), revision, keys: keys.collect(), ..Picture::default() })
    }

    async fn deleted(&self, cluster: &Cluster, prefix: &[u8]) -> Result<Vec<DeletedKey>, Fault> {
        Ok(deleted_of(&replay(cluster, prefix).await?))
    }
}

/// All that etcd itself still has of a prefix.
async fn replay(cluster: &Cluster, prefix: &[u8]) -> Result<Replay, Fault> {
    let never = AtomicBool::new(false);
    cluster.replay(&KeyInterval::prefix(prefix), 0, &mut |_, _| {}, &never).await
}

/// The keys that a replay shows deleted in the end, as they were before.
fn deleted_of(replay: &Replay) -> Vec<DeletedKey> {
    let mut newest: BTreeMap<&Key, i64> = BTreeMap::new();
    let mut seen: BTreeSet<&Key> = BTreeSet::new();
    let mut deleted = Vec::new();
    for record in &replay.records {
        let key = &record.key;
        if seen.insert(key) {
            if matches!(record.kind, RecordedKind::Deleted | RecordedKind::FoundGone) {
                newest.insert(key, record.revision);
            }
        } else if let Some(revision) = newest.get(key).copied()
            && let RecordedKind::Put { meta, value } = &record.kind
        {
            newest.remove(key);
            let last = KeyRecord { key: key.clone(), meta: *meta, value: value.clone() };
            let seen_at = record.seen_at.unwrap_or(0);
            deleted.push(DeletedKey { last, revision, seen_at, found: false, watched_to: 0 });
        }
    }
    deleted.sort_by(|a, b| a.last.key.cmp(&b.last.key));
    deleted
}

/// Works out a plan. Nothing is written.
///
/// # Errors
/// When the cluster or the past can not be read, or it is about more than 100,000 keys.
pub async fn make_plan(
    cluster: &Cluster,
    past: &impl Past,
    profile: &Profile,
    goal: PlanGoal,
    lost_lease: LostLease,
    problem: Problem,
) -> Result<Plan, Fault> {
    let mut plan = Plan {
        id: fresh_id(),
        profile: profile.name.clone(),
        cluster_id: cluster.cluster_id(),
        made_at: now(),
        lost_lease,
        new_lease: fresh_lease(),
        ..Plan::default()
    };
    let (present, wanted) = match goal {
        PlanGoal::Moment { roots, revision, delete_newer } => {
            (plan.kind, plan.moment, plan.title) = (PlanKind::Moment, Some(revision), title_of(&roots));
            let mut pictures = Vec::new();
            for root in &roots {
                pictures.push(past.picture(cluster, &root.path, revision).await?);
            }
            let present = cluster.present(&roots).await?;
            let wanted = wanted_of_pictures(&roots, &pictures, &present.keys, delete_newer);
            (present, wanted)
        }
        PlanGoal::Undelete { roots } => {
            (plan.kind, plan.title) = (PlanKind::Undelete, title_of(&roots));
            let mut wanted = deleted(cluster, past, &roots).await?;
            let present = cluster.present(&roots).await?;
            // One that was created again since is left as it is.
            wanted.retain(|key, _| !present.keys.contains_key(key));
            (present, wanted)
        }
        PlanGoal::Values { origin, values } => {
            (plan.kind, plan.title) = (PlanKind::Values, origin);
            let wanted: BTreeMap<_, _> =
                values.into_iter().map(|(key, value)| (key, of_value(value))).collect();
            (present_of(cluster, &wanted).await?, wanted)
        }
        PlanGoal::Undo(undone) => {
            if undone.cluster_id != plan.cluster_id {
                return Err(Fault::new(FaultKind::Invalid, "the plan is for another cluster"));
            }
            (plan.kind, plan.title, plan.undoes) =
                (PlanKind::Undo, undone.title.clone(), Some(undone.id.clone()));
            let present = present_of(cluster, &wanted_of_undo(&undone, &BTreeMap::new())).await?;
            let wanted = wanted_of_undo(&undone, &present.keys);
            (present, wanted)
        }
    };
    if wanted.len() > MAX_KEYS {
        let detail = format!("more than {MAX_KEYS} keys at once: do it in parts");
        return Err(Fault::new(FaultKind::RequestTooLarge, detail));
    }
    plan.made_at_revision = present.revision;
    let alive = alive(cluster, &leases(&wanted, &present.keys)).await?;
    let (new_lease, separator) = (plan.new_lease, profile.separator_byte());
    let rules = Rules::new(&profile.coordination.rules);
    // Many values held against their schemas take long.
    let making = tokio::task::spawn_blocking(move || {
        let present = present.keys;
        let problem: &dyn Fn(&Key, &Value) -> Option<String> = &*problem;
        steps(&Materials { wanted, present, alive, lost_lease, new_lease, separator, rules: &rules, problem })
    });
    plan.steps = making.await.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?;
    Ok(plan)
}

fn of_value(value: Option<Value>) -> Wanted {
    Wanted::certain(match value {
        Some(value) => WantedState::Put { value: Some(value), lease: None },
        None => WantedState::Absent,
    })
}

/// What is wanted so that deleted keys come back.
async fn deleted(
    cluster: &Cluster,
    past: &impl Past,
    roots: &[TreeItem],
) -> Result<BTreeMap<Key, Wanted>, Fault> {
    let mut wanted = BTreeMap::new();
    for root in roots {
        let found = deleted_below(cluster, past, &root.path).await?;
        let ours = |key: &[u8]| root.is_folder() || *key == *root.path;
        for deleted in found.into_iter().filter(|deleted| ours(&deleted.last.key)) {
            let lease = Some(deleted.last.meta.lease);
            let state = WantedState::Put { value: deleted.last.value, lease };
            let uncertain = deleted.found;
            wanted.insert(deleted.last.key, Wanted { uncertain, ..Wanted::certain(state) });
        }
    }
    Ok(wanted)
}

/// Deleted keys as they last were: as recorded, and as etcd itself tells of the time since its last
/// compaction. `found` is set only of those of which it stays uncertain what they last were.
async fn deleted_below(cluster: &Cluster, past: &impl Past, prefix: &[u8]) -> Result<Vec<DeletedKey>, Fault> {
    let recorded = past.deleted(cluster, prefix).await;
    let told = replay(cluster, prefix).await;
    // What was not watched and etcd still has all of holds nothing more.
    let reaches_to = told.as_ref().map_or(i64::MAX, |replay| replay.after);
    let told = told.map(|replay| deleted_of(&replay));
    let (mut deleted, told) = match (recorded, told) {
        (Ok(recorded), Ok(told)) => (recorded, told),
        (Ok(recorded), Err(_)) if !recorded.is_empty() => (recorded, Vec::new()),
        (Err(_), Ok(told)) if !told.is_empty() => (told, Vec::new()),
        (Err(fault), _) | (_, Err(fault)) => return Err(fault),
    };
    let mut newest: BTreeMap<Key, DeletedKey> = BTreeMap::new();
    for one in deleted.drain(..).chain(told) {
        match newest.get_mut(&one.last.key) {
            // It was deleted before it was found gone: etcd tells when, and what it was.
            Some(known) if known.found => *known = one,
            // Of the same deletion the one whose value is known.
            Some(known)
                if (known.revision, known.last.value.is_some())
                    >= (one.revision, one.last.value.is_some()) => {}
            Some(known) => *known = one,
            None => drop(newest.insert(one.last.key.clone(), one)),
        }
    }
    for known in newest.values_mut().filter(|known| known.found) {
        known.found = reaches_to > known.watched_to;
    }
    Ok(newest.into_values().collect())
}

/// What the keys are that are wanted.
async fn present_of(cluster: &Cluster, wanted: &BTreeMap<Key, Wanted>) -> Result<Present, Fault> {
    let keys: Vec<TreeItem> = wanted.keys().cloned().map(TreeItem::key).collect();
    cluster.present(&keys).await
}

async fn alive(cluster: &Cluster, leases: &[i64]) -> Result<BTreeSet<i64>, Fault> {
    let told = cluster.leases(leases).await?;
    Ok(told.into_iter().filter(|lease| lease.remaining_secs > 0).map(|lease| lease.id).collect())
}

/// What the plan is about, in a few words.
fn title_of(roots: &[TreeItem]) -> String {
    /// More are not named.
    const NAMED: usize = 3;
    let mut names: Vec<_> =
        roots.iter().take(NAMED).map(|root| display_name(&root.path).into_owned()).collect();
    if roots.len() > NAMED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// 32 bytes that nobody else has.
fn fresh() -> [u8; 32] {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut hash = Sha256::new();
    hash.update(since.map_or(0, |since| since.as_nanos()).to_be_bytes());
    hash.update(std::process::id().to_be_bytes());
    hash.update(LAST.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    // What else this process has that others have not: where its stack lies, and its hasher's keys.
    let keyed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8);
    hash.update(keyed.to_be_bytes());
    hash.finalize().into()
}

fn fresh_id() -> String {
    fresh().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// The number of a lease: positive, as etcd's own.
pub(super) fn fresh_lease() -> i64 {
    let bytes = fresh();
    let number = bytes.iter().take(8).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    (number & i64::MAX).max(1)
}

/// Runs a plan, or goes on with it; nobody else runs it meanwhile. How it ended is in the plan that is
/// returned.
pub async fn run_plan(
    cluster: &Cluster,
    storage: &Storage,
    trail: &AuditTrail,
    plan: Plan,
    mut progress: impl FnMut(u64, u64) + Send,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Plan {
    let (kept_in, given) = (storage.clone(), plan.clone());
    let begun = tokio::task::spawn_blocking(move || kept_in.begin_plan(plan)).await;
    let kept = match begun.map_err(|error| Fault::new(FaultKind::Other, error.to_string())) {
        Ok(Ok(kept)) => kept,
        Ok(Err(fault)) | Err(fault) => {
            return Plan { state: PlanState::Stopped(Some(fault)), ..given };
        }
    };
    let (mut plan, keeper, lock) = kept.into_parts();
    let mut keeper = Keeper {
        keeper: Some(keeper),
        trail: trail.for_plan(&plan.id),
        asked: BTreeSet::new(),
        progress: &mut progress,
    };
    cluster.run_plan(&mut plan, &mut keeper, cancelled).await;
    if let Err(fault) = keeper.end(&plan.state).await
        && !matches!(plan.state, PlanState::Stopped(Some(_)))
    {
        plan.state = PlanState::Stopped(Some(fault));
    }
    // Others may run it from now on.
    drop(lock);
    plan
}

/// Keeps on disk, and in the log of what was written, how the steps of a plan stand.
struct Keeper<'a, F> {
    keeper: Option<StepKeeper>,
    trail: AuditTrail,
    /// Steps of which the log was told that they are about to be sent.
    asked: BTreeSet<usize>,
    progress: &'a mut F,
}

impl<F: FnMut(u64, u64) + Send> Keeper<'_, F> {
    /// Does something with the database off the async threads.
    async fn blocking(
        &mut self,
        work: impl FnOnce(&mut StepKeeper) -> Result<(), Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let gone = || Fault::new(FaultKind::File, "the plan can no longer be kept");
        let mut keeper = self.keeper.take().ok_or_else(gone)?;
        let done = tokio::task::spawn_blocking(move || {
            let kept = work(&mut keeper);
            (keeper, kept)
        });
        let (keeper, kept) = done.await.map_err(|_| gone())?;
        self.keeper = Some(keeper);
        kept
    }

    async fn end(&mut self, state: &PlanState) -> Result<(), Fault> {
        let state = state.clone();
        self.blocking(move |keeper| keeper.end(&state)).await
    }

    /// Tells the log what is about to be sent, and how it ended.
    async fn record(&mut self, plan: &Plan, states: &[(usize, StepState)]) {
        let sent: Vec<usize> =
            states.iter().filter(|(_, state)| *state == StepState::Sent).map(|(at, _)| *at).collect();
        if !sent.is_empty() {
            let told = sent.iter().filter_map(|at| AuditTrail::of_step(plan, *at));
            self.trail.asked_again(&Testimony(told.collect())).await;
            self.asked.extend(sent);
        }
        let (mut told, mut outcomes) = (Vec::new(), Vec::new());
        for (at, state) in states.iter().filter(|(_, state)| *state != StepState::Sent) {
            let asked = self.asked.remove(at);
            let not_sent = || asked.then(|| AuditOutcome::Refused("not sent".to_owned()));
            let outcome = AuditOutcome::of_plan(state).or_else(not_sent);
            if let Some((step, outcome)) = AuditTrail::of_step(plan, *at).zip(outcome) {
                told.push(step);
                outcomes.push(outcome);
            }
        }
        if !told.is_empty() {
            self.trail.ended(Testimony(told), outcomes).await;
        }
    }
}

impl<F: FnMut(u64, u64) + Send> PlanKeeper for Keeper<'_, F> {
    async fn keep(&mut self, plan: &Plan, steps: Vec<(usize, StepState)>) -> Result<(), Fault> {
        self.record(plan, &steps).await;
        self.blocking(move |keeper| keeper.keep(&steps)).await
    }

    fn progress(&mut self, over: u64, total: u64) {
        (self.progress)(over, total);
    }
}

impl Asker {
    /// Answers a question about plans.
    pub(super) async fn plans(
        &self,
        cluster: &Cluster,
        trail: &AuditTrail,
        kind: CommandKind,
    ) -> Option<EventKind> {
        let storage = self.storage.clone();
        match kind {
            CommandKind::MakePlan { goal, lost_lease } => {
                let keyspace = self.journal.live().map(|live| live.keyspace).unwrap_or_default();
                let problem = problem_by(&self.profile, &keyspace);
                let past = super::past::RecordedPast(self.journal.clone());
                let made = make_plan(cluster, &past, &self.profile, goal, lost_lease, problem).await;
                Some(EventKind::Planned(made.map(Box::new)))
            }
            CommandKind::RunPlan(plan) => {
                let told = self.plan_progress(&plan);
                let cancelled = || self.cancelled.load(Ordering::Acquire);
                let ended = run_plan(cluster, &storage, trail, *plan, told, &cancelled).await;
                Some(EventKind::PlanDone(Box::new(ended)))
            }
            CommandKind::LoadPlans => {
                let cluster_id = cluster.cluster_id();
                let read = tokio::task::spawn_blocking(move || storage.plans(cluster_id)).await;
                let read = read.map_err(|error| Fault::new(FaultKind::Other, error.to_string()));
                Some(EventKind::Plans(read.and_then(|read| read)))
            }
            CommandKind::DropPlan(id) => {
                let dropped = tokio::task::spawn_blocking(move || storage.drop_plan(&id)).await;
                let dropped = dropped.map_err(|error| Fault::new(FaultKind::Other, error.to_string()));
                dropped.and_then(|dropped| dropped).err().map(EventKind::NotKept)
            }
            _ => None,
        }
    }

    /// Tells how a plan goes on without ever waiting for the window.
    fn plan_progress(&self, plan: &Plan) -> impl FnMut(u64, u64) + Send + use<> {
        let (session, request, outbox, plan) =
            (self.session, self.request, self.outbox.clone(), plan.id.clone());
        let mut last: Option<Instant> = None;
        move |over, total| {
            if last.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
                return;
            }
            last = Some(Instant::now());
            let kind = EventKind::PlanNews { plan: plan.clone(), over, total };
            outbox.try_send(Event { session, request, kind });
        }
    }
}
