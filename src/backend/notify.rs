//! Shows notifications of the system.

use notify_rust::Notification;

use super::Outbox;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};

/// Shows one beside everything else (whoever shows it may not answer), and tells where it can not be shown.
pub(super) fn show(request: RequestId, title: String, body: String, outbox: Outbox) {
    let showing = tokio::task::spawn_blocking(move || {
        let shown = Notification::new().appname("etcdscope").summary(&title).body(&escaped(&body)).show();
        shown.map(drop).map_err(|error| {
            let detail = format!("the system shows no notifications: {error}");
            Fault::new(FaultKind::Other, detail)
        })
    });
    tokio::spawn(async move {
        let shown = showing.await.unwrap_or_else(|error| {
            Err(Fault::new(FaultKind::Other, format!("notifying has ended: {error}")))
        });
        if let Err(fault) = shown {
            outbox
                .send(Event { session: SessionId::default(), request, kind: EventKind::NotNotified(fault) })
                .await;
        }
    });
}

/// Servers on Linux may take a body for markup: names are shown as they are.
fn escaped(body: &str) -> String {
    if cfg!(all(unix, not(target_os = "macos"))) {
        body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        body.to_owned()
    }
}
