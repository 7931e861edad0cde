//! A member that hangs is as silent as one of which nothing is to be told: what is not heard meanwhile is held
//! against nobody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions};
use etcdscope::backend::{Backend, BackendOptions};
use etcdscope::demo::DemoOptions;
use etcdscope::model::coordination::Health;
use etcdscope::model::message::{Command, CommandKind, RequestId, SessionId};
use etcdscope::model::session::Session;
use etcdscope::model::status::now;
use etcdscope::model::world::World;
use etcdscope::storage::{Storage, secrets::Secrets};
use tokio::task::JoinHandle;

use super::support::{Rig, SOON, newest, request};

const SESSION: SessionId = SessionId(1);
const LATE_SECS: u32 = 5;
const DOWN_SECS: u32 = 20;
const INSTANCES: usize = 8;
const REPORTS_EVERY: Duration = Duration::from_millis(300);
/// The first of them does not outlive the silence.
const DIES: &str = "10.0.0.0:80";

/// A window without a screen: everything is taken in as the program does, and looked at each time.
struct Window {
    backend: Option<Backend>,
    world: World,
    /// What was judged wrongly.
    wrong: Vec<String>,
    /// The one that stopped to report may be late from now on.
    dead: bool,
    /// It was said that nothing is heard, since when.
    silent: Option<i64>,
    _home: tempfile::TempDir,
}

impl Window {
    fn open(endpoints: &[String]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let options = BackendOptions {
            storage: Storage::open(Some(home.path().to_path_buf())),
            secrets: Secrets::off(),
            demo: DemoOptions::default(),
        };
        let backend = Backend::start(options, Arc::new(|_| {})).unwrap();
        let mut request = request(endpoints);
        request.profile.journal.on = false;
        request.profile.coordination.late_secs = LATE_SECS;
        request.profile.coordination.down_secs = DOWN_SECS;
        let session = Session::new(SESSION, request.profile.clone());
        let kind = CommandKind::Connect(Box::new(request));
        backend.send(Command { session: SESSION, request: RequestId(1), kind }).unwrap();
        let world = World { sessions: vec![session], active: Some(SESSION), ..World::default() };
        Self { backend: Some(backend), world, wrong: Vec::new(), dead: false, silent: None, _home: home }
    }

    fn session(&self) -> &Session {
        &self.world.sessions[0]
    }

    fn health(&self) -> BTreeMap<String, Health> {
        let at = self.session().judged_at(self.world.now);
        let services = self.session().coordination.services.values();
        let instances = services.flat_map(|service| service.instances.values());
        // One that was never seen to report is judged by its registration alone.
        let reports = instances.filter(|it| it.report.as_ref().is_some_and(|it| it.seen_at.is_some()));
        reports.map(|it| (it.id.clone(), it.health(at, LATE_SECS, DOWN_SECS))).collect()
    }

    /// Draws a frame.
    fn frame(&mut self) {
        self.world.set_clock(now());
        let backend = self.backend.as_mut().unwrap();
        backend.draining();
        while let Some(event) = backend.try_next() {
            self.world.apply(event);
        }
        self.silent = self.silent.or_else(|| self.session().silent_since(self.world.now));
        for (id, health) in self.health() {
            if health != Health::Up && !(self.dead && id == DIES) {
                let (state, proven) = (&self.session().state, self.session().proven_at);
                let told = format!("{id} {health:?} at {}, {state:?}, proven {proven:?}", self.world.now);
                self.wrong.push(told);
            }
        }
    }

    /// Draws frames until it is as wanted.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !wanted(self) {
            assert!(begun.elapsed() < SOON, "waited in vain for {what}: {:?}", self.session().state);
            self.frame();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Draws frames for so long.
    async fn pass(&mut self, time: Duration) {
        let begun = Instant::now();
        self.until("the time", |_| begun.elapsed() >= time).await;
    }

    fn is_proven(&self) -> bool {
        let session = self.session();
        let live = session.state.is_live() && session.proven_at.is_some();
        live && session.silent_since(self.world.now).is_none()
    }

    /// The place of the member that is watched.
    async fn watched(&mut self, rig: &Rig) -> usize {
        self.until("a member is watched", |window| window.session().cluster.watching.is_some()).await;
        let watching = self.session().cluster.watching.clone().unwrap();
        rig.local.endpoints().iter().position(|it| *it == watching).expect("one of ours")
    }

    async fn close(mut self) {
        let backend = self.backend.take().unwrap();
        tokio::task::spawn_blocking(move || backend.shutdown()).await.unwrap();
        assert!(self.wrong.is_empty(), "{} false alarms, the first: {}", self.wrong.len(), self.wrong[0]);
    }
}

/// Instances that report through these members; the first of them until it is told to die.
async fn report(endpoints: Vec<String>, dies: Arc<AtomicBool>) -> JoinHandle<()> {
    let options = ConnectOptions::new().with_timeout(Duration::from_secs(1));
    let mut client = Client::connect(endpoints, Some(options)).await.expect("a client");
    let id = |number: usize| format!("10.0.0.{number}:80");
    for number in 0..INSTANCES {
        let key = format!("/services/pay/{}", id(number));
        client.put(key, r#"{"weight":100}"#, None).await.expect("a registration");
    }
    tokio::spawn(async move {
        loop {
            for number in 0..INSTANCES {
                if id(number) == DIES && dies.load(Ordering::Relaxed) {
                    continue;
                }
                let value = format!(
                    r#"{{"serviceId":"pay","instanceId":"{}","status":"UP","metrics":{{"cpuUsage":0.5}}}}"#,
                    id(number)
                );
                // What could not be written is written the next time.
                let _written = client.put(format!("/health/pay/{}", id(number)), value, None).await;
            }
            tokio::time::sleep(REPORTS_EVERY).await;
        }
    })
}

#[tokio::test]
async fn nobody_is_called_late_because_a_member_hangs() {
    let rig = Rig::start(&newest()).await;
    let mut window = Window::open(&rig.local.endpoints());
    let watched = window.watched(&rig).await;
    rig.lead((watched + 1) % 3).await;
    let dies = Arc::new(AtomicBool::new(false));
    let reports = report(rig.without(watched), dies.clone()).await;
    window.until("all report", |window| window.is_proven() && window.health().len() == INSTANCES).await;

    // It hangs, and goes on before it is given up: behind what it missed.
    rig.local.member(watched).stop().expect("SIGSTOP");
    let hangs = now();
    window.pass(Duration::from_millis(7_000)).await;
    let silent = window.silent.expect("it is said that nothing is heard");
    assert!(silent <= hangs + 1_500, "as of {silent}, it hangs since {hangs}");
    rig.local.member(watched).cont().expect("SIGCONT");
    window.until("it is heard again", Window::is_proven).await;
    window.pass(Duration::from_millis(1_500)).await;
    assert_eq!(window.wrong, Vec::<String>::new());

    // It hangs for good: another member is asked. One instance does die meanwhile.
    rig.local.member(watched).stop().expect("SIGSTOP");
    dies.store(true, Ordering::Relaxed);
    window.until("it is given up", |window| !window.session().state.is_live()).await;
    window.until("another one is asked", Window::is_proven).await;
    window.dead = true;
    window
        .until("the one that died is late", |window| window.health().get(DIES) == Some(&Health::Late))
        .await;
    rig.local.member(watched).cont().expect("SIGCONT");
    reports.abort();
    window.close().await;
}

#[tokio::test]
async fn nobody_is_called_late_because_nobody_can_report() {
    let rig = Rig::start(&newest()).await;
    let mut window = Window::open(&rig.local.endpoints());
    let watched = window.watched(&rig).await;
    let reports = report(rig.local.endpoints(), Arc::default()).await;
    window.until("all report", |window| window.is_proven() && window.health().len() == INSTANCES).await;
    let others: Vec<usize> = (0..3).filter(|member| *member != watched).collect();
    for member in &others {
        rig.local.member(*member).stop().expect("SIGSTOP");
    }
    // The member that is watched answers still, and knows of nothing.
    window.pass(Duration::from_millis(1_000 * u64::from(LATE_SECS) + 1_500)).await;
    assert!(window.silent.is_some(), "its word alone proves nothing");
    for member in &others {
        rig.local.member(*member).cont().expect("SIGCONT");
    }
    window.until("it is heard again", Window::is_proven).await;
    window.pass(Duration::from_millis(1_500)).await;
    reports.abort();
    window.close().await;
}
