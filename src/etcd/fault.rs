//! What failed and why: etcd's and the transport's errors by cause.

use std::error::Error as StdError;
use std::io::ErrorKind;

use etcd_client::Error;

use crate::model::fault::{Fault, FaultKind};

/// etcd's words and what they mean, the first that fits wins. gRPC codes alone do not tell: a
/// compacted revision and a message over our own limit are both `OutOfRange`.
const SERVER_WORDS: [(&str, FaultKind); 29] = [
    ("required revision has been compacted", FaultKind::Compacted),
    ("message length too large", FaultKind::TooLarge),
    ("received message larger than max", FaultKind::RequestTooLarge),
    ("database space exceeded", FaultKind::NoSpace),
    ("request is too large", FaultKind::RequestTooLarge),
    ("too many operations in txn", FaultKind::RequestTooLarge),
    ("corrupt cluster", FaultKind::Corrupt),
    ("lease not found", FaultKind::LeaseNotFound),
    ("lease already exists", FaultKind::LeaseExists),
    ("too large lease TTL", FaultKind::Invalid),
    ("etcdserver: key not found", FaultKind::KeyNotFound),
    ("invalid auth token", FaultKind::TokenExpired),
    ("revision of auth store is old", FaultKind::TokenExpired),
    ("user name is empty", FaultKind::UserRequired),
    ("user name not found", FaultKind::WrongPassword),
    ("authentication failed", FaultKind::WrongPassword),
    ("permission denied", FaultKind::PermissionDenied),
    ("no leader", FaultKind::NoLeader),
    ("leader changed", FaultKind::NoLeader),
    ("not leader", FaultKind::NoLeader),
    ("request timed out", FaultKind::TimedOut),
    ("required revision is a future revision", FaultKind::Unavailable),
    ("too many requests", FaultKind::Unavailable),
    ("server stopped", FaultKind::Unavailable),
    ("not capable", FaultKind::Unimplemented),
    ("unknown service", FaultKind::Unimplemented),
    ("unknown method", FaultKind::Unimplemented),
    ("rpc not supported for learner", FaultKind::Unavailable),
    ("unhealthy cluster", FaultKind::Unavailable),
];

/// Words of rustls, hyper and the system.
const TRANSPORT_WORDS: [(&str, FaultKind); 31] = [
    ("UnknownIssuer", FaultKind::CertificateUnknownAuthority),
    ("BadSignature", FaultKind::CertificateUnknownAuthority),
    ("NotValidForName", FaultKind::CertificateWrongName),
    ("not valid for name", FaultKind::CertificateWrongName),
    ("invalid peer certificate: Expired", FaultKind::CertificateExpired),
    ("certificate expired", FaultKind::CertificateExpired),
    ("NotValidYet", FaultKind::CertificateExpired),
    ("not valid yet", FaultKind::CertificateExpired),
    ("alert: CertificateRequired", FaultKind::ClientCertificateRefused),
    ("alert: BadCertificate", FaultKind::ClientCertificateRefused),
    ("alert: UnsupportedCertificate", FaultKind::ClientCertificateRefused),
    ("alert: CertificateRevoked", FaultKind::ClientCertificateRefused),
    ("alert: CertificateExpired", FaultKind::ClientCertificateRefused),
    ("alert: CertificateUnknown", FaultKind::ClientCertificateRefused),
    ("alert: UnknownCA", FaultKind::ClientCertificateRefused),
    ("alert: AccessDenied", FaultKind::ClientCertificateRefused),
    ("InvalidContentType", FaultKind::TlsMismatch),
    ("HTTP/1.x server", FaultKind::TlsMismatch),
    ("invalid peer certificate", FaultKind::TlsFailed),
    ("received fatal alert", FaultKind::TlsFailed),
    ("peer is incompatible", FaultKind::TlsFailed),
    ("peer misbehaved", FaultKind::TlsFailed),
    ("received corrupt message", FaultKind::TlsFailed),
    ("dns error", FaultKind::HostUnknown),
    ("failed to lookup address", FaultKind::HostUnknown),
    ("Name or service not known", FaultKind::HostUnknown),
    ("handshake timed out", FaultKind::TimedOut),
    ("deadline has elapsed", FaultKind::TimedOut),
    ("keep-alive timed out", FaultKind::Unavailable),
    ("tls handshake eof", FaultKind::TlsFailed),
    ("HTTP/2 was not negotiated", FaultKind::TlsMismatch),
];

/// The fault behind an error of the client.
pub(super) fn classify(error: &Error) -> Fault {
    match error {
        Error::GRpcStatus(status) => {
            let mut detail = status.message().to_owned();
            let chain = status.source().map(describe);
            if let Some(chain) = &chain
                && !chain.text.is_empty()
                && !detail.contains(&chain.text)
            {
                detail =
                    if detail.is_empty() { chain.text.clone() } else { format!("{detail}: {}", chain.text) };
            }
            let kind = by_words(&detail, &SERVER_WORDS)
                .or_else(|| by_words(&detail, &TRANSPORT_WORDS))
                .or_else(|| chain.and_then(|chain| chain.kind))
                .unwrap_or_else(|| by_code(i32::from(status.code())));
            Fault::new(kind, detail)
        }
        Error::InvalidUri(error) => Fault::new(FaultKind::BadEndpoint, error.to_string()),
        Error::InvalidArgs(detail) => Fault::new(FaultKind::BadEndpoint, detail.clone()),
        Error::IoError(error) => from_chain(error),
        Error::TransportError(error) => from_chain(error),
        // The client's own words for an answer without time left.
        Error::LeaseKeepAliveError(detail) => {
            let kind = by_words(detail, &SERVER_WORDS).unwrap_or(FaultKind::Unavailable);
            Fault::new(kind, detail.clone())
        }
        Error::WatchError(detail) | Error::Internal(detail) | Error::EndpointError(detail) => {
            Fault::new(FaultKind::Unavailable, detail.clone())
        }
        other => Fault::new(FaultKind::Other, other.to_string()),
    }
}

/// The fault behind a reason that a watch was cancelled for.
pub(super) fn classify_reason(reason: &str) -> Fault {
    let kind = by_words(reason, &SERVER_WORDS).unwrap_or(FaultKind::Other);
    Fault::new(kind, reason)
}

/// A call that did not end within its time.
pub(super) fn timed_out(what: &str) -> Fault {
    Fault::new(FaultKind::TimedOut, what)
}

/// Whether the request certainly never left this machine, because there was no connection to send
/// it by: only then may a write be sent to another member.
pub(super) fn never_sent(error: &Error) -> bool {
    let Error::GRpcStatus(status) = error else { return false };
    let mut source = status.source();
    while let Some(error) = source {
        // tonic's ConnectError: its Debug form is the only public sign of it.
        if format!("{error:?}").starts_with("ConnectError(") {
            return true;
        }
        source = error.source();
    }
    false
}

/// Whether another member may well answer what this one did not.
pub(super) fn worth_another_member(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::HostUnknown
            | FaultKind::PortClosed
            | FaultKind::TimedOut
            | FaultKind::CertificateUnknownAuthority
            | FaultKind::CertificateExpired
            | FaultKind::CertificateWrongName
            | FaultKind::ClientCertificateRefused
            | FaultKind::TlsMismatch
            | FaultKind::TlsFailed
            | FaultKind::NoLeader
            | FaultKind::Unavailable
            | FaultKind::Corrupt
            | FaultKind::Other
    )
}

/// Whether a read was refused because its revision has not come yet: a member that says so is well.
pub(super) fn is_future_revision(fault: &Fault) -> bool {
    fault.detail.contains("required revision is a future revision")
}

/// Whether waiting can not mend it: someone must change the settings first.
pub(super) fn needs_the_operator(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::BadEndpoint
            | FaultKind::BadCertificateFile
            | FaultKind::CertificateUnknownAuthority
            | FaultKind::CertificateExpired
            | FaultKind::CertificateWrongName
            | FaultKind::ClientCertificateRefused
            | FaultKind::TlsMismatch
            | FaultKind::WrongPassword
            | FaultKind::UserRequired
            | FaultKind::PermissionDenied
            | FaultKind::Invalid
    )
}

/// How much a fault tells; of several members' faults the most telling one is shown.
pub(super) fn telling(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::WrongPassword | FaultKind::UserRequired => 9,
        FaultKind::PermissionDenied | FaultKind::BadCertificateFile | FaultKind::BadEndpoint => 8,
        FaultKind::CertificateUnknownAuthority
        | FaultKind::CertificateExpired
        | FaultKind::CertificateWrongName
        | FaultKind::ClientCertificateRefused
        | FaultKind::TlsMismatch => 7,
        FaultKind::TlsFailed | FaultKind::NoLeader => 6,
        FaultKind::HostUnknown => 4,
        FaultKind::PortClosed => 3,
        FaultKind::TimedOut => 2,
        FaultKind::Unavailable => 1,
        _ => 5,
    }
}

struct Chain {
    text: String,
    kind: Option<FaultKind>,
}

fn describe(error: &(dyn StdError + 'static)) -> Chain {
    let mut text = String::new();
    let mut kind = None;
    let mut source = Some(error);
    while let Some(error) = source {
        let words = error.to_string();
        if !words.is_empty() && words != "transport error" && !text.contains(&words) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&words);
        }
        if kind.is_none()
            && let Some(error) = error.downcast_ref::<std::io::Error>()
        {
            kind = match error.kind() {
                ErrorKind::ConnectionRefused => Some(FaultKind::PortClosed),
                ErrorKind::TimedOut => Some(FaultKind::TimedOut),
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::NotConnected
                | ErrorKind::UnexpectedEof
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable => Some(FaultKind::Unavailable),
                _ => None,
            };
        }
        source = error.source();
    }
    Chain { text, kind }
}

fn from_chain(error: &(dyn StdError + 'static)) -> Fault {
    let chain = describe(error);
    let kind = by_words(&chain.text, &TRANSPORT_WORDS).or(chain.kind).unwrap_or(FaultKind::Unavailable);
    Fault::new(kind, chain.text)
}

fn by_words(detail: &str, words: &[(&str, FaultKind)]) -> Option<FaultKind> {
    words.iter().find(|(word, _)| detail.contains(word)).map(|(_, kind)| *kind)
}

/// gRPC status codes: <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>.
fn by_code(code: i32) -> FaultKind {
    match code {
        3 => FaultKind::Invalid,
        4 => FaultKind::TimedOut,
        5 => FaultKind::KeyNotFound,
        7 => FaultKind::PermissionDenied,
        12 => FaultKind::Unimplemented,
        15 => FaultKind::Corrupt,
        16 => FaultKind::TokenExpired,
        // Cancelled, Unknown, Internal and Unavailable: a broken connection shows as any of them.
        1 | 2 | 13 | 14 => FaultKind::Unavailable,
        _ => FaultKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_of_out_of_range_are_told_apart() {
        let compacted = classify_reason("etcdserver: mvcc: required revision has been compacted");
        assert_eq!(compacted.kind, FaultKind::Compacted);
        let large = classify_reason("Error, decoded message length too large: found 9 bytes");
        assert_eq!(large.kind, FaultKind::TooLarge);
    }

    #[test]
    fn rustls_words_name_the_certificate_s_problem() {
        let kind = |words: &str| by_words(words, &TRANSPORT_WORDS);
        assert_eq!(
            kind("invalid peer certificate: UnknownIssuer"),
            Some(FaultKind::CertificateUnknownAuthority)
        );
        assert_eq!(
            kind("invalid peer certificate: certificate expired: verification time 1 (UNIX)"),
            Some(FaultKind::CertificateExpired)
        );
        assert_eq!(
            kind("invalid peer certificate: certificate not valid for name \"a\""),
            Some(FaultKind::CertificateWrongName)
        );
        assert_eq!(kind("received fatal alert: BadCertificate"), Some(FaultKind::ClientCertificateRefused));
        assert_eq!(kind("received fatal alert: HandshakeFailure"), Some(FaultKind::TlsFailed));
    }

    #[test]
    fn a_refused_connection_is_a_closed_port() {
        let error = std::io::Error::from(ErrorKind::ConnectionRefused);
        assert_eq!(classify(&Error::IoError(error)).kind, FaultKind::PortClosed);
    }
}
