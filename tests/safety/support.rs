//! What these tests share: a cluster that counts what it is asked, the console without its window,
//! the real program, and files searched for secrets.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcd_client::{Client, GetOptions, LeaseGrantOptions, PutOptions};
use etcdscope::backend::BackendOptions;

use super::bench::backend_at;
pub use super::bench::{Bench, SOON, session, wait};

/// Calls that change a cluster: its keys, leases, alarms, members, users, or what it can still tell.
const WRITES: [&str; 30] = [
    "Put",
    "DeleteRange",
    "Txn",
    "Compact",
    "LeaseGrant",
    "LeaseRevoke",
    "LeaseKeepAlive",
    "Defragment",
    "MoveLeader",
    "Downgrade",
    "MemberAdd",
    "MemberRemove",
    "MemberUpdate",
    "MemberPromote",
    "AuthEnable",
    "AuthDisable",
    "UserAdd",
    "UserDelete",
    "UserChangePassword",
    "UserGrantRole",
    "UserRevokeRole",
    "RoleAdd",
    "RoleDelete",
    "RoleGrantPermission",
    "RoleRevokePermission",
    "Lock",
    "Unlock",
    "Campaign",
    "Proclaim",
    "Resign",
];

impl Bench {
    pub fn backend(&self) -> BackendOptions {
        backend_at(self.home.path())
    }

    pub fn client(&self) -> Client {
        self.runtime.block_on(self.cluster.client()).unwrap()
    }

    /// Writes a key with a lease of this id, for an hour.
    pub fn hold(&self, key: &[u8], lease: i64) {
        let mut client = self.client();
        self.runtime.block_on(async {
            client.lease_grant(3_600, Some(LeaseGrantOptions::new().with_id(lease))).await.unwrap();
            client.put(key, "", Some(PutOptions::new().with_lease(lease))).await.unwrap();
        });
    }

    pub fn revision(&self) -> i64 {
        let options = GetOptions::new().with_count_only();
        let answer = self.runtime.block_on(self.client().get("-", Some(options))).unwrap();
        answer.header().unwrap().revision()
    }

    /// How often each call that changes something has arrived at the member, whatever became of it.
    pub fn writes(&self) -> BTreeMap<String, u64> {
        let mut calls = calls(&self.cluster.endpoints()[0]);
        calls.retain(|name, count| WRITES.contains(&name.as_str()) && *count > 0);
        calls
    }
}

/// The calls that the member has begun to serve, by name, as it counts them itself.
fn calls(endpoint: &str) -> BTreeMap<String, u64> {
    let address = endpoint.strip_prefix("http://").expect("a plain endpoint");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let mut calls = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("grpc_server_started_total{")) {
        let name = line.split("grpc_method=\"").nth(1).and_then(|rest| rest.split('"').next());
        let count = line.rsplit(' ').next().and_then(|count| count.parse::<f64>().ok());
        let (Some(name), Some(count)) = (name, count) else { panic!("not understood: {line}") };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let count = count as u64;
        *calls.entry(name.to_owned()).or_default() += count;
    }
    assert!(calls.contains_key("Range") && calls.contains_key("Txn"), "no counts: {text}");
    calls
}

/// The real program with a home of its own and nothing from this process's environment that is
/// meant for it.
pub fn etcdscope(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdscope"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("ETCDCTL_") || text.starts_with("ETCDSCOPE_") {
            command.env_remove(&name);
        }
    }
    // Everything that it could write to lies below the home.
    for (name, folder) in [
        ("HOME", ""),
        ("TMPDIR", "tmp"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_RUNTIME_DIR", "runtime"),
    ] {
        let folder = home.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        command.env(name, folder);
    }
    command.env("ETCDSCOPE_KEYRING", "off").env("LANG", "en_US.UTF-8");
    command
}

/// Every file and folder below a folder.
pub fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(everything_below(&path));
        }
        found.push(path);
    }
    found
}

/// The regular files below a folder, with their content. Those that go away meanwhile are left out.
pub fn contents_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut contents = Vec::new();
    for path in everything_below(folder) {
        let is_file = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        match std::fs::read(&path) {
            Ok(content) if is_file => contents.push((path, content)),
            Err(error) if is_file && error.kind() != std::io::ErrorKind::NotFound => {
                panic!("{}: {error}", path.display());
            }
            _ => {}
        }
    }
    contents
}

/// Whether the content has the word, as it is, in base64 (at any of its three offsets), in
/// hexadecimal, or as a list of byte numbers, as `Debug` prints it.
pub fn has(content: &[u8], word: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    let bytes = word.as_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        bytes.iter().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ").into_bytes(),
    ];
    for offset in 0..3 {
        let encoded = BASE64.encode([&vec![0; offset][..], bytes].concat());
        // What depends on the bytes before and after is left off.
        forms.push(encoded.as_bytes()[(offset * 8).div_ceil(6)..encoded.len() - 1].to_vec());
    }
    forms.iter().any(|form| memchr::memmem::find(content, form).is_some())
}

/// The processes that a process has started, and those that these have.
#[cfg(target_os = "linux")]
pub fn descendants(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name of the program, in parentheses, may hold anything.
        let of = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if of == Some(parent) {
            found.push(id);
            found.extend(descendants(id));
        }
    }
    found
}
