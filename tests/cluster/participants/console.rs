//! A console without a window: the backend as the program runs it, and the newest picture of services,
//! leases, locks and elections that the window would show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use etcdscope::backend::{Backend, BackendOptions};
use etcdscope::demo::DemoOptions;
use etcdscope::model::coordination::Coordination;
use etcdscope::model::message::{Command, CommandKind, EventKind, RequestId, SessionId};
use etcdscope::storage::{Storage, secrets::Secrets};

use super::super::support::{SOON, request};

/// A console that is connected; dropping it ends it.
pub struct Console {
    told: Arc<Mutex<Told>>,
    ends: Arc<AtomicBool>,
    window: Option<JoinHandle<()>>,
    _home: tempfile::TempDir,
}

/// What the window was told last.
#[derive(Default)]
pub struct Told {
    pub picture: Coordination,
}

impl Console {
    pub fn open(endpoints: &[String]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let options = BackendOptions {
            storage: Storage::open(Some(home.path().to_path_buf())),
            secrets: Secrets::off(),
            demo: DemoOptions::default(),
        };
        let backend = Backend::start(options, Arc::new(|_| {})).expect("a backend");
        let mut request = request(endpoints);
        request.profile.journal.on = false;
        let connect = CommandKind::Connect(Box::new(request));
        let command = Command { session: SessionId(1), request: RequestId(1), kind: connect };
        backend.send(command).expect("it takes commands");
        let (told, ends) = (Arc::new(Mutex::new(Told::default())), Arc::new(AtomicBool::new(false)));
        let (tells, asked) = (told.clone(), ends.clone());
        let window = std::thread::Builder::new().name("window".to_owned());
        let window = window.spawn(move || take_in(backend, &tells, &asked)).expect("a thread");
        Self { told, ends, window: Some(window), _home: home }
    }

    /// Looks at what was told last.
    pub fn look<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.told.lock().unwrap())
    }

    /// Waits until what was told is as wanted; tells for how long.
    pub async fn until<T>(&self, what: &str, wanted: impl Fn(&Told) -> Option<T>) -> (T, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(found) = self.look(&wanted) {
                return (found, begun.elapsed());
            }
            assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Takes events in until it is asked to end.
fn take_in(mut backend: Backend, tells: &Mutex<Told>, asked: &AtomicBool) {
    while !asked.load(Ordering::Relaxed) {
        backend.draining();
        let Some(event) = backend.try_next() else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        if let EventKind::Coordination(picture) = event.kind {
            tells.lock().unwrap().picture = *picture;
        }
    }
    backend.shutdown();
}

impl Drop for Console {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(window) = self.window.take() {
            let ended = window.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the backend ended with a panic");
        }
    }
}
