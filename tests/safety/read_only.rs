//! A read-only profile cannot write: not by any action, command of the palette, shortcut or command
//! line. The cluster itself counts the calls that arrive.

use std::sync::Mutex;

use etcdscope::action::{Action, ConfirmedDelete, ConfirmedEnd, ConfirmedPlan, UserCommand};
use etcdscope::app::App;
use etcdscope::model::audit::AuditQuery;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::compare::CompareSource;
use etcdscope::model::coordination::ClaimKind;
use etcdscope::model::dialog::{BlastRadius, Dialog, EndHow, EndQuestion, EndSubject, FileQuestion, Moved};
use etcdscope::model::diff::Side;
use etcdscope::model::document::{DocumentPage, SaveState};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::message::{ConnectRequest, RequestId, SessionId};
use etcdscope::model::overview::ServiceFilter;
use etcdscope::model::plan::{LostLease, PlanGoal, PlanId, PlanWork};
use etcdscope::model::profile::Profile;
use etcdscope::model::search::SearchQuery;
use etcdscope::model::session::{JobState, Screen};
use etcdscope::model::settings::Settings;
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::ToastText;
use etcdscope::model::write::BatchStep;

use super::support::{Bench, contents_below, etcdscope, has, session, wait};

const KEY: &[u8] = b"config/limit";
const GONE: &[u8] = b"config/gone";
/// Holds a lock, by this lease.
const CLAIM: &[u8] = b"locks/held/7e57";
const CLAIM_LEASE: i64 = 0x7e57;

fn key(text: &[u8]) -> Key {
    Key::from(text)
}

fn row(text: &[u8]) -> TreeItem {
    TreeItem::key(text)
}

fn value(text: &str) -> Value {
    Value::from(text.as_bytes())
}

/// What an action may do to a connection that may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It sends a write; read-only it is refused, and that is said.
    Writes,
    /// It asks before it would write; read-only it does not even ask, and that is said.
    Asks,
    /// It never writes.
    Reads,
    /// It opens a window of the system: not tried here.
    Elsewhere,
}

/// A sample of every action, each with what it does: an action that is not listed here does not
/// compile.
macro_rules! every_action {
    ($($pattern:pat => $does:ident, $sample:expr;)*) => {
        fn does(action: &Action) -> Does {
            match action {
                $($pattern => Does::$does,)*
            }
        }

        fn every_action(bench: &Bench, revision: i64) -> Vec<Action> {
            let samples: Vec<fn(&Bench, i64) -> Action> = vec![$($sample),*];
            let samples: Vec<_> = samples.into_iter().map(|sample| sample(bench, revision)).collect();
            let mut at = samples.iter();
            $(assert!(matches!(at.next(), Some($pattern)), "a sample stands in another's place");)*
            samples
        }
    };
}

fn request(bench: &Bench) -> Box<ConnectRequest> {
    let profile = Profile { name: "another".to_owned(), read_only: true, ..bench.profile() };
    Box::new(ConnectRequest { profile, password: None })
}

fn confirmed(revision: i64) -> ConfirmedDelete {
    let steps = vec![BatchStep::Delete { key: key(KEY), revision }];
    let radius = BlastRadius { keys: 1, ..BlastRadius::default() };
    let dialog = Dialog::Delete { roots: vec![row(KEY)], radius, steps, type_to_confirm: None };
    ConfirmedDelete::confirm(&dialog, "").unwrap()
}

fn confirmed_end(revision: i64) -> ConfirmedEnd {
    let question = EndQuestion {
        subject: EndSubject::Lease,
        key: Some((key(KEY), revision)),
        lease: 7,
        attached: Vec::new(),
        type_to_confirm: None,
        moved: Moved::default(),
    };
    ConfirmedEnd::confirm(&Dialog::End(Box::new(question)), EndHow::DeleteKey, "").unwrap()
}

every_action! {
    Action::Run(_) => Reads, |_, _| Action::Run(UserCommand::ShowKeys);
    Action::Connect(_) => Reads, |bench, _| Action::Connect(request(bench));
    Action::TestConnection(_) => Reads, |bench, _| Action::TestConnection(request(bench));
    Action::TestNotification => Reads, |_, _| Action::TestNotification;
    Action::Reconnect => Reads, |_, _| Action::Reconnect;
    Action::ShowSession(_) => Reads, |_, _| Action::ShowSession(Some(SessionId(1)));
    Action::CloseSession(_) => Reads, |_, _| Action::CloseSession(SessionId(1));
    Action::KeepProfile { .. } => Reads, |bench, _| Action::KeepProfile {
        profile: Box::new(Profile { name: "kept".to_owned(), ..bench.profile() }),
        renamed_from: None,
        password: None,
    };
    Action::ChangeSchemas(_) => Reads, |_, _| Action::ChangeSchemas(Box::default());
    Action::RemoveProfile(_) => Reads, |_, _| Action::RemoveProfile("kept".to_owned());
    Action::StartDemo => Reads, |_, _| Action::StartDemo;
    Action::ChangeSettings(_) => Reads, |_, _| {
        Action::ChangeSettings(Box::new(Settings { compact_rows: true, ..Settings::default() }))
    };
    Action::ShowScreen(_) => Reads, |_, _| Action::ShowScreen(Screen::Locks);
    Action::ToggleFolder(_) => Reads, |_, _| Action::ToggleFolder(key(b"config/"));
    Action::Reveal(_) => Reads, |_, _| Action::Reveal(row(KEY));
    Action::Select { .. } => Reads, |_, _| Action::Select { rows: vec![row(KEY)], cursor: Some(row(KEY)) };
    Action::Search(_) => Reads, |_, _| {
        Action::Search(SearchQuery { text: "limit".to_owned(), ..SearchQuery::default() })
    };
    Action::ToggleFavourite(_) => Reads, |_, _| Action::ToggleFavourite(key(KEY));
    Action::AskCreate { .. } => Asks, |_, _| Action::AskCreate { prefix: key(b"config/") };
    Action::AskMove { .. } => Asks, |_, _| Action::AskMove { from: row(KEY), copy: false };
    Action::AskDelete(_) => Asks, |_, _| Action::AskDelete(vec![row(KEY)]);
    Action::AskUndelete(_) => Asks, |_, _| Action::AskUndelete(key(GONE));
    Action::AskExport(_) => Reads, |_, _| Action::AskExport(TreeItem::folder(&b"config/"[..]));
    Action::CloseDialog => Reads, |_, _| Action::CloseDialog;
    Action::Create { .. } => Writes, |_, revision| Action::Create {
        key: key(format!("config/new-{revision}").as_bytes()),
        value: value("new"),
    };
    Action::Move { .. } => Writes, |_, revision| Action::Move {
        from: row(KEY),
        to: key(format!("config/copy-{revision}").as_bytes()),
        copy: true,
        keep_lease: true,
    };
    Action::Delete(_) => Writes, |_, revision| Action::Delete(confirmed(revision));
    Action::Undelete(_) => Writes, |_, _| Action::Undelete(key(GONE));
    Action::Export(_) => Reads, |bench, _| Action::Export(ExportRequest {
        prefix: b"config/".to_vec(),
        only_key: false,
        format: ExportFormat::Json,
        path: bench.home.path().join("export.json"),
    });
    Action::Travel { .. } => Reads, |_, _| Action::Travel { prefix: key(b"config/") };
    Action::TravelTo(_) => Reads, |_, _| Action::TravelTo(2);
    Action::TravelCompare(_) => Reads, |_, _| Action::TravelCompare(Some(3));
    Action::TravelOpen(_) => Reads, |_, _| Action::TravelOpen(Some(key(KEY)));
    Action::TravelRetry => Reads, |_, _| Action::TravelRetry;
    Action::LeaveTravel => Reads, |_, _| Action::LeaveTravel;
    Action::OpenKey(_) => Reads, |_, _| Action::OpenKey(key(GONE));
    Action::CloseDocument(_) => Reads, |_, _| Action::CloseDocument(key(GONE));
    Action::DiscardAndClose(_) => Reads, |_, _| Action::DiscardAndClose(key(GONE));
    Action::ShowPage { .. } => Reads, |_, _| {
        Action::ShowPage { key: key(KEY), page: DocumentPage::History }
    };
    Action::EditDraft { .. } => Reads, |_, _| Action::EditDraft { key: key(KEY), value: value("typed") };
    Action::ReplaceDraft { .. } => Reads, |_, _| {
        Action::ReplaceDraft { key: key(KEY), value: value("replaced") }
    };
    Action::DiscardDraft(_) => Reads, |_, _| Action::DiscardDraft(key(KEY));
    Action::UndoDiscard(_) => Reads, |_, _| Action::UndoDiscard(1);
    Action::Review(_) => Reads, |_, _| Action::Review(key(KEY));
    Action::CancelSave(_) => Reads, |_, _| Action::CancelSave(key(KEY));
    Action::Save(_) => Writes, |_, _| Action::Save(key(KEY));
    Action::Resolve { .. } => Reads, |_, _| Action::Resolve { key: key(KEY), merged: value("merged") };
    Action::TakeTheirs(_) => Reads, |_, _| Action::TakeTheirs(key(KEY));
    Action::Reload(_) => Reads, |_, _| Action::Reload(key(KEY));
    Action::LoadHistory(_) => Reads, |_, _| Action::LoadHistory(key(KEY));
    Action::CompareWith { .. } => Reads, |bench, _| Action::CompareWith {
        key: key(KEY),
        sources: vec![(Side::Old, CompareSource::File(bench.home.path().join("value")))],
    };
    Action::SwapCompared(_) => Reads, |_, _| Action::SwapCompared(key(KEY));
    Action::ReadCompared { .. } => Reads, |_, _| {
        Action::ReadCompared { key: key(KEY), source: CompareSource::Live }
    };
    Action::OfferDeepHistory(_) => Reads, |_, _| Action::OfferDeepHistory(key(KEY));
    Action::StartDeepHistory(_) => Reads, |_, _| Action::StartDeepHistory(key(KEY));
    Action::StopDeepHistory(_) => Reads, |_, _| Action::StopDeepHistory(key(KEY));
    Action::LoadTogether { .. } => Reads, |_, _| Action::LoadTogether { key: key(KEY), revision: 2 };
    Action::Restore { .. } => Reads, |_, _| Action::Restore { key: key(KEY), value: value("restored") };
    Action::MakePlan { .. } => Reads, |_, _| Action::MakePlan {
        goal: deletion(),
        lost_lease: LostLease::LeaveOut,
    };
    Action::ShowPlan(_) => Reads, |_, _| Action::ShowPlan(None);
    Action::SetSteps { .. } => Reads, |_, _| {
        Action::SetSteps { plan: planned(), steps: vec![0], on: true }
    };
    Action::SetLostLease { .. } => Reads, |_, _| {
        Action::SetLostLease { plan: planned(), lost_lease: LostLease::Permanent }
    };
    Action::AskRunPlan(_) => Asks, |_, _| Action::AskRunPlan(planned());
    Action::RunPlan(_) => Writes, |_, _| Action::RunPlan(confirmed_plan());
    Action::StopPlan(_) => Reads, |_, _| Action::StopPlan(planned());
    Action::UndoPlan(_) => Reads, |_, _| Action::UndoPlan(planned());
    Action::DropPlan(_) => Reads, |_, _| Action::DropPlan(planned());
    Action::LoadAudit(_) => Reads, |_, _| Action::LoadAudit(AuditQuery::default());
    Action::ExportAudit(..) => Reads, |bench, _| {
        Action::ExportAudit(AuditQuery::default(), bench.home.path().join("audit.csv"))
    };
    Action::Promote { .. } => Reads, |_, _| Action::Promote { goal: deletion(), based_on: Vec::new() };
    Action::ReadLayers(_) => Reads, |_, _| Action::ReadLayers(key(b"config/"));
    Action::KeepLayers(_) => Reads, |_, _| Action::KeepLayers(Box::default());
    Action::LoadLeases(_) => Reads, |_, _| Action::LoadLeases(vec![7]);
    Action::ListLeases => Reads, |_, _| Action::ListLeases;
    Action::ShowService(_) => Reads, |_, _| Action::ShowService(key(b"services/a/"));
    Action::ShowServices(_) => Reads, |_, _| Action::ShowServices(ServiceFilter::Problems);
    Action::ShowQueue(..) => Reads, |_, _| Action::ShowQueue(ClaimKind::Lock, key(b"locks/a"));
    Action::ShowRaft => Reads, |_, _| Action::ShowRaft;
    Action::ShowLease(_) => Reads, |_, _| Action::ShowLease(7);
    Action::AskEndKey(_) => Asks, |_, _| Action::AskEndKey(key(CLAIM));
    Action::AskEndLease(_) => Asks, |_, _| Action::AskEndLease(7);
    Action::End(_) => Writes, |_, revision| Action::End(confirmed_end(revision));
    Action::AskGrantLease => Asks, |_, _| Action::AskGrantLease;
    Action::GrantLease { .. } => Writes, |_, _| Action::GrantLease { ttl_secs: 60, id: 0 };
    Action::KeepLease(_) => Writes, |_, _| Action::KeepLease(7);
    Action::AskAttach(_) => Asks, |_, _| Action::AskAttach(7);
    Action::Attach { .. } => Writes, |_, revision| Action::Attach { key: key(KEY), revision, lease: 7 };
    Action::AskEditInstance(_) => Asks, |_, _| Action::AskEditInstance(key(KEY));
    Action::EditInstance { .. } => Writes, |_, revision| Action::EditInstance {
        key: key(KEY),
        revision,
        value: value("{}"),
    };
    Action::KeepCoordination(_) => Reads, |_, _| Action::KeepCoordination(Box::default());
    Action::CancelJob(_) => Reads, |_, _| Action::CancelJob(RequestId(1));
    Action::DismissJob(_) => Reads, |_, _| Action::DismissJob(RequestId(1));
    Action::DismissToast(_) => Reads, |_, _| Action::DismissToast(1);
    Action::ChooseFile(_) => Elsewhere, |_, _| Action::ChooseFile(FileQuestion::KeyFile);
    Action::CopyText(_) => Reads, |_, _| Action::CopyText("text".to_owned());
}

/// Whether a command of the palette leads to a write; a command that is not listed does not compile.
fn leads_to_a_write(command: UserCommand) -> bool {
    match command {
        UserCommand::CreateKey
        | UserCommand::Rename
        | UserCommand::Copy
        | UserCommand::Delete
        | UserCommand::Save => true,
        UserCommand::Palette
        | UserCommand::NewConnection
        | UserCommand::CloseConnection
        | UserCommand::NextConnection
        | UserCommand::Reconnect
        | UserCommand::ShowKeys
        | UserCommand::ShowOverview
        | UserCommand::ShowServices
        | UserCommand::ShowLeases
        | UserCommand::ShowLocks
        | UserCommand::ShowElections
        | UserCommand::ShowEnvironments
        | UserCommand::ShowRestore
        | UserCommand::ShowAudit
        | UserCommand::ShowCluster
        | UserCommand::FocusFilter
        | UserCommand::Export
        | UserCommand::ToggleFavourite
        | UserCommand::ShowDeleted
        | UserCommand::TimeTravel
        | UserCommand::Format
        | UserCommand::Discard
        | UserCommand::CloseKey
        | UserCommand::ShowHistory
        | UserCommand::Compare
        | UserCommand::NextChange
        | UserCommand::PreviousChange
        | UserCommand::CycleTheme
        | UserCommand::SwitchLanguage
        | UserCommand::Settings
        | UserCommand::Shortcuts
        | UserCommand::About => false,
    }
}

/// Everything that an action could need in order to write: a live connection, a key with a draft,
/// open and selected, a deleted key that was seen, a lock that is held.
fn prepare(app: &mut App, bench: &Bench, profile: &Profile) -> i64 {
    let shown = app.world().sessions.iter().find(|session| session.profile.name == profile.name);
    match shown.map(|session| session.id) {
        Some(id) => app.act(Action::ShowSession(Some(id))),
        None => bench.connect(app, profile.clone()),
    }
    app.act(Action::CloseDialog);
    if app.world().palette_open {
        app.act(Action::Run(UserCommand::Palette));
    }
    let revision = bench.revision();
    wait(app, "the newest revision", |world| session(world).applied >= revision);
    if session(app.world()).keyspace.get(KEY).is_none() {
        bench.put(KEY, "one");
    }
    wait(app, "the key", |world| session(world).keyspace.get(KEY).is_some());
    if session(app.world()).activity.deleted_key(GONE).is_none() {
        bench.put(GONE, "was here");
        wait(app, "the key to be deleted", |world| session(world).keyspace.get(GONE).is_some());
        bench.runtime.block_on(bench.client().delete(GONE, None)).unwrap();
        wait(app, "the deleted key", |world| session(world).activity.deleted_key(GONE).is_some());
    }
    // What is recognised comes a moment after the keys: these tell whether it is there.
    if session(app.world()).keyspace.get(CLAIM).is_none() {
        bench.hold(CLAIM, CLAIM_LEASE);
    }
    wait(app, "the lock", |world| session(world).coordination.claim_of(CLAIM).is_some());
    app.act(Action::OpenKey(key(KEY)));
    wait(app, "its value", |world| {
        session(world)
            .document(KEY)
            .is_some_and(|document| document.base.value().is_some() && !document.base.is_pending())
    });
    if session(app.world()).document(KEY).unwrap().live.is_some() {
        app.act(Action::TakeTheirs(key(KEY)));
    }
    let draft = value(&format!("draft {}", session(app.world()).applied));
    app.act(Action::EditDraft { key: key(KEY), value: draft });
    app.act(Action::Select { rows: vec![row(KEY)], cursor: Some(row(KEY)) });
    assert!(session(app.world()).document(KEY).unwrap().is_dirty());
    app.act(Action::MakePlan { goal: deletion(), lost_lease: LostLease::LeaveOut });
    wait(app, "a plan", |world| session(world).plans.shown().is_some());
    PLANNED.lock().unwrap().clone_from(&session(app.world()).plans.shown().unwrap().id);
    app.act(Action::ShowScreen(Screen::Keys));
    session(app.world()).keyspace.get(KEY).unwrap().meta.mod_revision
}

fn deletion() -> PlanGoal {
    PlanGoal::Values { origin: "planned".to_owned(), values: vec![(key(KEY), None)] }
}

/// Whether something was refused as read-only since the last time this was asked.
fn was_refused(app: &mut App) -> bool {
    let refusal =
        |text: &ToastText| matches!(text, ToastText::Fault(fault) if fault.kind == FaultKind::ReadOnly);
    let refused = app.world().toasts.iter().any(|toast| refusal(&toast.text));
    for id in app.world().toasts.iter().map(|toast| toast.id).collect::<Vec<_>>() {
        app.act(Action::DismissToast(id));
    }
    refused
}

/// The plan that [`prepare`] has made: it deletes the key.
static PLANNED: Mutex<PlanId> = Mutex::new(PlanId::new());

fn planned() -> PlanId {
    PLANNED.lock().unwrap().clone()
}

fn confirmed_plan() -> ConfirmedPlan {
    let dialog = Dialog::RunPlan { plan: planned(), work: PlanWork::default(), type_to_confirm: None };
    ConfirmedPlan::confirm(&dialog, "").unwrap()
}

/// Waits until nothing that was asked of the backend is unanswered.
fn settle(app: &mut App) {
    wait(app, "an end of everything under way", |world| {
        world.test.as_ref().is_none_or(|test| test.done)
            && world.sessions.iter().all(|session| {
                session.plans.making.is_none()
                    && session.plans.running.is_empty()
                    && session.jobs.iter().all(|job| job.state != JobState::Running)
                    && session.documents.iter().all(|document| {
                        !matches!(document.save, SaveState::Saving { .. })
                            && !document.base.is_pending()
                            && !document.history.is_pending()
                    })
            })
    });
}

fn name_of(action: &Action) -> String {
    format!("{action:?}").chars().take(60).collect()
}

#[test]
fn no_action_writes_through_a_read_only_profile() {
    let bench = Bench::start();
    let mut app = bench.app();
    let profile = Profile { read_only: true, ..bench.profile() };
    let count = every_action(&bench, 0).len();
    for at in 0..count {
        let revision = prepare(&mut app, &bench, &profile);
        let action = every_action(&bench, revision).swap_remove(at);
        let (name, kind) = (name_of(&action), does(&action));
        if kind == Does::Elsewhere {
            continue;
        }
        let (before, at_revision) = (bench.writes(), bench.revision());
        was_refused(&mut app);
        app.act(action);
        if matches!(kind, Does::Writes | Does::Asks) {
            assert!(was_refused(&mut app), "{name}: it is not said that it is read-only");
            assert_eq!(app.world().dialog, None, "{name}");
        }
        settle(&mut app);
        assert_eq!(bench.writes(), before, "{name}");
        assert_eq!(bench.revision(), at_revision, "{name}");
    }
    let before = bench.writes();
    app.shutdown();
    assert_eq!(bench.writes(), before, "something was still under way");
}

/// That the test above could fail: the same actions, on a profile that may be written to.
#[test]
fn the_same_actions_write_through_any_other_profile() {
    let bench = Bench::start();
    let mut app = bench.app();
    let count = every_action(&bench, 0).len();
    for at in 0..count {
        let revision = prepare(&mut app, &bench, &bench.profile());
        let action = every_action(&bench, revision).swap_remove(at);
        let (name, kind) = (name_of(&action), does(&action));
        let before = bench.writes();
        match kind {
            Does::Writes => {
                app.act(action);
                settle(&mut app);
                wait(&mut app, &name, |_| bench.writes() != before);
                settle(&mut app);
            }
            Does::Asks => {
                app.act(action);
                assert!(app.world().dialog.is_some(), "{name}");
            }
            Does::Reads | Does::Elsewhere => {}
        }
    }
    app.shutdown();
}

#[test]
fn no_command_of_the_palette_and_no_shortcut_writes_through_a_read_only_profile() {
    let bench = Bench::start();
    let mut app = bench.app();
    let read_only = Profile { read_only: true, ..bench.profile() };
    for command in UserCommand::ALL {
        prepare(&mut app, &bench, &read_only);
        assert!(!(leads_to_a_write(command) && command.is_available(app.world())), "{command:?} is offered");
        let before = bench.writes();
        // Twice: the second time it may meet what the first one has opened.
        for _ in 0..2 {
            app.act(Action::Run(command));
            assert!(
                matches!(
                    app.world().dialog,
                    None | Some(
                        Dialog::Settings
                            | Dialog::About
                            | Dialog::Shortcuts
                            | Dialog::Export { .. }
                            | Dialog::CloseDirty { .. }
                    )
                ),
                "{command:?} asks {:?}",
                app.world().dialog
            );
        }
        settle(&mut app);
        assert_eq!(bench.writes(), before, "{command:?}");
    }
    app.shutdown();

    let mut app = bench.app();
    for command in UserCommand::ALL.into_iter().filter(|command| leads_to_a_write(*command)) {
        prepare(&mut app, &bench, &bench.profile());
        assert!(command.is_available(app.world()), "{command:?} could be tried");
    }
    app.shutdown();
}

#[test]
fn a_profile_made_read_only_is_so_at_once_for_its_open_connections() {
    let bench = Bench::start();
    let mut app = bench.app();
    let keep = |profile: &Profile, renamed_from: Option<&str>| Action::KeepProfile {
        profile: Box::new(profile.clone()),
        renamed_from: renamed_from.map(str::to_owned),
        password: None,
    };
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    app.act(keep(&bench.profile(), None));
    prepare(&mut app, &bench, &bench.profile());
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the save", |world| {
        matches!(session(world).document(KEY).unwrap().save, SaveState::Saved { .. })
    });

    // By the way it also gets another name.
    let renamed = Profile { name: "renamed".to_owned(), read_only: true, ..bench.profile() };
    app.act(keep(&renamed, Some("bench")));
    app.act(Action::EditDraft { key: key(KEY), value: value("too late") });
    let before = bench.writes();
    assert!(!was_refused(&mut app));
    app.act(Action::Save(key(KEY)));
    assert!(was_refused(&mut app));

    // It stays so until it is opened anew.
    app.act(keep(&Profile { read_only: false, ..renamed.clone() }, None));
    app.act(Action::Save(key(KEY)));
    assert!(was_refused(&mut app));
    settle(&mut app);
    assert_eq!(bench.writes(), before);

    let id = session(app.world()).id;
    app.act(Action::CloseSession(id));
    bench.connect(&mut app, Profile { read_only: false, ..renamed });
    wait(&mut app, "the kept draft", |world| session(world).document(KEY).is_some());
    settle(&mut app);
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the save", |world| {
        matches!(session(world).document(KEY).unwrap().save, SaveState::Saved { .. })
    });
    app.shutdown();
}

#[test]
fn no_command_line_writes() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    bench.put(GONE, "one");
    let then = bench.revision().to_string();
    bench.put(KEY, "two");
    bench.runtime.block_on(bench.client().delete(GONE, None)).unwrap();
    let (before, revision) = (bench.writes(), bench.revision());
    let help = etcdscope(bench.home.path(), &["help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // `demo` starts a cluster of its own and takes no other. A new command is to be tried here.
    let all = ["export", "demo", "history", "at", "restore", "undelete", "plans", "audit", "help"];
    assert_eq!(commands, all);

    let endpoints = bench.cluster.endpoints().join(",");
    for read_only in [&["--read-only"][..], &[]] {
        let arguments = ["export", "--endpoints", &endpoints, "--prefix", ""];
        let output = etcdscope(bench.home.path(), &[&arguments, read_only].concat()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (key, at) = (std::str::from_utf8(KEY).unwrap(), revision.to_string());
    let reads: [&[&str]; 3] = [&["history", key], &["at", &at, ""], &["plans"]];
    for arguments in reads {
        let given = ["--endpoints", &endpoints, "--read-only"];
        let output = etcdscope(bench.home.path(), &[arguments, &given].concat()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let writes: [&[&str]; 2] = [&["restore", "", "--revision", &then, "--yes"], &["undelete", "", "--yes"]];
    for arguments in writes {
        let given = ["--endpoints", &endpoints, "--read-only"];
        let output = etcdscope(bench.home.path(), &[arguments, &given].concat()).output().unwrap();
        assert!(!output.status.success(), "{arguments:?} is refused");
    }
    let demo =
        etcdscope(bench.home.path(), &["demo", "--headless", "--endpoints", &endpoints]).output().unwrap();
    assert_eq!(demo.status.code(), Some(2), "it would write to someone's cluster");
    assert_eq!((bench.writes(), bench.revision()), (before, revision));
    let kept = contents_below(bench.home.path());
    assert!(kept.iter().all(|(_, content)| !has(content, "one")), "it keeps no value either");
}
