//! A prefix, a key or any interval of keys as it was at a revision that etcd still has.

use tokio::sync::mpsc::channel;

use super::cluster::Cluster;
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::status::KeyInterval;

/// More is not put into memory for one moment: whoever looks at a past takes a smaller prefix then.
const MOST_BYTES: usize = 512 << 20;
const MOST_KEYS: usize = 1_000_000;
/// Pages that may wait to be put together.
const PAGES: usize = 2;

impl Cluster {
    /// Every key of the interval that the user may read as it was at this revision (0: is now), with
    /// its value, in key order.
    ///
    /// # Errors
    /// [`FaultKind::Compacted`] where etcd no longer has that revision; [`FaultKind::TooLarge`] where
    /// it is more than fits; when no member could answer, or the user may read nothing of it.
    pub async fn moment(&self, interval: &KeyInterval, revision: i64) -> Result<Vec<KeyRecord>, Fault> {
        let (sender, mut pages) = channel(PAGES);
        let revision = (revision > 0).then_some(revision);
        let listing = async {
            let listed = self.list_interval(interval, revision, true, &sender).await;
            drop(sender);
            listed
        };
        let gathering = async move {
            let mut records = Vec::new();
            let mut bytes = 0;
            while let Some(page) = pages.recv().await {
                bytes += page.records.iter().map(size_of_record).sum::<usize>();
                if bytes > MOST_BYTES || records.len() + page.records.len() > MOST_KEYS {
                    // The listing ends as well: nobody takes its pages any more.
                    let detail = format!("more than {} keys or {} MiB", MOST_KEYS, MOST_BYTES >> 20);
                    return Err(Fault::new(FaultKind::TooLarge, detail));
                }
                records.extend(page.records);
            }
            Ok(records)
        };
        let (listed, gathered) = tokio::join!(listing, gathering);
        let records = gathered?;
        listed?;
        Ok(records)
    }
}

fn size_of_record(record: &KeyRecord) -> usize {
    record.key.len() + record.value.as_ref().map_or(0, |value| value.len())
}
