//! A frame's own work in milliseconds, for measurements: `ETCDSCOPE_FRAME_LOG` names a file that
//! gets one line a frame, `<milliseconds since the start> <work in milliseconds>`.

use std::io::Write;
use std::time::{Duration, Instant};

/// Where the work of each frame is written to, if anywhere.
pub(super) struct FrameLog {
    started: Instant,
    file: Option<std::io::BufWriter<std::fs::File>>,
}

impl FrameLog {
    pub(super) fn from_environment() -> Self {
        let file = std::env::var_os("ETCDSCOPE_FRAME_LOG").and_then(|path| {
            std::fs::File::create(&path)
                .inspect_err(|error| tracing::error!(%error, "the frame log cannot be written"))
                .ok()
        });
        Self { started: Instant::now(), file: file.map(std::io::BufWriter::new) }
    }

    pub(super) fn note(&mut self, work: Duration) {
        let Some(file) = &mut self.file else { return };
        let at = self.started.elapsed().as_secs_f64() * 1_000.0;
        let written =
            writeln!(file, "{at:.1} {:.3}", work.as_secs_f64() * 1_000.0).and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::error!(%error, "the frame log ends here");
            self.file = None;
        }
    }
}
