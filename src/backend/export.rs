//! Exporting a prefix: pages of one revision from the cluster, written to a file as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};

use crate::etcd::{Cluster, Page};
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::KeyInterval;
use crate::model::transfer::{ExportReport, ExportRequest};
use crate::storage::export::{ExportFile, ExportHeader};

/// So many pages may wait for the disk.
const PAGES: usize = 4;

/// Writes all keys of a prefix, at one revision, to a file. The file appears when it is complete;
/// when the export fails or is cancelled, whatever was there before is untouched. `progress` is
/// told the keys written so far, and of how many.
///
/// # Errors
/// [`FaultKind::Cancelled`] when the flag was raised; the cluster's or the disk's fault else.
pub async fn export(
    cluster: &Cluster,
    request: &ExportRequest,
    progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
    cancelled: &Arc<AtomicBool>,
) -> Result<ExportReport, Fault> {
    let (sender, pages) = mpsc::channel::<Page>(PAGES);
    let (tell, mut told) = watch::channel((0, None));
    let scribe = Scribe {
        request: request.clone(),
        cluster_id: cluster.cluster_id(),
        cancelled: cancelled.clone(),
        file: None,
    };
    let writing = tokio::task::spawn_blocking(move || scribe.write_all(pages, &tell));
    let listing = async {
        let listed = if request.only_key {
            cluster.list_interval(&KeyInterval::key(&request.prefix), None, true, &sender).await
        } else {
            cluster.list_pages(&request.prefix, None, true, &sender).await
        };
        drop(sender);
        listed
    };
    tokio::pin!(listing);
    let listed = loop {
        tokio::select! {
            listed = &mut listing => break listed,
            Ok(()) = told.changed() => {
                let (keys, total) = *told.borrow_and_update();
                progress(keys, total);
            }
        }
    };
    let written = writing
        .await
        .map_err(|error| Fault::new(FaultKind::Other, format!("writing the export: {error}")))?;
    // The writer's own fault is the cause; the listing then only says that nobody takes its pages.
    let scribe = written?;
    let revision = listed?;
    tokio::task::spawn_blocking(move || scribe.finish(revision))
        .await
        .map_err(|error| Fault::new(FaultKind::Other, format!("finishing the export: {error}")))?
}

/// Writes pages to the file, off the async threads.
struct Scribe {
    request: ExportRequest,
    cluster_id: u64,
    cancelled: Arc<AtomicBool>,
    file: Option<ExportFile>,
}

impl Scribe {
    fn write_all(
        mut self,
        mut pages: mpsc::Receiver<Page>,
        tell: &watch::Sender<(u64, Option<u64>)>,
    ) -> Result<Self, Fault> {
        while let Some(page) = pages.blocking_recv() {
            self.stop_if_cancelled()?;
            let file = self.file(page.revision)?;
            for record in &page.records {
                file.write(record)?;
            }
            tell.send_replace((file.keys(), Some(page.total)));
        }
        Ok(self)
    }

    fn finish(mut self, revision: i64) -> Result<ExportReport, Fault> {
        self.stop_if_cancelled()?;
        self.file(revision)?;
        match self.file {
            Some(file) => file.finish(),
            None => Err(Fault::new(FaultKind::File, self.request.path.display().to_string())),
        }
    }

    fn file(&mut self, revision: i64) -> Result<&mut ExportFile, Fault> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let prefix = self.request.prefix.clone();
                let only_key = self.request.only_key;
                let header = ExportHeader { cluster_id: self.cluster_id, revision, prefix, only_key };
                ExportFile::create(&self.request.path, self.request.format, &header)?
            }
        };
        Ok(self.file.insert(file))
    }

    fn stop_if_cancelled(&self) -> Result<(), Fault> {
        if self.cancelled.load(Ordering::Acquire) {
            return Err(Fault::new(FaultKind::Cancelled, "the export was stopped"));
        }
        Ok(())
    }
}
