//! What an instance runs: it watches its configuration and reports the one that it has read.

use std::time::Duration;

use etcd_client::{GetOptions, WatchOptions};
use serde_json::json;

use super::actor::{Actor, Lost, timestamp, within};
use super::md5::md5_hex;
use super::services::Service;
use super::tree::FIRST_VERSION;

/// How often an instance reports what it runs although nothing has changed.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// An instance, as far as its configuration is concerned.
pub(super) struct Running {
    pub(super) service: &'static Service,
    pub(super) node: String,
    pub(super) label: &'static str,
}

impl Running {
    /// Reads the configuration as it is now and reports it; returns the revision it was read at.
    async fn load(&self, actor: &Actor, prefix: &str) -> Result<i64, Lost> {
        let answer = within(actor.client().get(prefix, Some(GetOptions::new().with_prefix()))).await?;
        let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        let mut running = Vec::new();
        let mut version = FIRST_VERSION.to_owned();
        for kv in answer.kvs() {
            running.extend([kv.key(), b"\0", kv.value(), b"\0"].concat());
            if kv.key() == format!("{prefix}current").as_bytes() {
                version = String::from_utf8_lossy(kv.value()).into_owned();
            }
        }
        let report = json!({
            "node": self.node,
            "version": version,
            "md5": md5_hex(&running),
            "reportedAt": timestamp(),
            "label": self.label,
        });
        let key = format!("/config/status/{}/{}", self.service.name, self.node);
        actor.put(key, report.to_string(), None).await?;
        Ok(revision)
    }

    /// Reloads what has changed and reports it, and reports now and then although nothing has; an
    /// instance without configuration only waits.
    pub(super) async fn follow(&self, mut actor: Actor) -> Result<(), Lost> {
        let Some(folder) = self.service.config else { return std::future::pending().await };
        let prefix = format!("/config/production/{folder}/");
        let revision = self.load(&actor, &prefix).await?;
        let options = WatchOptions::new().with_prefix().with_start_revision(revision + 1);
        let mut changes = within(actor.client().watch(prefix.as_str(), Some(options))).await?;
        let mut status = tokio::time::interval(STATUS_EVERY);
        status.reset();
        loop {
            tokio::select! {
                _ = status.tick() => {}
                change = changes.message() => {
                    let change = change?.ok_or(Lost::WatchEnded)?;
                    if change.canceled() {
                        return Err(Lost::WatchEnded);
                    }
                    if change.events().is_empty() {
                        continue;
                    }
                    // Every node takes its own time, so that for a moment they differ.
                    tokio::time::sleep(actor.random.millis(200..2_000)).await;
                }
            }
            self.load(&actor, &prefix).await?;
        }
    }
}
