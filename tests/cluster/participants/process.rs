//! A program as a child: what it says, and the signals that it gets.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::super::support::SOON;

/// A program that runs; dropping it kills it.
pub struct Program {
    child: Child,
    stdin: ChildStdin,
    told: Arc<Mutex<Vec<String>>>,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("ETCD_") || text.starts_with("ETCDCTL_") {
                command.env_remove(&name);
            }
        }
        command.env("ETCDCTL_API", "3").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let told = lines_of(child.stdout.take().expect("its output"));
        let complaints = lines_of(child.stderr.take().expect("its errors"));
        let stdin = child.stdin.take().expect("its input");
        Self { child, stdin, told, complaints }
    }

    /// The first line that it told.
    pub fn first_line(&self) -> Option<String> {
        self.told.lock().unwrap().first().cloned()
    }

    /// What stands behind this word, at the beginning of a line.
    pub fn behind(&self, word: &str) -> Option<String> {
        let told = self.told.lock().unwrap();
        told.iter().find_map(|line| Some(line.strip_prefix(word)?.trim().to_owned()))
    }

    /// Everything that it said.
    pub fn everything(&self) -> String {
        format!("{:?} {:?}", self.told.lock().unwrap(), self.complaints.lock().unwrap())
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Says a line to it.
    pub async fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.expect("its input");
        self.stdin.flush().await.expect("its input");
    }

    /// Sends a signal.
    pub async fn signal(&self, name: &str) {
        let Some(pid) = self.child.id() else { return };
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().await;
        assert!(sent.expect("kill").success(), "kill -{name} {pid}");
    }

    /// As `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        let ended = tokio::time::timeout(SOON, self.child.wait()).await;
        assert!(ended.is_ok(), "it does not end: {}", self.everything());
    }

    /// Waits until it tells a line that begins with this word.
    pub async fn until_told(&self, word: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(rest) = self.behind(word) {
                return rest;
            }
            assert!(begun.elapsed() < SOON, "it does not tell {word:?}: {}", self.everything());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Collects lines as they come.
fn lines_of(output: impl AsyncRead + Unpin + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let collected = lines.clone();
    tokio::spawn(async move {
        let mut output = BufReader::new(output).lines();
        while let Ok(Some(line)) = output.next_line().await {
            collected.lock().unwrap().push(line);
        }
    });
    lines
}
