//! The past of keys as etcd itself tells it.

use std::sync::Arc;

use super::jobs::Asker;
use crate::etcd::Cluster;
use crate::model::message::EventKind;
use crate::model::status::KeyInterval;
use crate::model::tree_item::TreeItem;

impl Asker {
    /// Replays what etcd still knows of a key, or of a folder.
    pub(super) async fn replay(&self, cluster: &Cluster, what: TreeItem) -> EventKind {
        let interval =
            if what.is_folder() { KeyInterval::prefix(&what.path) } else { KeyInterval::key(&what.path) };
        let replay = cluster.replay(&interval, 0, &mut self.progress(), &self.cancelled).await;
        EventKind::Replayed { what, replay: replay.map(Arc::new) }
    }
}
