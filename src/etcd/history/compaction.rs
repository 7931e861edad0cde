//! How far back etcd itself reaches.

use etcd_client::WatchOptions;

use super::super::cluster::Cluster;
use super::super::fault::{classify, classify_reason, timed_out};
use super::super::member::{CONTACT_TIMEOUT, Member};
use crate::model::fault::{Fault, FaultKind};

impl Cluster {
    /// The revision up to which the cluster is compacted: moments from it on can be read, changes
    /// above it be replayed. 0: nothing has been compacted. Needs no more rights than reading a key.
    ///
    /// # Errors
    /// When no member could answer, or the user may read nothing.
    pub async fn compaction_revision(&self) -> Result<i64, Fault> {
        let key = self.some_key().await?;
        // A watch from revision 1 tells it, and costs nothing where it is refused; where nothing is
        // compacted it would make the member read everything.
        match self.read_at(&key, 1).await {
            Ok(_) => return Ok(0),
            Err(fault) if fault.kind == FaultKind::Compacted => {}
            Err(fault) => return Err(fault),
        }
        let mut last = Fault::new(FaultKind::Unavailable, "no member");
        for index in self.order() {
            let Some(member) = self.members().get(index) else { continue };
            let told = tokio::time::timeout(CONTACT_TIMEOUT, compaction_at(member, &key)).await;
            match told.unwrap_or_else(|_| Err(timed_out("the watch was not answered"))) {
                Ok(revision) => return Ok(revision),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    /// A key that the user may ask about, whether or not it exists.
    pub(super) async fn some_key(&self) -> Result<Vec<u8>, Fault> {
        let readable = match self.readable() {
            Some(readable) => Some(readable),
            None if self.user().is_some() => match self.read_at(b"\0", 0).await {
                Err(fault) if fault.kind == FaultKind::PermissionDenied => {
                    Some(self.granted_intervals().await?)
                }
                _ => None,
            },
            None => None,
        };
        let start = readable.and_then(|readable| readable.into_iter().next()).map(|it| it.start);
        Ok(start.filter(|start| !start.is_empty()).unwrap_or_else(|| vec![0]))
    }
}

async fn compaction_at(member: &Member, key: &[u8]) -> Result<i64, Fault> {
    let mut handle = member.handle().await?;
    let options = WatchOptions::new().with_start_revision(1);
    let mut watch = handle.watch.watch(key, Some(options)).await.map_err(|error| classify(&error))?;
    loop {
        let message = watch.message().await.map_err(|error| classify(&error))?;
        let Some(message) = message.map(|message| message.0) else {
            return Err(Fault::new(FaultKind::Unavailable, "the member ended the watch"));
        };
        if message.compact_revision > 0 {
            return Ok(message.compact_revision);
        }
        if message.canceled {
            return Err(classify_reason(&message.cancel_reason));
        }
        if !message.created {
            let detail = "the member refused to read at revision 1 and yet watches from there";
            return Err(Fault::new(FaultKind::Other, detail));
        }
    }
}
