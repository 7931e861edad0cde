//! How often news may have the window drawn. Without a graphics card a frame costs a tenth of a
//! second of processor time, which is then missing to what brings the news.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where the processor draws, frames for news follow each other at this distance; what the operator
/// does, and answers to it, are drawn at once.
const WITHOUT_A_CARD: Duration = Duration::from_millis(100);

/// When the window was drawn last, and how long news waits after that.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    drawn_ms: AtomicU64,
    least: Duration,
}

impl Pace {
    pub(super) fn new(draws_by_processor: bool) -> Self {
        let least = if draws_by_processor { WITHOUT_A_CARD } else { Duration::ZERO };
        Self { begun: Instant::now(), drawn_ms: AtomicU64::new(0), least }
    }

    /// Notes that a frame was drawn just now.
    pub(super) fn drawn(&self) {
        self.drawn_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// How long news that comes just now has to wait.
    pub(super) fn wait(&self) -> Duration {
        let since = self.now_ms().saturating_sub(self.drawn_ms.load(Ordering::Relaxed));
        self.least.saturating_sub(Duration::from_millis(since))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_waits_only_where_the_processor_draws_and_only_after_a_frame() {
        let mut pace = Pace::new(true);
        pace.drawn();
        assert!(pace.wait() <= WITHOUT_A_CARD);
        // As if the last frame were long ago.
        pace.begun = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        assert_eq!(pace.wait(), Duration::ZERO, "the first news after a pause is drawn at once");
        pace.drawn();
        assert!(pace.wait() > Duration::ZERO);
        let card = Pace::new(false);
        card.drawn();
        assert_eq!(card.wait(), Duration::ZERO);
    }
}
