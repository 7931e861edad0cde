//! The console measured beside its references, on a real etcd: `cargo xtask bench` builds and calls
//! this program. What it measures is kept part by part, so that a part can be measured again alone.

mod baseline;
mod child;
mod console;
mod events;
mod journal;
mod load;
mod payload;
mod programs;
mod raw;
mod readme;
mod results;
mod sections;
mod space;
mod table;
mod targets;
mod timing;
mod writer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand, ValueEnum};
use results::Results;
use serde_json::Value;

/// What may go wrong, in words.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Sizes that are loaded by default, and when it has to be quick.
const SIZES: &[u64] = &[10_000, 100_000, 1_000_000, 3_000_000];
const QUICK_SIZES: &[u64] = &[10_000, 100_000];
const ROUNDS: usize = 5;
/// Events and the window are measured over so many keys, where that many are asked for.
const SPACE: u64 = 1_000_000;

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Part {
    /// Loading the key space, beside etcdctl and a raw client call.
    Mirror,
    /// From a commit to the model, beside a raw watch, up to 20,000 events a second.
    Events,
    /// What the journal costs the mirror.
    Journal,
    /// What the model costs, without a network.
    Model,
    /// The real window on a virtual screen.
    Window,
    /// The same among thousands of services and locks.
    Coordination,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Mirror, Self::Events, Self::Journal, Self::Model, Self::Window, Self::Coordination];

    fn name(self) -> &'static str {
        match self {
            Self::Mirror => "mirror",
            Self::Events => "events",
            Self::Journal => "journal",
            Self::Model => "model",
            Self::Window => "window",
            Self::Coordination => "coordination",
        }
    }
}

/// Measures etcdscope; called by `cargo xtask bench`.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    child: Option<Child>,
    /// The parts to measure; all without any.
    parts: Vec<Part>,
    /// Sizes of the key space, with commas between [10000,100000,1000000,3000000]. Events and the
    /// window take 1,000,000 keys of it, else the most.
    #[arg(long, value_delimiter = ',', value_parser = number)]
    keys: Vec<u64>,
    /// Rounds at each size; small sizes get twice as many.
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// Only see that everything works: few keys, one round, a few seconds a rate.
    #[arg(long)]
    quick: bool,
    /// Print one JSON document with everything measured so far, instead of tables.
    #[arg(long)]
    json: bool,
    /// Measure nothing: tell what was measured before.
    #[arg(long)]
    report: bool,
    /// Keep what was measured as the baseline, and write the README's tables out of it.
    #[arg(long)]
    baseline: bool,
    #[command(flatten)]
    surroundings: Surroundings,
    /// Given by cargo when it runs this itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What `cargo xtask bench` tells of what it has built.
#[derive(clap::Args)]
struct Surroundings {
    #[arg(long, hide = true)]
    repository: Option<PathBuf>,
    #[arg(long, hide = true, default_value = "release")]
    build: String,
    #[arg(long, hide = true, default_value = "unknown")]
    toolchain: String,
    #[arg(long, hide = true, default_value = "unknown")]
    commit: String,
    #[arg(long, hide = true)]
    console_program: Option<PathBuf>,
    #[arg(long, hide = true)]
    model_program: Option<PathBuf>,
    #[arg(long, hide = true)]
    window_program: Option<PathBuf>,
}

/// Programs of their own that are measured.
#[derive(Subcommand)]
enum Child {
    #[command(hide = true)]
    ChildMirror {
        endpoint: String,
        #[arg(long)]
        values: bool,
    },
    #[command(hide = true)]
    ChildRaw { endpoint: String },
}

/// A number that may be written with underscores.
fn number(text: &str) -> Result<u64, String> {
    let number = text.replace('_', "").parse::<u64>().map_err(|error| error.to_string())?;
    if (1..=space::MOST_KEYS).contains(&number) {
        return Ok(number);
    }
    Err(format!("1 to {} keys can be measured", space::MOST_KEYS))
}

/// Says what is done now.
pub fn heading(text: &str) {
    eprintln!("{text}");
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let done = match arguments.child {
        Some(Child::ChildMirror { endpoint, values }) => runtime.block_on(child::mirror(endpoint, values)),
        Some(Child::ChildRaw { endpoint }) => runtime.block_on(child::raw(endpoint)),
        None if arguments.surroundings.repository.is_none() => {
            println!("etcd: run `cargo xtask bench` instead, which builds and installs what this needs");
            Ok(())
        }
        None => runtime.block_on(run(&arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// Measures the parts, keeps each as soon as it is measured, and reports.
async fn run(arguments: &Arguments) -> Outcome {
    let given = &arguments.surroundings;
    let repository = given.repository.clone().unwrap_or_default();
    let mut results = Results::open(&repository, &given.build, arguments.quick)?;
    let mut parts = arguments.parts.clone();
    if parts.is_empty() && !arguments.report {
        parts.extend(Part::ALL);
    }
    let (mut failures, mut measured_before) = (Vec::new(), None);
    for part in parts {
        let begun = Instant::now();
        heading(&format!("== {} ==", part.name()));
        let load_average = results::load_average();
        // Later parts would only see what the earlier ones did.
        if measured_before.is_none() && load_average.is_some_and(|load| load > 0.7) {
            eprintln!("  something else is, or was just, running here: then these figures are worth little");
        }
        measured_before = Some(part);
        match measure(part, arguments).await {
            Ok(measured) => {
                let took = begun.elapsed();
                results.keep(part.name(), measured, load_average, took, given)?;
                heading(&format!("{} took {:.0} s", part.name(), took.as_secs_f64()));
            }
            Err(error) => {
                eprintln!("error: {}: {error}", part.name());
                failures.push(part.name());
            }
        }
    }
    if arguments.baseline {
        keep_as_baseline(&repository, &results)?;
    }
    report(arguments, &repository, &results)?;
    if failures.is_empty() { Ok(()) } else { Err(format!("not measured: {}", failures.join(", ")).into()) }
}

/// Makes these results the baseline, if there are any, and writes the README's tables out of it.
fn keep_as_baseline(repository: &Path, results: &Results) -> Outcome {
    let file = baseline::file(repository);
    if results.are_empty() {
        eprintln!("nothing was measured here: the README's tables are written out of the baseline as it is");
    } else if results.count() {
        results::write(&file, results.document())?;
    } else {
        return Err("only a release build's whole measurement can be the baseline".into());
    }
    let document = serde_json::from_slice(&std::fs::read(&file)?)?;
    let readme = repository.join("README.md");
    let text = std::fs::read_to_string(&readme)?;
    let text = readme::with_tables(&text, &document).ok_or("the README has no place for the tables")?;
    std::fs::write(&readme, text)?;
    eprintln!("the README's tables are written");
    Ok(())
}

async fn measure(part: Part, arguments: &Arguments) -> Outcome<Value> {
    let mut sizes = arguments.keys.clone();
    if sizes.is_empty() {
        sizes = if arguments.quick { QUICK_SIZES } else { SIZES }.to_vec();
    }
    sizes.sort_unstable();
    sizes.dedup();
    let most = sizes.last().copied().unwrap_or(SPACE);
    let space = if sizes.contains(&SPACE) { SPACE } else { most };
    let given = &arguments.surroundings;
    match part {
        Part::Mirror => {
            let rounds = if arguments.quick { 1 } else { arguments.rounds.max(1) };
            load::measure(&sizes, rounds).await
        }
        Part::Events => {
            let rates = events::RATES.iter().chain([&events::SUSTAINED]).copied();
            let rates: Vec<_> = rates.map(|rate| if arguments.quick { rate.quick() } else { rate }).collect();
            events::measure(space, &rates).await
        }
        Part::Journal => journal::measure(arguments.quick).await,
        Part::Model => programs::model(given.model_program.as_deref()).await,
        Part::Window => {
            let (window, console) = (given.window_program.as_deref(), given.console_program.as_deref());
            programs::window(window, console, space).await
        }
        Part::Coordination => programs::coordination(given.window_program.as_deref()).await,
    }
}

fn report(arguments: &Arguments, repository: &Path, results: &Results) -> Outcome {
    let compared = baseline::compare(repository, results)?;
    if arguments.json {
        let mut document = results.document().clone();
        document["targets"] = targets::json(results.document());
        document["against_baseline"] = compared.json();
        println!("{}", serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    for table in sections::all(results.document()) {
        println!("{}", table.text());
    }
    println!("{}", targets::table(results.document()).text());
    print!("{}", compared.text());
    for line in results.origins() {
        println!("{line}");
    }
    println!("Everything is in {}", results.file().display());
    Ok(())
}
