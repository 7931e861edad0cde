//! `etcdscope export`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::asked_to_end;
use super::connection::{ConnectionArgs, find_cluster};
use crate::etcd::{Cluster, Page};
use crate::model::fault::Fault;
use crate::model::status::{KeyInterval, Notice};
use crate::model::transfer::ExportFormat;
use crate::storage::export::{ExportFile, ExportHeader, ExportWriter};

/// So many pages may wait for the disk.
const PAGES: usize = 4;
/// The count on the terminal is renewed at most so often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// An export asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportCommand {
    /// The cluster.
    pub connection: ConnectionArgs,
    /// All keys that start with this.
    pub prefix: Vec<u8>,
    /// Format.
    pub format: ExportFormat,
    /// The file; `None`: the standard output.
    pub output: Option<PathBuf>,
    /// The revision to read at; `None`: the newest.
    pub revision: Option<i64>,
    /// Tell nothing but failures.
    pub quiet: bool,
}

/// What was written.
struct Done {
    keys: u64,
    size_bytes: u64,
    revision: i64,
    /// The user may read only a part of the prefix: other keys may exist.
    partial: bool,
}

/// Exports; ended by Ctrl-C it leaves no file.
pub(super) async fn run(command: ExportCommand) -> ExitCode {
    let mut progress = Progress::new(command.quiet);
    let ended = tokio::select! {
        done = export(&command, &mut progress) => Ok(done),
        code = asked_to_end() => Err(code),
    };
    progress.clear();
    match ended {
        Ok(Ok(done)) => {
            if !command.quiet {
                let Done { keys, size_bytes, revision, partial } = done;
                let target = command.output.map_or_else(|| "-".to_owned(), |path| path.display().to_string());
                eprintln!("{keys} keys, {size_bytes} bytes at revision {revision} written to {target}");
                if partial {
                    eprintln!(
                        "etcdscope: the user may read only a part of this prefix; other keys may exist"
                    );
                }
            }
            ExitCode::SUCCESS
        }
        Ok(Err(fault)) => {
            eprintln!("etcdscope: {fault}");
            ExitCode::FAILURE
        }
        Err(code) => {
            eprintln!("etcdscope: the export was ended; no file was written");
            ExitCode::from(code)
        }
    }
}

async fn export(command: &ExportCommand, progress: &mut Progress) -> Result<Done, Fault> {
    let request = find_cluster(command.connection.clone()).await?;
    let cluster = Cluster::connect(&request).await?;
    let header = |revision| ExportHeader {
        cluster_id: cluster.cluster_id(),
        revision,
        prefix: command.prefix.clone(),
        only_key: false,
    };
    let (sender, mut pages) = mpsc::channel::<Page>(PAGES);
    let list = async {
        let sender = sender;
        cluster.list_pages(&command.prefix, command.revision, true, &sender).await
    };
    let write = async {
        let mut target: Option<Target> = None;
        while let Some(page) = pages.recv().await {
            let open = match target.take() {
                Some(target) => target,
                None => Target::create(command, &header(page.revision))?,
            };
            target = Some(open.write(&page)?);
            progress.add(page.records.len() as u64, page.total);
        }
        Ok(target)
    };
    // A failed writer drops the receiver, which ends the listing; the writer's fault tells why.
    let (listed, written) = tokio::join!(list, write);
    let (revision, target) = match (listed, written) {
        (_, Err(fault)) | (Err(fault), Ok(_)) => return Err(fault),
        (Ok(revision), Ok(target)) => (revision, target),
    };
    let done = match target {
        Some(target) => target.finish(revision)?,
        None => Target::create(command, &header(revision))?.finish(revision)?,
    };
    Ok(Done { partial: is_partial(&command.prefix, &cluster.notices()), ..done })
}

/// Whether no range that the user may read holds the whole prefix.
fn is_partial(prefix: &[u8], notices: &[Notice]) -> bool {
    let wanted = KeyInterval::prefix(prefix);
    let holds = |range: &KeyInterval| {
        let to_the_end = match (&range.end, &wanted.end) {
            (None, _) => true,
            (Some(end), Some(wanted)) => end >= wanted,
            (Some(_), None) => false,
        };
        range.start <= wanted.start && to_the_end
    };
    notices.iter().any(|notice| matches!(notice, Notice::RestrictedTo(ranges) if !ranges.iter().any(holds)))
}

/// Where an export goes.
enum Target {
    File(Box<ExportFile>),
    Output(Box<ExportWriter<std::io::BufWriter<std::io::Stdout>>>),
}

impl Target {
    fn create(command: &ExportCommand, header: &ExportHeader) -> Result<Self, Fault> {
        match &command.output {
            Some(path) => Ok(Self::File(Box::new(ExportFile::create(path, command.format, header)?))),
            None => {
                let output = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout());
                Ok(Self::Output(Box::new(ExportWriter::new(output, command.format, header)?)))
            }
        }
    }

    fn write(mut self, page: &Page) -> Result<Self, Fault> {
        for record in &page.records {
            match &mut self {
                Self::File(file) => file.write(record)?,
                Self::Output(writer) => writer.write(record)?,
            }
        }
        Ok(self)
    }

    fn finish(self, revision: i64) -> Result<Done, Fault> {
        match self {
            Self::File(file) => {
                let report = file.finish()?;
                Ok(Done { keys: report.keys, size_bytes: report.size_bytes, revision, partial: false })
            }
            Self::Output(writer) => {
                let keys = writer.keys();
                let (_, size_bytes) = writer.finish()?;
                Ok(Done { keys, size_bytes, revision, partial: false })
            }
        }
    }
}

/// A count on the terminal; silent where the error output is none.
struct Progress {
    shown: bool,
    visible: bool,
    keys: u64,
    told: Instant,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        Self {
            shown: false,
            visible: !quiet && std::io::stderr().is_terminal(),
            keys: 0,
            told: Instant::now(),
        }
    }

    fn add(&mut self, keys: u64, total: u64) {
        self.keys += keys;
        if self.visible && (!self.shown || self.told.elapsed() >= PROGRESS_EVERY) {
            self.tell(&format!("\r{} of {total} keys", self.keys));
            self.shown = true;
            self.told = Instant::now();
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.tell("\r\x1b[K");
        }
    }

    fn tell(&mut self, text: &str) {
        let mut output = std::io::stderr();
        if output.write_all(text.as_bytes()).and_then(|()| output.flush()).is_err() {
            self.visible = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_of_more_than_the_user_may_read_is_partial() {
        let restricted =
            [Notice::RestrictedTo(vec![KeyInterval::prefix(b"/app/"), KeyInterval::prefix(b"/cfg/")])];
        assert!(is_partial(b"", &restricted) && is_partial(b"/a", &restricted));
        assert!(!is_partial(b"/app/", &restricted) && !is_partial(b"/app/one", &restricted));
        assert!(!is_partial(b"", &[Notice::AuthenticationOff]) && !is_partial(b"", &[]));
    }
}
