//! Ends the children and removes the folder of a local cluster when this process dies, however it
//! dies: a small shell holds the other end of a pipe and acts when the pipe closes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::model::fault::{Fault, FaultKind};

/// The shell reads lines; each holds the ids of all children that live now. At the end of the pipe
/// it kills those of the last line, waits until they are gone (they may still be writing), and
/// removes the folder.
#[cfg(not(windows))]
const SCRIPT: &str = r#"
pids=
while read -r line; do pids=$line; done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
tries=0
while [ "$tries" -lt 20 ]; do
  alive=
  for pid in $pids; do if kill -0 "$pid" 2>/dev/null; then alive=1; fi; done
  if [ -z "$alive" ]; then break; fi
  tries=$((tries + 1))
  sleep 0.1
done
rm -rf -- "$1"
"#;

#[cfg(windows)]
const SCRIPT: &str = r#"
$ids = ''
while ($null -ne ($line = [Console]::In.ReadLine())) { $ids = $line }
foreach ($id in $ids.Split(' ', [StringSplitOptions]::RemoveEmptyEntries)) {
  Stop-Process -Force -Id $id -ErrorAction SilentlyContinue
}
Start-Sleep -Milliseconds 200
Remove-Item -Recurse -Force -LiteralPath $env:ETCDSCOPE_FOLDER -ErrorAction SilentlyContinue
"#;

/// The guard of one cluster. Dropping it ends the children that are still under guard
/// and removes the folder.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
    children: BTreeSet<u32>,
}

impl Watchdog {
    /// Starts the guard of `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self, Fault> {
        let mut command = Self::command(folder);
        // It lives as long as the console, and needs no password.
        super::binaries::without_etcd_environment(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = command.spawn().map_err(|error| {
            Fault::new(FaultKind::Other, format!("starting the guard of the local cluster: {error}"))
        })?;
        Ok(Self { shell, children: BTreeSet::new() })
    }

    #[cfg(not(windows))]
    fn command(folder: &Path) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("/bin/sh");
        // A group of its own: Ctrl-C in the terminal reaches the console, not its guard.
        command.args(["-c", SCRIPT, "etcdscope-guard"]).arg(folder).process_group(0);
        command
    }

    #[cfg(windows)]
    fn command(folder: &Path) -> Command {
        let mut command = Command::new("powershell");
        command.args(["-NoProfile", "-NonInteractive", "-Command", SCRIPT]).env("ETCDSCOPE_FOLDER", folder);
        command
    }

    /// Puts a child under guard.
    pub(super) fn add(&mut self, id: u32) -> Result<(), Fault> {
        self.children.insert(id);
        self.tell()
    }

    /// Takes a child that has ended from the guard: its number may soon be another process's.
    pub(super) fn remove(&mut self, id: u32) {
        self.children.remove(&id);
        if let Err(fault) = self.tell() {
            tracing::warn!(%fault, "a child that has ended stays under guard");
        }
    }

    fn tell(&mut self) -> Result<(), Fault> {
        let line = self.children.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let Some(pipe) = self.shell.stdin.as_mut() else { return Ok(()) };
        writeln!(pipe, "{line}").and_then(|()| pipe.flush()).map_err(|error| {
            Fault::new(FaultKind::Other, format!("telling the guard of the local cluster: {error}"))
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        if let Err(error) = self.shell.wait() {
            tracing::warn!(%error, "the guard of the local cluster did not end");
        }
    }
}
