//! The frame of the window: what it says about the connection, and that pressing does what it says.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::activity::ActivityKind;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::message::{RequestId, SessionId};
use etcdscope::model::profile::ProfileColour;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta};
use etcdscope::model::session::{Job, JobKind, JobState, Screen, Session};
use etcdscope::model::settings::{Language, Settings};
use etcdscope::model::status::{MirrorState, Notice};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::{Toast, ToastKind, ToastText, World};

use crate::support::{NOW, Setting, key, live_session, live_world, value};

fn first(world: &mut World) -> &mut Session {
    world.sessions.first_mut().expect("a connection")
}

/// A world in which things happen.
pub fn busy_world() -> World {
    let mut world = live_world();
    let session = first(&mut world);
    session.profile.colour = ProfileColour::Red;
    for (at, (name, delete)) in [
        ("/config/staging/api-gateway/routes.json", false),
        ("/services/user/10.0.1.7", true),
        ("/config/production/order-service/db.json", false),
        ("/config/production/api-gateway/routes.json", false),
    ]
    .into_iter()
    .enumerate()
    {
        let revision = 182_331 + at as i64;
        let meta = KeyMeta { create_revision: 120, mod_revision: revision, version: 17, lease: 0 };
        let kind = if delete { ChangeKind::Delete } else { ChangeKind::Put { meta, value: value("{}") } };
        let change = KeyChange { key: key(name), kind, prev: None };
        let ancestors: Vec<&[u8]> = session.keyspace.ancestors(name.as_bytes());
        session.activity.note(&change, revision, NOW - 9_000 * (4 - at as i64), &ancestors);
    }
    let mut second = live_session();
    second.id = SessionId(2);
    second.profile.name = String::from("staging");
    second.profile.colour = ProfileColour::Green;
    second.profile.read_only = true;
    world.sessions.push(second);
    world
}

#[test]
fn a_leader_that_this_user_may_not_see_is_no_alarm() {
    let mut world = live_world();
    for member in &mut first(&mut world).cluster.members {
        member.version.clear();
        member.is_leader = false;
    }
    let scene = Setting::default().play(world);
    assert!(scene.sees("leader not shown to this user"));
    assert!(!scene.sees("no leader known"));
}

#[test]
fn the_title_says_how_true_the_screen_is() {
    let mut scene = Setting::default().play(live_world());
    assert!(scene.sees("Live") && scene.sees("r182334"));
    assert!(scene.sees("3/3 members") && scene.sees("leader etcd-2") && scene.sees("via etcd-1"));
    let lost = Fault::new(FaultKind::Unavailable, "connection reset");
    for (state, words) in [
        (MirrorState::Connecting, "Connecting…"),
        (MirrorState::Listing { loaded: 1_200, total: Some(3_000) }, "1,200 of 3,000 keys"),
        (MirrorState::CatchingUp, "Catching up"),
        (
            MirrorState::Stale { since: NOW - 12_000, fault: lost.clone(), retry_at: Some(NOW + 4_000) },
            "Stale since",
        ),
        (MirrorState::Failed(Fault::new(FaultKind::WrongPassword, "")), "Disconnected"),
    ] {
        scene.change(|world| first(world).state = state.clone());
        assert!(scene.sees(words), "{words}");
        assert!(!scene.sees("Live"), "{words}: nothing on screen pretends to be live");
    }
    scene.change(|world| {
        first(world).state =
            MirrorState::Stale { since: NOW - 12_000, fault: lost, retry_at: Some(NOW + 4_000) };
    });
    assert!(scene.sees("12 s ago") && scene.sees("next attempt in 4 s"));
    assert!(scene.sees("The member cannot be reached"), "the cause is on screen");
    scene.press("Retry now");
    assert!(scene.actions().contains(&Action::Run(UserCommand::Reconnect)));
}

#[test]
fn the_navigation_leads_to_every_screen() {
    let mut scene = Setting::default().size(1_440.0, 900.0).play(live_world());
    for (name, screen) in
        [("Locks", Screen::Locks), ("Elections", Screen::Elections), ("Cluster", Screen::Cluster)]
    {
        scene.harness.get_by_role_and_label(Role::Tab, name).click();
        scene.settle();
        assert_eq!(scene.actions(), [Action::ShowScreen(screen)]);
    }
}

#[test]
fn shortcuts_run_commands_but_not_while_typing_or_asking() {
    let mut scene = Setting::default().play(live_world());
    scene.key(egui::Modifiers::COMMAND, egui::Key::K);
    scene.key(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::T);
    scene.key(egui::Modifiers::NONE, egui::Key::F1);
    assert_eq!(
        scene.actions(),
        [UserCommand::Palette, UserCommand::CycleTheme, UserCommand::Shortcuts].map(Action::Run),
        "with Shift it is not the command without"
    );
    scene.key(egui::Modifiers::NONE, egui::Key::Slash);
    assert_eq!(scene.actions(), [Action::Run(UserCommand::FocusFilter)]);
    scene.change(|world| world.dialog = Some(etcdscope::model::dialog::Dialog::Settings));
    scene.key(egui::Modifiers::COMMAND, egui::Key::K);
    assert!(!scene.actions().contains(&Action::Run(UserCommand::Palette)), "the dialog has the keys");
}

#[test]
fn tabs_show_close_and_warn() {
    let mut scene = Setting::default().play(busy_world());
    scene.press("staging");
    assert_eq!(scene.actions(), [Action::ShowSession(Some(SessionId(2)))]);
    scene.press("Close prod-eu");
    assert_eq!(scene.actions(), [Action::CloseSession(SessionId(1))]);
    scene.press("New connection");
    assert_eq!(scene.actions(), [Action::Run(UserCommand::NewConnection)]);
    assert!(scene.sees("Production"));
}

#[test]
fn a_change_at_the_bottom_reveals_its_key() {
    let mut scene = Setting::default().size(1_600.0, 900.0).play(busy_world());
    scene.picture("shell-busy");
    assert_eq!(
        scene.harness.state().world.sessions[0].activity.lines().last().map(|line| line.kind),
        Some(ActivityKind::Changed)
    );
    scene.press("PUT /config/production/api-gateway/routes.json r182334");
    let revealed = Action::Reveal(TreeItem::key(key("/config/production/api-gateway/routes.json")));
    assert_eq!(scene.actions(), [Action::ShowScreen(Screen::Keys), revealed]);
    assert!(scene.sees("4 changes in the last minute"));
}

#[test]
fn notices_can_be_read_away_and_alarms_not() {
    let mut world = live_world();
    let session = first(&mut world);
    session.cluster.notices = vec![Notice::AuthenticationOff];
    session.cluster.alarms = vec![(String::from("NOSPACE"), session.cluster.members[0].id)];
    let mut scene = Setting::default().play(world);
    assert!(scene.sees("authentication switched off") && scene.sees("etcd-1 has reached its space quota"));
    scene.press("Dismiss");
    assert!(!scene.sees("authentication switched off") && scene.sees("etcd-1 has reached its space quota"));
    scene.press("Show cluster");
    assert_eq!(scene.actions(), [Action::ShowScreen(Screen::Cluster)]);
}

#[test]
fn jobs_can_be_stopped_and_dismissed() {
    let mut world = live_world();
    let job = |request, state| Job {
        request: RequestId(request),
        kind: JobKind::Export(String::from("/tmp/prod.json")),
        done: 1_204,
        total: Some(3_000),
        state,
    };
    first(&mut world).jobs = vec![
        job(7, JobState::Running),
        job(8, JobState::Failed(Fault::new(FaultKind::DiskFull, "No space left on device"))),
    ];
    let mut scene = Setting::default().play(world);
    scene.picture("shell-jobs");
    assert!(scene.sees("1,204 of 3,000") && scene.sees("The disk is full"));
    scene.press("Cancel");
    scene.press("Dismiss");
    assert_eq!(scene.actions(), [Action::CancelJob(RequestId(7)), Action::DismissJob(RequestId(8))]);
}

#[test]
fn toasts_leave_by_themselves_and_failures_later() {
    let toast = |id, kind, text| Toast { id, kind, text, seen_at: NOW - 7_000 };
    let mut world = live_world();
    world.toasts = vec![
        toast(1, ToastKind::Success, ToastText::Saved { key: String::from("/a"), revision: 9 }),
        toast(2, ToastKind::Failure, ToastText::Fault(Fault::new(FaultKind::Keyring, "no bus"))),
    ];
    let mut scene = Setting::default().play(world);
    scene.picture("shell-toasts");
    let actions = scene.actions();
    assert!(actions.contains(&Action::DismissToast(1)) && !actions.contains(&Action::DismissToast(2)));
    assert!(scene.sees("The password could not be kept"));
}

#[test]
fn nothing_is_plainly_live_while_no_member_answers() {
    let mut scene = Setting::default().play(live_world());
    let lost = Fault::new(FaultKind::Unavailable, "timed out");
    scene.change(|world| {
        for member in &mut first(world).cluster.members {
            member.fault = Some(lost.clone());
            member.is_leader = false;
        }
    });
    scene.picture("shell-checking");
    assert!(scene.sees("Checking…") && scene.sees("no member answers"));
    assert!(!scene.sees("Live"), "beside 0/3 members");
    scene.change(|world| first(world).cluster.members[0].fault = None);
    assert!(scene.sees("Live") && !scene.sees("Checking…"));
}

#[test]
fn a_discarded_draft_can_be_brought_back_for_a_while() {
    let draft = etcdscope::model::document::Draft {
        profile: String::from("prod-eu"),
        key: key("/config/a"),
        value: value("typed"),
        base: None,
        seen_at: NOW,
    };
    let text = ToastText::Discarded { session: SessionId(1), draft: Box::new(draft) };
    let mut world = live_world();
    world.toasts = vec![Toast { id: 7, kind: ToastKind::Info, text, seen_at: NOW - 10_000 }];
    let mut scene = Setting::default().play(world);
    scene.picture("shell-discarded");
    assert_eq!(scene.actions(), [], "it stays long enough");
    assert!(scene.sees("Draft discarded") && scene.sees("/config/a"));
    scene.press("Undo");
    assert_eq!(scene.actions(), [Action::UndoDiscard(7)]);
}

#[test]
fn the_language_of_the_screen_is_a_setting() {
    let mut scene = Setting::default().chinese().play(live_world());
    assert!(scene.sees("实时") && scene.sees("3/3 个成员") && scene.sees("动态"));
    scene.picture("shell-chinese");
    scene.change(|world| world.settings = Settings { language: Language::English, ..world.settings.clone() });
    scene.settle();
    assert!(scene.sees("Live") && !scene.sees("实时"));
}

#[test]
fn a_refused_login_leads_to_the_form_with_the_profile() {
    let mut world = live_world();
    first(&mut world).state =
        MirrorState::Failed(Fault::new(FaultKind::WrongPassword, "etcdserver: invalid user"));
    let mut scene = Setting::default().size(1_024.0, 640.0).play(world);
    scene.picture("shell-refused");
    assert!(scene.sees("The user name or the password is wrong"));
    scene.press("Edit connection…");
    assert_eq!(scene.actions(), [Action::ShowSession(None)]);
    scene.change(|world| world.active = None);
    let name = scene.harness.get_by_role_and_label(Role::TextInput, "Name");
    assert_eq!(name.value().as_deref(), Some("prod-eu"));
}

#[test]
fn a_stale_window_says_so_in_little_room() {
    let mut world = busy_world();
    let session = first(&mut world);
    let fault = Fault::new(FaultKind::Unavailable, "connection reset by peer");
    session.state = MirrorState::Stale { since: NOW - 95_000, fault, retry_at: Some(NOW + 2_500) };
    session.cluster.members[0].fault = Some(Fault::new(FaultKind::Unavailable, ""));
    let mut scene = Setting::default().size(1_024.0, 640.0).light().play(world);
    scene.picture("shell-stale-light");
    assert!(scene.sees("Stale since") && scene.sees("1 min ago") && scene.sees("next attempt in 3 s"));
    assert!(scene.sees("2/3 members"));
}

#[test]
fn production_is_framed_in_its_colour() {
    for setting in [Setting::default(), Setting::default().light()] {
        let mut scene = setting.size(640.0, 480.0).play(busy_world());
        let Ok(image) = scene.harness.render() else {
            eprintln!("there is no renderer on this machine: the picture is not looked at");
            return;
        };
        let edges = [(320, 1), (320, 3), (0, 240), (639, 240), (320, 479)];
        for (x, y) in edges {
            let [red, green, blue, _] = image.get_pixel(x, y).0;
            assert!(red > 180 && green < 110 && blue < 110, "{x},{y}: {red} {green} {blue}");
        }
        scene.change(|world| first(world).profile.colour = ProfileColour::None);
        let plain = scene.harness.render().expect("it rendered before");
        for (x, y) in edges {
            let [red, green, blue, _] = plain.get_pixel(x, y).0;
            assert!(red.abs_diff(green) < 60 && red.abs_diff(blue) < 60, "{x},{y}: {red} {green} {blue}");
        }
    }
}
