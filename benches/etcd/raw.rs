//! The reference: a plain watch of everything with etcd-client, as anybody would write it, on a
//! thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use etcd_client::{Client, WatchOptions};
use tokio::sync::{Notify, oneshot};

use crate::Outcome;
use crate::payload::event_of;
use crate::space::number_of;
use crate::timing::{Moment, Times};

/// Its thread, by the beginning of its name.
pub const THREADS: &[&str] = &["bench-raw"];

/// The running watch.
pub struct RawWatch {
    /// Events delivered.
    pub events: Arc<AtomicU64>,
    stop: Arc<Notify>,
    thread: JoinHandle<Outcome<Vec<i64>>>,
}

impl RawWatch {
    /// Opens the watch and waits until it stands. Notes when each event is delivered.
    pub async fn start(endpoint: &str, keys: u64, times: Arc<Times>) -> Outcome<Self> {
        let (events, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let (created, stands) = oneshot::channel();
        let watch = Watch {
            endpoint: endpoint.to_owned(),
            // The last mod revision of each key; in use from the beginning, like the times.
            newest: (0..keys).map(|_| -1).collect(),
            times,
            events: events.clone(),
            stop: stop.clone(),
        };
        let thread = std::thread::Builder::new().name("bench-raw".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(watch.run(created))
        })?;
        if stands.await.is_err() {
            let why = thread.join().map_err(|_| "the raw watch panicked")?.err();
            return Err(why.unwrap_or_else(|| "the raw watch ended".into()));
        }
        Ok(Self { events, stop, thread })
    }

    /// Ends it, and returns the last mod revision of each key, -1 where none was seen.
    pub fn end(self) -> Outcome<Vec<i64>> {
        self.stop.notify_one();
        self.thread.join().map_err(|_| "the raw watch panicked")?
    }
}

struct Watch {
    endpoint: String,
    newest: Vec<i64>,
    times: Arc<Times>,
    events: Arc<AtomicU64>,
    stop: Arc<Notify>,
}

impl Watch {
    async fn run(mut self, created: oneshot::Sender<()>) -> Outcome<Vec<i64>> {
        let client = Client::connect([&self.endpoint], None).await?;
        let mut watch = client.watch_client().max_decoding_message_size(usize::MAX);
        let mut stream = watch.watch([0], Some(WatchOptions::new().with_range([0]))).await?;
        let mut created = Some(created);
        loop {
            let response = tokio::select! {
                response = stream.message() => response?.ok_or("the raw watch ended")?,
                () = self.stop.notified() => return Ok(self.newest),
            };
            if response.canceled() {
                return Err(response.cancel_reason().into());
            }
            if let Some(created) = created.take() {
                created.send(()).map_err(|()| "nobody waits for the raw watch")?;
            }
            let at = self.times.now();
            for kv in response.events().iter().filter_map(etcd_client::Event::kv) {
                if let Some(newest) = number_of(kv.key()).and_then(|number| self.newest.get_mut(number)) {
                    *newest = kv.mod_revision();
                }
                if let Some(event) = event_of(kv.value())
                    && self.times.note(Moment::Raw, event, at)
                {
                    self.events.fetch_add(1, Ordering::Release);
                }
            }
        }
    }
}
