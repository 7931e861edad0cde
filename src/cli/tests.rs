use std::ffi::OsString;
use std::path::PathBuf;

use super::*;
use crate::demo::Scenario;
use crate::model::fault::FaultKind;
use crate::model::message::ConnectRequest;
use crate::model::profile::{Profile, Secret};
use crate::model::transfer::ExportFormat;

fn parsed(arguments: &[&str]) -> Result<Invocation, clap::Error> {
    parse_from(std::iter::once("etcdscope").chain(arguments.iter().copied()).map(OsString::from))
}

fn window(arguments: &[&str]) -> WindowArgs {
    match parsed(arguments).expect("valid arguments") {
        Invocation::Window(window) => window,
        other => panic!("not a window: {other:?}"),
    }
}

fn connection(arguments: &[&str]) -> ConnectionArgs {
    window(arguments).connection
}

fn export(arguments: &[&str]) -> ExportCommand {
    match parsed(arguments).expect("valid arguments") {
        Invocation::Run(RunCommand { kind: RunKind::Export(export), .. }) => export,
        other => panic!("not an export: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn no_arguments_open_the_window_without_a_connection() {
    assert_eq!(window(&[]), WindowArgs::default());
    assert_eq!(connection(&[]).request(&[], None), Ok(None));
}

#[test]
fn connection_flags_make_a_profile() {
    let flags = connection(&[
        "--endpoints",
        "https://a:2379, b:2379",
        "--user",
        "root:se:cret",
        "--cacert",
        "ca.pem",
        "--cert",
        "c.pem",
        "--key",
        "k.pem",
        "--server-name",
        "etcd.internal",
        "--read-only",
    ]);
    let request = flags.request(&[], None).expect("valid").expect("a cluster");
    assert_eq!(request.profile.name, "a:2379");
    assert_eq!(request.profile.endpoints, ["https://a:2379", "b:2379"]);
    assert_eq!(request.profile.user.as_deref(), Some("root"));
    assert_eq!(request.password, Some(Secret("se:cret".to_owned())));
    assert!(request.profile.tls.enabled && request.profile.read_only);
    assert_eq!(request.profile.tls.ca_file, Some(PathBuf::from("ca.pem")));
    assert_eq!(request.profile.tls.key_file, Some(PathBuf::from("k.pem")));
    assert_eq!(request.profile.tls.server_name.as_deref(), Some("etcd.internal"));
}

#[test]
fn a_stored_profile_is_changed_by_flags_and_never_loses_its_protection() {
    let stored = Profile {
        name: "prod".to_owned(),
        endpoints: vec!["a:1".to_owned()],
        read_only: true,
        user: Some("ops".to_owned()),
        ..Profile::default()
    };
    let stored = [stored];
    let request = |flags: &[&str]| connection(flags).request(&stored, None);
    let plain = request(&["--profile", "prod"]).expect("stored").expect("a cluster");
    assert_eq!(plain, ConnectRequest { profile: stored[0].clone(), password: None });
    let changed = request(&["--profile", "prod", "--endpoints", "b:2"]).expect("stored").expect("a cluster");
    assert_eq!(changed.profile.endpoints, ["b:2"]);
    assert!(changed.profile.read_only);
    let fault = request(&["--profile", "test"]).expect_err("not stored");
    assert!(fault.kind == FaultKind::Invalid && fault.detail.contains("prod"), "{fault}");
}

#[test]
fn the_environment_gives_way_to_flags() {
    let environment = ConnectRequest {
        profile: Profile {
            endpoints: vec!["env:1".to_owned()],
            user: Some("root".to_owned()),
            ..Profile::default()
        },
        password: Some(Secret("secret".to_owned())),
    };
    let request = |flags: &[&str]| {
        connection(flags).request(&[], Some(&environment)).expect("valid").expect("a cluster")
    };
    assert_eq!(request(&[]).profile.endpoints, ["env:1"]);
    assert_eq!(request(&["--endpoints", "flag:2"]).profile.endpoints, ["flag:2"]);
    assert_eq!(request(&["--user", "root"]).password, environment.password);
    // The password of one user is never sent as another's.
    assert_eq!(request(&["--user", "guest"]).password, None);
}

#[test]
fn flags_that_name_no_cluster_are_refused() {
    let fault = connection(&["--user", "root"]).request(&[], None).expect_err("no cluster");
    assert_eq!(fault.kind, FaultKind::Invalid);
    assert!(parsed(&["--cert", "c.pem"]).is_err());
    assert!(parsed(&["--user", ":secret"]).is_err());
}

#[test]
fn the_password_is_not_in_debug_output() {
    let flags = connection(&["--endpoints", "a:1", "--user", "root:hush"]);
    assert!(!format!("{flags:?}").contains("hush"));
    let error = parsed(&["--user", ":hush"]).expect_err("no name").to_string();
    assert!(error.contains("--user") && !error.contains("hush"), "{error}");
    let in_url = connection(&["--endpoints", "https://root:hush@a:1"]).request(&[], None);
    let fault = in_url.expect_err("a user in the endpoint");
    assert!(fault.detail.contains("at a:1") && !fault.detail.contains("hush"), "{fault}");
}

#[test]
fn window_flags_are_read() {
    let window = window(&["--renderer", "glow", "--theme", "light", "--lang", "zh-cn", "--log", "info"]);
    assert_eq!(window.renderer, RendererChoice::Glow);
    assert_eq!(window.theme, Some(ThemeChoice::Light));
    assert_eq!(window.language, Some(Language::SimplifiedChinese));
    assert_eq!(window.log.as_deref(), Some("info"));
}

#[test]
fn export_takes_its_format_from_the_file_and_flags_from_either_side() {
    let before = ["--endpoints", "a:1", "--user", "root", "export", "--prefix", "/a", "-o", "x.yml"];
    let behind = ["export", "--prefix", "/a", "-o", "x.yml", "--endpoints", "a:1", "--user", "root"];
    for arguments in [before, behind] {
        let command = export(&arguments);
        assert_eq!((command.format, command.output), (ExportFormat::Yaml, Some(PathBuf::from("x.yml"))));
        assert_eq!(command.connection.endpoints, ["a:1"]);
        assert_eq!(command.connection.user.map(|user| user.name).as_deref(), Some("root"));
    }
    assert!(parsed(&["--endpoints", "a:1", "export", "--prefix", "/a", "--endpoints", "b:1"]).is_err());
    assert!(parsed(&["--theme", "dark", "export", "--prefix", "/a"]).is_err());
    let command = export(&["export", "--prefix", "", "--format", "yaml"]);
    assert_eq!((command.format, command.output, command.prefix), (ExportFormat::Yaml, None, Vec::new()));
    assert_eq!(export(&["export", "--prefix", "/", "-o", "x"]).format, ExportFormat::Json);
    assert!(parsed(&["export"]).is_err(), "the prefix is never guessed");
    let error = parsed(&["export", "--prefix", "/", "-o", "x.txt"]).expect_err("no such format");
    assert!(error.to_string().contains("--format"), "{error}");
    let text = export(&["export", "--prefix", "/", "-o", "x.txt", "--format", "yaml"]);
    assert_eq!(text.format, ExportFormat::Yaml);
}

#[cfg(unix)]
#[test]
fn a_prefix_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let mut arguments: Vec<OsString> = ["etcdscope", "export", "--prefix"].map(OsString::from).to_vec();
    arguments.push(OsString::from_vec(b"/\xff".to_vec()));
    match parse_from(arguments).expect("valid arguments") {
        Invocation::Run(RunCommand { kind: RunKind::Export(command), .. }) => {
            assert_eq!(command.prefix, b"/\xff");
        }
        other => panic!("not an export: {other:?}"),
    }
}

#[test]
fn demo_is_for_the_window_unless_headless() {
    assert_eq!(
        window(&["demo", "--members", "5"]).demo,
        Some(DemoOptions { members: 5, ..Default::default() })
    );
    assert_eq!(window(&["demo", "--theme", "dark"]).theme, Some(ThemeChoice::Dark));
    assert_eq!(window(&["--theme", "dark", "demo"]).theme, Some(ThemeChoice::Dark));
    let Ok(Invocation::Run(RunCommand { kind: RunKind::Demo(demo), .. })) =
        parsed(&["demo", "--headless", "--seconds", "7"])
    else {
        panic!("not headless");
    };
    assert_eq!((demo.seconds, demo.options), (Some(7), DemoOptions::default()));
    assert!(parsed(&["demo", "--seconds", "7"]).is_err());
    let two = ["demo", "--scenario", "deadlock", "--scenario", "fifty-locks", "--scenario", "deadlock"];
    let wanted = [Scenario::Deadlock, Scenario::FiftyLocks];
    assert_eq!(window(&two).demo.map(|demo| demo.scenarios), Some(wanted.into()));
    let all = window(&["demo", "--scenario", "all"]).demo.map(|demo| demo.scenarios);
    assert_eq!(all, Some(Scenario::ALL.into()));
    assert!(parsed(&["demo", "--scenario", "earthquake"]).is_err());
    assert!(parsed(&["demo", "--members", "0"]).is_err());
    assert!(parsed(&["demo", "--endpoints", "a:1"]).is_err());
    assert!(parsed(&["--endpoints", "a:1", "demo"]).is_err());
}

#[cfg(unix)]
proptest::proptest! {
    #[test]
    fn any_arguments_are_taken_or_refused(
        words in proptest::collection::vec(proptest::collection::vec(1_u8..=255, 0..12), 0..5),
        known in proptest::sample::select(vec!["export", "demo", "restore", "history", "at", "audit", "--endpoints", "--prefix", "--user", "-o", "--"]),
    ) {
        use std::os::unix::ffi::OsStringExt as _;
        let words = words.into_iter().map(OsString::from_vec);
        drop(parse_from([OsString::from("etcdscope"), OsString::from(known)].into_iter().chain(words)));
    }

    #[test]
    fn a_prefix_is_taken_to_the_byte(prefix in proptest::collection::vec(1_u8..=255, 0..40)) {
        use std::os::unix::ffi::OsStringExt as _;
        let flag = OsString::from_vec([b"--prefix=".as_slice(), &prefix].concat());
        let arguments = ["etcdscope", "export"].map(OsString::from).into_iter().chain([flag]);
        match parse_from(arguments) {
            Ok(Invocation::Run(RunCommand { kind: RunKind::Export(export), .. })) => {
                proptest::prop_assert_eq!(export.prefix, prefix);
            }
            other => proptest::prop_assert!(false, "{:?}", other),
        }
    }
}
