//! The real mirror, with everything that it publishes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcdscope::etcd::{Cluster, FeedEvent, MirrorOptions, run_mirror};
use etcdscope::model::message::MirrorUpdate;
use fastrand::Rng;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::plan::Plan;

/// A mirror that runs and remembers all updates. Pictures share what they have in common.
pub struct Follow {
    updates: Arc<Mutex<Vec<MirrorUpdate>>>,
    pub retry_now: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Follow {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Follow {
    pub fn start(cluster: Cluster, plan: &Plan) -> Self {
        let options = MirrorOptions {
            values: plan.values,
            value_budget_bytes: plan.value_budget,
            gather: Duration::from_millis(plan.gather_ms),
            ..MirrorOptions::default()
        };
        let (late, slow, mut rng) = (plan.late_ms, plan.slow_ms, Rng::with_seed(plan.seed ^ 0xf0));
        let (sender, mut events) = mpsc::channel(if slow > 0 { 1 } else { 16 });
        let retry_now = Arc::new(Notify::new());
        let updates = Arc::new(Mutex::new(Vec::new()));
        let told = updates.clone();
        let remember = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let FeedEvent::Mirror(update) = event {
                    told.lock().unwrap().push(update);
                }
                if slow > 0 {
                    tokio::time::sleep(Duration::from_millis(rng.u64(..slow))).await;
                }
            }
        });
        let again = retry_now.clone();
        let feed = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(late)).await;
            run_mirror(cluster, options, sender, again).await;
        });
        Self { updates, retry_now, tasks: vec![remember, feed] }
    }

    /// The last revision published (0: none).
    pub fn applied(&self) -> i64 {
        self.updates.lock().unwrap().last().map_or(0, |update| update.applied)
    }

    pub fn is_live(&self) -> bool {
        self.updates.lock().unwrap().last().is_some_and(|update| update.state.is_live())
    }

    /// Updates published so far.
    pub fn published(&self) -> usize {
        self.updates.lock().unwrap().len()
    }

    /// Whether there was a new listing behind so many updates, and the picture is live at `revision`.
    pub fn has_listed_again(&self, behind: usize, revision: i64) -> bool {
        let updates = self.updates.lock().unwrap();
        let again = updates[behind.min(updates.len())..].iter().any(|update| update.relisted);
        again && updates.last().is_some_and(|last| last.state.is_live() && last.applied >= revision)
    }

    /// The last states, for a message.
    pub fn last_states(&self) -> String {
        let updates = self.updates.lock().unwrap();
        let last = &updates[updates.len().saturating_sub(4)..];
        format!("{:?}", last.iter().map(|update| (update.applied, &update.state)).collect::<Vec<_>>())
    }

    /// Ends the mirror and hands over what it published.
    pub fn end(self) -> Vec<MirrorUpdate> {
        for task in &self.tasks {
            task.abort();
        }
        std::mem::take(&mut *self.updates.lock().unwrap())
    }
}
