//! macOS, Windows and the Linux distributions without apt-get.

use std::process::Command;

use super::Need;
use crate::run::{Failure, find_program, run};

/// Installs on macOS and Windows; what cannot be installed is said.
pub fn install(needs: &[Need]) -> Result<(), Failure> {
    let protoc = needs.contains(&Need::Protoc) && !has_protoc();
    let etcd = needs.contains(&Need::Etcd) && !crate::etcd::is_there();
    if cfg!(target_os = "macos") {
        let formulas: Vec<&str> =
            [(protoc, "protobuf"), (etcd, "etcd")].iter().filter(|need| need.0).map(|need| need.1).collect();
        return brew(&formulas);
    }
    if cfg!(target_os = "windows") {
        if protoc {
            winget_protoc()?;
        }
        if etcd {
            return Err(Failure::new(
                "etcd is missing, and winget has none: unpack etcd-…-windows-amd64.zip from \
                 https://github.com/etcd-io/etcd/releases and set ETCD_BIN to etcd.exe (with \
                 etcdctl.exe beside it), or put them on PATH",
            ));
        }
        return Ok(());
    }
    if protoc || etcd {
        return Err(Failure::new("install protoc (protobuf) and etcd with this system's package manager"));
    }
    Ok(())
}

fn has_protoc() -> bool {
    std::env::var_os("PROTOC").is_some() || find_program("protoc").is_some()
}

fn brew(formulas: &[&str]) -> Result<(), Failure> {
    if formulas.is_empty() {
        return Ok(());
    }
    if find_program("brew").is_none() {
        let list = formulas.join(" ");
        return Err(Failure::new(format!(
            "missing: {list}; install Homebrew from https://brew.sh and call this again, or install them yourself"
        )));
    }
    run(Command::new("brew").arg("install").args(formulas))
}

fn winget_protoc() -> Result<(), Failure> {
    let by_hand = "unpack protoc-…-win64.zip from https://github.com/protocolbuffers/protobuf/releases \
                   and set PROTOC to its bin\\protoc.exe";
    if find_program("winget").is_none() {
        return Err(Failure::new(format!("protoc is missing, and there is no winget: {by_hand}")));
    }
    let mut command = Command::new("winget");
    command.args(["install", "--exact", "--id", "Google.Protobuf"]);
    command.args(["--accept-source-agreements", "--accept-package-agreements"]);
    run(&mut command).map_err(|failure| Failure::new(format!("{failure}: {by_hand}")))?;
    if has_protoc() {
        return Ok(());
    }
    Err(Failure::new(
        "protoc is installed now: open a new terminal, so that it is on PATH, and call this again",
    ))
}

/// What to do on a Linux without apt-get.
pub fn other_linux(packages: &[&str]) -> Failure {
    let list = packages.join(", ");
    Failure::new(format!(
        "missing (by Debian's names): {list}\n\
         Fedora: sudo dnf install protobuf-compiler protobuf-devel mesa-dri-drivers mesa-vulkan-drivers \
         libxkbcommon-x11 xorg-x11-server-Xvfb openbox wqy-microhei-fonts\n\
         Arch: sudo pacman -S protobuf mesa vulkan-swrast libxkbcommon-x11 xorg-server-xvfb openbox wqy-microhei"
    ))
}
