//! Loading the key space: `etcdctl get "" --prefix --keys-only`, one call of a raw client and the
//! mirror, in turn on the same etcd, at several sizes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::child::{COMPLETE, FIRST_ROWS};
use crate::space::{KEY_BYTES, Space};
use crate::timing::{rounded, spread};
use crate::{Outcome, heading};

/// No program may take longer.
const LIMIT: Duration = Duration::from_secs(300);
/// Up to so many keys the console lists the values with the keys.
const WITH_VALUES: u64 = 50_000;
/// Smaller sizes are quick and noisy: they get so many times the rounds.
const MORE_ROUNDS: (u64, usize) = (1_000_000, 2);

/// Measures at each of these sizes, ascending.
pub async fn measure(sizes: &[u64], rounds: usize) -> Outcome<Value> {
    let mut space = Space::start().await?;
    let mut measured = Vec::new();
    let mut filled_per_second = 0.0;
    for &keys in sizes {
        heading(&format!("Filling etcd {} up to {keys} keys", space.version()));
        filled_per_second = space.fill(keys).await?;
        let rounds = if keys < MORE_ROUNDS.0 { rounds * MORE_ROUNDS.1 } else { rounds };
        measured.push(size(&space, keys, rounds).await?);
    }
    Ok(json!({
        "etcd": space.version(),
        "key_bytes": KEY_BYTES,
        "filled_keys_per_second": filled_per_second.round(),
        "sizes": measured,
    }))
}

/// What one program told and took.
struct Run {
    first_rows_ms: f64,
    complete_ms: f64,
    told: Value,
}

/// All rounds at one size.
async fn size(space: &Space, keys: u64, rounds: usize) -> Outcome<Value> {
    let (endpoint, etcdctl_program) = (space.endpoint(), space.etcdctl());
    let etcdctl_once = || etcdctl(&etcdctl_program, &endpoint, true);
    // The first read after so many writes is slower, whoever makes it.
    etcdctl_once().await?;
    let (mut etcdctl_ms, mut raws, mut mirrors) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Each is the first in turn.
        for step in 0..3 {
            match (round + step) % 3 {
                0 => etcdctl_ms.push(etcdctl_once().await?),
                1 => raws.push(ourselves(&["child-raw", &endpoint], keys).await?),
                _ => mirrors.push(ourselves(&["child-mirror", &endpoint], keys).await?),
            }
        }
        if let (Some(etcdctl), Some(raw), Some(mirror)) = (etcdctl_ms.last(), raws.last(), mirrors.last()) {
            eprintln!(
                "  round {} of {rounds} at {keys} keys: etcdctl {etcdctl:.0} ms, raw call {:.0} ms, \
                 mirror live {:.0} ms with first rows after {:.0} ms",
                round + 1,
                raw.complete_ms,
                mirror.complete_ms,
                mirror.first_rows_ms
            );
        }
    }
    let mut result = report(keys, rounds, &etcdctl_ms, &raws, &mirrors);
    if keys <= WITH_VALUES {
        let mut values = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            values.0.push(etcdctl(&etcdctl_program, &endpoint, false).await?);
            let arguments = ["child-mirror", &endpoint, "--values"];
            values.1.push(ourselves(&arguments, keys).await?.complete_ms);
        }
        let (etcdctl, live) = (spread(values.0), spread(values.1));
        result["with_values"] =
            json!({ "live_to_etcdctl": ratio(&live, &etcdctl), "etcdctl_ms": etcdctl, "live_ms": live });
    }
    Ok(result)
}

fn report(keys: u64, rounds: usize, etcdctl_ms: &[f64], raws: &[Run], mirrors: &[Run]) -> Value {
    let etcdctl = spread(etcdctl_ms.to_vec());
    let raw = spread(raws.iter().map(|run| run.complete_ms).collect());
    let live = spread(mirrors.iter().map(|run| run.complete_ms).collect());
    let first_rows = spread(mirrors.iter().map(|run| run.first_rows_ms).collect());
    let most = |runs: &[Run], name: &str| runs.iter().filter_map(|run| run.told[name].as_u64()).max();
    let beyond = mirrors
        .iter()
        .filter_map(|run| {
            let grown = run.told["rss_bytes"].as_f64()? - run.told["rss_before_bytes"].as_f64()?;
            Some(grown / keys as f64 - KEY_BYTES as f64)
        })
        .max_by(f64::total_cmp);
    let ns_per_key = |time: &Value| time["median"].as_f64().map(|ms| rounded(ms * 1e6 / keys as f64));
    json!({
        "keys": keys,
        "rounds": rounds,
        "live_to_etcdctl": ratio(&live, &etcdctl),
        "live_to_raw": ratio(&live, &raw),
        "first_rows_to_etcdctl": ratio(&first_rows, &etcdctl),
        "etcdctl_ns_per_key": ns_per_key(&etcdctl),
        "raw_ns_per_key": ns_per_key(&raw),
        "live_ns_per_key": ns_per_key(&live),
        "etcdctl_ms": etcdctl,
        "raw_ms": raw,
        "raw_pages": most(raws, "pages"),
        "live_ms": live,
        "first_rows_ms": first_rows,
        "rss_bytes": most(mirrors, "rss_bytes"),
        "rss_peak_bytes": most(mirrors, "rss_peak_bytes"),
        "raw_rss_bytes": most(raws, "rss_bytes"),
        "bytes_per_key_beyond_its_own": beyond.map(rounded),
    })
}

/// One median over another.
fn ratio(of: &Value, to: &Value) -> Option<f64> {
    Some(rounded(of["median"].as_f64()? / to["median"].as_f64()?))
}

/// `etcdctl get "" --prefix`, in milliseconds.
async fn etcdctl(program: &Path, endpoint: &str, keys_only: bool) -> Outcome<f64> {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ETCDCTL_") {
            command.env_remove(&name);
        }
    }
    command.env("ETCDCTL_API", "3").args(["get", "", "--prefix", "--command-timeout=300s"]);
    if keys_only {
        command.arg("--keys-only");
    }
    command.args(["--endpoints", endpoint]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let begun = Instant::now();
    let status = tokio::time::timeout(LIMIT, command.status()).await??;
    let took = begun.elapsed();
    if status.success() { Ok(took.as_secs_f64() * 1e3) } else { Err(format!("etcdctl: {status}").into()) }
}

/// Runs this program as one that is measured, and notes from outside when it says what.
async fn ourselves(arguments: &[&str], keys: u64) -> Outcome<Run> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let out = child.stdout.take().ok_or("no standard output")?;
    let mut lines = BufReader::new(out).lines();
    let mut run = Run { first_rows_ms: f64::NAN, complete_ms: f64::NAN, told: Value::Null };
    let listen = async {
        while let Some(line) = lines.next_line().await? {
            let now = begun.elapsed().as_secs_f64() * 1e3;
            match line.as_str() {
                FIRST_ROWS => run.first_rows_ms = now,
                COMPLETE => run.complete_ms = now,
                told => run.told = serde_json::from_str(told)?,
            }
        }
        Outcome::Ok(child.wait().await?)
    };
    let status = tokio::time::timeout(LIMIT, listen).await??;
    if !status.success() || run.complete_ms.is_nan() {
        return Err(format!("{}: {status}", arguments.join(" ")).into());
    }
    if run.told["keys"].as_u64() != Some(keys) {
        return Err(format!("{}: {} keys instead of {keys}", arguments.join(" "), run.told["keys"]).into());
    }
    Ok(run)
}
