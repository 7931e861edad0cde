//! Frees what is no longer shown on a thread of its own.

use std::sync::mpsc::{Sender, channel};

use crate::model::discard::Discarded;

/// The way to the thread that frees.
pub(super) struct Discarder(Sender<Vec<Discarded>>);

impl Discarder {
    /// Starts the thread; it ends with this value.
    pub(super) fn start() -> Self {
        let (sender, receiver) = channel::<Vec<Discarded>>();
        let free = move || receiver.into_iter().for_each(drop);
        if let Err(error) = std::thread::Builder::new().name("discard".to_owned()).spawn(free) {
            tracing::warn!(%error, "no thread to free memory on: the window's does it");
        }
        Self(sender)
    }

    /// Has these freed; here, where there is no thread.
    pub(super) fn free(&self, discarded: &mut Vec<Discarded>) {
        if !discarded.is_empty()
            && let Err(kept) = self.0.send(std::mem::take(discarded))
        {
            drop(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::Discarder;
    use crate::model::discard::Discarded;

    #[test]
    fn what_is_discarded_is_freed() {
        let discarder = Discarder::start();
        let changes = Arc::new(Vec::new());
        let seen = Arc::downgrade(&changes);
        discarder.free(&mut vec![Discarded::Changes(changes)]);
        let start = Instant::now();
        while seen.strong_count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "still kept");
            std::thread::yield_now();
        }
    }
}
