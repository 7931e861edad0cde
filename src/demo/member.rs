//! One member of a local cluster: an etcd process that tests may kill, stop and start again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::binaries::without_etcd_environment;
use super::cluster::lock;
use super::watchdog::Watchdog;
use crate::model::fault::{Fault, FaultKind};

/// Certificates for the client ports of a local cluster, all in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The authority that signed the servers' certificate (and, for `client_cert_auth`, those of
    /// the clients).
    pub ca_file: PathBuf,
    /// The servers' certificate, valid for 127.0.0.1.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
    /// Whether clients must show a certificate.
    pub client_cert_auth: bool,
    /// A client's certificate, used by [`super::LocalCluster`]'s own calls.
    pub client_cert_file: Option<PathBuf>,
    /// Its key.
    pub client_key_file: Option<PathBuf>,
}

impl TlsFiles {
    pub(super) fn server_arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--cert-file={}", self.cert_file.display()),
            format!("--key-file={}", self.key_file.display()),
            format!("--trusted-ca-file={}", self.ca_file.display()),
        ];
        if self.client_cert_auth {
            arguments.push("--client-cert-auth".to_owned());
        }
        arguments
    }
}

/// What a member is, and how it is started.
#[derive(Debug)]
pub(super) struct Recipe {
    pub name: String,
    /// Its client URL.
    pub endpoint: String,
    pub peer_url: String,
    pub data_dir: PathBuf,
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

/// One member.
#[derive(Debug)]
pub struct LocalMember {
    recipe: Recipe,
    child: Mutex<Option<Child>>,
    /// How long its log was when it was started last.
    log_from: AtomicU64,
    guard: Arc<Mutex<Watchdog>>,
}

/// How a member ended by itself.
#[derive(Debug)]
pub(super) struct Ending {
    status: ExitStatus,
    said: Said,
}

/// What a member wrote into its log since it was started.
#[derive(Debug)]
enum Said {
    Lines(String),
    Nothing,
    Unreadable(String),
}

impl Ending {
    /// Whether another program had one of its ports.
    pub(super) fn port_was_taken(&self) -> bool {
        let Said::Lines(lines) = &self.said else { return false };
        // As Unix and as Windows put it.
        lines.contains("address already in use") || lines.contains("Only one usage of each socket address")
    }

    /// Whether it may well start next time: for want of a port, or for no reason that it told.
    pub(super) fn may_pass(&self) -> bool {
        let told_nothing = !matches!(self.said, Said::Lines(_));
        self.port_was_taken() || (told_nothing && self.status.code() == Some(1))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}): {}", self.status, self.said)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(lines) => f.write_str(lines),
            Self::Nothing => f.write_str("it wrote nothing into its log"),
            Self::Unreadable(why) => write!(f, "its log can not be read: {why}"),
        }
    }
}

impl LocalMember {
    pub(super) fn new(recipe: Recipe, guard: Arc<Mutex<Watchdog>>) -> Self {
        Self { recipe, child: Mutex::new(None), log_from: AtomicU64::new(0), guard }
    }

    /// Its name in the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.recipe.name
    }

    /// Its client URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.recipe.endpoint
    }

    /// Its peer URL.
    #[must_use]
    pub fn peer_url(&self) -> &str {
        &self.recipe.peer_url
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.recipe.data_dir
    }

    /// Process id, while it runs: that of one that has ended may be another process's by now.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        if self.ended().is_some() {
            return None;
        }
        lock(&self.child).as_ref().map(Child::id)
    }

    /// Whether it was started and has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.pid().is_some() && self.ended().is_none()
    }

    /// Kills it at once (SIGKILL) and waits until it is gone. The data stays.
    pub fn kill(&self) {
        let Some(mut child) = lock(&self.child).take() else { return };
        if let Err(error) = child.kill() {
            tracing::warn!(member = self.recipe.name, %error, "killing");
        }
        match child.wait() {
            Ok(_) => lock(&self.guard).remove(child.id()),
            Err(error) => tracing::warn!(member = self.recipe.name, %error, "waiting for the end"),
        }
    }

    /// Freezes it (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// [`FaultKind::Other`] where it does not run, [`FaultKind::Unimplemented`] on Windows.
    pub fn stop(&self) -> Result<(), Fault> {
        self.signal("STOP")
    }

    /// Lets it go on after [`LocalMember::stop`] (SIGCONT).
    ///
    /// # Errors
    /// As [`LocalMember::stop`].
    pub fn cont(&self) -> Result<(), Fault> {
        self.signal("CONT")
    }

    /// Asks it to end (SIGTERM), as an orderly restart does; it hands leadership over first.
    ///
    /// # Errors
    /// As [`LocalMember::stop`].
    pub fn terminate(&self) -> Result<(), Fault> {
        self.signal("TERM")
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) -> Result<(), Fault> {
        let fault = |detail: String| {
            Fault::new(FaultKind::Other, format!("SIG{name} to {}: {detail}", self.recipe.name))
        };
        let pid = self.pid().ok_or_else(|| fault("it does not run".to_owned()))?;
        // The shell's own `kill`: small systems have no program of that name.
        let status = without_etcd_environment(&mut Command::new("sh"))
            .args(["-c", &format!("kill -{name} {pid}")])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| fault(error.to_string()))?;
        if status.success() { Ok(()) } else { Err(fault(status.to_string())) }
    }

    #[cfg(not(unix))]
    fn signal(&self, name: &str) -> Result<(), Fault> {
        Err(Fault::new(FaultKind::Unimplemented, format!("SIG{name} does not exist on this system")))
    }

    /// Starts the process under guard.
    pub(super) fn spawn(&self) -> Result<(), Fault> {
        let log_fault = |error: std::io::Error| {
            Fault::new(FaultKind::File, format!("{}: {error}", self.log_file().display()))
        };
        let mut options = std::fs::File::options();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let log = options.create(true).append(true).open(self.log_file()).map_err(log_fault)?;
        self.log_from.store(log.metadata().map_err(log_fault)?.len(), Ordering::Relaxed);
        let mut command = Command::new(&self.recipe.program);
        command.args(&self.recipe.arguments).stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(log_fault)?).stderr(log);
        if let Some(folder) = self.recipe.data_dir.parent() {
            command.current_dir(folder);
        }
        without_etcd_environment(&mut command);
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // Ctrl-C in the terminal is for the console; it ends its members itself.
            command.process_group(0);
        }
        let child = command.spawn().map_err(|error| {
            Fault::new(FaultKind::EtcdMissing, format!("{}: {error}", self.recipe.program.display()))
        })?;
        let id = child.id();
        *lock(&self.child) = Some(child);
        lock(&self.guard).add(id)
    }

    /// How it ended, where it was started and has ended by itself.
    fn ended(&self) -> Option<ExitStatus> {
        let mut child = lock(&self.child);
        let child = child.as_mut()?;
        let status = child.try_wait().ok().flatten()?;
        lock(&self.guard).remove(child.id());
        Some(status)
    }

    /// How and why it ended, where it was started and has ended by itself.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.ended().map(|status| Ending { status, said: self.said() })
    }

    fn log_file(&self) -> PathBuf {
        self.recipe.data_dir.with_extension("log")
    }

    /// The first and the last lines that it wrote into its log since it was started last: a refused
    /// argument is named first, before the usage; everything else ends with its cause. In words where
    /// there are none.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.said().to_string()
    }

    fn said(&self) -> Said {
        let text = match std::fs::read(self.log_file()) {
            Ok(text) => text,
            Err(error) => return Said::Unreadable(format!("{}: {error}", self.log_file().display())),
        };
        let from = usize::try_from(self.log_from.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let text = String::from_utf8_lossy(text.get(from..).unwrap_or_default());
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return Said::Nothing;
        }
        let (head, tail) = lines.split_at(lines.len().min(2));
        Said::Lines([head, tail.get(tail.len().saturating_sub(3)..).unwrap_or_default()].concat().join(" | "))
    }
}

impl Drop for LocalMember {
    fn drop(&mut self) {
        self.kill();
    }
}
