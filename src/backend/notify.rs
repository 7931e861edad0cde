//! Shows notifications of the system.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use notify_rust::Notification;

use super::Outbox;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};
use crate::model::notify::Opens;

/// So many notifications are waited for to be clicked; more are shown, and lead nowhere.
const MOST_CLICKABLE: usize = 16;

/// Shows one beside everything else (whoever shows it may not answer), tells whether it could be shown, and
/// when it is clicked.
pub(super) struct Notifier {
    outbox: Outbox,
    clickable: Arc<AtomicUsize>,
}

/// What is to be shown.
pub(super) struct Shown {
    /// Its title.
    pub(super) title: String,
    /// Its text.
    pub(super) body: String,
    /// What a click on it opens, and the word for doing so.
    pub(super) opens: Option<(Opens, String)>,
}

impl Notifier {
    /// One that tells there.
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { outbox, clickable: Arc::default() }
    }

    /// Shows one.
    pub(super) fn show(&self, request: RequestId, shown: Shown) {
        let outbox = self.outbox.clone();
        let clickable = self.clickable.clone();
        tokio::spawn(async move {
            let tell = |kind| {
                let outbox = &outbox;
                async move { outbox.send(Event { session: SessionId::default(), request, kind }).await }
            };
            let opens = shown.opens.filter(|_| clickable.load(Ordering::Relaxed) < MOST_CLICKABLE);
            let notification = notification(&shown.title, &shown.body, opens.as_ref());
            let waited = system::show(notification).await;
            let taken = waited.as_ref().map(|_| ()).map_err(Clone::clone);
            tell(EventKind::Notified(taken)).await;
            if let (Ok(waited), Some((opens, _))) = (waited, opens) {
                clickable.fetch_add(1, Ordering::Relaxed);
                let clicked = system::clicked(waited).await;
                clickable.fetch_sub(1, Ordering::Relaxed);
                if clicked {
                    tell(EventKind::NotificationClicked(opens)).await;
                }
            }
        });
    }
}

fn notification(title: &str, body: &str, opens: Option<&(Opens, String)>) -> Notification {
    let mut notification = Notification::new();
    notification.appname("etcdscope").summary(title).body(&escaped(body));
    if let Some((_, word)) = opens {
        notification.action("default", word);
    }
    notification
}

fn fault(error: &impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::NoNotifications, error.to_string())
}

/// By the session's bus.
#[cfg(all(unix, not(target_os = "macos")))]
mod system {
    use std::time::Duration;

    use notify_rust::{Notification, NotificationHandle, NotificationResponse};

    use super::fault;
    use crate::model::fault::Fault;

    /// Whoever shows it has so long to take it.
    const TAKEN_WITHIN: Duration = Duration::from_secs(10);
    /// So long a click on it is waited for: it may stay in the list of those that were shown.
    const CLICKED_WITHIN: Duration = Duration::from_secs(3_600);

    pub(super) async fn show(notification: Notification) -> Result<NotificationHandle, Fault> {
        match tokio::time::timeout(TAKEN_WITHIN, notification.show_async()).await {
            Ok(shown) => shown.map_err(|error| fault(&error)),
            Err(late) => Err(fault(&late)),
        }
    }

    pub(super) async fn clicked(handle: NotificationHandle) -> bool {
        let mut clicked = false;
        let wait = handle.wait_for_action_async(|response| {
            clicked = matches!(response, NotificationResponse::Default | NotificationResponse::Action(_));
        });
        let _late = tokio::time::timeout(CLICKED_WITHIN, wait).await;
        clicked
    }
}

/// Where a click is not told.
#[cfg(not(all(unix, not(target_os = "macos"))))]
mod system {
    use notify_rust::Notification;

    use super::fault;
    use crate::model::fault::Fault;

    pub(super) async fn show(notification: Notification) -> Result<(), Fault> {
        let shown = tokio::task::spawn_blocking(move || notification.show().map(drop)).await;
        shown.map_err(|error| fault(&error))?.map_err(|error| fault(&error))
    }

    pub(super) async fn clicked((): ()) -> bool {
        false
    }
}

/// Servers on Linux may take a body for markup: names are shown as they are.
fn escaped(body: &str) -> String {
    if cfg!(all(unix, not(target_os = "macos"))) {
        body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        body.to_owned()
    }
}
