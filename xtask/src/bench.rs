//! `cargo xtask bench mirror`: the live mirror against `etcdctl get "" --prefix --keys-only`, on the
//! same etcd in the same run, so that the figures hold as ratios on any machine; and the real window on
//! the same keys, but with `--mirror-only`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::etcd::{self, Etcd, without_etcd_settings};
use crate::install::{self, Need};
use crate::run::{Failure, announce, cargo, ending_with_us, heading, run, run_quietly};

const KEYS: u64 = 1_000_000;
const ROUNDS: usize = 3;

struct Options {
    keys: u64,
    rounds: usize,
    json: bool,
    /// Measure the development build: quick to have, slower to run.
    dev: bool,
    /// Measure the real window as well, on a virtual screen.
    window: bool,
}

impl Options {
    fn profile(&self) -> &'static [&'static str] {
        if self.dev { &[] } else { &["--release"] }
    }
}

/// One comparison.
#[derive(Clone, Copy)]
struct Round {
    etcdctl_ms: f64,
    live_ms: f64,
    first_rows_ms: f64,
    rss_bytes: f64,
}

/// Loads the keys, measures, and prints the ratios.
pub fn mirror(arguments: &[&str]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    install::ensure(&[Need::Protoc, Need::Etcd])?;
    if options.window {
        install::ensure(&[Need::WindowLibraries, Need::VirtualScreen])?;
    }
    let mut build = cargo(["build", "--features", "inspection", "--example", "mirror", "--example", "load"]);
    build.args(options.profile());
    run(&mut build)?;
    let examples = examples_folder(options.dev)?;
    let etcd = etcd::all().into_iter().next().ok_or_else(|| Failure::new("no etcd is there"))?;
    let server = Server::start(&etcd)?;
    heading(&format!("Loading {} keys", options.keys));
    let mut load = Command::new(examples.join("load"));
    load.args(["--endpoints", &server.endpoint, "--keys", &options.keys.to_string()]);
    // What it says is progress, and standard output may be wanted as JSON.
    run_quietly(load.stdout(std::io::stderr()))?;
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        heading(&format!("Round {number} of {}", options.rounds));
        let etcdctl_ms = etcdctl(&etcd, &server.endpoint)?;
        let round = mirror_once(&examples.join("mirror"), &server.endpoint, options.keys, etcdctl_ms)?;
        eprintln!(
            "etcdctl {:.0} ms; mirror live {:.0} ms, first rows {:.0} ms, {:.0} MiB resident",
            round.etcdctl_ms,
            round.live_ms,
            round.first_rows_ms,
            mib(round.rss_bytes)
        );
        rounds.push(round);
    }
    let window = if options.window { Some(window(&options, &server.endpoint)?) } else { None };
    report(&options, &etcd, &rounds, window.as_deref());
    Ok(())
}

fn parse(arguments: &[&str]) -> Result<Options, Failure> {
    let mut options = Options { keys: KEYS, rounds: ROUNDS, json: false, dev: false, window: true };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || {
            let value = rest.next().and_then(|value| value.replace('_', "").parse::<u64>().ok());
            value.filter(|value| *value > 0).ok_or_else(|| Failure::new(format!("{argument} wants a number")))
        };
        match *argument {
            "--keys" => options.keys = number()?,
            "--rounds" => options.rounds = usize::try_from(number()?).unwrap_or(ROUNDS),
            "--json" => options.json = true,
            "--dev" => options.dev = true,
            "--mirror-only" => options.window = false,
            other => return Err(Failure::new(format!("unknown argument: {other}"))),
        }
    }
    Ok(options)
}

/// Where cargo puts the examples: this program lies in `<target>/<profile>/`.
fn examples_folder(dev: bool) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::while_doing("this program", &error))?;
    let target = program.ancestors().nth(2).map(Path::to_path_buf);
    let profile = if dev { "debug" } else { "release" };
    Ok(target.unwrap_or_else(|| "target".into()).join(profile).join("examples"))
}

/// `etcdctl get "" --prefix --keys-only`, in milliseconds.
fn etcdctl(etcd: &Etcd, endpoint: &str) -> Result<f64, Failure> {
    let mut command = Command::new(etcd.etcdctl());
    command.args(["get", "", "--prefix", "--keys-only", "--command-timeout=300s", "--endpoints", endpoint]);
    without_etcd_settings(&mut command).env("ETCDCTL_API", "3").stdout(Stdio::null());
    let start = Instant::now();
    run_quietly(&mut command)?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// Runs the mirror until it is live.
fn mirror_once(program: &Path, endpoint: &str, keys: u64, etcdctl_ms: f64) -> Result<Round, Failure> {
    let output = Command::new(program)
        .args(["--endpoints", endpoint, "--seconds", "0"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::while_doing(&program.display().to_string(), &error))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let line = told.lines().last().unwrap_or_default();
    let field = |name: &str| {
        number(line, name).ok_or_else(|| Failure::new(format!("the mirror did not tell {name}: {line}")))
    };
    #[allow(clippy::cast_precision_loss, reason = "no count of keys is near 2^52")]
    if field("keys")? != keys as f64 {
        return Err(Failure::new(format!("the mirror has {} keys instead of {keys}", field("keys")?)));
    }
    Ok(Round {
        etcdctl_ms,
        live_ms: field("live_ms")?,
        first_rows_ms: field("first_rows_ms")?,
        rss_bytes: field("rss_bytes")?,
    })
}

/// Measures the real window on these keys; a line of JSON.
fn window(options: &Options, endpoint: &str) -> Result<String, Failure> {
    let mut command = cargo(["test", "--features", "inspection", "--test", "window"]);
    command.args(options.profile()).args(["--", "--ignored", "--nocapture", "many_keys_in_the_window"]);
    command.env("ETCDSCOPE_BENCH_ENDPOINTS", endpoint).stderr(Stdio::inherit());
    announce(&command);
    let output = command.output().map_err(|error| Failure::while_doing("cargo test", &error))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let line = told.lines().find_map(|line| line.find("{\"opened_ms\"").map(|at| line[at..].to_owned()));
    line.filter(|_| output.status.success())
        .ok_or_else(|| Failure::new(format!("the window was not measured:\n{told}")))
}

/// The number behind `"name":` in a line of JSON without nesting.
fn number(line: &str, name: &str) -> Option<f64> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    rest[..end].trim().parse().ok()
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mib(bytes: f64) -> f64 {
    bytes / 1024.0 / 1024.0
}

fn report(options: &Options, etcd: &Etcd, rounds: &[Round], window: Option<&str>) {
    let etcdctl = median(rounds, |round| round.etcdctl_ms);
    let live = median(rounds, |round| round.live_ms);
    let first = median(rounds, |round| round.first_rows_ms);
    let resident = rounds.iter().map(|round| round.rss_bytes).fold(0.0, f64::max);
    let [major, minor, patch] = etcd.version;
    if options.json {
        println!(
            "{{\"etcd\":\"{major}.{minor}.{patch}\",\"keys\":{},\"rounds\":{},\"build\":\"{}\",\
             \"etcdctl_ms\":{etcdctl:.1},\"live_ms\":{live:.1},\"first_rows_ms\":{first:.1},\
             \"rss_bytes\":{resident:.0},\"live_to_etcdctl\":{:.3},\"first_rows_to_etcdctl\":{:.3},\
             \"rss_bytes_per_key\":{:.1},\"window\":{}}}",
            options.keys,
            rounds.len(),
            if options.dev { "dev" } else { "release" },
            live / etcdctl,
            first / etcdctl,
            resident / options.keys as f64,
            window.unwrap_or("null"),
        );
        return;
    }
    println!("{} keys of 45 bytes, etcd {major}.{minor}.{patch}, median of {}", options.keys, rounds.len());
    println!("etcdctl get \"\" --prefix --keys-only   {etcdctl:>8.0} ms   1.00");
    println!("mirror, whole tree live               {live:>8.0} ms   {:.2}", live / etcdctl);
    println!("mirror, first rows                    {first:>8.0} ms   {:.2}", first / etcdctl);
    println!("mirror, resident memory at most       {:>8.0} MiB", mib(resident));
    let Some(window) = window else { return };
    let told = |name: &str| number(window, name).unwrap_or(f64::NAN);
    println!("window, first rows after its start    {:>8.0} ms", told("first_rows_ms"));
    println!("window, whole tree live               {:>8.0} ms", told("live_ms"));
    println!("window, resident memory               {:>8.0} MiB", mib(told("rss_bytes")));
    for part in ["scrolling", "filtering", "results"] {
        let p99 = window.split_once(&format!("\"{part}\":")).and_then(|(_, rest)| number(rest, "p99_ms"));
        println!("window, a frame's own work, {part:<9} {:>8.2} ms (p99)", p99.unwrap_or(f64::NAN));
    }
}

/// One etcd on a free port with its data in a temporary folder; both end with this value.
struct Server {
    child: Child,
    folder: PathBuf,
    endpoint: String,
}

impl Server {
    fn start(etcd: &Etcd) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("etcdscope-bench-{}", std::process::id()));
        let [client, peer] = [free_port()?, free_port()?];
        let endpoint = format!("http://127.0.0.1:{client}");
        let peer = format!("http://127.0.0.1:{peer}");
        let mut command = ending_with_us(&etcd.path);
        command.args(["--name", "bench", "--data-dir"]).arg(&folder);
        command.args(["--listen-client-urls", &endpoint, "--advertise-client-urls", &endpoint]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("bench={peer}")]);
        command.args(["--quota-backend-bytes", "8589934592", "--log-level", "error"]);
        if etcd.version >= [3, 5, 0] {
            // The data is gone after the run: it need not survive a power cut.
            command.arg("--unsafe-no-fsync");
        }
        let child = without_etcd_settings(&mut command)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| Failure::while_doing(&etcd.path.display().to_string(), &error))?;
        let server = Self { child, folder, endpoint };
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut health = Command::new(etcd.etcdctl());
        health.args(["endpoint", "health", "--endpoints", &server.endpoint]).env("ETCDCTL_API", "3");
        without_etcd_settings(&mut health).env("ETCDCTL_API", "3");
        health.stdout(Stdio::null()).stderr(Stdio::null());
        while !health.status().is_ok_and(|status| status.success()) {
            if Instant::now() > deadline {
                return Err(Failure::new("etcd did not start within 30 s, or there is no etcdctl"));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() && self.child.wait().is_err() {
            eprintln!("etcd did not end");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays behind: {error}", self.folder.display());
        }
    }
}

fn free_port() -> Result<u16, Failure> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::while_doing("a free port", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_json() {
        let line = r#"{"revision":7812,"keys":1000000,"sha256":"ab12","live_ms":2712.5,"rss_bytes":3}"#;
        assert_eq!(number(line, "keys"), Some(1e6));
        assert_eq!(number(line, "live_ms"), Some(2712.5));
        assert_eq!(number(line, "rss_bytes"), Some(3.0));
        assert_eq!(number(line, "sha256"), None);
        assert_eq!(number(line, "first_rows_ms"), None);
    }

    #[test]
    fn the_median_is_the_middle() {
        let round = |live_ms| Round { etcdctl_ms: 1.0, live_ms, first_rows_ms: 1.0, rss_bytes: 1.0 };
        let rounds = [round(9.0), round(2.0), round(5.0)];
        assert!((median(&rounds, |round| round.live_ms) - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn arguments_are_read() {
        let options = parse(&["--keys", "10_000", "--json"]).unwrap();
        assert_eq!((options.keys, options.rounds, options.json), (10_000, ROUNDS, true));
        assert!(parse(&["--keys"]).is_err());
        assert!(parse(&["--keys", "0"]).is_err());
        assert!(parse(&["--fast"]).is_err());
    }
}
