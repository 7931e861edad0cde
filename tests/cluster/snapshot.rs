//! Snapshots of a cluster of one member, and putting it back to an older one under its old identity:
//! the same URLs and token keep the cluster's id.

use std::path::Path;

use etcdscope::demo::LocalCluster;
use tokio::process::Command;

/// Saves a snapshot of the only member.
pub async fn save(local: &LocalCluster, path: &Path) -> Result<(), String> {
    etcdctl(local, &["--endpoints", local.member(0).endpoint(), "snapshot", "save", text(path)]).await
}

/// Lays the snapshot in the place of the killed member's data; starting it again is left to others.
pub async fn put_back(local: &LocalCluster, snapshot: &Path) -> Result<(), String> {
    let member = local.member(0);
    std::fs::remove_dir_all(member.data_dir()).map_err(|error| error.to_string())?;
    #[rustfmt::skip]
    let arguments = [
        "snapshot", "restore", text(snapshot),
        "--name", member.name(),
        "--data-dir", text(member.data_dir()),
        "--initial-cluster", local.initial_cluster(),
        "--initial-advertise-peer-urls", member.peer_url(),
        "--initial-cluster-token", local.token(),
    ];
    etcdctl(local, &arguments).await
}

/// Runs the `etcdctl` of this etcd.
async fn etcdctl(local: &LocalCluster, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(local.etcdctl_bin().ok_or("there is no etcdctl")?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD")) {
        command.env_remove(name);
    }
    let output = command.env("ETCDCTL_API", "3").args(arguments).output().await;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("etcdctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
