//! The network between the members: a door before each member's peer port that can be shut for one
//! of them, which then has no quorum while the others have.

use etcdscope::demo::{EtcdBinary, LocalCluster, LocalClusterOptions, Ports};
use etcdscope::model::fault::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::support::plain_client;

/// How often a start is tried again where a port was taken meanwhile.
const ATTEMPTS: usize = 3;

/// A cluster with a door before each member's peer port. Dropping it shuts them.
pub struct Partition {
    ids: Vec<u64>,
    /// Id of the member that nobody hears; 0: all are heard.
    alone: watch::Sender<u64>,
    _doors: JoinSet<()>,
    _ports: Ports,
}

impl Partition {
    /// Starts three members that know each other by these doors alone.
    pub async fn start(binary: &EtcdBinary) -> (LocalCluster, Self) {
        for _ in 1..ATTEMPTS {
            if let Ok(started) = Self::try_start(binary).await {
                return started;
            }
        }
        Self::try_start(binary).await.expect("a cluster")
    }

    async fn try_start(binary: &EtcdBinary) -> Result<(LocalCluster, Self), Fault> {
        let (alone, _) = watch::channel(0);
        let mut doors = JoinSet::new();
        let free = Ports::reserve(3)?;
        let mut peer_ports = Vec::new();
        let (ids, known) = watch::channel(Vec::new());
        for index in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let ports = (free.numbers()[index], listener.local_addr().unwrap().port());
            let door = Door { target: ports.0, index, ids: known.clone(), alone: alone.subscribe() };
            doors.spawn(keep(listener, door));
            peer_ports.push(ports);
        }
        let options = LocalClusterOptions {
            etcd_bin: Some(binary.path.clone()),
            peer_ports,
            ..LocalClusterOptions::members(3)
        };
        let local = LocalCluster::start(options).await?;
        let listed = plain_client(local.member(0).endpoint()).await.member_list().await.expect("the members");
        for member in local.members() {
            let listed = listed.members().iter().find(|it| it.name() == member.name()).expect("it is listed");
            ids.send_modify(|ids| ids.push(listed.id()));
        }
        let ids = ids.borrow().clone();
        Ok((local, Self { ids, alone, _doors: doors, _ports: free }))
    }

    /// Nothing passes between this member and the others any more.
    pub fn isolate(&self, index: usize) {
        self.alone.send_replace(self.ids[index]);
    }

    /// Everything passes again.
    pub fn heal(&self) {
        self.alone.send_replace(0);
    }
}

/// The way to one member.
#[derive(Clone)]
struct Door {
    target: u16,
    index: usize,
    /// Ids of the members, once they are known.
    ids: watch::Receiver<Vec<u64>>,
    alone: watch::Receiver<u64>,
}

async fn keep(listener: TcpListener, door: Door) {
    let mut passing = JoinSet::new();
    while let Ok((from, _)) = listener.accept().await {
        passing.spawn(pass(from, door.clone()));
    }
}

/// Carries one connection for as long as neither of its ends is alone.
async fn pass(mut from: TcpStream, mut door: Door) {
    let mut head = vec![0; 16 << 10];
    let Ok(length @ 1..) = from.read(&mut head).await else { return };
    // Probes do not say whose they are: they are cut with the rest.
    let sender = sender_of(&head[..length]);
    let concerns = |alone: &u64| {
        let owner = door.ids.borrow().get(door.index).copied();
        *alone != 0 && (Some(*alone) == owner || sender.is_none_or(|sender| *alone == sender))
    };
    let carry = async {
        let mut to = TcpStream::connect(("127.0.0.1", door.target)).await?;
        to.write_all(&head[..length]).await?;
        copy_bidirectional(&mut from, &mut to).await
    };
    tokio::select! {
        biased;
        _gone = door.alone.wait_for(concerns) => {}
        // A connection that fails ends, as everywhere.
        _ended = carry => {}
    }
}

/// The member that sends this request of etcd's peer protocol.
fn sender_of(head: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(head);
    let line = text.lines().find_map(|line| line.strip_prefix("X-Server-From: "))?;
    u64::from_str_radix(line.trim(), 16).ok()
}
