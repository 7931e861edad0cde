//! Carries a schedule of faults out on a cluster behind proxies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcdscope::demo::LocalCluster;
use etcdscope::etcd::Cluster;
use fastrand::Rng;
use tokio::task::JoinSet;

use super::super::proxy::Proxy;
use super::follow::Follow;
use super::plan::{Below, Fault, Whom};
use super::witness::{Witness, direct};

/// A member takes this long at most to do what it is asked directly.
const PATIENCE: Duration = Duration::from_secs(4);

/// The cluster of an episode, its network, and who looks at it.
pub struct Scene {
    pub local: Arc<LocalCluster>,
    pub proxies: Arc<Vec<Proxy>>,
    /// One thing is done to a process at a time.
    pub processes: Arc<Vec<tokio::sync::Mutex<()>>>,
    pub witness: Arc<Witness>,
    pub follow: Follow,
    /// What every value of the guarded writers contains.
    pub guarded: Vec<u8>,
    /// The mirror's own connection.
    pub cluster: Cluster,
    /// Revisions below which history was, or may have been, compacted away.
    pub compacted: Mutex<Vec<i64>>,
    pub done: Mutex<BTreeMap<&'static str, u64>>,
}

impl Scene {
    /// Carries all faults out, each at its time, and returns when the last one is over.
    pub async fn suffer(self: &Arc<Self>, faults: &[(u64, Fault)], seed: u64) {
        let begun = tokio::time::Instant::now();
        let mut running = JoinSet::new();
        for (number, (at, fault)) in faults.iter().copied().enumerate() {
            let scene = self.clone();
            let rng = Rng::with_seed(seed ^ (number as u64 + 1) << 32);
            running.spawn(async move {
                tokio::time::sleep_until(begun + Duration::from_millis(at)).await;
                scene.one(fault, rng).await;
            });
        }
        running.join_all().await;
    }

    /// Ends all that is still wrong with network and processes.
    pub async fn heal(&self) -> Result<(), String> {
        for proxy in &*self.proxies {
            calm(proxy);
        }
        for member in self.local.members() {
            // It may have been killed while it stood still.
            if member.is_running() {
                member.cont().map_err(|fault| fault.to_string())?;
            }
        }
        self.local.restart_all().await.map_err(|fault| fault.to_string())
    }

    async fn one(&self, fault: Fault, mut rng: Rng) {
        self.count(fault);
        let for_ms = |ms| tokio::time::sleep(Duration::from_millis(ms));
        match fault {
            Fault::Cut(whom) => self.links(whom).await.into_iter().for_each(Proxy::cut),
            Fault::Reset(whom) => self.links(whom).await.into_iter().for_each(Proxy::reset),
            Fault::Close { whom, ms } => self.hold(whom, ms, Proxy::close).await,
            Fault::Blackhole { whom, ms } => self.hold(whom, ms, Proxy::blackhole).await,
            Fault::SwallowRequests { whom, ms, reset } => {
                let swallow = |proxy: &Proxy, on: bool| {
                    if reset && !on {
                        proxy.reset();
                    }
                    proxy.swallow_requests(on);
                };
                self.hold(whom, ms, swallow).await;
            }
            Fault::SwallowAnswers { whom, ms, reset } => {
                let swallow = |proxy: &Proxy, on: bool| {
                    if reset && !on {
                        proxy.reset();
                    }
                    proxy.swallow_answers(on);
                };
                self.hold(whom, ms, swallow).await;
            }
            Fault::Delay { whom, by, ms } => {
                let by = |on| Duration::from_millis(if on { by } else { 0 });
                self.hold(whom, ms, |proxy, on| proxy.delay(by(on))).await;
            }
            Fault::LoseAnswers { whom, ms } => {
                let marker = |on: bool| on.then_some(&self.guarded[..]);
                self.hold(whom, ms, |proxy, on| proxy.lose_answer_to(marker(on))).await;
            }
            Fault::StopAndReset { whom, ms } => {
                for index in self.members(whom).await {
                    let _turn = self.processes[index].lock().await;
                    self.local.member(index).stop().expect("SIGSTOP");
                    for_ms(ms / 3).await;
                    self.proxies[index].reset();
                    for_ms(ms - ms / 3).await;
                    self.local.member(index).cont().expect("SIGCONT");
                }
            }
            Fault::Kill { whom, ms } => {
                for index in self.members(whom).await {
                    let _turn = self.processes[index].lock().await;
                    self.local.member(index).kill();
                    for_ms(ms).await;
                    self.local.start_again(index).expect("the member starts again");
                }
            }
            Fault::Stop { whom, ms } => {
                for index in self.members(whom).await {
                    let _turn = self.processes[index].lock().await;
                    self.local.member(index).stop().expect("SIGSTOP");
                    for_ms(ms).await;
                    self.local.member(index).cont().expect("SIGCONT");
                }
            }
            Fault::Compact(below) => self.compact(below, &mut rng).await,
            Fault::CompactWhileAway { ms, below, again } => {
                self.proxies.iter().for_each(|proxy| proxy.close(true));
                for_ms(ms / 2).await;
                self.compact(below, &mut rng).await;
                for_ms(ms / 2).await;
                self.proxies.iter().for_each(|proxy| proxy.close(false));
                if rng.bool() {
                    self.follow.retry_now.notify_one();
                }
                for _ in 0..again {
                    for_ms(rng.u64(5..250)).await;
                    self.compact(Below::Newest, &mut rng).await;
                }
            }
            Fault::Defragment(whom) => {
                for index in self.members(whom).await {
                    if let Ok(mut client) = direct(self.local.member(index).endpoint()).await {
                        // It may be dead or stopped; then nothing is defragmented.
                        let _done = tokio::time::timeout(PATIENCE, client.defragment()).await;
                    }
                }
            }
        }
    }

    /// Turns this on at the links of some members, and off again after so long.
    async fn hold(&self, whom: Whom, ms: u64, turn: impl Fn(&Proxy, bool)) {
        let links = self.links(whom).await;
        links.iter().for_each(|proxy| turn(proxy, true));
        tokio::time::sleep(Duration::from_millis(ms)).await;
        links.iter().for_each(|proxy| turn(proxy, false));
    }

    fn count(&self, fault: Fault) {
        let name = match fault {
            Fault::Cut(_) => "cut",
            Fault::Reset(_) => "reset",
            Fault::Close { .. } => "closed",
            Fault::Blackhole { .. } => "blackhole",
            Fault::SwallowRequests { .. } => "requests swallowed",
            Fault::SwallowAnswers { .. } => "answers swallowed",
            Fault::Delay { .. } => "delayed",
            Fault::LoseAnswers { .. } => "answers lost",
            Fault::StopAndReset { .. } => "stopped and reset",
            Fault::Kill { .. } => "killed",
            Fault::Stop { .. } => "stopped",
            Fault::Compact(_) | Fault::CompactWhileAway { .. } => "compacted",
            Fault::Defragment(_) => "defragmented",
        };
        *self.done.lock().unwrap().entry(name).or_default() += 1;
    }

    async fn links(&self, whom: Whom) -> Vec<&Proxy> {
        self.members(whom).await.into_iter().map(|index| &self.proxies[index]).collect()
    }

    async fn members(&self, whom: Whom) -> Vec<usize> {
        match whom {
            Whom::Member(index) => vec![index],
            Whom::All => (0..self.proxies.len()).collect(),
            Whom::Watched => vec![self.watched().await],
            Whom::Leader => {
                let leader = tokio::time::timeout(PATIENCE, self.local.leader()).await;
                vec![leader.ok().flatten().unwrap_or(0)]
            }
        }
    }

    /// The member that the mirror watches; the first one while it watches none.
    async fn watched(&self) -> usize {
        let status = tokio::time::timeout(Duration::from_millis(500), self.cluster.status()).await;
        let watching = status.ok().and_then(|status| status.watching);
        self.proxies.iter().position(|proxy| Some(proxy.endpoint()) == watching).unwrap_or(0)
    }

    /// Compacts as soon as the witness has seen what goes.
    async fn compact(&self, below: Below, rng: &mut Rng) {
        for endpoint in self.local.endpoints() {
            let work = async {
                let mut client = direct(&endpoint).await.ok()?;
                let newest = client.get("-", None).await.ok()?.header()?.revision();
                let applied = self.follow.applied().min(newest);
                let revision = match below {
                    Below::Newest => newest,
                    Below::Applied => applied,
                    Below::Between => rng.i64(applied..=newest),
                };
                while self.witness.last() < revision {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                self.compacted.lock().unwrap().push(revision);
                // Refused where so much is compacted already.
                client.compact(revision, None).await.ok()
            };
            if let Ok(Some(_)) = tokio::time::timeout(PATIENCE, work).await {
                return;
            }
        }
    }
}

/// Good weather.
pub fn calm(proxy: &Proxy) {
    proxy.delay(Duration::ZERO);
    proxy.swallow_requests(false);
    proxy.swallow_answers(false);
    proxy.blackhole(false);
    proxy.lose_answer_to(None);
    proxy.close(false);
}
