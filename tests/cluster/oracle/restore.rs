//! The end of some episodes: the cluster is restored from a snapshot that is older than what the
//! mirror has, under its old identity, and goes on from there with another history.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use etcdscope::model::message::MirrorUpdate;
use fastrand::Rng;

use super::check::{Compared, Judge};
use super::faults::Scene;
use super::keys::Values;
use super::load::Load;
use super::plan::Plan;
use super::run::{BACK_WITHIN, Stage};
use super::truth::Truth;
use super::witness::{Witness, range};
use crate::snapshot;

/// A cluster after its restoration.
pub struct Restored {
    truth: Truth,
    /// Updates that were published before it.
    before: usize,
    late: Option<String>,
}

impl Stage {
    /// Saves a snapshot of the only member.
    pub async fn save(&self) -> Result<PathBuf, String> {
        let path = self.local.folder().join("oracle.snapshot");
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        }
        snapshot::save(&self.local, &path).await?;
        Ok(path)
    }

    /// Puts the member back to the snapshot, lets others write, and waits until the mirror is back.
    pub async fn put_back(
        &self,
        saved: &Path,
        scene: &Scene,
        plan: &Plan,
        load: &Load,
    ) -> Result<Restored, String> {
        self.proxies.iter().for_each(|proxy| proxy.close(true));
        self.local.member(0).kill();
        let before = scene.follow.published();
        snapshot::put_back(&self.local, saved).await?;
        self.local.restart(0).await.map_err(|fault| fault.to_string())?;
        let endpoints = self.local.endpoints();
        let (from, base) = range(&endpoints[0], 0).await.ok_or("the restored base could not be read")?;
        let witness = Witness::start(endpoints, from);
        self.proxies.iter().for_each(|proxy| proxy.close(false));
        let mut rng = Rng::with_seed(plan.seed ^ 0xbac);
        load.stop.store(false, Ordering::SeqCst);
        let values = Values::new(rng.fork(), format!("{:x}.r", plan.seed), false);
        let writer = tokio::spawn(load.clone().write(rng.fork(), values));
        // Sometimes its revisions stay behind those that the mirror has, sometimes they overtake them.
        tokio::time::sleep(Duration::from_millis(rng.u64(10..2_500))).await;
        load.stop.store(true, Ordering::SeqCst);
        writer.await.map_err(|error| error.to_string())?;
        let newest = self.newest().await?;
        let begun = Instant::now();
        let late = loop {
            if scene.follow.has_listed_again(before, newest) {
                break None;
            }
            if begun.elapsed() > BACK_WITHIN {
                let states = scene.follow.last_states();
                break Some(format!("the restoration is not noticed within {BACK_WITHIN:?}: {states}"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        witness.until(newest).await?;
        Ok(Restored { truth: Truth::new(from, base, witness.facts()), before, late })
    }
}

impl Restored {
    /// Splits what was published at the restoration.
    pub fn before(&self) -> usize {
        self.before
    }

    /// Compares what was published after the restoration: the old picture, then a new listing.
    pub fn judge(
        self,
        plan: &Plan,
        old: &MirrorUpdate,
        updates: &[MirrorUpdate],
    ) -> (Compared, Option<String>) {
        let noticed = updates.iter().position(|update| update.relisted).unwrap_or(updates.len());
        let (unnoticed, since) = updates.split_at(noticed);
        for update in unnoticed {
            if !update.changes.is_empty()
                || update.applied != old.applied
                || !update.keyspace.is_same(&old.keyspace)
            {
                let wrong = format!(
                    "before the restoration was noticed the picture went on from {} to {} ({:?})",
                    old.applied, update.applied, update.changes
                );
                return (Compared::default(), Some(wrong));
            }
        }
        let (compared, wrong) =
            Judge::new(&self.truth, &[], plan.values, plan.value_budget).of_another_history().judge(since);
        (compared, wrong.map(|wrong| format!("after the restoration: {wrong}")).or(self.late))
    }
}
