use etcd_client::{Certificate, Client, ConnectOptions, TlsOptions};

use super::*;

#[tokio::test]
async fn three_members_elect_a_leader_and_leave_nothing_behind() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(3)).await.expect("a cluster");
    assert_eq!(cluster.endpoints().len(), 3);
    let leader = cluster.leader().await.expect("a leader");
    let mut client = cluster.client().await.expect("a client");
    client.put("a", "1", None).await.expect("a put");

    cluster.member(leader).kill();
    assert!(!cluster.member(leader).is_running());
    cluster.restart(leader).await.expect("the member comes back");
    assert!(cluster.member(leader).is_running());

    let other = (leader + 1) % 3;
    cluster.member(other).stop().expect("SIGSTOP");
    cluster.member(other).cont().expect("SIGCONT");
    cluster.wait_healthy().await.expect("healthy again");

    let folder = cluster.folder().to_owned();
    let pids: Vec<u32> = cluster.members().iter().filter_map(LocalMember::pid).collect();
    assert_eq!(pids.len(), 3);
    cluster.shutdown().expect("an orderly end");
    assert!(!folder.exists());
    #[cfg(target_os = "linux")]
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} still runs");
    }
}

#[tokio::test]
async fn a_wrong_argument_is_told_with_the_log_of_etcd() {
    let options = LocalClusterOptions { extra_args: vec!["--no-such-flag".to_owned()], ..Default::default() };
    let fault = LocalCluster::start(options).await.expect_err("etcd refuses the flag");
    assert!(fault.detail.contains("no-such-flag"), "{fault}");
}

#[tokio::test]
async fn an_impossible_size_is_refused() {
    let fault = LocalCluster::start(LocalClusterOptions::members(0)).await.expect_err("no members");
    assert_eq!(fault.kind, FaultKind::Invalid);
}

/// An authority, and a certificate for this machine that also serves as a client's.
fn certificates(folder: &Path) -> TlsFiles {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_cert = authority.self_signed(&authority_key).expect("an authority");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).expect("parameters");
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let cert = params.signed_by(&key, &issuer).expect("a certificate");
    let cert_file = write("cert.pem", cert.pem());
    let key_file = write("key.pem", key.serialize_pem());
    TlsFiles {
        ca_file: write("ca.pem", authority_cert.pem()),
        client_cert_file: Some(cert_file.clone()),
        client_key_file: Some(key_file.clone()),
        cert_file,
        key_file,
        client_cert_auth: true,
    }
}

#[tokio::test]
async fn tls_with_client_certificates_is_served_by_every_etcd() {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = certificates(folder.path());
    for binary in crate::demo::etcd_binaries() {
        let options = LocalClusterOptions {
            etcd_bin: Some(binary.path),
            tls: Some(tls.clone()),
            ..LocalClusterOptions::default()
        };
        let cluster = LocalCluster::start(options).await.expect("a cluster with TLS");
        assert!(cluster.endpoints()[0].starts_with("https://"));
        let mut client = cluster.client().await.expect("a client");
        client.put("a", "1", None).await.expect("a put");

        let stranger =
            ConnectOptions::new()
                .with_tls(TlsOptions::new().ca_certificate(Certificate::from_pem(
                    std::fs::read(&tls.ca_file).expect("the authority"),
                )))
                .with_timeout(Duration::from_secs(3));
        let mut stranger = Client::connect(cluster.endpoints(), Some(stranger)).await.expect("a client");
        assert!(stranger.get("a", None).await.is_err(), "served without a certificate");
    }
}

/// A port of a client or of a peer is taken between its choice and its use.
#[tokio::test]
async fn a_port_that_is_taken_meanwhile_costs_another_attempt() {
    for binary in crate::demo::etcd_binaries() {
        for taken in [0, 3] {
            let held = Mutex::new(None);
            let asked = std::sync::atomic::AtomicUsize::new(0);
            let ports = || {
                let ports = Ports::reserve(4)?;
                if asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                    let address = ("127.0.0.1", ports.numbers()[taken]);
                    *lock(&held) = Some(std::net::TcpListener::bind(address).expect("it is free"));
                }
                Ok(ports)
            };
            let options = LocalClusterOptions::members(2);
            let cluster = LocalCluster::start_on(&options, &binary, ports).await.expect("a cluster");
            assert_eq!(asked.into_inner(), 2, "{:?}", binary.version);
            cluster.client().await.expect("a client").put("a", "1", None).await.expect("a put");
        }
    }
}

#[tokio::test]
async fn a_port_that_stays_taken_is_named() {
    let reserved = Ports::reserve(2).expect("ports");
    let _held = std::net::TcpListener::bind(("127.0.0.1", reserved.numbers()[1])).expect("it is free");
    let options = LocalClusterOptions {
        peer_ports: vec![(reserved.numbers()[1], reserved.numbers()[1])],
        ..LocalClusterOptions::members(1)
    };
    let fault = LocalCluster::start(options).await.expect_err("the port is taken");
    assert!(fault.detail.contains("address already in use"), "{fault}");
}

#[tokio::test]
async fn a_member_whose_port_is_taken_for_a_moment_comes_back() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.expect("a cluster");
    let member = cluster.member(0);
    member.kill();
    let address = member.endpoint().trim_start_matches("http://").to_owned();
    let held = std::net::TcpListener::bind(address).expect("the member let it go");
    let let_go = async {
        // Once it has met it.
        while !member.log_tail().contains("address already in use") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(held);
    };
    let (restarted, ()) = tokio::join!(cluster.restart(0), let_go);
    restarted.expect("the member comes back");
    assert!(member.is_running());
}

/// `false` is on every Unix, and ends with 1 without a word.
#[cfg(unix)]
#[tokio::test]
async fn a_member_that_ends_without_a_word_is_said_to() {
    let program = std::path::PathBuf::from("false");
    let binary = EtcdBinary { path: program, version: EtcdVersion { major: 3, minor: 5, patch: 0 } };
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let ports = || {
        asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ports::reserve(2)
    };
    let options = LocalClusterOptions::members(1);
    let fault = LocalCluster::start_on(&options, &binary, ports).await.expect_err("it ends");
    assert!(fault.detail.contains("wrote nothing into its log"), "{fault}");
    assert_eq!(asked.into_inner(), PORT_ATTEMPTS);
}
