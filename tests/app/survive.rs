//! Drafts on a disk that is full.

use std::process::{Command, Stdio};

use etcdscope::model::fault::FaultKind;
use etcdscope::model::world::ToastText;

use super::*;

use super::figure::figure;

/// Home and endpoint of the console in the child process.
const CHILD: [&str; 2] = ["ETCDSCOPE_TEST_SURVIVE_HOME", "ETCDSCOPE_TEST_SURVIVE_ENDPOINT"];

/// Not a test by itself: what the child process of the next test runs, whose files may have 32 KiB
/// or twice that at most.
#[test]
fn child_that_types_more_than_the_disk_takes() {
    let [Some(home), Some(endpoint)] = CHILD.map(std::env::var_os) else { return };
    let storage = Storage::open(Some(home.into()));
    let options = BackendOptions { storage, secrets: Secrets::off(), demo: DemoOptions::default() };
    let mut app = App::start(options, Arc::new(|_| {}), &WindowOptions::default()).unwrap();
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    let endpoints = vec![endpoint.into_string().unwrap()];
    let profile = Profile { name: "bench".to_owned(), endpoints, ..Profile::default() };
    app.act(Action::Connect(Box::new(ConnectRequest { profile, password: None })));
    wait(&mut app, "a live mirror", |world| session(world).state == MirrorState::Live);
    open(&mut app);
    let large = "typed ".repeat(100_000);
    app.act(Action::EditDraft { key: key(KEY), value: value(&large) });
    let told = |world: &World| {
        world.toasts.iter().find_map(|toast| match &toast.text {
            ToastText::Fault(fault) => Some(fault.clone()),
            _ => None,
        })
    };
    wait(&mut app, "the fault of the disk", |world| told(world).is_some());
    let fault = told(app.world()).unwrap();
    assert!(matches!(fault.kind, FaultKind::DiskFull | FaultKind::File), "{fault}");
    assert_eq!(document(app.world()).current_value(), value(&large), "what was typed is in the editor");
    println!("told: {fault}");
}

#[test]
fn disk_full_a_draft_that_can_not_be_kept_is_told_and_the_one_before_stays() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    open(&mut app);
    app.act(Action::EditDraft { key: key(KEY), value: value("before") });
    wait_for_drafts(&mut app, &bench, &[("bench", "before")]);
    std::mem::forget(app);

    let test = "survive::child_that_types_more_than_the_disk_takes";
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD[0], bench.home.path())
        .env(CHILD[1], &bench.cluster.endpoints()[0])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let fault = told.lines().find_map(|line| line.split_once("told: ")).unwrap().1;
    assert_eq!(drafts(&bench), [("bench".to_owned(), "before".to_owned())], "the draft before is whole");
    let reason = fault.rsplit(".json: ").next().and_then(|words| words.split(" at path").next());
    figure("disk-full", format!("a draft: {}", reason.unwrap_or_default()));
}
