//! The live mirror without a window: anyone can check it against `etcdctl`.
//!
//! ```text
//! cargo run --release --example mirror -- --endpoints 127.0.0.1:2379 --seconds 30 --log events.jsonl
//! ```
//!
//! Each applied event is a JSON line in the log: `kind` (`put` or `delete`), `key` and `value` in
//! base64, `mod_revision`. At the end one JSON line is printed: `revision`, `keys`, `sha256` over
//! `key length, key, mod revision` (and with `--values` `value length, value`) in key order, numbers
//! as 64-bit big-endian, the times from the start to the first page in the model and to the complete
//! live mirror, and the resident memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Parser;
use etcdscope::etcd::{Cluster, FeedEvent, MirrorOptions, ValuePolicy, run_mirror};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::message::{ConnectRequest, MirrorUpdate};
use etcdscope::model::mirror::digest_of;
use etcdscope::model::profile::{Profile, Secret, TlsSettings};
use etcdscope::model::record::{ChangeKind, Revision};
use etcdscope::model::status::MirrorState;
use serde_json::json;
use tokio::sync::{Notify, mpsc};

/// Mirrors a cluster without a window and prints what it has seen.
#[derive(Debug, Parser)]
struct Arguments {
    /// Endpoints of the members, with commas between.
    #[arg(long, value_delimiter = ',', default_value = "127.0.0.1:2379")]
    endpoints: Vec<String>,
    /// Runs for so many seconds once it is live; 0: ends as soon as it is live.
    #[arg(long, default_value_t = 0)]
    seconds: u64,
    /// Writes each applied event here as a JSON line.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Mirrors the values as well, and hashes them.
    #[arg(long)]
    values: bool,
    /// User and password, as `name:password`.
    #[arg(long)]
    user: Option<String>,
    /// The authority that signed the servers' certificates (PEM).
    #[arg(long)]
    cacert: Option<PathBuf>,
    /// A client certificate (PEM).
    #[arg(long)]
    cert: Option<PathBuf>,
    /// The key of the client certificate (PEM).
    #[arg(long)]
    key: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(mirror(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("mirror: {error}");
    ExitCode::FAILURE
}

fn request(arguments: &Arguments) -> ConnectRequest {
    let login = arguments.user.as_deref().map(|user| user.split_once(':').unwrap_or((user, "")));
    let profile = Profile {
        endpoints: arguments.endpoints.clone(),
        user: login.map(|(user, _)| user.to_owned()),
        tls: TlsSettings {
            enabled: arguments.cacert.is_some() || arguments.cert.is_some(),
            ca_file: arguments.cacert.clone(),
            cert_file: arguments.cert.clone(),
            key_file: arguments.key.clone(),
            server_name: None,
        },
        ..Profile::default()
    };
    ConnectRequest { profile, password: login.map(|(_, password)| Secret(password.to_owned())) }
}

/// What has been seen so far.
struct Seen {
    keyspace: Keyspace,
    applied: i64,
    first_rows: Option<Duration>,
    live: Option<Duration>,
    log: Option<BufWriter<File>>,
}

async fn mirror(arguments: Arguments) -> Result<(), String> {
    let begun = Instant::now();
    let log = match &arguments.log {
        Some(path) => {
            let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let cluster = Cluster::connect(&request(&arguments)).await.map_err(|fault| fault.to_string())?;
    let options = MirrorOptions {
        values: if arguments.values { ValuePolicy::Always } else { ValuePolicy::Never },
        value_budget_bytes: if arguments.values { u64::MAX } else { 0 },
        ..MirrorOptions::default()
    };
    let (sender, mut events) = mpsc::channel(64);
    let feed = tokio::spawn(run_mirror(cluster, options, sender, Arc::new(Notify::new())));
    let mut seen = Seen { keyspace: Keyspace::default(), applied: 0, first_rows: None, live: None, log };
    let mut until: Option<tokio::time::Instant> = None;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sleep_until(until), if until.is_some() => None,
            _ = tokio::signal::ctrl_c() => None,
        };
        match event {
            Some(FeedEvent::Mirror(update)) => seen.take(update, begun)?,
            Some(FeedEvent::Proven(_) | FeedEvent::Notice(_)) => {}
            None => break,
        }
        if seen.live.is_some() && until.is_none() {
            if arguments.seconds == 0 {
                break;
            }
            until = Some(tokio::time::Instant::now() + Duration::from_secs(arguments.seconds));
        }
    }
    drop(events);
    feed.abort();
    seen.finish(arguments.values)
}

async fn sleep_until(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

impl Seen {
    fn take(&mut self, update: MirrorUpdate, begun: Instant) -> Result<(), String> {
        match update.state {
            MirrorState::Failed(fault) => return Err(fault.to_string()),
            MirrorState::Live if self.live.is_none() => self.live = Some(begun.elapsed()),
            _ => {}
        }
        if self.first_rows.is_none() && (!update.keyspace.is_empty() || self.live.is_some()) {
            self.first_rows = Some(begun.elapsed());
        }
        self.keyspace = update.keyspace;
        self.applied = update.applied;
        if let Some(log) = &mut self.log {
            for revision in update.changes.iter() {
                write_revision(log, revision).map_err(|error| format!("the log: {error}"))?;
            }
        }
        Ok(())
    }

    fn finish(mut self, with_values: bool) -> Result<(), String> {
        if let Some(log) = &mut self.log {
            log.flush().map_err(|error| format!("the log: {error}"))?;
        }
        let rss_bytes = resident_bytes();
        let digest = digest_of(&self.keyspace, with_values);
        let millis = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1_000.0);
        let line = json!({
            "revision": self.applied,
            "keys": digest.keys,
            "sha256": digest.sha256,
            "first_rows_ms": millis(self.first_rows),
            "live_ms": millis(self.live),
            "rss_bytes": rss_bytes,
        });
        println!("{line}");
        Ok(())
    }
}

fn write_revision(log: &mut impl Write, revision: &Revision) -> std::io::Result<()> {
    for change in &revision.changes {
        let key = BASE64.encode(&change.key);
        let line = match &change.kind {
            ChangeKind::Put { meta, value } => json!({
                "kind": "put",
                "key": key,
                "value": BASE64.encode(value),
                "mod_revision": meta.mod_revision,
            }),
            ChangeKind::Delete => {
                json!({"kind": "delete", "key": key, "value": "", "mod_revision": revision.revision})
            }
        };
        writeln!(log, "{line}")?;
    }
    Ok(())
}

/// Resident memory of this process, where the system tells it.
fn resident_bytes() -> Option<u64> {
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE_BYTES)
}
