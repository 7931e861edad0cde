//! What each frame cost and showed, for measurements: `ETCDSCOPE_FRAME_LOG` names a file that gets one
//! line a frame, numbers with a space between:
//!
//! 1. when the frame's own work ended, in milliseconds since the Unix epoch;
//! 2. its own work in milliseconds: taking news in, drawing the views, acting on what the operator did;
//! 3. the revision that the connection shown stands at, 0: none;
//! 4. how many characters of a search text the results shown are of, 0: none;
//! 5. how many keys are shown;
//! 6. whether they are live, 1 or 0;
//! 7. what the frame *before* this one cost altogether in milliseconds, with its own work, its
//!    triangles and its graphics, but without waiting for the screen; 0 in the first line;
//! 8. the processor time of its own work in milliseconds: what it costs, however busy the machine is
//!    with etcd and software drawing beside it.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cpu_time::ThreadTime;

use crate::model::session::Session;

/// Work of a frame: by the clock, and by what the window's thread used of a processor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    pub(super) elapsed: Duration,
    processor: Duration,
}

impl std::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { elapsed: self.elapsed + other.elapsed, processor: self.processor + other.processor }
    }
}

/// Work that has begun.
pub(super) struct Working {
    clock: Instant,
    processor: ThreadTime,
}

impl Working {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self { clock: Instant::now(), processor: ThreadTime::now() }
    }

    /// What was done so far.
    pub(super) fn so_far(&self) -> Work {
        Work { elapsed: self.clock.elapsed(), processor: self.processor.elapsed() }
    }
}

/// Where the work of each frame is written to, if anywhere.
pub(super) struct FrameLog {
    file: Option<std::io::BufWriter<std::fs::File>>,
}

impl FrameLog {
    pub(super) fn from_environment() -> Self {
        let file = std::env::var_os("ETCDSCOPE_FRAME_LOG").and_then(|path| {
            crate::storage::create_private(path.as_ref())
                .inspect_err(|error| tracing::error!(%error, "the frame log cannot be written"))
                .ok()
        });
        Self { file: file.map(std::io::BufWriter::new) }
    }

    /// Notes a frame whose own work ends now. `before`: what the frame before it cost altogether, in
    /// seconds.
    pub(super) fn note(&mut self, work: Work, shown: Option<&Session>, before: Option<f32>) {
        let Some(file) = &mut self.file else { return };
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0;
        let [work, processor] = [work.elapsed, work.processor].map(|time| time.as_secs_f64() * 1_000.0);
        let before = before.unwrap_or(0.0) * 1_000.0;
        let applied = shown.map_or(0, |session| session.applied);
        let keys = shown.map_or(0, |session| session.keyspace.len());
        let live = u8::from(shown.is_some_and(|session| session.state.is_live()));
        let found = shown.and_then(|session| session.search.result.value());
        let found = found.map_or(0, |result| result.query.text.chars().count());
        let written =
            writeln!(file, "{at:.3} {work:.3} {applied} {found} {keys} {live} {before:.3} {processor:.3}")
                .and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::error!(%error, "the frame log ends here");
            self.file = None;
        }
    }
}
