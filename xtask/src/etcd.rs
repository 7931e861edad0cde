//! Getting etcd: the newest that can be had, and a 3.4 for the tests. Debian's packages are
//! unpacked into `target/tools/etcd-<version>`, never installed: an installed etcd would start as a
//! service. apt-get fetches them with a list and a state of its own, so that Debian's signatures
//! are checked and the machine's own package lists stay as they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install::{apt, is_root};
use crate::run::{Failure, find_program, heading, output_of, repository, run_quietly};

/// Debian's suites with a new etcd, the newest first.
const NEWEST: &[&str] = &["sid", "trixie"];
/// Debian's suite with etcd 3.4.
const OLD: &str = "bookworm";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An etcd program.
#[derive(Debug)]
pub struct Etcd {
    /// Major, minor and patch version.
    pub version: [u32; 3],
    /// The program.
    pub path: PathBuf,
}

impl Etcd {
    fn probe(path: PathBuf) -> Option<Self> {
        let mut command = Command::new(&path);
        command.arg("--version");
        let version = parse_version(&output_of(without_etcd_settings(&mut command))?)?;
        Some(Self { version, path })
    }
}

/// Takes the variables away that etcd and etcdctl read as settings.
pub fn without_etcd_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("ETCD_") || text.starts_with("ETCDCTL_") {
            command.env_remove(&name);
        }
    }
    command
}

fn parse_version(told: &str) -> Option<[u32; 3]> {
    let text = told.lines().find_map(|line| line.strip_prefix("etcd Version:"))?;
    let text = text.trim().split('-').next().unwrap_or_default();
    let mut parts = text.split('.').map(str::parse);
    Some([parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?])
}

fn tools() -> PathBuf {
    repository().join("target").join("tools")
}

/// Every etcd of this machine: `ETCD_BIN` first, then the newest first.
pub fn all() -> Vec<Etcd> {
    let program = format!("etcd{}", std::env::consts::EXE_SUFFIX);
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(tools()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("etcd-") {
            paths.push(entry.path().join("usr/bin").join(&program));
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    paths.extend(std::env::split_paths(&path).map(|folder| folder.join(&program)));
    let mut found: Vec<Etcd> =
        paths.into_iter().filter(|path| path.is_file()).filter_map(Etcd::probe).collect();
    found.sort_by_key(|etcd| std::cmp::Reverse(etcd.version));
    if let Some(chosen) = chosen().and_then(Etcd::probe) {
        found.insert(0, chosen);
    }
    found
}

/// Whether some etcd is there.
pub fn is_there() -> bool {
    !all().is_empty()
}

fn chosen() -> Option<PathBuf> {
    std::env::var_os("ETCD_BIN").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Makes sure that an etcd is there: `ETCD_BIN`, a 3.5 or newer that is there already, else the
/// newest that Debian has, else the distribution's own.
pub fn ensure_newest() -> Result<(), Failure> {
    if let Some(path) = chosen() {
        let told = format!("ETCD_BIN={} is no etcd that runs", path.display());
        return Etcd::probe(path).map(|_| ()).ok_or_else(|| Failure::new(told));
    }
    if all().iter().any(|etcd| etcd.version >= [3, 5, 0]) || (!cfg!(target_os = "linux") && is_there()) {
        return Ok(());
    }
    for suite in NEWEST {
        match from_debian(suite) {
            Ok(()) => return Ok(()),
            Err(failure) => eprintln!("no etcd from Debian {suite}: {failure}"),
        }
    }
    if is_there() {
        eprintln!("going on with the etcd that is there");
        return Ok(());
    }
    from_the_distribution().map_err(|failure| {
        Failure::new(format!(
            "no etcd could be had ({failure}); unpack one from https://github.com/etcd-io/etcd/releases \
             and set ETCD_BIN to it"
        ))
    })
}

/// Tries to have a 3.4 beside the newest, so that the tests run against both.
pub fn ensure_old() {
    let has_old = all().iter().any(|etcd| etcd.version < [3, 5, 0]);
    if has_old || !cfg!(target_os = "linux") {
        return;
    }
    if let Err(failure) = from_debian(OLD) {
        eprintln!("no etcd 3.4 from Debian {OLD} ({failure}): the tests run against the newest alone");
    }
}

/// Unpacks the etcd of a suite of Debian.
fn from_debian(suite: &str) -> Result<(), Failure> {
    needs_apt()?;
    if !Path::new(KEYRING).is_file() {
        apt()?.install(&["debian-archive-keyring"])?;
    }
    heading(&format!("Fetching etcd from Debian {suite} into target/tools"));
    let work = WorkFolder::new(suite)?;
    let source = format!("deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n");
    work.write("sources.list", &source)?;
    work.write("status", "")?;
    for folder in ["lists/partial", "cache/archives/partial"] {
        work.folder(folder)?;
    }
    let at = |name: &str| work.path.join(name).display().to_string();
    let mut options = vec![
        format!("Dir::Etc::SourceList={}", at("sources.list")),
        format!("Dir::State::Lists={}", at("lists")),
        format!("Dir::State::status={}", at("status")),
        format!("Dir::Cache={}", at("cache")),
    ];
    options.extend(
        [
            "Dir::Etc::SourceParts=/dev/null",
            "Dir::Etc::Preferences=/dev/null",
            "Dir::Etc::PreferencesParts=/dev/null",
            "APT::Default-Release=",
            "APT::Update::Error-Mode=any",
            "Acquire::Languages=none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
            "Acquire::Retries=3",
        ]
        .map(str::to_owned),
    );
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        for option in &options {
            command.args(["-o", option]);
        }
        command.args(["-qq", "-o", &sandbox()]).args(arguments);
        command.current_dir(&work.path);
        command
    };
    run_quietly(&mut apt_get(&["update"]))?;
    run_quietly(&mut apt_get(&["download", "etcd-server", "etcd-client"]))?;
    work.unpack()
}

/// Unpacks the etcd of the distribution that runs here.
fn from_the_distribution() -> Result<(), Failure> {
    needs_apt()?;
    apt()?.update();
    heading("Fetching the distribution's etcd into target/tools");
    let work = WorkFolder::new("distribution")?;
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", &sandbox(), "download", "etcd-server", "etcd-client"]);
    run_quietly(command.current_dir(&work.path))?;
    work.unpack()
}

fn needs_apt() -> Result<(), Failure> {
    if find_program("apt-get").is_some() && find_program("dpkg").is_some() {
        return Ok(());
    }
    Err(Failure::new("there is no apt-get here"))
}

/// apt's download user cannot write into a folder of root's; this keeps it from warning about it.
fn sandbox() -> String {
    let user = if is_root() { "root" } else { "_apt" };
    format!("APT::Sandbox::User={user}")
}

/// A folder to work in, gone at the end.
struct WorkFolder {
    path: PathBuf,
}

impl WorkFolder {
    fn new(name: &str) -> Result<Self, Failure> {
        let path = tools().join(format!(".{name}-{}", std::process::id()));
        let work = Self { path };
        work.folder("unpacked")?;
        Ok(work)
    }

    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path)
            .map_err(|error| Failure::while_doing(&path.display().to_string(), &error))?;
        Ok(path)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        std::fs::write(&path, text).map_err(|error| Failure::while_doing(&path.display().to_string(), &error))
    }

    /// Unpacks the packages of this folder and moves them to where they are looked for.
    fn unpack(&self) -> Result<(), Failure> {
        let unpacked = self.folder("unpacked")?;
        let entries = std::fs::read_dir(&self.path)
            .map_err(|error| Failure::while_doing(&self.path.display().to_string(), &error))?;
        let packages = entries.flatten().map(|entry| entry.path());
        for package in packages.filter(|path| path.extension().is_some_and(|kind| kind == "deb")) {
            run_quietly(Command::new("dpkg").arg("-x").arg(&package).arg(&unpacked))?;
        }
        let etcd = Etcd::probe(unpacked.join("usr/bin/etcd"))
            .ok_or_else(|| Failure::new("the etcd of this package does not run on this machine"))?;
        let [major, minor, patch] = etcd.version;
        let place = tools().join(format!("etcd-{major}.{minor}.{patch}"));
        match std::fs::rename(&unpacked, &place) {
            // Another call of this task may have been faster.
            Err(_) if place.join("usr/bin/etcd").is_file() => Ok(()),
            Err(error) => Err(Failure::while_doing(&place.display().to_string(), &error)),
            Ok(()) => {
                eprintln!("etcd {major}.{minor}.{patch} is in {}", place.display());
                Ok(())
            }
        }
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("{} stays behind: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("etcd Version: 3.5.30\nGit SHA: 1\n"), Some([3, 5, 30]));
        assert_eq!(parse_version("etcd Version: 3.6.0-rc.1\n"), Some([3, 6, 0]));
        assert_eq!(parse_version("etcdctl version: 3.5.30\n"), None);
        assert_eq!(parse_version("etcd Version: three\n"), None);
    }
}
