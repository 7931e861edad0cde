//! Those who take part, and what they believe.

use std::path::PathBuf;
use std::time::Instant;

use etcd_client::{Client, ConnectOptions};
use etcdscope::demo::LocalCluster;
use tokio::process::Command;

use super::super::support::SOON;
use super::picture::Seen;
use super::process::Program;
use super::session::Session;

/// TTL of the leases, in seconds: short enough to be waited for, long enough for a busy machine.
pub const TTL_SECS: i64 = 5;

/// A way to take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `etcdctl lock NAME`.
    CtlLock,
    /// `etcdctl lock NAME COMMAND`: the command runs while the lock is held.
    CtlLockCommand,
    /// `etcdctl elect NAME PROPOSAL`. Its lease has 60 s, whatever one says.
    CtlElect,
    /// Python's etcd3.
    PythonLock,
    /// etcd-client's `lock`.
    ClientLock,
    /// etcd-client's `campaign`.
    ClientCampaign,
}

enum Body {
    Program(Program),
    Session(Session),
}

/// One who takes part.
pub struct Participant {
    pub name: String,
    pub kind: Kind,
    /// When it was killed, or stopped to renew its lease: its claim goes when the lease expires.
    pub died: Option<Instant>,
    /// Its claim, as it was seen to arise right after it came.
    pub claim: Option<Seen>,
    body: Body,
}

/// The cluster, and the programs with which one takes part in what happens on it.
pub struct Place {
    pub local: LocalCluster,
    etcdctl: PathBuf,
    python: Option<PathBuf>,
}

/// The Python that the set-up made, with etcd3.
fn python() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/python-etcd3/bin/python");
    path.is_file().then_some(path)
}

impl Place {
    pub fn new(local: LocalCluster, etcdctl: PathBuf) -> Self {
        let python = python();
        if python.is_none() {
            println!("without Python's etcd3, which the set-up (cargo xtask install) could not have");
        }
        Self { local, etcdctl, python }
    }

    pub fn has_python(&self) -> bool {
        self.python.is_some()
    }

    fn endpoint(&self) -> String {
        self.local.member(0).endpoint().to_owned()
    }

    fn etcdctl(&self, arguments: &[&str]) -> Program {
        let mut command = Command::new(&self.etcdctl);
        command.arg(format!("--endpoints={}", self.endpoint())).args(arguments);
        Program::start(&mut command)
    }

    /// The file that ends the command of this participant.
    fn end_of(&self, name: &str) -> PathBuf {
        self.local.folder().join(format!("end-of-{name}"))
    }

    /// Lets one come to a lock or an election.
    pub async fn join(&self, kind: Kind, queue: &str, name: String) -> Participant {
        let ttl = format!("--ttl={TTL_SECS}");
        let body = match kind {
            Kind::CtlLock => Body::Program(self.etcdctl(&["lock", &ttl, queue])),
            // The command goes on until it is asked to end, or the program that started it is gone.
            Kind::CtlLockCommand => {
                let file = self.end_of(&name);
                let script = "echo \"$ETCD_LOCK_KEY\"
                    while kill -0 $PPID 2>/dev/null && [ ! -e \"$0\" ]; do sleep 0.05; done";
                let file = file.to_str().expect("text");
                Body::Program(self.etcdctl(&["lock", &ttl, queue, "--", "sh", "-c", script, file]))
            }
            Kind::CtlElect => Body::Program(self.etcdctl(&["elect", queue, &name])),
            Kind::PythonLock => {
                let endpoint = self.endpoint();
                let port = endpoint.rsplit(':').next().expect("a port");
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/participants/lock.py");
                let lock = queue.strip_prefix("/locks/").expect("etcd3 prefixes its locks");
                let mut command = Command::new(self.python.as_ref().expect("Python"));
                command.args([script, "127.0.0.1", port, lock, &TTL_SECS.to_string()]);
                command.env("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python");
                let program = Program::start(&mut command);
                program.until_told("uuid").await;
                Body::Program(program)
            }
            Kind::ClientLock => {
                let client = patient_client(&self.endpoint()).await;
                Body::Session(Session::lock(client, queue, TTL_SECS).await)
            }
            Kind::ClientCampaign => {
                let client = patient_client(&self.endpoint()).await;
                Body::Session(Session::campaign(client, queue, &name, TTL_SECS).await)
            }
        };
        Participant { name, kind, died: None, claim: None, body }
    }
}

/// A client whose calls may wait for ever.
async fn patient_client(endpoint: &str) -> Client {
    let options = ConnectOptions::new().with_connect_timeout(SOON);
    Client::connect([endpoint], Some(options)).await.expect("a client")
}

impl Participant {
    /// The key that it believes it holds; one that is dead believes nothing.
    pub fn holds(&self) -> Option<Vec<u8>> {
        if self.died.is_some() {
            return None;
        }
        match (&self.body, self.kind) {
            (Body::Session(session), _) => session.holds(),
            (Body::Program(program), Kind::PythonLock) => program.behind("holds").map(String::into_bytes),
            (Body::Program(program), _) => program.first_line().map(String::into_bytes),
        }
    }

    /// The value of its claim, where it says one.
    fn value(&self) -> Option<Vec<u8>> {
        match (&self.body, self.kind) {
            (_, Kind::CtlElect | Kind::ClientCampaign) => Some(self.name.clone().into_bytes()),
            (Body::Program(program), Kind::PythonLock) => program.behind("uuid").map(|hex| from_hex(&hex)),
            _ => None,
        }
    }

    /// Whether this claim can be its own, by all that it knows and that has been seen of it.
    pub fn claims(&self, claim: &Seen) -> bool {
        let lease = match &self.body {
            Body::Session(session) => session.lease == claim.lease,
            Body::Program(_) => true,
        };
        lease
            && self.claim.as_ref().is_none_or(|own| own.key == claim.key)
            && self.value().is_none_or(|value| value == claim.value)
    }

    /// Why it can take part no more although nobody wanted so.
    pub fn failure(&mut self) -> Option<String> {
        let Body::Program(program) = &mut self.body else { return None };
        let unwanted = self.died.is_none() && program.has_ended();
        unwanted.then(|| format!("{} ended by itself: {}", self.name, program.everything()))
    }

    /// Releases, resigns or leaves the line, as its kind does it.
    pub async fn leave(&mut self, place: &Place) {
        let holds = self.holds().is_some();
        match (&mut self.body, self.kind) {
            (Body::Session(session), _) => session.leave().await,
            (Body::Program(program), Kind::PythonLock) if holds => {
                program.say("release").await;
                program.until_told("released").await;
                program.ended().await;
            }
            // Its library cannot leave otherwise.
            (Body::Program(_), Kind::PythonLock) => self.crash(place).await,
            (Body::Program(program), kind) => {
                if kind == Kind::CtlLockCommand {
                    std::fs::write(place.end_of(&self.name), "").expect("a file");
                }
                program.signal("INT").await;
                program.ended().await;
            }
        }
    }

    /// Ends without a word: `kill -9`.
    pub async fn crash(&mut self, place: &Place) {
        match &mut self.body {
            Body::Program(program) => program.kill().await,
            Body::Session(session) => session.stop_renewing(),
        }
        self.died = Some(Instant::now());
        // A minute is too long to wait: an operator revokes its lease.
        if let (Kind::CtlElect, Some(claim)) = (self.kind, &self.claim) {
            let mut client = patient_client(&place.endpoint()).await;
            client.lease_revoke(claim.lease).await.expect("its lease is revoked");
        }
    }

    /// Lives on, but renews its lease no more.
    pub async fn expire(&mut self, place: &Place) {
        match (&mut self.body, self.kind) {
            (_, Kind::CtlElect) => return self.crash(place).await,
            (Body::Session(session), _) => session.stop_renewing(),
            (Body::Program(program), Kind::PythonLock) => program.say("expire").await,
            (Body::Program(program), _) => program.signal("STOP").await,
        }
        self.died = Some(Instant::now());
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(|at| byte(at).expect("hexadecimal")).collect()
}
