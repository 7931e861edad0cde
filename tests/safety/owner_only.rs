//! Every file that the console makes can be read by its owner alone, in folders that nobody else can
//! enter, whatever the umask is.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use etcdscope::action::Action;
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::model::bytes::Key;
use etcdscope::model::profile::Profile;
use etcdscope::model::session::JobState;
use etcdscope::model::settings::Settings;
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::storage::export::{ExportFile, ExportHeader};
use etcdscope::storage::{HOME_VARIABLE, Storage};

use super::support::{Bench, etcdscope, everything_below, session, wait};

/// Tells the child that it is one, and where to work.
const CHILD: &str = "ETCDSCOPE_TEST_OWNER_ONLY";

/// What others may do with anything below a folder.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    for path in everything_below(folder) {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        let most = if metadata.is_dir() { 0o700 } else { 0o600 };
        if mode & !most != 0 && !metadata.is_symlink() {
            open.push(format!("{} has {mode:o}", path.display()));
        }
    }
    open
}

/// A file that everybody may read and write, as something else may have left it.
fn careless(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
}

/// Not a test by itself: what the child of the next test does, under a umask of 000.
#[test]
fn child_that_makes_files() {
    let Some(place) = std::env::var_os(CHILD) else { return };
    let place = Path::new(&place);
    let home = place.join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
    careless(&home.join(".lock"), "");
    careless(&home.join("profiles.json"), "{\"version\": 1, \"profiles\": []}");
    careless(&home.join("settings.json"), "not JSON");

    let mut bench = Bench::start();
    bench.home = tempfile::tempdir_in(place).unwrap();
    bench.put(b"config/limit", "one");
    let storage = Storage::open(Some(home.clone()));
    let backend = etcdscope::backend::BackendOptions { storage: storage.clone(), ..bench.backend() };
    let mut app =
        etcdscope::app::App::start(backend, std::sync::Arc::new(|_| {}), &Default::default()).unwrap();
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    app.act(Action::KeepProfile { profile: Box::new(bench.profile()), renamed_from: None, password: None });
    app.act(Action::ChangeSettings(Box::new(Settings { compact_rows: true, ..Settings::default() })));
    bench.connect(&mut app, bench.profile());
    let key = Key::from(&b"config/limit"[..]);
    app.act(Action::OpenKey(key.clone()));
    wait(&mut app, "its value", |world| {
        session(world).document(b"config/limit").is_some_and(|document| document.base.value().is_some())
    });
    for typed in ["typed", "typed on"] {
        app.act(Action::EditDraft { key: key.clone(), value: typed.as_bytes().into() });
        wait(&mut app, "the draft on disk", |_| {
            storage.load().drafts.iter().any(|draft| *draft.value == *typed.as_bytes())
        });
        assert_eq!(open_to_others(&home), Vec::<String>::new());
    }
    for format in [ExportFormat::Json, ExportFormat::Yaml] {
        let path = home.join(format!("export.{}", format.extension()));
        careless(&path, "an older export");
        app.act(Action::Export(ExportRequest { prefix: Vec::new(), only_key: false, format, path }));
        wait(&mut app, "the export", |world| {
            session(world).jobs.iter().all(|job| matches!(job.state, JobState::Exported(_)))
        });
    }
    app.act(Action::Create { key: Key::from(&b"new"[..]), value: b"x"[..].into() });
    wait(&mut app, "a key", |world| session(world).keyspace.get(b"new").is_some());
    let renamed = Profile { name: "renamed".to_owned(), ..bench.profile() };
    app.act(Action::KeepProfile {
        profile: Box::new(renamed),
        renamed_from: Some("bench".to_owned()),
        password: None,
    });
    app.shutdown();

    // On the way, before it is renamed.
    let header =
        ExportHeader { cluster_id: 1, revision: 1, prefix: Vec::new(), only_key: false, partial: false };
    let half = ExportFile::create(&home.join("half.json"), ExportFormat::Json, &header).unwrap();
    let made: Vec<_> = everything_below(&home).iter().map(|path| path.display().to_string()).collect();
    for name in [
        ".lock",
        "profiles.json",
        "settings.json",
        "settings.json.broken",
        "export.json",
        "export.yaml",
        ".part",
        "audit/audit.db",
        "audit/head.json",
    ] {
        assert!(made.iter().any(|path| path.ends_with(name)), "no {name} was made: {made:#?}");
    }
    assert!(made.iter().any(|path| path.contains("drafts/")), "no draft was made: {made:#?}");
    assert_eq!(open_to_others(&home), Vec::<String>::new());
    drop(half);

    // A cluster of the demonstration, with its data and its members' logs.
    let local = bench.runtime.block_on(LocalCluster::start(LocalClusterOptions::members(2))).unwrap();
    let folder = local.folder().to_owned();
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(open_to_others(&folder), Vec::<String>::new());

    // The real program, which makes its home itself.
    let fresh = place.join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    let endpoints = bench.cluster.endpoints().join(",");
    let target = fresh.join("export.json");
    let arguments = ["export", "--endpoints", &endpoints, "--prefix", "", "-o", target.to_str().unwrap()];
    let output = etcdscope(&fresh, &arguments).env(HOME_VARIABLE, fresh.join("made")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);

    let new_home = fresh.join("a/b");
    let storage = Storage::open(Some(new_home.clone()));
    storage.keep_settings(&Settings::default()).unwrap();
    assert_eq!(std::fs::metadata(new_home.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(open_to_others(&new_home), Vec::<String>::new());
    std::fs::write(place.join("done"), "").unwrap();
}

#[test]
fn everything_is_its_owners_alone_even_without_a_umask() {
    let place = tempfile::tempdir().unwrap();
    let child = Command::new("sh")
        .args(["-c", "umask 000 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "owner_only::child_that_makes_files", "--nocapture"])
        .env(CHILD, place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = [child.stdout, child.stderr].concat();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&told));
    assert!(place.path().join("done").exists(), "the child did nothing");
}

/// The log of frames lies where the operator says, beside other people's files.
#[test]
fn a_file_named_by_the_operator_is_private_too() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    careless(&old, "what was there");
    for path in [new, old] {
        drop(etcdscope::storage::create_private(&path).unwrap());
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));
    }
}
