//! The arguments as clap reads them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

use super::WindowArgs;
use super::connection::ConnectionArgs;
use super::export::ExportCommand;
use super::past_args::PastCommands;
use crate::demo::{DemoOptions, Scenario};
use crate::model::settings::{Language, ThemeChoice};
use crate::model::transfer::ExportFormat;

const AFTER_HELP: &str = "\
Without a command the window is opened.
ETCDCTL_ENDPOINTS, ETCDCTL_USER, ETCDCTL_PASSWORD, ETCDCTL_CACERT, ETCDCTL_CERT and
ETCDCTL_KEY are read as etcdctl reads them; flags win over them.";

const AFTER_EXPORT_HELP: &str = "\
The file is written aside and renamed when it is complete: an export that fails or is
ended with Ctrl-C leaves what was there before. It is readable by its owner alone.
Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 ended by Ctrl-C.";

const AFTER_DEMO_HELP: &str = "\
The cluster listens on free loopback ports and keeps its data in a temporary folder;
both are gone when the program ends, however it ends. etcd is taken from ETCD_BIN,
else the newest that is found.";

/// A desktop console for etcd v3.
#[derive(Debug, Parser)]
#[command(
    name = "etcdscope",
    version,
    about = "A desktop console for etcd v3: live tree, guarded edits, history, locks and leaders",
    after_help = AFTER_HELP
)]
pub(super) struct Arguments {
    /// What to log to the error output, such as "etcdscope=debug" [env: ETCDSCOPE_LOG]
    #[arg(long, value_name = "FILTER", global = true)]
    pub(super) log: Option<String>,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) window: WindowFlags,
    #[command(subcommand)]
    pub(super) command: Option<Subcommands>,
}

/// What the window is drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RendererChoice {
    /// Vulkan, Metal, DirectX 12 or OpenGL, whatever the system has.
    #[default]
    Wgpu,
    /// OpenGL.
    Glow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeName {
    System,
    Dark,
    Light,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LanguageName {
    System,
    En,
    #[value(name = "zh-CN", alias = "zh")]
    ZhCn,
}

#[derive(Args, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Window")]
pub(super) struct WindowFlags {
    /// What the window is drawn with
    #[arg(long, value_enum, default_value_t)]
    renderer: RendererChoice,
    /// Dark or light, whatever the settings say
    #[arg(long, value_enum, value_name = "THEME")]
    theme: Option<ThemeName>,
    /// Language of the window, whatever the settings say
    #[arg(long, value_enum, value_name = "LANGUAGE", ignore_case = true)]
    lang: Option<LanguageName>,
}

impl WindowFlags {
    pub(super) fn with(
        self,
        connection: ConnectionArgs,
        demo: Option<DemoOptions>,
        log: Option<String>,
    ) -> WindowArgs {
        WindowArgs {
            connection,
            demo,
            renderer: self.renderer,
            theme: self.theme.map(|theme| match theme {
                ThemeName::System => ThemeChoice::System,
                ThemeName::Dark => ThemeChoice::Dark,
                ThemeName::Light => ThemeChoice::Light,
            }),
            language: self.lang.map(|language| match language {
                LanguageName::System => Language::System,
                LanguageName::En => Language::English,
                LanguageName::ZhCn => Language::SimplifiedChinese,
            }),
            log,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Subcommands {
    /// Write all keys with a prefix, at one revision, to a file
    Export(ExportFlags),
    /// Run a local etcd cluster with a fleet of services living on it
    Demo(DemoFlags),
    #[command(flatten)]
    Past(PastCommands),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    /// Byte-exact, with revisions, versions and leases
    Json,
    /// A readable mapping of key to value
    #[value(alias = "yml")]
    Yaml,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_EXPORT_HELP)]
pub(super) struct ExportFlags {
    /// All keys that start with this; "" for everything
    #[arg(long, value_name = "PREFIX")]
    prefix: OsString,
    /// Format [default: by the file's extension; json without one]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FormatName>,
    /// The file to write; "-" for the standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Read everything as it was at this revision [default: the newest]
    #[arg(long, value_name = "REVISION", value_parser = value_parser!(i64).range(1..))]
    revision: Option<i64>,
    /// Tell nothing but failures
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
}

impl ExportFlags {
    /// # Errors
    /// Where the file's extension is that of another format and none is asked for.
    pub(super) fn command(self, connection: ConnectionArgs) -> Result<ExportCommand, String> {
        let output = (self.output.as_os_str() != "-").then_some(self.output);
        let by_extension = match output.as_deref().and_then(std::path::Path::extension) {
            Some(extension) if extension == "yaml" || extension == "yml" => Ok(ExportFormat::Yaml),
            None => Ok(ExportFormat::Json),
            Some(extension) if extension == "json" => Ok(ExportFormat::Json),
            Some(extension) => {
                Err(format!("no format is named like {:?}: give --format", extension.display()))
            }
        };
        let format = match self.format {
            None => by_extension?,
            Some(FormatName::Json) => ExportFormat::Json,
            Some(FormatName::Yaml) => ExportFormat::Yaml,
        };
        Ok(ExportCommand {
            connection,
            // On Unix these are the bytes as they were typed: a prefix need not be text.
            prefix: self.prefix.into_encoded_bytes(),
            format,
            output,
            revision: self.revision,
            quiet: self.quiet,
        })
    }
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_DEMO_HELP)]
pub(super) struct DemoFlags {
    /// Without a window: print the endpoints and go on until Ctrl-C
    #[arg(long)]
    pub(super) headless: bool,
    /// With --headless: end after so many seconds
    #[arg(long, value_name = "N", requires = "headless")]
    pub(super) seconds: Option<u64>,
    /// Members of the cluster
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = members)]
    pub(super) members: usize,
    /// Decides what the fleet does and when
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// What happens beside the fleet's calm life; may be given several times
    #[arg(long = "scenario", value_enum, value_name = "NAME")]
    scenarios: Vec<ScenarioName>,
    #[command(flatten)]
    pub(super) window: WindowFlags,
}

impl DemoFlags {
    pub(super) fn options(&self) -> DemoOptions {
        let asked = self.scenarios.iter().flat_map(|name| match name {
            ScenarioName::All => Scenario::ALL.to_vec(),
            ScenarioName::One(scenario) => vec![*scenario],
        });
        DemoOptions { members: self.members, seed: self.seed, scenarios: asked.collect() }
    }
}

/// A scenario, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScenarioName {
    One(Scenario),
    All,
}

impl ValueEnum for ScenarioName {
    fn value_variants<'a>() -> &'a [Self] {
        const NAMES: [ScenarioName; Scenario::ALL.len() + 1] = {
            let mut names = [ScenarioName::All; Scenario::ALL.len() + 1];
            let mut index = 0;
            while index < Scenario::ALL.len() {
                names[index] = ScenarioName::One(Scenario::ALL[index]);
                index += 1;
            }
            names
        };
        &NAMES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::One(scenario) => PossibleValue::new(scenario.name()).help(scenario.about()),
            Self::All => PossibleValue::new("all").help("all of them"),
        })
    }
}

fn members(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(members @ 1..=9) => Ok(members),
        _ => Err("1 to 9 members".to_owned()),
    }
}
