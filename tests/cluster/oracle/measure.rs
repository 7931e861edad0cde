//! Memory and open handles of this process over a long run: they must stay flat.

use std::fmt;
use std::time::Duration;

/// The first part of a run fills caches and pools.
const WARM_UP: f64 = 0.15;
/// The last third may have this much more memory than the highest of the first half: an episode of
/// big values takes more than others, and the allocator keeps what it once had. What is kept from
/// each episode grows beyond that.
const MORE_BYTES: u64 = 32 << 20;
/// Open handles may grow by so many: some connections are always just ending.
const MORE_HANDLES: u64 = 24;
/// Tasks that may still be ending when everything has ended.
const MOST_TASKS: usize = 8;
/// Fewer episodes than this behind the warm-up prove nothing.
const FEWEST: usize = 12;

/// What this process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub rss_bytes: u64,
    pub handles: u64,
}

impl Usage {
    /// As the system tells now; zero where it does not.
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        let handles = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            rss_bytes: kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10,
            handles: handles as u64,
        }
    }
}

/// Usage after each episode.
pub struct Growth {
    duration: Duration,
    samples: Vec<(Duration, Usage)>,
}

impl Growth {
    pub fn new(duration: Duration) -> Self {
        Self { duration, samples: Vec::new() }
    }

    pub fn add(&mut self, when: Duration, usage: Usage) {
        self.samples.push((when, usage));
    }

    /// Medians at the begin (behind the warm-up), in the middle and at the end.
    pub fn thirds(&self) -> Option<[Usage; 3]> {
        let warm = self.duration.mul_f64(WARM_UP);
        let samples: Vec<_> =
            self.samples.iter().filter(|(when, _)| *when >= warm).map(|(_, usage)| *usage).collect();
        if samples.len() < FEWEST {
            return None;
        }
        let third = samples.len() / 3;
        Some([&samples[..third], &samples[third..2 * third], &samples[2 * third..]].map(median))
    }

    /// Why it is not flat, if it is not.
    pub fn grew(&self) -> Option<String> {
        let [begin, _, end] = self.thirds()?;
        if end.rss_bytes > begin.rss_bytes + MORE_BYTES {
            return Some(format!(
                "memory grew from {} to {} MiB",
                begin.rss_bytes >> 20,
                end.rss_bytes >> 20
            ));
        }
        (end.handles > begin.handles + MORE_HANDLES)
            .then(|| format!("open handles grew from {} to {}", begin.handles, end.handles))
    }

    pub fn json(&self) -> String {
        let thirds = self.thirds().unwrap_or_default();
        let [rss, handles] = [thirds.map(|usage| usage.rss_bytes), thirds.map(|usage| usage.handles)]
            .map(|all| format!("{all:?}"));
        format!("\"rss_bytes\":{rss},\"handles\":{handles}")
    }
}

/// Waits until the tasks of everything that has ended are gone; tells how many are left.
pub async fn tasks_left() -> usize {
    let metrics = tokio::runtime::Handle::current().metrics();
    for _ in 0..200 {
        if metrics.num_alive_tasks() <= MOST_TASKS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    metrics.num_alive_tasks().saturating_sub(MOST_TASKS)
}

fn median(samples: &[Usage]) -> Usage {
    let middle = |mut all: Vec<u64>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    };
    Usage {
        rss_bytes: middle(samples.iter().map(|usage| usage.rss_bytes).collect()),
        handles: middle(samples.iter().map(|usage| usage.handles).collect()),
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(thirds) = self.thirds() else {
            return write!(f, "memory and handles: too few episodes to say ({})", self.samples.len());
        };
        let [begin, middle, end] =
            thirds.map(|usage| format!("{} MiB and {} handles", usage.rss_bytes >> 20, usage.handles));
        write!(f, "memory: {begin} at the begin, {middle} in the middle, {end} at the end")
    }
}

#[test]
fn growth_beyond_the_bounds_is_noticed() {
    let growth = |step: u64, handles: u64| {
        let mut growth = Growth::new(Duration::from_secs(40));
        for second in 0..40 {
            let usage = Usage { rss_bytes: (100 + second * step) << 20, handles: 50 + second * handles };
            growth.add(Duration::from_secs(second), usage);
        }
        growth.grew().is_some()
    };
    assert!(!growth(0, 0) && !growth(1, 0) && !growth(0, 1));
    assert!(growth(5, 0) && growth(0, 2));
}
