//! The command line as a process, against a real etcd.
#![allow(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

#[path = "cli/disk.rs"]
#[cfg(unix)]
mod disk;
#[path = "cluster/figure.rs"]
#[allow(dead_code)]
mod figure;
#[path = "cli/past.rs"]
mod past;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::model::record::KeyRecord;
use etcdscope::storage::export::{JsonExport, read_json_export};

fn etcdscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdscope"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ETCDCTL_") {
            command.env_remove(name);
        }
    }
    command.env("ETCDSCOPE_KEYRING", "off").env("ETCDSCOPE_HOME", "/nonexistent/etcdscope-home");
    command
}

fn run(arguments: &[&str]) -> Output {
    etcdscope(arguments).output().expect("the program starts")
}

fn read(path: &Path) -> JsonExport {
    read_json_export(std::fs::File::open(path).expect("the export")).expect("a JSON export")
}

/// What etcd itself has below a prefix at a revision, through a client that shares nothing with
/// ours.
async fn range_at(cluster: &LocalCluster, prefix: &[u8], revision: i64) -> Vec<KeyRecord> {
    let options = etcd_client::GetOptions::new().with_prefix().with_revision(revision);
    let mut client = cluster.client().await.expect("a client");
    let answer = client.get(prefix, Some(options)).await.expect("a range");
    let record = |kv: &etcd_client::KeyValue| KeyRecord {
        key: kv.key().into(),
        meta: etcdscope::model::record::KeyMeta {
            create_revision: kv.create_revision(),
            mod_revision: kv.mod_revision(),
            version: kv.version(),
            lease: kv.lease(),
        },
        value: Some(kv.value().into()),
    };
    answer.kvs().iter().map(record).collect()
}

/// `etcdctl get --prefix --rev --print-value-only` of one key, or `None` without an etcdctl.
fn etcdctl_value(cluster: &LocalCluster, key: &str, revision: i64) -> Option<Vec<u8>> {
    let output = Command::new(cluster.etcdctl_bin()?)
        .args(["--endpoints", &cluster.endpoints().join(","), "get", key, "--print-value-only"])
        .arg(format!("--rev={revision}"))
        .env("ETCDCTL_API", "3")
        .output()
        .expect("etcdctl");
    let mut value = output.stdout;
    value.pop();
    Some(value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_one_revision_although_writers_go_on() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
    let mut client = cluster.client().await.expect("a client");
    let lease = client.lease_grant(3600, None).await.expect("a lease").id();
    for number in 0..2_000 {
        let options = (number % 10 == 0).then(|| etcd_client::PutOptions::new().with_lease(lease));
        client.put(format!("/e/{number:05}"), format!("first {number}\n"), options).await.expect("a put");
    }
    client.put(b"/e/\xff\x00".as_slice(), b"\x00\xfe".as_slice(), None).await.expect("a binary key");
    client.put("/e/", "", None).await.expect("an empty value");
    client.put("/f", "not below the prefix", None).await.expect("another");

    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (mut client, stop) = (client.clone(), stop.clone());
        async move {
            let mut number = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let key = format!("/e/{:05}", number * 7 % 2_500);
                client.put(key, format!("later {number}"), None).await.expect("a put");
                number += 1;
            }
            number
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("e.json");
    let endpoints = cluster.endpoints().join(",");
    let target = path.to_str().expect("text").to_owned();
    let output = tokio::task::spawn_blocking(move || {
        run(&["export", "--endpoints", &endpoints, "--prefix", "/e/", "--output", &target])
    })
    .await
    .expect("a run");
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.expect("a writer") > 0);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let export = read(&path);
    assert_eq!(export.header.prefix, b"/e/");
    let expected = range_at(&cluster, b"/e/", export.header.revision).await;
    assert_eq!(export.records.len(), expected.len());
    for (ours, theirs) in export.records.iter().zip(&expected) {
        assert_eq!(ours, theirs);
    }
    for record in export.records.iter().step_by(400) {
        let key = std::str::from_utf8(&record.key).expect("text");
        if let Some(value) = etcdctl_value(&cluster, key, export.header.revision) {
            assert_eq!(record.value.as_deref(), Some(value.as_slice()), "{key}");
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    // The same revision again, to the standard output, is the same file.
    let again = run(&[
        "--endpoints",
        &cluster.endpoints().join(","),
        "export",
        "--prefix",
        "/e/",
        "--revision",
        &export.header.revision.to_string(),
    ]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert!(again.stdout == std::fs::read(&path).expect("the export"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yaml_and_an_empty_prefix() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
    let mut client = cluster.client().await.expect("a client");
    client.put("/config/a", "server:\n  port: 80\n", None).await.expect("a put");
    client.put("/config/b", "8080", None).await.expect("a put");
    let endpoints = cluster.endpoints().join(",");
    let output = run(&["export", "--endpoints", &endpoints, "--prefix", "/config/", "--format", "yaml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.ends_with("/config/a: |\n  server:\n    port: 80\n/config/b: \"8080\"\n"), "{text}");

    let nothing = run(&["export", "--endpoints", &endpoints, "--prefix", "/none/", "--quiet"]);
    assert!(nothing.status.success());
    assert!(nothing.stderr.is_empty());
    let export = read_json_export(nothing.stdout.as_slice()).expect("an export of nothing");
    assert!(export.records.is_empty() && export.header.revision == 3, "{export:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_or_ended_export_leaves_the_old_file() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
    let mut client = cluster.client().await.expect("a client");
    let value = "x".repeat(1_000_000);
    for number in 0..40 {
        client.put(format!("/big/{number}"), value.as_str(), None).await.expect("a put");
    }
    let endpoints = cluster.endpoints().join(",");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.json");
    std::fs::write(&path, "old").expect("the old file");
    let target = path.to_str().expect("text");
    let export = ["export", "--endpoints", &endpoints, "--prefix", "/big/", "--output", target];

    // A revision that is not there yet.
    let future = run(&[&export[..], &["--revision", "999999999"]].concat());
    assert_eq!(future.status.code(), Some(1), "{}", String::from_utf8_lossy(&future.stderr));
    assert!(String::from_utf8_lossy(&future.stderr).contains("--revision 999999999 is not there yet"));
    assert_eq!(std::fs::read(&path).expect("still there"), b"old");

    #[cfg(unix)]
    interrupt_half_way(&cluster, &export, &path);

    // A folder that is not there.
    let missing = folder.path().join("missing/x.json");
    let output =
        run(&["export", "--endpoints", &endpoints, "--prefix", "/", "-o", missing.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing"));
}

/// Ends an export by Ctrl-C after it has begun to write, with etcd frozen so that it cannot finish.
#[cfg(unix)]
fn interrupt_half_way(cluster: &LocalCluster, export: &[&str], path: &Path) {
    let folder = path.parent().expect("a folder");
    let part = || {
        let entries = std::fs::read_dir(folder).expect("the folder");
        entries
            .map(|entry| entry.expect("an entry").file_name())
            .any(|name| name.to_string_lossy().ends_with(".part"))
    };
    for _ in 0..20 {
        let mut child = etcdscope(export).stderr(Stdio::null()).spawn().expect("the program starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !part() && child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "nothing is written");
        }
        cluster.member(0).stop().expect("SIGSTOP");
        let pid = child.id().to_string();
        let asked = Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status();
        assert!(asked.expect("kill").success());
        let code = child.wait().expect("it ends").code();
        cluster.member(0).cont().expect("SIGCONT");
        if code == Some(0) {
            // It was faster.
            std::fs::write(path, "old").expect("the old file");
            continue;
        }
        assert_eq!(code, Some(130));
        assert_eq!(std::fs::read(path).expect("still there"), b"old");
        assert_eq!(std::fs::read_dir(folder).expect("the folder").count(), 1);
        return;
    }
    panic!("no export was slow enough to be interrupted");
}

#[test]
fn a_cluster_that_is_not_there_is_told_in_time() {
    let started = Instant::now();
    let output = run(&["export", "--endpoints", "127.0.0.1:1", "--prefix", "/"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.starts_with("etcdscope: port closed"), "{told}");
    assert!(told.contains("Check the port (etcd serves clients on 2379)"), "what to check: {told}");
    assert!(output.stdout.is_empty());
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn wrong_arguments_and_missing_clusters_are_refused() {
    assert_eq!(run(&["export"]).status.code(), Some(2));
    assert_eq!(run(&["export", "--prefix", "/", "--format", "xml"]).status.code(), Some(2));
    let nameless = run(&["export", "--prefix", "/"]);
    assert_eq!(nameless.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nameless.stderr).contains("--endpoints"));
    let unknown = run(&["export", "--prefix", "/", "--profile", "nobody"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nobody"));
    let passwordless = run(&["export", "--prefix", "/", "--endpoints", "127.0.0.1:1", "--user", "root"]);
    assert!(String::from_utf8_lossy(&passwordless.stderr).contains("ETCDCTL_PASSWORD"));
}

#[test]
fn help_and_version_are_answered() {
    let version = run(&["--version"]);
    assert!(version.status.success());
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        concat!("etcdscope ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let help = run(&["--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in ["--endpoints", "--read-only", "--renderer", "export", "demo", "ETCDCTL_ENDPOINTS"] {
        assert!(text.contains(word), "{word} is not in the help");
    }
}
