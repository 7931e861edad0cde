//! The demonstration cluster, while the console runs it.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::Outbox;
use crate::demo::{Demo, DemoOptions};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};

/// Owns the demonstration cluster; it ends with the console.
pub(super) struct DemoKeeper {
    options: DemoOptions,
    demo: Arc<Mutex<Option<Demo>>>,
}

impl DemoKeeper {
    pub(super) fn new(options: DemoOptions) -> Self {
        Self { options, demo: Arc::default() }
    }

    /// Starts it, or tells of the one that runs.
    pub(super) fn start(&self, request: RequestId, outbox: Outbox) {
        let (keeper, options) = (self.demo.clone(), self.options.clone());
        tokio::spawn(async move {
            let mut demo = keeper.lock().await;
            let started = match demo.as_ref() {
                Some(running) => Ok(running.profile()),
                // In a task of its own: one that breaks is answered as well.
                None => tokio::spawn(Demo::start(options))
                    .await
                    .unwrap_or_else(|error| {
                        Err(Fault::new(FaultKind::Other, format!("the start has ended: {error}")))
                    })
                    .map(|started| {
                        let profile = started.profile();
                        *demo = Some(started);
                        profile
                    }),
            };
            let kind = EventKind::DemoStarted(started.map(Box::new));
            outbox.send(Event { session: SessionId::default(), request, kind }).await;
        });
    }

    /// Ends it and all its processes.
    pub(super) async fn shutdown(&self) {
        if let Some(demo) = self.demo.lock().await.take() {
            demo.shutdown().await;
        }
    }
}
