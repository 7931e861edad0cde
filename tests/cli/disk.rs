//! A disk that is full while an export is written: the reason is told, and what was there is intact.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use etcdscope::demo::{LocalCluster, LocalClusterOptions};

use super::{etcdscope, figure::figure};

/// A cluster with more to export than the disks of these tests take.
async fn four_megabytes() -> LocalCluster {
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
    let mut client = cluster.client().await.expect("a client");
    let value = "x".repeat(100_000);
    for number in 0..40 {
        client.put(format!("/big/{number}"), value.as_str(), None).await.expect("a put");
    }
    cluster
}

fn arguments(cluster: &LocalCluster) -> Vec<String> {
    let endpoints = cluster.endpoints().join(",");
    ["export", "--endpoints", &endpoints, "--prefix", "/big/"].map(str::to_owned).to_vec()
}

/// Runs `etcdscope` below this script of the shell, which ends with `"$@"`.
fn below(script: &str, arguments: &[String], folder: &Path) -> Output {
    let program = etcdscope(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(program.get_program()).args(arguments);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("FOLDER", folder).stdin(Stdio::null()).output().expect("a shell")
}

/// The reason in a line of what was told, without the names of this run's folders.
fn reason(told: &str) -> &str {
    let line = told.lines().next().unwrap_or_default();
    line.split(" at path").next().unwrap_or_default()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disk_full_a_file_that_may_grow_no_further_leaves_the_old_one() {
    let cluster = four_megabytes().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.json");
    std::fs::write(&path, "old").expect("the old file");
    let mut arguments = arguments(&cluster);
    arguments.extend(["--output".to_owned(), path.display().to_string()]);
    // The limit is counted in halves of a kibibyte, or in kibibytes: less than the export either way.
    let output = below("trap '' XFSZ; ulimit -f 1024; exec \"$@\"", &arguments, folder.path());
    let told = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("too large"), "the reason: {told}");
    assert_eq!(std::fs::read(&path).expect("still there"), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left");
    figure("disk-full", format!("a limit of the file's size: {}", reason(&told)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disk_full_behind_the_standard_output_is_told() {
    let cluster = four_megabytes().await;
    let folder = tempfile::tempdir().expect("a folder");
    let output = below("exec \"$@\" > /dev/full", &arguments(&cluster), folder.path());
    let told = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("etcdscope: disk full: "), "{told}");
    figure("disk-full", format!("/dev/full: {}", reason(&told)));
}

/// A file system of its own with no room, where the system lets users have one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disk_full_a_file_system_without_room_leaves_the_old_file() {
    let cluster = four_megabytes().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut arguments = arguments(&cluster);
    arguments.extend(["--output".to_owned(), folder.path().join("old.json").display().to_string()]);
    let script = "exec unshare -rm sh -c 'mount -t tmpfs -o size=1m tmpfs \"$FOLDER\" || exit 77
        printf old > \"$FOLDER/old.json\"
        \"$@\"; code=$?
        cat \"$FOLDER/old.json\"; ls -A \"$FOLDER\" | wc -l
        exit $code' sh \"$@\"";
    let output = below(script, &arguments, folder.path());
    let told = told(&output);
    if !output.status.success() && !told.contains("etcdscope: ") {
        eprintln!("skipped, this system lets nobody mount a file system of their own: {told}");
        figure(
            "disk-full",
            "no file system of its own could be mounted here; the other two limits stand for it",
        );
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("etcdscope: disk full: "), "{told}");
    let left = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(left.split_whitespace().collect::<Vec<_>>().join(" "), "old1", "the old file alone");
    figure("disk-full", format!("a file system of 1 MiB: {}", reason(&told)));
}
