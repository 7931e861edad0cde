//! What the commands print: lines on the standard output, which may be a pipe that is closed.

use std::io::{BufWriter, Stdout, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::asked_to_end;
use super::connection::{ConnectionArgs, find_cluster};
use crate::etcd::Cluster;
use crate::model::fault::Fault;
use crate::model::message::ConnectRequest;
use crate::model::status::SeenAt;
use crate::storage::export::file_fault;

/// It was done, but not whole: keys were left alone, or what is told is not certain.
pub(super) const NOT_WHOLE: u8 = 3;

/// The standard output. A reader that has gone (`| head`) is no failure.
pub(super) struct Output(BufWriter<Stdout>);

impl Output {
    pub(super) fn new() -> Self {
        Self(BufWriter::new(std::io::stdout()))
    }

    /// Prints a line.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::DiskFull`], [`crate::model::fault::FaultKind::File`].
    pub(super) fn line(&mut self, line: &str) -> Result<(), Fault> {
        told(writeln!(self.0, "{line}"))
    }

    /// # Errors
    /// As [`Output::line`].
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        told(self.0.flush())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn told(written: std::io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(file_fault("writing to the standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Runs a command that only reads; Ctrl-C ends it.
pub(super) async fn reading(work: impl Future<Output = Result<ExitCode, Fault>>) -> ExitCode {
    let ended = tokio::select! {
        done = work => Ok(done),
        code = asked_to_end() => Err(code),
    };
    match ended {
        Ok(Ok(code)) => code,
        Ok(Err(fault)) => {
            super::complain(&fault);
            ExitCode::FAILURE
        }
        Err(code) => ExitCode::from(code),
    }
}

/// The cluster that the flags name.
///
/// # Errors
/// Where none is named, or it does not answer.
pub(super) async fn connect(connection: ConnectionArgs) -> Result<(ConnectRequest, Cluster), Fault> {
    let request = find_cluster(connection).await?;
    let cluster = Cluster::connect(&request).await?;
    Ok((request, cluster))
}

/// A time on this machine, with its zone.
pub(super) fn time(at: SeenAt) -> String {
    match Timestamp::from_millisecond(at) {
        Ok(stamp) => stamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => at.to_string(),
    }
}

/// `1 key`, `7 keys`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// A size as it is said everywhere.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
