//! `etcdscope export`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked_to_end;
use super::connection::{ConnectionArgs, find_cluster};
use crate::backend::export::{self as backend, ExportPlan};
use crate::etcd::Cluster;
use crate::model::fault::{Fault, FaultKind};
use crate::model::transfer::{ExportFormat, ExportReport};

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
                let ExportReport { keys, size_bytes, revision, partial, path } = done;
                let keys = if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") };
                let target = path.display();
                eprintln!("{keys}, {size_bytes} bytes at revision {revision} written to {target}");
                if partial {
                    eprintln!(
                        "etcdscope: the user may read only a part of this prefix; other keys may exist"
                    );
                }
            }
            ExitCode::SUCCESS
        }
        Ok(Err(fault)) => {
            super::complain(&fault);
            ExitCode::FAILURE
        }
        Err(code) => {
            eprintln!("etcdscope: the export was ended; no file was written");
            ExitCode::from(code)
        }
    }
}

async fn export(command: &ExportCommand, progress: &mut Progress) -> Result<ExportReport, Fault> {
    let request = find_cluster(command.connection.clone()).await?;
    let cluster = Cluster::connect(&request).await?;
    let plan = ExportPlan {
        prefix: command.prefix.clone(),
        only_key: false,
        format: command.format,
        path: command.output.clone(),
        revision: command.revision,
    };
    let mut told = |keys, total: Option<u64>| progress.told(keys, total);
    let done = backend::export(&cluster, plan, &mut told, &Arc::default()).await;
    done.map_err(|fault| match command.revision {
        // To a mirror it tells of a member that lags behind; here it was asked for.
        Some(revision) if fault.detail.contains("future revision") => {
            Fault::new(FaultKind::Invalid, format!("--revision {revision} is not there yet"))
        }
        _ => fault,
    })
}

/// A count on the terminal; silent where the error output is none.
struct Progress {
    shown: bool,
    visible: bool,
    told: Instant,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        Self { shown: false, visible: !quiet && std::io::stderr().is_terminal(), told: Instant::now() }
    }

    fn told(&mut self, keys: u64, total: Option<u64>) {
        if self.visible && (!self.shown || self.told.elapsed() >= PROGRESS_EVERY) {
            let of = total.map_or_else(String::new, |total| format!(" of {total}"));
            self.tell(&format!("\r{keys}{of} keys"));
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
