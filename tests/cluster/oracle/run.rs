//! One episode: a cluster made empty, load and faults as the seed says, and the comparison.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::DeleteOptions;
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use fastrand::Rng;
use tokio::task::JoinSet;

use super::super::proxy::Proxy;
use super::super::support::{connect, start, versions};
use super::check::{Compared, Judge};
use super::faults::{Scene, calm};
use super::follow::Follow;
use super::guarded::{self, Deed, Tally};
use super::keys::Values;
use super::load::Load;
use super::plan::{Healing, Kind, Plan};
use super::restore::Restored;
use super::truth::{Snapshot, Truth};
use super::witness::{Witness, direct, range};

/// After the faults the mirror must be live and complete within this time: its longest silence, its
/// longest back-off, and a busy machine.
pub const BACK_WITHIN: Duration = Duration::from_secs(45);
/// Writers must come to their end within this time.
const WRITERS_END_WITHIN: Duration = Duration::from_secs(60);

/// A cluster that episodes share, one after the other.
pub struct Stage {
    pub local: Arc<LocalCluster>,
    pub proxies: Arc<Vec<Proxy>>,
    processes: Arc<Vec<tokio::sync::Mutex<()>>>,
}

/// What an episode found.
#[derive(Debug, Default)]
pub struct Outcome {
    pub compared: Compared,
    pub tally: Tally,
    pub faults: BTreeMap<&'static str, u64>,
    pub revisions: i64,
    pub ranges: usize,
    pub seconds: f64,
    pub difference: Option<String>,
}

impl Stage {
    pub async fn start(kind: Kind) -> Self {
        let versions = versions();
        let binary = if kind.old { versions.last() } else { versions.first() };
        let local = start(binary.expect("an etcd"), LocalClusterOptions::members(kind.members)).await;
        let mut proxies = Vec::new();
        for endpoint in local.endpoints() {
            proxies.push(Proxy::start(&endpoint).await);
        }
        let processes = proxies.iter().map(|_| tokio::sync::Mutex::default()).collect();
        Self { local: Arc::new(local), proxies: Arc::new(proxies), processes: Arc::new(processes) }
    }

    /// An empty, healthy cluster with little history; returns its revision and what is in it.
    async fn clear(&self) -> Result<(i64, Snapshot), String> {
        self.local.wait_healthy().await.map_err(|fault| fault.to_string())?;
        let told = |error: etcd_client::Error| error.to_string();
        let endpoint = &self.local.endpoints()[0];
        let mut client = direct(endpoint).await.map_err(told)?;
        self.end_leases().await?;
        client.delete("", Some(DeleteOptions::new().with_all_keys())).await.map_err(told)?;
        // Something to be compacted is always there.
        client.put("episode", "begins", None).await.map_err(told)?;
        let answer = client.delete("episode", None).await.map_err(told)?;
        let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        client.compact(revision, None).await.map_err(told)?;
        range(endpoint, 0).await.ok_or_else(|| "the base could not be read".to_owned())
    }

    /// Revokes all leases, so that nothing expires later.
    async fn end_leases(&self) -> Result<(), String> {
        let told = |error: etcd_client::Error| error.to_string();
        let mut client = direct(&self.local.endpoints()[0]).await.map_err(told)?;
        for lease in client.leases().await.map_err(told)?.leases() {
            // It may expire meanwhile.
            let _revoked = client.lease_revoke(lease.id()).await;
        }
        Ok(())
    }

    /// Runs one episode. An error says that it could not be run, not that it failed.
    pub async fn episode(&self, plan: &Plan) -> Result<Outcome, String> {
        let begun = Instant::now();
        let (from, base) = self.clear().await?;
        self.proxies.iter().for_each(calm);
        let witness = Arc::new(Witness::start(self.local.endpoints(), from));
        let mut rng = Rng::with_seed(plan.seed ^ 0x10ad);
        let load = Load {
            endpoints: self.local.endpoints(),
            pool: Arc::new(plan.shape.pool(&mut rng)),
            stop: Arc::new(AtomicBool::new(false)),
            pause_ms: plan.pause_ms,
        };
        let values = |name: &str, rng: &mut Rng| {
            Values::new(rng.fork(), format!("{:x}.{name}", plan.seed), plan.big_values)
        };
        let first = values("p", &mut rng);
        load.preload(plan.preload, first).await.map_err(|error| error.to_string())?;

        let endpoints: Vec<_> = self.proxies.iter().map(Proxy::endpoint).collect();
        let cluster = connect(&endpoints).await;
        let other = connect(&endpoints).await;
        let scene = Arc::new(Scene {
            local: self.local.clone(),
            proxies: self.proxies.clone(),
            processes: self.processes.clone(),
            witness: witness.clone(),
            follow: Follow::start(cluster.clone(), plan),
            guarded: format!("{:x}.g", plan.seed).into_bytes(),
            cluster: cluster.clone(),
            compacted: Mutex::default(),
            done: Mutex::default(),
        });
        let mut writers = JoinSet::new();
        for number in 0..plan.writers {
            let values = values(&format!("w{number}"), &mut rng);
            writers.spawn(load.clone().write(rng.fork(), values));
        }
        for number in 0..plan.leases {
            let values = values(&format!("l{number}"), &mut rng);
            writers.spawn(load.clone().hold_leases(rng.fork(), values));
        }
        let mut guarded = JoinSet::new();
        for number in 0..plan.guarded {
            let values = values(&format!("g{number}"), &mut rng);
            let cluster = if number == 0 { cluster.clone() } else { other.clone() };
            let (pool, stop) = (load.pool.clone(), load.stop.clone());
            guarded.spawn(guarded::write(cluster, pool, stop, rng.fork(), values));
        }
        drop((cluster, other));
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let looks = tokio::spawn(look_now_and_then(scene.clone(), ranges.clone(), rng.fork()));

        let loading = tokio::time::sleep(Duration::from_millis(plan.load_ms));
        tokio::join!(scene.suffer(&plan.faults, plan.seed), loading);
        scene.heal().await?;
        let snapshot = if plan.restored { Some(self.save().await?) } else { None };
        if snapshot.is_some() {
            // What is written now is lost later. Writers that were cut off begin again by themselves;
            // without anything lost the mirror would go on, and rightly.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let saved = self.newest().await?;
            let begun = Instant::now();
            while self.newest().await? == saved {
                if begun.elapsed() > WRITERS_END_WITHIN {
                    return Err("nothing is written after the snapshot".into());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        load.stop.store(true, Ordering::SeqCst);
        let ended = tokio::time::timeout(WRITERS_END_WITHIN, async {
            writers.join_all().await;
            guarded.join_all().await
        });
        let deeds: Vec<Deed> =
            ended.await.map_err(|_| "the writers do not end")?.into_iter().flatten().collect();
        if plan.healing == Healing::Asked {
            scene.follow.retry_now.notify_one();
        }
        if snapshot.is_some() {
            self.end_leases().await?;
        }
        let late = self.wait_until_back(&scene).await?;
        looks.abort();
        // Aborted or not, it is over.
        let _over = looks.await;
        let mut ranges = std::mem::take(&mut *ranges.lock().unwrap());
        ranges.extend(range(&self.local.endpoints()[0], self.newest().await?).await);
        let restored = match snapshot {
            Some(snapshot) if late.is_none() => Some(self.put_back(&snapshot, &scene, plan, &load).await?),
            _ => None,
        };
        let scene = Arc::into_inner(scene).ok_or("the scene is still in use")?;
        let updates = scene.follow.end();
        let has_been_restored = restored.is_some();
        let ours = restored.as_ref().map_or(updates.len(), Restored::before);
        let shown = updates[..ours].iter().map(|update| update.applied).max().unwrap_or(0);
        witness.until(shown).await?;
        let (plan, compacted) = (plan.clone(), scene.compacted.into_inner().unwrap());
        let facts = witness.facts();
        let judged = tokio::task::spawn_blocking(move || {
            let truth = Truth::new(from, base, facts);
            let looked = ranges.len();
            let unconfirmed = Judge::confirm(&truth, ranges);
            let judge = Judge::new(&truth, &compacted, plan.values, plan.value_budget);
            let (before, after) = updates.split_at(ours);
            let (mut compared, mut untrue) = judge.judge(before);
            if let (Some(restored), Some(old), None) = (restored, before.last(), &untrue) {
                let (more, wrong) = restored.judge(&plan, old, after);
                compared.add(more);
                untrue = wrong;
            }
            let (tally, broken) = guarded::check(&deeds, &truth);
            let difference = unconfirmed.or(untrue).or(broken).or(late);
            let revisions = truth.last() - from;
            Outcome { compared, tally, revisions, ranges: looked, difference, ..Outcome::default() }
        });
        let judged = judged.await.map_err(|error| error.to_string())?;
        let mut faults = scene.done.into_inner().unwrap();
        if has_been_restored {
            faults.insert("restored", 1);
        }
        Ok(Outcome { faults, seconds: begun.elapsed().as_secs_f64(), ..judged })
    }

    /// Waits until the mirror has everything and says so; else tells what is wrong.
    async fn wait_until_back(&self, scene: &Scene) -> Result<Option<String>, String> {
        let newest = self.newest().await?;
        scene.witness.until(newest).await?;
        let begun = Instant::now();
        while begun.elapsed() < BACK_WITHIN {
            if scene.follow.applied() >= newest && scene.follow.is_live() {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let states = scene.follow.last_states();
        Ok(Some(format!("not live at {newest} within {BACK_WITHIN:?} after the last fault: {states}")))
    }

    /// The newest revision.
    pub async fn newest(&self) -> Result<i64, String> {
        let mut client = direct(&self.local.endpoints()[0]).await.map_err(|error| error.to_string())?;
        let answer = client.get("-", None).await.map_err(|error| error.to_string())?;
        Ok(answer.header().map_or(0, etcd_client::ResponseHeader::revision))
    }
}

/// Reads the whole key space at the revision that the mirror shows, at random moments.
async fn look_now_and_then(scene: Arc<Scene>, ranges: Arc<Mutex<Vec<(i64, Snapshot)>>>, mut rng: Rng) {
    let endpoints = scene.local.endpoints();
    for endpoint in endpoints.iter().cycle() {
        tokio::time::sleep(Duration::from_millis(rng.u64(300..2_000))).await;
        let applied = scene.follow.applied();
        if applied > 0
            && let Some(range) = range(endpoint, applied).await
        {
            ranges.lock().unwrap().push(range);
        }
    }
}
