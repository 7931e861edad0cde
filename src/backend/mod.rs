//! tokio on its own thread: commands in, events out.
//!
//! Each connection is a task of its own (`session.rs`); questions run as tasks that can be
//! cancelled (`jobs.rs`), searches so that the newest wins (`search.rs`), and files are read and
//! written off the async threads (`files.rs`). A refusal to write to a read-only profile sits
//! here, where commands are executed, so that no button, shortcut or message can pass it.

pub mod audit;
pub mod coordination;
mod demo;
pub mod export;
mod files;
mod history;
mod hub;
mod jobs;
mod journal;
mod leases;
mod notify;
mod past;
pub mod plans;
mod read_file;
mod search;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::mpsc;

use crate::demo::DemoOptions;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Command, Event, EventKind};
use crate::storage::{Storage, secrets::Secrets};

/// So many commands may wait; more than a person can give.
const COMMANDS: usize = 4_096;
/// So many events may wait for the window; then the watches wait for it.
const EVENTS: usize = 1_024;

/// How soon an event is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// News that nobody asked for, of which more may follow at once.
    News,
    /// Somebody waits for it.
    Answer,
}

impl Urgency {
    fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Mirror(_) | EventKind::Cluster(_) => Self::News,
            EventKind::Coordination(_) => Self::News,
            EventKind::Journal(_) => Self::News,
            EventKind::Progress { .. } => Self::News,
            _ => Self::Answer,
        }
    }

    /// What is remembered of it; 0 stands for nobody having been woken.
    fn mark(self) -> u8 {
        match self {
            Self::News => 1,
            Self::Answer => 2,
        }
    }
}

/// Wakes the window, so that it drains its events.
pub type Wake = Arc<dyn Fn(Urgency) + Send + Sync>;

/// Sends events to the window and wakes it, at most once (and once more urgently) until it has drained
/// them.
#[derive(Clone)]
pub(crate) struct Outbox {
    events: mpsc::Sender<Event>,
    /// The mark of the urgency with which the window was woken since it drained its events.
    woken: Arc<AtomicU8>,
    wake: Wake,
}

impl Outbox {
    /// Sends an event; waits while the window is behind. Returns whether anybody listens.
    pub(crate) async fn send(&self, event: Event) -> bool {
        let urgency = Urgency::of(&event.kind);
        let sent = self.events.send(event).await.is_ok();
        self.wake(urgency);
        sent
    }

    /// Sends an event that the window may see whenever it is drawn next.
    pub(crate) async fn send_quietly(&self, event: Event) -> bool {
        self.make_room();
        self.events.send(event).await.is_ok()
    }

    /// As [`Self::send_quietly`], from a thread that may wait.
    pub(crate) fn blocking_send_quietly(&self, event: Event) {
        self.make_room();
        if self.events.blocking_send(event).is_err() {
            tracing::debug!("the window has gone");
        }
    }

    /// A window that is not drawn for long leaves no room for what it is to be woken for.
    fn make_room(&self) {
        if self.events.capacity() * 2 < self.events.max_capacity() {
            self.wake(Urgency::News);
        }
    }

    /// Sends an event from a thread that may wait.
    pub(crate) fn blocking_send(&self, event: Event) {
        let urgency = Urgency::of(&event.kind);
        if self.events.blocking_send(event).is_err() {
            tracing::debug!("the window has gone");
        }
        self.wake(urgency);
    }

    /// Sends an event that may be left out when the window is far behind.
    pub(crate) fn try_send(&self, event: Event) {
        let urgency = Urgency::of(&event.kind);
        if self.events.try_send(event).is_err() {
            tracing::debug!("the window is behind: an event was left out");
        }
        self.wake(urgency);
    }

    fn wake(&self, urgency: Urgency) {
        if self.woken.fetch_max(urgency.mark(), Ordering::AcqRel) < urgency.mark() {
            (self.wake)(urgency);
        }
    }
}

/// What the backend works with.
#[derive(Clone, Debug)]
pub struct BackendOptions {
    /// Files.
    pub storage: Storage,
    /// Passwords.
    pub secrets: Secrets,
    /// How the demonstration cluster is started, when it is asked for.
    pub demo: DemoOptions,
}

/// The window's end of the backend.
pub struct Backend {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    woken: Arc<AtomicU8>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Backend {
    /// Starts the backend on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(options: BackendOptions, wake: Wake) -> Result<Self, Fault> {
        let (command_sender, command_receiver) = mpsc::channel(COMMANDS);
        let (event_sender, event_receiver) = mpsc::channel(EVENTS);
        let woken = Arc::new(AtomicU8::new(0));
        let outbox = Outbox { events: event_sender, woken: woken.clone(), wake };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("backend-worker")
            .enable_all()
            .build()
            .map_err(|error| Fault::new(FaultKind::Other, format!("starting the backend: {error}")))?;
        let thread = std::thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || {
                runtime.block_on(hub::run(command_receiver, outbox, options));
                runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            })
            .map_err(|error| Fault::new(FaultKind::Other, format!("starting the backend: {error}")))?;
        Ok(Self { commands: command_sender, events: event_receiver, woken, thread: Some(thread) })
    }

    /// Gives a command.
    ///
    /// # Errors
    /// When the backend has ended or is hopelessly behind; the command was not given.
    pub fn send(&self, command: Command) -> Result<(), Fault> {
        self.commands.try_send(command).map_err(|error| {
            Fault::new(FaultKind::Other, format!("giving a command to the backend: {error}"))
        })
    }

    /// The next event, if one is waiting.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Tells that the window is about to drain the events: later ones wake it again.
    pub fn draining(&self) {
        self.woken.store(0, Ordering::Release);
    }

    /// Ends every connection and waits until what is to be kept on disk is there.
    pub fn shutdown(mut self) {
        drop(self.commands);
        drop(self.events);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the backend ended with a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::message::{RequestId, SessionId};

    #[tokio::test]
    async fn the_window_is_woken_once_and_again_when_somebody_waits() {
        let woken_for = Arc::new(Mutex::new(Vec::new()));
        let told = woken_for.clone();
        let (events, _kept) = mpsc::channel(8);
        let wake: Wake = Arc::new(move |urgency| {
            if let Ok(mut told) = told.lock() {
                told.push(urgency);
            }
        });
        let outbox = Outbox { events, woken: Arc::default(), wake };
        let event = |kind| Event { session: SessionId(1), request: RequestId(1), kind };
        let news = || event(EventKind::Coordination(Box::default()));
        let answer = || event(EventKind::LocalFound(None));
        for event in [news(), news(), answer(), news(), answer()] {
            assert!(outbox.send(event).await);
        }
        let seen = woken_for.lock().map(|seen| seen.clone()).unwrap_or_default();
        assert_eq!(seen, [Urgency::News, Urgency::Answer], "an answer does not wait for the pace of news");
        outbox.woken.store(0, Ordering::Release);
        assert!(outbox.send(news()).await);
        assert_eq!(woken_for.lock().map(|seen| seen.len()).unwrap_or_default(), 3);
    }
}
