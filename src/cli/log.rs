//! The log, on the error output.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Without a filter: warnings, without what the window's libraries say about every odd screen.
const USUAL: &str = "warn,winit=error,egui_winit=error,eframe=error,egui_wgpu=error,wgpu_core=error,wgpu_hal=error,\
                     egui_system_font_provider=error,zbus=error,calloop=error,sctk=error";

/// Starts logging to the error output. `filter` is `--log`; without it `ETCDSCOPE_LOG` decides, else
/// only warnings are told.
///
/// What a library traces below [`Level::DEBUG`] is never written, whatever the filter says: there it
/// may print what is typed or what goes over the wire, and a log is handed on.
pub fn start_log(filter: Option<&str>) {
    let from_environment = std::env::var("ETCDSCOPE_LOG").ok();
    let words = filter.or(from_environment.as_deref()).unwrap_or(USUAL);
    let filter = EnvFilter::try_new(words).unwrap_or_else(|error| {
        eprintln!("etcdscope: the log filter {words:?} is not valid ({error}); logging warnings");
        EnvFilter::new(USUAL)
    });
    let output = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let layer = output.with_filter(filter.and(filter_fn(may_be_written)));
    if let Err(error) = tracing_subscriber::registry().with(layer).try_init() {
        eprintln!("etcdscope: logging was not started: {error}");
    }
}

fn may_be_written(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target() == "etcdscope" || metadata.target().starts_with("etcdscope::");
    ours || *metadata.level() <= Level::DEBUG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_filter_is_valid() {
        assert!(EnvFilter::try_new(USUAL).is_ok());
    }
}
