//! Exporting: pages of one revision from the cluster, written to a file or to the standard output as
//! they come. The window and the command line export by this one way.

use std::io::{BufWriter, Stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};

use crate::etcd::{Cluster, Page};
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::KeyInterval;
use crate::model::transfer::{ExportFormat, ExportReport, ExportRequest};
use crate::storage::export::{ExportFile, ExportHeader, ExportWriter};

/// So many pages may wait for the disk.
const PAGES: usize = 4;
/// Bytes gathered before they go to the standard output.
const OUTPUT_BUFFER: usize = 1 << 16;

/// What is exported, and where to.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    /// All keys that start with this; empty: everything the user may read.
    pub prefix: Vec<u8>,
    /// Only the key that the prefix itself is.
    pub only_key: bool,
    /// Format.
    pub format: ExportFormat,
    /// The file; `None`: the standard output.
    pub path: Option<PathBuf>,
    /// The revision to read at; `None`: the newest.
    pub revision: Option<i64>,
}

impl From<ExportRequest> for ExportPlan {
    fn from(request: ExportRequest) -> Self {
        let ExportRequest { prefix, only_key, format, path } = request;
        Self { prefix, only_key, format, path: Some(path), revision: None }
    }
}

impl ExportPlan {
    fn interval(&self) -> KeyInterval {
        if self.only_key { KeyInterval::key(&self.prefix) } else { KeyInterval::prefix(&self.prefix) }
    }
}

/// Writes all keys of a prefix, at one revision. A file appears when it is complete; when the export
/// fails or is cancelled, whatever was there before is untouched. `progress` is told the keys
/// written so far, and of how many.
///
/// # Errors
/// [`FaultKind::Cancelled`] when the flag was raised; the cluster's or the disk's fault else.
pub async fn export(
    cluster: &Cluster,
    plan: ExportPlan,
    progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
    cancelled: &Arc<AtomicBool>,
) -> Result<ExportReport, Fault> {
    let (sender, pages) = mpsc::channel::<Page>(PAGES);
    let (tell, mut told) = watch::channel((0, None));
    let (interval, revision) = (plan.interval(), plan.revision);
    let abandoned = Arc::new(AtomicBool::new(false));
    let _guard = Abandon(abandoned.clone());
    let stop = Stop { cancelled: cancelled.clone(), abandoned };
    let scribe = Scribe { plan, cluster: cluster.clone(), stop, sink: None };
    let writing = tokio::task::spawn_blocking(move || scribe.write_all(pages, &tell));
    let listing = async {
        let listed = cluster.list_interval(&interval, revision, true, &sender).await;
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

/// Raises the flag when the export's future is dropped: its writer, which runs on a thread of its
/// own, must not go on, least of all put the file in its place.
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Whether the writer should stop.
#[derive(Clone)]
struct Stop {
    cancelled: Arc<AtomicBool>,
    abandoned: Arc<AtomicBool>,
}

impl Stop {
    fn check(&self) -> Result<(), Fault> {
        if self.cancelled.load(Ordering::Acquire) || self.abandoned.load(Ordering::Acquire) {
            return Err(Fault::new(FaultKind::Cancelled, "the export was stopped"));
        }
        Ok(())
    }
}

/// Where an export goes.
enum Sink {
    File(Box<ExportFile>),
    Output(Box<ExportWriter<BufWriter<Stdout>>>, ExportHeader),
}

impl Sink {
    fn create(plan: &ExportPlan, header: ExportHeader) -> Result<Self, Fault> {
        match &plan.path {
            Some(path) => Ok(Self::File(Box::new(ExportFile::create(path, plan.format, &header)?))),
            None => {
                let output = BufWriter::with_capacity(OUTPUT_BUFFER, std::io::stdout());
                let writer = ExportWriter::new(output, plan.format, &header)?;
                Ok(Self::Output(Box::new(writer), header))
            }
        }
    }

    /// Writes the page; returns the keys written so far.
    fn write(&mut self, page: &Page, stop: &Stop) -> Result<u64, Fault> {
        for record in &page.records {
            // A page may hold many megabytes.
            stop.check()?;
            match self {
                Self::File(file) => file.write(record)?,
                Self::Output(writer, _) => writer.write(record)?,
            }
        }
        Ok(match self {
            Self::File(file) => file.keys(),
            Self::Output(writer, _) => writer.keys(),
        })
    }

    fn finish(self, stop: &Stop) -> Result<ExportReport, Fault> {
        match self {
            Self::File(file) => file.finish_if(|| stop.check()),
            Self::Output(writer, header) => {
                let keys = writer.keys();
                let (_, size_bytes) = writer.finish()?;
                let ExportHeader { revision, partial, .. } = header;
                Ok(ExportReport { keys, size_bytes, revision, partial, path: PathBuf::from("-") })
            }
        }
    }
}

/// Writes pages, off the async threads.
struct Scribe {
    plan: ExportPlan,
    cluster: Cluster,
    stop: Stop,
    sink: Option<Sink>,
}

impl Scribe {
    fn write_all(
        mut self,
        mut pages: mpsc::Receiver<Page>,
        tell: &watch::Sender<(u64, Option<u64>)>,
    ) -> Result<Self, Fault> {
        while let Some(page) = pages.blocking_recv() {
            self.stop.check()?;
            let mut sink = self.sink(page.revision)?;
            tell.send_replace((sink.write(&page, &self.stop)?, Some(page.total)));
            self.sink = Some(sink);
        }
        Ok(self)
    }

    fn finish(mut self, revision: i64) -> Result<ExportReport, Fault> {
        self.stop.check()?;
        let stop = self.stop.clone();
        self.sink(revision)?.finish(&stop)
    }

    /// The sink, begun with its header where there is none. What the user may read is known by then:
    /// the listing has asked for it.
    fn sink(&mut self, revision: i64) -> Result<Sink, Fault> {
        if let Some(sink) = self.sink.take() {
            return Ok(sink);
        }
        let wanted = self.plan.interval();
        let header = ExportHeader {
            cluster_id: self.cluster.cluster_id(),
            revision,
            prefix: self.plan.prefix.clone(),
            only_key: self.plan.only_key,
            partial: self.cluster.notices().iter().any(|notice| notice.restricts(&wanted)),
        };
        Sink::create(&self.plan, header)
    }
}
