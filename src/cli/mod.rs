//! The command line.
//!
//! `etcdscope` alone opens the window; its commands work without one: `export`, `demo --headless`, and
//! those of the past (`history`, `at`, `restore`, `undelete`, `plans`, `audit`), which use the same
//! functions of the backend as the window does. Connections are described by the same flags everywhere, over the `ETCDCTL_*`
//! variables that etcdctl reads, over a stored profile.

mod args;
mod at;
mod audit;
mod connection;
mod demo;
mod desk;
mod export;
mod history;
mod log;
mod past_args;
mod restore;
mod steps;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use args::RendererChoice;
pub use connection::ConnectionArgs;
pub use export::ExportCommand;
pub use log::start_log;

use self::args::{Arguments, Subcommands};
use crate::demo::DemoOptions;
use crate::model::fault::{Fault, FaultKind};
use crate::model::settings::{Language, ThemeChoice};

/// At the end, what still writes has so long to tidy up.
const END_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// Open the window.
    Window(WindowArgs),
    /// Do something without a window: see [`RunCommand::run`].
    Run(RunCommand),
}

/// How to open the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowArgs {
    /// Which cluster to connect to at once; see [`ConnectionArgs::request`].
    pub connection: ConnectionArgs,
    /// Start the demonstration with these options, and connect to it.
    pub demo: Option<DemoOptions>,
    /// What to draw with.
    pub renderer: RendererChoice,
    /// Theme, over the settings.
    pub theme: Option<ThemeChoice>,
    /// Language, over the settings.
    pub language: Option<Language>,
    /// Log filter, such as `info` or `etcdscope=debug`.
    pub log: Option<String>,
}

/// A command that needs no window.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCommand {
    /// Log filter.
    pub log: Option<String>,
    kind: RunKind,
}

#[derive(Clone, Debug, PartialEq)]
enum RunKind {
    Export(ExportCommand),
    Demo(demo::HeadlessDemo),
    History(history::HistoryCommand),
    At(at::AtCommand),
    Restore(restore::RestoreCommand),
    Plans(restore::PlansCommand),
    Audit(audit::AuditCommand),
}

impl RunCommand {
    /// Runs the command to its end. Exit codes: 0 done, 1 failed, 3 done but not whole (keys left alone,
    /// a past that is not certain), 130 and 143 ended by Ctrl-C and SIGTERM.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("etcdscope: starting the runtime: {error}");
                return ExitCode::FAILURE;
            }
        };
        let code = runtime.block_on(async {
            match self.kind {
                RunKind::Export(command) => export::run(command).await,
                RunKind::Demo(command) => demo::run(command).await,
                RunKind::History(command) => history::run(command).await,
                RunKind::At(command) => at::run(command).await,
                RunKind::Restore(command) => restore::run(command).await,
                RunKind::Plans(command) => restore::list(command).await,
                RunKind::Audit(command) => audit::run(command).await,
            }
        });
        // A writer whose reader has stopped reading is not waited for.
        runtime.shutdown_timeout(END_WITHIN);
        code
    }
}

/// Reads the arguments of this process. Wrong ones, `--help` and `--version` are answered here and
/// end it (with exit code 2 for wrong ones).
#[must_use]
pub fn parse() -> Invocation {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// Reads these arguments, the first being the program's name.
///
/// # Errors
/// clap's, ready to be shown.
pub fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let matches = Arguments::command().try_get_matches_from(arguments)?;
    Arguments::from_arg_matches(&matches)?.invocation()
}

impl Arguments {
    fn invocation(self) -> Result<Invocation, clap::Error> {
        let Self { connection, window, log, command } = self;
        let kind = match command {
            None => return Ok(Invocation::Window(window.with(connection, None, log))),
            Some(Subcommands::Export(mut export)) => {
                if window != args::WindowFlags::default() {
                    return Err(conflict("export opens no window: it takes no window flags"));
                }
                let behind = std::mem::take(&mut export.connection);
                let connection = either(connection, behind, "connection flags")?;
                RunKind::Export(export.command(connection).map_err(|words| conflict(&words))?)
            }
            Some(Subcommands::Past(past)) => {
                if window != args::WindowFlags::default() {
                    return Err(conflict("this command opens no window: it takes no window flags"));
                }
                past.kind(&connection)?
            }
            Some(Subcommands::Demo(mut demo)) => {
                if connection != ConnectionArgs::default() {
                    return Err(conflict("demo starts a cluster of its own: it takes no connection flags"));
                }
                let options = demo.options();
                let window = either(window, std::mem::take(&mut demo.window), "window flags")?;
                if !demo.headless {
                    return Ok(Invocation::Window(window.with(connection, Some(options), log)));
                }
                RunKind::Demo(demo::HeadlessDemo { options, seconds: demo.seconds })
            }
        };
        Ok(Invocation::Run(RunCommand { log, kind }))
    }
}

/// Says on the error output what failed and what to check.
fn complain(fault: &Fault) {
    // What is wrong, and what to do instead, is all in the words.
    if matches!(fault.kind, FaultKind::Invalid | FaultKind::Cancelled) {
        eprintln!("etcdscope: {}", fault.detail);
        return;
    }
    let name = format!("fault.{}_advice", fault.kind.name());
    eprintln!("etcdscope: {fault}\n{}", rust_i18n::t!(&name, locale = "en"));
}

/// Flags may stand before the command or behind it, not on both sides.
fn either<T: Default + PartialEq>(before: T, behind: T, what: &str) -> Result<T, clap::Error> {
    if before == T::default() {
        Ok(behind)
    } else if behind == T::default() {
        Ok(before)
    } else {
        Err(conflict(&format!("{what} are given both before and behind the command")))
    }
}

fn conflict(message: &str) -> clap::Error {
    Arguments::command().error(clap::error::ErrorKind::ArgumentConflict, message)
}

/// Waits for Ctrl-C or the end asked for by the system; returns the exit code that tells which.
pub(crate) async fn asked_to_end() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut hangup)) =
            (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        {
            return tokio::select! {
                _ = tokio::signal::ctrl_c() => 130,
                _ = terminate.recv() => 143,
                _ = hangup.recv() => 129,
            };
        }
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be caught");
        std::future::pending::<()>().await;
    }
    130
}

/// Waits, on a thread of its own, until the system asks the program to end; tells with which exit
/// code.
///
/// # Errors
/// When signals cannot be heard on this system.
pub(crate) fn wait_until_asked_to_end() -> std::io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(asked_to_end()))
}

#[cfg(test)]
mod tests;
