//! Tasks of the project, called as `cargo xtask <task>`. Each installs what it needs first.
//! Nothing but the standard library is used, so that the first call compiles in a moment.

mod bench;
mod ci;
mod demo;
mod deny;
mod etcd;
mod install;
mod reliability;
mod run;
mod screen;
mod soak;
mod suite;

use std::process::ExitCode;

use run::Failure;

const HELP: &str = "\
Tasks of etcdscope. Each installs what it needs first (apt-get, brew or winget).

cargo xtask demo [-- ARGUMENTS]     build etcdscope and open it on a living demonstration cluster
cargo xtask test [FILTER]           run the whole test suite, or the tests with FILTER in their name
cargo xtask ci                      formatting, lints, documentation, licences and the whole test suite
cargo xtask deny                    licences, bans and sources of all dependencies
cargo xtask soak [--minutes N] [--seed S] [--json]
                                    faults, load and keys at random, and everything the console tells
                                    compared with etcd itself: 30 minutes, or one seed again
cargo xtask reliability [ROW...]    run the tests of every fault and write tests/RELIABILITY.md;
                                    with rows: run their tests alone
cargo xtask bench [PART]... [--keys LIST] [--rounds N] [--quick] [--dev] [--json]
                                    measure mirror, events, model, window, or all of them, beside
                                    etcdctl and raw client calls; --help tells more
cargo xtask bench --report [--baseline]
                                    tell what was measured before; --baseline keeps it, and writes
                                    the README's tables
cargo xtask install                 only install what the others need

ETCD_BIN=/path/to/etcd chooses the etcd to run.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => {
            println!("{HELP}");
            Ok(())
        }
        ["demo", "--", rest @ ..] | ["demo", rest @ ..] => demo::run(rest),
        ["test", rest @ ..] => install::everything().and_then(|()| suite::run(rest)),
        ["ci"] => ci::run_all(),
        ["deny"] => deny::check(),
        ["bench", rest @ ..] => bench::run(rest),
        ["soak", rest @ ..] => soak::run(rest),
        ["reliability", rows @ ..] => install::everything().and_then(|()| reliability::run(rows)),
        ["install"] => install::everything(),
        _ => Err(Failure::new(format!("unknown task: {}\n\n{HELP}", words.join(" ")))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
