//! A real etcd and the whole console beside it, stepped as the window would step it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etcdscope::action::Action;
use etcdscope::app::{App, WindowOptions};
use etcdscope::backend::BackendOptions;
use etcdscope::demo::{DemoOptions, LocalCluster, LocalClusterOptions};
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::profile::Profile;
use etcdscope::model::session::Session;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::storage::{Storage, secrets::Secrets};

/// Longest time for anything that should happen.
pub const SOON: Duration = Duration::from_secs(30);

/// A cluster of one, looked at by a client of its own, and a home for the console beside it.
pub struct Bench {
    pub runtime: tokio::runtime::Runtime,
    pub cluster: LocalCluster,
    pub home: tempfile::TempDir,
}

impl Bench {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let cluster = runtime.block_on(LocalCluster::start(LocalClusterOptions::members(1))).unwrap();
        Self { runtime, cluster, home: tempfile::tempdir().unwrap() }
    }

    pub fn app(&self) -> App {
        app_at(self.home.path())
    }

    pub fn profile(&self) -> Profile {
        Profile { name: "bench".to_owned(), endpoints: self.cluster.endpoints(), ..Profile::default() }
    }

    pub fn connect(&self, app: &mut App, profile: Profile) {
        wait(app, "what is on disk", |world| world.stored_loaded);
        app.act(Action::Connect(Box::new(ConnectRequest { profile, password: None })));
        wait(app, "a live mirror", |world| session(world).state == MirrorState::Live);
    }

    pub fn put(&self, key: &[u8], value: impl AsRef<[u8]>) {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        self.runtime.block_on(client.put(key, value.as_ref(), None)).unwrap();
    }
}

/// A backend that keeps its files here.
pub fn backend_at(home: &std::path::Path) -> BackendOptions {
    let storage = Storage::open(Some(home.to_path_buf()));
    // A demonstration of no members is refused before anything is started.
    let demo = DemoOptions { members: 0, ..DemoOptions::default() };
    BackendOptions { storage, secrets: Secrets::off(), demo }
}

/// A console that keeps its files here.
pub fn app_at(home: &std::path::Path) -> App {
    App::start(backend_at(home), Arc::new(|_| {}), &WindowOptions::default()).unwrap()
}

/// Steps the console until the condition holds.
#[track_caller]
pub fn wait(app: &mut App, what: &str, condition: impl Fn(&World) -> bool) {
    wait_within(app, SOON, what, condition);
}

#[track_caller]
pub fn wait_within(app: &mut App, limit: Duration, what: &str, condition: impl Fn(&World) -> bool) {
    let started = Instant::now();
    loop {
        app.step();
        if condition(app.world()) {
            return;
        }
        let world = app.world();
        let seen = (&world.toasts, &world.dialog);
        assert!(started.elapsed() < limit, "waited in vain for {what}: {seen:#?} in {world:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The connection shown.
pub fn session(world: &World) -> &Session {
    world.active_session().unwrap()
}
