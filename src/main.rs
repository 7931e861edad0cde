//! The etcdscope window and command line.

use std::process::ExitCode;

use etcdscope::app::{self, WindowOptions};
use etcdscope::backend::BackendOptions;
use etcdscope::cli::{self, Invocation, RendererChoice, WindowArgs};
use etcdscope::model::fault::Fault;
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::settings::Overrides;
use etcdscope::storage::{Storage, environment, secrets::Secrets};

fn main() -> ExitCode {
    match cli::parse() {
        Invocation::Run(command) => {
            cli::start_log(command.log.as_deref());
            command.run()
        }
        Invocation::Window(arguments) => {
            cli::start_log(arguments.log.as_deref());
            match open_window(arguments) {
                Ok(()) => ExitCode::SUCCESS,
                Err(fault) => {
                    eprintln!("etcdscope: {fault}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

fn open_window(arguments: WindowArgs) -> Result<(), Fault> {
    let storage = Storage::open(None);
    let environment = environment::from_environment();
    for refused in environment.iter().flat_map(|environment| &environment.refused) {
        eprintln!("etcdscope: {refused}");
    }
    let environment = environment
        .map(|environment| ConnectRequest { profile: environment.profile, password: environment.password });
    let open = if arguments.connection == cli::ConnectionArgs::default() {
        None
    } else {
        arguments.connection.request(&storage.profiles(), environment.as_ref())?
    };
    let options = WindowOptions {
        open: open.into_iter().collect(),
        start_demo: arguments.demo.is_some(),
        environment,
        use_glow: arguments.renderer == RendererChoice::Glow,
        overrides: Overrides { theme: arguments.theme, language: arguments.language },
    };
    let backend =
        BackendOptions { storage, secrets: Secrets::open(), demo: arguments.demo.unwrap_or_default() };
    app::open(backend, options)
}
