//! Tests a connection step by step, each endpoint on its own, and finds out what a failed
//! connection was really about.

use std::time::Duration;

use etcd_client::GetOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::address::{Address, CONNECT_TIMEOUT, TlsFiles, addresses};
use super::client_hello;
use super::cluster::{Cluster, READ_TIMEOUT};
use super::fault::{classify, timed_out};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::ConnectRequest;
use crate::model::status::{TestOutcome, TestStep, TestStepKind};

/// Tries name, port, TLS, login and permission at each endpoint and tells every step as it ends.
pub async fn test_connection(request: &ConnectRequest, on_step: &mut (dyn FnMut(TestStep) + Send)) {
    let addresses = match addresses(&request.profile) {
        Ok(addresses) => addresses,
        Err(fault) => {
            let endpoint = request.profile.endpoints.first().cloned().unwrap_or_default();
            on_step(TestStep { endpoint, step: TestStepKind::Name, outcome: TestOutcome::Failed(fault) });
            return;
        }
    };
    for address in addresses {
        let mut tell = |step, outcome| {
            on_step(TestStep { endpoint: address.written.clone(), step, outcome });
        };
        if let Err((step, fault)) = test_endpoint(request, &address, &mut tell).await {
            tell(step, TestOutcome::Failed(fault));
        }
    }
}

type Tell<'a> = &'a mut (dyn FnMut(TestStepKind, TestOutcome) + Send);

async fn test_endpoint(
    request: &ConnectRequest,
    address: &Address,
    tell: Tell<'_>,
) -> Result<(), (TestStepKind, Fault)> {
    let found = resolve(address).await.map_err(|fault| (TestStepKind::Name, fault))?;
    tell(TestStepKind::Name, TestOutcome::Passed(found));
    let stream = open(address).await.map_err(|fault| (TestStepKind::Port, fault))?;
    drop(stream);
    tell(TestStepKind::Port, TestOutcome::Passed(format!("{}", address.port)));
    if address.tls {
        TlsFiles::read(&request.profile.tls).map_err(|fault| (TestStepKind::Tls, fault))?;
    }
    let mut alone = request.clone();
    alone.profile.endpoints = vec![address.url.clone()];
    let tls_passed = |tell: Tell<'_>| {
        let outcome = if address.tls { TestOutcome::Passed(String::new()) } else { TestOutcome::Skipped };
        tell(TestStepKind::Tls, outcome);
    };
    let has_user = request.profile.user.as_ref().is_some_and(|user| !user.is_empty());
    let cluster = match Cluster::connect(&alone).await {
        Ok(cluster) => cluster,
        Err(fault) => {
            let step = match fault.kind {
                FaultKind::WrongPassword | FaultKind::UserRequired | FaultKind::TokenExpired => {
                    tls_passed(tell);
                    TestStepKind::Login
                }
                FaultKind::PermissionDenied | FaultKind::NoLeader => {
                    tls_passed(tell);
                    tell(TestStepKind::Login, TestOutcome::Skipped);
                    TestStepKind::Permission
                }
                FaultKind::PortClosed => TestStepKind::Port,
                _ => TestStepKind::Tls,
            };
            return Err((step, fault));
        }
    };
    tls_passed(tell);
    let login = match (has_user, cluster.notices().is_empty()) {
        (true, true) => TestOutcome::Passed(request.profile.user.clone().unwrap_or_default()),
        _ => TestOutcome::Skipped,
    };
    tell(TestStepKind::Login, login);
    let readable = test_permission(&cluster).await.map_err(|fault| (TestStepKind::Permission, fault))?;
    tell(TestStepKind::Permission, TestOutcome::Passed(readable));
    Ok(())
}

/// Reads within what the user may read; returns the server's version.
async fn test_permission(cluster: &Cluster) -> Result<String, Fault> {
    let everything = cluster
        .ask(READ_TIMEOUT, |mut handle| async move {
            let options = GetOptions::new().with_all_keys().with_keys_only().with_limit(1);
            let version = handle.version.clone();
            handle.kv.get("", Some(options)).await.map(|_| version)
        })
        .await;
    match everything {
        Ok(version) => Ok(version.map_or_else(String::new, |version| version.to_string())),
        Err(fault) if fault.kind == FaultKind::PermissionDenied => {
            let granted = cluster.granted_intervals().await?;
            Ok(granted.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Err(fault) => Err(fault),
    }
}

fn shown(interval: &crate::model::status::KeyInterval) -> String {
    let start = interval.start.escape_ascii();
    match &interval.end {
        Some(end) => format!("{start} … {}", end.escape_ascii()),
        None => format!("{start} …"),
    }
}

async fn resolve(address: &Address) -> Result<String, Fault> {
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let unknown = |why: String| Fault::new(FaultKind::HostUnknown, format!("{}: {why}", address.host));
    match tokio::time::timeout(CONNECT_TIMEOUT, lookup).await {
        Err(_) => Err(timed_out(&format!("looking {} up", address.host))),
        Ok(Err(error)) => Err(unknown(error.to_string())),
        Ok(Ok(mut found)) => {
            found.next().map(|found| found.ip().to_string()).ok_or_else(|| unknown("no address".into()))
        }
    }
}

pub(super) async fn open(address: &Address) -> Result<TcpStream, Fault> {
    let connect = TcpStream::connect((address.host.as_str(), address.port));
    match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
        Err(_) => Err(timed_out(&format!("no answer from {}", address.written))),
        Ok(Err(error)) => Err(classify(&error.into())),
        Ok(Ok(stream)) => Ok(stream),
    }
}

/// A connection that broke while it was made may have been plain text to a TLS port or the other
/// way round: neither side says so, but each can be asked in the other's language.
pub(super) async fn clarify(address: &Address, fault: Fault) -> Fault {
    if !matches!(fault.kind, FaultKind::Unavailable | FaultKind::TlsFailed | FaultKind::Other) {
        return fault;
    }
    let patience = Duration::from_millis(700);
    if address.tls
        && let Ok(Some(true)) =
            tokio::time::timeout(patience, client_hello::asks_for_certificate(address)).await
    {
        // The alert that says so is often lost with the connection: under TLS 1.3 it comes after the
        // handshake, when we are already writing.
        let detail = format!("{}: the server refuses the client's certificate", fault.detail);
        return Fault::new(FaultKind::ClientCertificateRefused, detail);
    }
    let speaks_the_other = tokio::time::timeout(patience, speaks_the_other(address)).await;
    if !matches!(speaks_the_other, Ok(Some(true))) {
        return fault;
    }
    let detail = if address.tls {
        format!("{} answers in plain text, not TLS", address.written)
    } else {
        format!("{} answers in TLS, not plain text", address.written)
    };
    Fault::new(FaultKind::TlsMismatch, detail)
}

async fn speaks_the_other(address: &Address) -> Option<bool> {
    /// A handshake record with an empty ClientHello: a TLS server answers it with an alert record.
    const BAD_HELLO: [u8; 9] = [0x16, 3, 1, 0, 4, 1, 0, 0, 0];
    const ALERT: u8 = 0x15;
    const HANDSHAKE: u8 = 0x16;
    /// The HTTP/2 preface and empty settings: the server answers with its own settings.
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const SETTINGS: u8 = 0x04;
    let mut stream = open(address).await.ok()?;
    let mut answer = [0; 9];
    if address.tls {
        stream.write_all(PREFACE).await.ok()?;
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer[3] == SETTINGS)
    } else {
        stream.write_all(&BAD_HELLO).await.ok()?;
        stream.read_exact(&mut answer[..1]).await.ok()?;
        Some(matches!(answer[0], ALERT | HANDSHAKE))
    }
}
