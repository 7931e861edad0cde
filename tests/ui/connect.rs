//! The first screen: what is typed is what is connected to, tested and kept.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::dialog::{ChosenFile, FileQuestion};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::message::RequestId;
use etcdscope::model::profile::{Profile, ProfileColour, Secret};
use etcdscope::model::status::{TestOutcome, TestStep, TestStepKind};
use etcdscope::model::world::{ConnectionTest, DemoState, World};

use crate::support::{Scene, Setting};

fn world() -> World {
    let profile = |name: &str, colour, read_only| Profile {
        name: String::from(name),
        endpoints: vec![
            format!("https://{name}-1.example.com:2379"),
            format!("https://{name}-2.example.com:2379"),
        ],
        colour,
        read_only,
        ..Profile::default()
    };
    World {
        profiles: vec![
            profile("prod-eu", ProfileColour::Red, true),
            profile("staging", ProfileColour::Green, false),
            profile("dev", ProfileColour::None, false),
        ],
        local_endpoint: Some(String::from("http://127.0.0.1:2379")),
        stored_loaded: true,
        ..World::default()
    }
}

/// Presses the button below the form (cards have buttons of their own names).
fn press_button(scene: &mut Scene, name: &str) {
    scene.harness.get_by_role_and_label(Role::Button, name).click();
    scene.settle();
}

#[test]
fn what_is_typed_is_what_is_connected_to() {
    let mut scene = Setting::default().size(1_280.0, 1_000.0).play(World::default());
    scene.type_into("Name", "prod");
    scene.type_into("Endpoint 1", "https://etcd-1.example.com:2379");
    scene.press("Add endpoint");
    scene.type_into("Endpoint 2", "etcd-2.example.com:2379");
    scene.type_into("User", "root");
    scene.harness.get_by_role_and_label(Role::PasswordInput, "Password").focus();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::PasswordInput, "Password").type_text("s3cret");
    scene.settle();
    scene.press("Red, production");
    scene.press("Read-only");
    scene.type_into("Server name", "etcd");
    scene.picture("connect-filled");
    press_button(&mut scene, "Connect");
    let actions = scene.actions();
    let [Action::Connect(request)] = actions.as_slice() else { panic!("{actions:?}") };
    let profile = &request.profile;
    assert_eq!(profile.name, "prod");
    assert_eq!(profile.endpoints, ["https://etcd-1.example.com:2379", "etcd-2.example.com:2379"]);
    assert_eq!(
        (profile.user.as_deref(), &request.password),
        (Some("root"), &Some(Secret(String::from("s3cret"))))
    );
    assert_eq!((profile.colour, profile.read_only), (ProfileColour::Red, true));
    assert_eq!(profile.tls.server_name.as_deref(), Some("etcd"));
    press_button(&mut scene, "Save and connect");
    let actions = scene.actions();
    assert!(matches!(
        actions.as_slice(),
        [Action::KeepProfile { renamed_from: None, password: Some(_), .. }, Action::Connect(_)]
    ));
}

#[test]
fn what_cannot_work_is_told_instead_of_tried() {
    let mut scene = Setting::default().play(world());
    press_button(&mut scene, "Connect");
    assert!(scene.sees("Enter at least one endpoint"));
    scene.type_into("Endpoint 1", "unix:///run/etcd");
    press_button(&mut scene, "Connect");
    press_button(&mut scene, "Test");
    assert!(scene.sees("Only http:// and https:// are known"));
    scene.type_into("Name", "staging");
    assert!(scene.sees("Another profile has this name"));
    assert_eq!(scene.actions(), [], "nothing is tried");
}

#[test]
fn a_slash_in_a_field_is_typed_and_not_a_shortcut() {
    let mut scene = Setting::default().play(crate::support::live_world());
    scene.change(|world| world.active = None);
    scene.type_into("Endpoint 1", "http:");
    scene.harness.key_press(egui::Key::Slash);
    scene.settle();
    assert!(!scene.actions().contains(&Action::Run(UserCommand::FocusFilter)));
    scene.key(egui::Modifiers::COMMAND, egui::Key::K);
    assert_eq!(scene.actions(), [Action::Run(UserCommand::Palette)], "with Ctrl it works everywhere");
}

#[test]
fn a_test_tells_step_by_step_what_works() {
    let mut scene = Setting::default().size(1_280.0, 1_000.0).play(world());
    scene.type_into("Endpoint 1", "https://etcd-1.example.com:2379");
    press_button(&mut scene, "Test");
    let actions = scene.actions();
    assert!(matches!(actions.as_slice(), [Action::TestConnection(_)]), "{actions:?}");
    let step =
        |step, outcome| TestStep { endpoint: String::from("https://etcd-1.example.com:2379"), step, outcome };
    let fault = Fault::new(FaultKind::CertificateUnknownAuthority, "invalid peer certificate: UnknownIssuer");
    scene.change(|world| {
        world.test = Some(ConnectionTest {
            request: RequestId(3),
            steps: vec![
                step(TestStepKind::Name, TestOutcome::Passed(String::from("10.0.0.7"))),
                step(TestStepKind::Port, TestOutcome::Passed(String::new())),
                step(TestStepKind::Tls, TestOutcome::Failed(fault)),
            ],
            done: false,
        });
    });
    let endpoint = "https://etcd-1.example.com:2379";
    for words in [
        "Name: passed · 10.0.0.7",
        "Port: passed",
        "TLS: The server's certificate is signed by an authority that is not trusted",
        "Login: waiting",
    ] {
        assert!(scene.sees(&format!("{endpoint} {words}")), "{words}");
    }
    scene.change(|world| world.test.as_mut().expect("a test").done = true);
    assert!(scene.sees(&format!("{endpoint} Login: not tried")) && scene.sees("Something is wrong"));
    assert!(scene.sees("Choose the CA file"), "the advice is on screen");
    assert!(scene.sees("UnknownIssuer"), "the detail is on screen");
    scene.harness.get_by_label("Connection test").scroll_to_me();
    scene.settle();
    scene.picture("connect-test");
}

#[test]
fn saved_profiles_connect_change_and_go() {
    let mut scene = Setting::default().light().play(world());
    scene.picture("connect-light");
    scene.press("Connect to staging");
    let actions = scene.actions();
    assert!(matches!(actions.as_slice(), [Action::Connect(request)] if request.profile.name == "staging"));
    scene.harness.get_by_role_and_label(Role::ListItem, "staging").click();
    scene.settle();
    assert_eq!(
        scene.harness.get_by_role_and_label(Role::TextInput, "Name").value().as_deref(),
        Some("staging")
    );
    press_button(&mut scene, "Save");
    let actions = scene.actions();
    assert!(matches!(
        actions.as_slice(),
        [Action::KeepProfile { renamed_from: None, password: Some(Secret(empty)), .. }] if empty.is_empty()
    ));
    scene.press("Remove…");
    assert_eq!(scene.actions(), [], "it is asked first");
    press_button(&mut scene, "Remove");
    assert_eq!(scene.actions(), [Action::RemoveProfile(String::from("staging"))]);
}

#[test]
fn files_are_chosen_with_the_system_and_land_in_their_field() {
    let mut scene = Setting::default().size(1_280.0, 1_100.0).play(World::default());
    scene.press("Use TLS");
    scene.press("Choose the file for CA file");
    assert_eq!(scene.actions(), [Action::ChooseFile(FileQuestion::AuthorityFile)]);
    let path = PathBuf::from("/etc/etcd/ca.pem");
    scene.change(|world| {
        let question = FileQuestion::AuthorityFile;
        world.chosen_file = Some(ChosenFile { serial: 1, question, path: path.clone() });
    });
    assert_eq!(
        scene.harness.get_by_role_and_label(Role::TextInput, "CA file").value().as_deref(),
        Some("/etc/etcd/ca.pem")
    );
    scene.type_into("Endpoint 1", "etcd:2379");
    press_button(&mut scene, "Connect");
    let actions = scene.actions();
    assert!(
        matches!(actions.as_slice(), [Action::Connect(request)] if request.profile.tls.ca_file == Some(path))
    );
}

#[test]
fn the_screen_speaks_chinese() {
    let mut scene = Setting::default().chinese().play(world());
    assert!(scene.sees("连接 etcd") && scene.sees("演示集群") && scene.sees("保存并连接"));
    scene.picture("connect-chinese");
}

#[test]
fn the_first_run_needs_no_file() {
    let mut scene = Setting::default().size(1_024.0, 640.0).play(World::default());
    scene.picture("connect-first-run");
    scene.press("Start the demonstration cluster");
    assert_eq!(scene.actions(), [Action::StartDemo]);
    scene.change(|world| world.demo = DemoState::Failed(Fault::new(FaultKind::Other, "no etcd found")));
    assert!(scene.sees("Something went wrong"));
    scene.change(|world| world.demo = DemoState::Starting);
    assert!(scene.sees("Demonstration cluster"));
}
