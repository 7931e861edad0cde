//! TLS with client certificates, and what is said when it fails.

use std::path::{Path, PathBuf};

use etcdscope::demo::{LocalCluster, LocalClusterOptions, TlsFiles};
use etcdscope::etcd::{Cluster, test_connection};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::status::{TestOutcome, TestStepKind};
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

use super::figure::figure;
use super::support::{newest, request, start};

struct Authority {
    folder: PathBuf,
    name: &'static str,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &'static str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        Self { folder: folder.to_owned(), name, issuer: Issuer::new(params, key) }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    /// A certificate and its key.
    fn issue(&self, name: &str, hosts: &[&str], expired: bool) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (cert_file, key_file) =
            (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key")));
        std::fs::write(&cert_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        (cert_file, key_file)
    }
}

struct Secured {
    local: LocalCluster,
    authority: Authority,
    client: (PathBuf, PathBuf),
    folder: TempDir,
}

async fn secured(hosts: &[&str], client_cert_auth: bool) -> Secured {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let (cert_file, key_file) = authority.issue("server", hosts, false);
    let client = authority.issue("client", &["client"], false);
    let tls = TlsFiles {
        ca_file: authority.file(),
        cert_file,
        key_file,
        client_cert_auth,
        client_cert_file: Some(client.0.clone()),
        client_key_file: Some(client.1.clone()),
    };
    let options = LocalClusterOptions { tls: Some(tls), ..LocalClusterOptions::members(1) };
    Secured { local: start(&newest(), options).await, authority, client, folder }
}

impl Secured {
    fn request(&self) -> ConnectRequest {
        let mut request = request(&self.local.endpoints());
        request.profile.tls.ca_file = Some(self.authority.file());
        request.profile.tls.cert_file = Some(self.client.0.clone());
        request.profile.tls.key_file = Some(self.client.1.clone());
        request
    }
}

async fn kind_of(request: &ConnectRequest) -> FaultKind {
    let begun = std::time::Instant::now();
    match Cluster::connect(request).await {
        Ok(_) => panic!("it connected"),
        Err(fault) => {
            eprintln!("{:?}: {}", fault.kind, fault.detail);
            assert!(begun.elapsed() < std::time::Duration::from_secs(6), "it took {:?}", begun.elapsed());
            figure(
                "connect-faults",
                format!("{} after {} ms", fault.kind.name(), begun.elapsed().as_millis()),
            );
            fault.kind
        }
    }
}

#[tokio::test]
async fn client_certificates_work_and_each_failure_names_its_cause() {
    let secured = secured(&["127.0.0.1", "localhost"], true).await;
    let good = secured.request();
    let cluster = Cluster::connect(&good).await.expect("a connection");
    let put = PutRequest {
        key: b"tls"[..].into(),
        value: b"1"[..].into(),
        expect: Expect::Absent,
        lease: LeaseChoice::Attach(0),
    };
    assert!(matches!(cluster.put(&put).await, WriteOutcome::Saved { .. }));
    let follower = super::support::Follower::start_with(cluster);
    follower.until_live().await;

    let other = Authority::new(secured.folder.path(), "other");
    let mut wrong_authority = good.clone();
    wrong_authority.profile.tls.ca_file = Some(other.file());
    assert_eq!(kind_of(&wrong_authority).await, FaultKind::CertificateUnknownAuthority);

    let mut no_certificate = good.clone();
    no_certificate.profile.tls.cert_file = None;
    no_certificate.profile.tls.key_file = None;
    assert_eq!(kind_of(&no_certificate).await, FaultKind::ClientCertificateRefused);

    let stranger = other.issue("stranger", &["stranger"], false);
    let mut strangers = good.clone();
    strangers.profile.tls.cert_file = Some(stranger.0);
    strangers.profile.tls.key_file = Some(stranger.1);
    assert_eq!(kind_of(&strangers).await, FaultKind::ClientCertificateRefused);

    let late = secured.authority.issue("late", &["late"], true);
    let mut expired = good.clone();
    expired.profile.tls.cert_file = Some(late.0);
    expired.profile.tls.key_file = Some(late.1);
    assert_eq!(kind_of(&expired).await, FaultKind::ClientCertificateRefused);

    let mut other_name = good.clone();
    other_name.profile.tls.server_name = Some("etcd.example".into());
    assert_eq!(kind_of(&other_name).await, FaultKind::CertificateWrongName);

    let mut missing = good.clone();
    missing.profile.tls.ca_file = Some(secured.folder.path().join("missing.pem"));
    assert_eq!(kind_of(&missing).await, FaultKind::BadCertificateFile);

    let mut plain = request(&[secured.local.endpoints()[0].replace("https://", "http://")]);
    plain.profile.name = "plain".into();
    assert_eq!(kind_of(&plain).await, FaultKind::TlsMismatch);

    // The test of a connection stops at the step that fails.
    let mut steps = Vec::new();
    test_connection(&wrong_authority, &mut |step| steps.push(step)).await;
    let names: Vec<_> = steps.iter().map(|step| step.step).collect();
    assert_eq!(names, [TestStepKind::Name, TestStepKind::Port, TestStepKind::Tls]);
    assert!(matches!(&steps[2].outcome, TestOutcome::Failed(fault)
        if fault.kind == FaultKind::CertificateUnknownAuthority));
    steps.clear();
    test_connection(&good, &mut |step| steps.push(step)).await;
    let passed = |step: &etcdscope::model::status::TestStep| !matches!(step.outcome, TestOutcome::Failed(_));
    assert_eq!(steps.len(), 5);
    assert!(steps.iter().all(passed), "{steps:?}");
}

#[tokio::test]
async fn an_expired_certificate_is_called_expired() {
    // etcd itself serves it; the test's own clients would refuse it, so it is put in place of a good
    // one while the member is down.
    let secured = secured(&["127.0.0.1"], false).await;
    secured.authority.issue("server", &["127.0.0.1"], true);
    secured.local.member(0).kill();
    secured.local.start_again(0).unwrap();
    let mut last = None;
    for _ in 0..100 {
        last = Cluster::connect(&secured.request()).await.err().map(|fault| fault.kind);
        if last == Some(FaultKind::CertificateExpired) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the last fault was {last:?}");
}
