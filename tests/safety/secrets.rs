//! Passwords, tokens and keys are in memory and on the wire, and nowhere else.
//!
//! Values are the operator's data, not secrets of the console: what was typed and not saved is kept
//! as a draft, for its owner alone, and an export holds what it was asked for. Neither is ever in a
//! log.

use std::path::PathBuf;

use etcd_client::Client;
use etcdscope::action::Action;
use etcdscope::demo::{LocalCluster, LocalClusterOptions, TlsFiles};
use etcdscope::model::message::{Command, CommandKind, ConnectRequest, RequestId, SessionId};
use etcdscope::model::profile::{Profile, Secret};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::support::{contents_below, etcdscope, everything_below, has};

/// What must be found nowhere.
pub const PASSWORD: &str = "correct-horse-battery-staple";
const WRONG_PASSWORD: &str = "Tr0ub4dor-and-3";
/// A value that is opened and exported.
pub const VALUE: &str = "the-eagle-flies-at-midnight";
pub const KEY: &str = "launch-word";
/// How every token of [`LoginCluster`] begins: the base64 of `{"alg":"HS256"`.
pub const TOKEN: &str = "eyJhbGciOiJIUzI1NiI";

/// A cluster that asks for a login, and hands out tokens that can be recognised.
pub struct LoginCluster {
    pub cluster: LocalCluster,
    _keys: TempDir,
}

impl LoginCluster {
    pub async fn start(tls: Option<TlsFiles>) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let key = keys.path().join("hmac.key");
        std::fs::write(&key, "a key that signs tokens").unwrap();
        let tokens = format!("--auth-token=jwt,priv-key={},sign-method=HS256,ttl=10m", key.display());
        let options =
            LocalClusterOptions { extra_args: vec![tokens], tls, ..LocalClusterOptions::members(1) };
        let cluster = LocalCluster::start(options).await.unwrap();
        let mut client = cluster.client().await.unwrap();
        client.user_add("root", PASSWORD, None).await.unwrap();
        client.user_grant_role("root", "root").await.unwrap();
        client.put(KEY, VALUE, None).await.unwrap();
        client.auth_enable().await.unwrap();
        Self { cluster, _keys: keys }
    }
}

/// An authority, a server's and a client's certificate with their keys.
fn certificates(folder: &TempDir) -> TlsFiles {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let issue = |name: &str| -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let files = (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    };
    let (cert_file, key_file) = issue("server");
    let (client_cert_file, client_key_file) = issue("client");
    TlsFiles {
        ca_file,
        cert_file,
        key_file,
        client_cert_auth: true,
        client_cert_file: Some(client_cert_file),
        client_key_file: Some(client_key_file),
    }
}

/// Fails if any of the words is in the text.
pub fn assert_without(what: &str, content: &[u8], words: &[&str]) {
    for word in words {
        assert!(!has(content, word), "{what} has {word}:\n{}", String::from_utf8_lossy(content));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_with_everything_logged_tells_no_secret() {
    let pki = tempfile::tempdir().unwrap();
    let tls = certificates(&pki);
    let client_key = std::fs::read_to_string(tls.client_key_file.as_ref().unwrap()).unwrap();
    // The longest line of the key alone, and its middle: the rest is the same in every key.
    let client_key = client_key.lines().max_by_key(|line| line.len()).unwrap()[20..50].to_owned();
    let login = LoginCluster::start(Some(tls.clone())).await;
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = |file: &PathBuf| file.to_str().unwrap().to_owned();
    let endpoints = login.cluster.endpoints().join(",");
    let target = path(&elsewhere.path().join("export.json"));
    let run = |password: &str, target: &str| {
        let arguments = [
            "--log",
            "trace",
            "export",
            "--endpoints",
            &endpoints,
            "--user",
            "root",
            "--cacert",
            &path(&tls.ca_file),
            "--cert",
            &path(tls.client_cert_file.as_ref().unwrap()),
            "--key",
            &path(tls.client_key_file.as_ref().unwrap()),
            "--prefix",
            "",
            "-o",
            target,
        ];
        etcdscope(home.path(), &arguments)
            .env("ETCDCTL_PASSWORD", password)
            .env("ETCDSCOPE_HOME", home.path().join("files"))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap()
    };
    let output = run(PASSWORD, &target);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let exported = std::fs::read(&target).unwrap();
    assert!(has(&exported, VALUE), "it was asked for");
    assert_without("the export", &exported, &[PASSWORD, TOKEN, &client_key]);
    assert!(has(&output.stderr, "DEBUG h2::"), "what is sent is not logged: {output:?}");

    let refused = run(WRONG_PASSWORD, &target);
    assert_eq!(refused.status.code(), Some(1));
    let nowhere = run(PASSWORD, "/nonexistent/folder/export.json");
    assert_eq!(nowhere.status.code(), Some(1));
    for output in [output, refused, nowhere] {
        let words = [PASSWORD, WRONG_PASSWORD, TOKEN, &client_key, VALUE];
        assert_without("the log", &output.stderr, &words);
        assert_without("the output", &output.stdout, &words);
    }
    assert_eq!(contents_below(home.path()), Vec::new(), "nothing is left behind");
    assert_eq!(everything_below(elsewhere.path()).len(), 1, "the export alone");
}

/// What a panic, an `expect` or a log could print of anything that carries a password.
#[test]
fn what_is_printed_for_debugging_has_no_password() {
    let secret = || Some(Secret(PASSWORD.to_owned()));
    let connect = || {
        let profile = Profile { user: Some("root".to_owned()), ..Profile::default() };
        Box::new(ConnectRequest { profile, password: secret() })
    };
    let keep =
        || CommandKind::KeepProfile { profile: Box::default(), renamed_from: None, password: secret() };
    let command = |kind| Command { session: SessionId(1), request: RequestId(1), kind };
    let mut form = etcdscope::ui::connect::Form::default();
    form.password.0.push_str(PASSWORD);
    let told = [
        format!("{:#?}", command(CommandKind::Connect(connect()))),
        format!("{:?}", command(CommandKind::TestConnection(connect()))),
        format!("{:?}", command(keep())),
        format!("{:?}", Action::Connect(connect())),
        format!(
            "{:?}",
            Action::KeepProfile { profile: Box::default(), renamed_from: None, password: secret() }
        ),
        format!("{form:#?}"),
        format!(
            "{:?}",
            etcdscope::app::WindowOptions { environment: Some(*connect()), ..Default::default() }
        ),
    ];
    for text in told {
        assert!(text.contains("Secret"), "{text}");
        assert_without("the text", text.as_bytes(), &[PASSWORD]);
    }
}

/// Whether the search would find what it looks for.
#[test]
fn a_secret_is_found_however_it_is_written() {
    use base64::Engine as _;
    let base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    for text in [
        format!("password={PASSWORD};"),
        base64(format!("{PASSWORD}!")),
        base64(format!("a{PASSWORD}")),
        base64(format!("ab{PASSWORD}ab")),
        PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect(),
        format!("{:?}", PASSWORD.as_bytes()),
    ] {
        assert!(has(text.as_bytes(), PASSWORD), "{text}");
    }
    assert!(!has(b"nothing of the kind", PASSWORD));
}

/// Programs that the console starts need no password of a cluster, and get none.
#[cfg(target_os = "linux")]
#[test]
fn children_do_not_get_the_password() {
    use std::io::BufRead as _;
    let home = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--headless", "--members", "1", "--seconds", "60"];
    let mut demo = etcdscope(home.path(), &arguments)
        .env("ETCDCTL_USER", format!("root:{PASSWORD}"))
        .env("ETCDCTL_PASSWORD", PASSWORD)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    std::io::BufReader::new(demo.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let ours = std::fs::read(format!("/proc/{}/environ", demo.id())).unwrap();
    let children = super::support::descendants(demo.id());
    let told: Vec<_> = children
        .iter()
        .map(|child| {
            let of = |name: &str| std::fs::read(format!("/proc/{child}/{name}")).unwrap_or_default();
            (of("environ"), of("cmdline"))
        })
        .collect();
    demo.kill().unwrap();
    let said = demo.wait_with_output().unwrap();
    assert!(has(&ours, PASSWORD), "nothing to be handed on: {first}");
    assert!(told.len() >= 2, "a member and its guard: {children:?}");
    for (environment, command_line) in told {
        assert!(!environment.is_empty() && !command_line.is_empty(), "a child that has ended");
        assert_without("a child's environment", &environment, &[PASSWORD]);
        assert_without("a child's command line", &command_line, &[PASSWORD]);
    }
    assert_without("the log", &said.stderr, &[PASSWORD]);
}

/// A client of the test's own, logged in.
pub async fn root(cluster: &LocalCluster) -> Client {
    let options = etcd_client::ConnectOptions::new().with_user("root", PASSWORD);
    Client::connect(cluster.endpoints(), Some(options)).await.unwrap()
}
