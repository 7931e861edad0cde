//! What can go wrong, by cause: the screen turns a kind into words and advice of its language, and
//! shows the detail as it came.

use super::key_text::neutral;

/// The cause of a failure. Each kind has a sentence and an advice in the catalogues
/// (`fault.<name>` and `fault.<name>_advice`, see [`FaultKind::name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The host name does not resolve.
    HostUnknown,
    /// Nothing listens on the port.
    PortClosed,
    /// No answer within the time allowed.
    TimedOut,
    /// The endpoint is not a URL or host:port.
    BadEndpoint,
    /// A certificate or key file cannot be read or parsed.
    BadCertificateFile,
    /// The server's certificate is not signed by an authority that we trust.
    CertificateUnknownAuthority,
    /// The server's certificate has expired or is not yet valid.
    CertificateExpired,
    /// The server's certificate is for another name.
    CertificateWrongName,
    /// The server wants a client certificate, or refuses ours.
    ClientCertificateRefused,
    /// TLS was spoken to a plain port, or plain text to a TLS port.
    TlsMismatch,
    /// TLS failed for another reason.
    TlsFailed,
    /// Wrong user or password.
    WrongPassword,
    /// The cluster wants a user, and none was given.
    UserRequired,
    /// The token has expired or is no longer known.
    TokenExpired,
    /// The user may not do this.
    PermissionDenied,
    /// The member has no leader (no quorum).
    NoLeader,
    /// The member could not be reached, or the connection broke.
    Unavailable,
    /// The revision asked for has been compacted.
    Compacted,
    /// A message was larger than this side accepts.
    TooLarge,
    /// The server refused a request as larger than its limit (1.5 MiB, or 128 operations).
    RequestTooLarge,
    /// The database's space quota is reached.
    NoSpace,
    /// The cluster reports corruption.
    Corrupt,
    /// The lease does not exist (any more).
    LeaseNotFound,
    /// There is a lease with this id already.
    LeaseExists,
    /// The key does not exist.
    KeyNotFound,
    /// Someone changed the key meanwhile.
    Conflict,
    /// The answer to a write was lost: it may or may not have been committed.
    OutcomeUnknown,
    /// The profile is read-only; nothing was sent.
    ReadOnly,
    /// The server does not implement the call.
    Unimplemented,
    /// A file could not be read or written.
    File,
    /// The disk is full.
    DiskFull,
    /// No etcd program was found for the local cluster, or the one named is none.
    EtcdMissing,
    /// No keyring could be used, so the secret is not kept.
    Keyring,
    /// The system shows no notifications.
    NoNotifications,
    /// What was typed or read is not valid.
    Invalid,
    /// The operator stopped it.
    Cancelled,
    /// Anything else; the detail tells.
    Other,
}

impl FaultKind {
    /// The name of the kind in the catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostUnknown => "host_unknown",
            Self::PortClosed => "port_closed",
            Self::TimedOut => "timed_out",
            Self::BadEndpoint => "bad_endpoint",
            Self::BadCertificateFile => "bad_certificate_file",
            Self::CertificateUnknownAuthority => "certificate_unknown_authority",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateWrongName => "certificate_wrong_name",
            Self::ClientCertificateRefused => "client_certificate_refused",
            Self::TlsMismatch => "tls_mismatch",
            Self::TlsFailed => "tls_failed",
            Self::WrongPassword => "wrong_password",
            Self::UserRequired => "user_required",
            Self::TokenExpired => "token_expired",
            Self::PermissionDenied => "permission_denied",
            Self::NoLeader => "no_leader",
            Self::Unavailable => "unavailable",
            Self::Compacted => "compacted",
            Self::TooLarge => "too_large",
            Self::RequestTooLarge => "request_too_large",
            Self::NoSpace => "no_space",
            Self::Corrupt => "corrupt",
            Self::LeaseNotFound => "lease_not_found",
            Self::LeaseExists => "lease_exists",
            Self::KeyNotFound => "key_not_found",
            Self::Conflict => "conflict",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ReadOnly => "read_only",
            Self::Unimplemented => "unimplemented",
            Self::File => "file",
            Self::DiskFull => "disk_full",
            Self::EtcdMissing => "etcd_missing",
            Self::Keyring => "keyring",
            Self::NoNotifications => "no_notifications",
            Self::Invalid => "invalid",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        }
    }

    /// Every kind, for the test that the catalogues are complete.
    pub const ALL: [Self; 37] = [
        Self::HostUnknown,
        Self::PortClosed,
        Self::TimedOut,
        Self::BadEndpoint,
        Self::BadCertificateFile,
        Self::CertificateUnknownAuthority,
        Self::CertificateExpired,
        Self::CertificateWrongName,
        Self::ClientCertificateRefused,
        Self::TlsMismatch,
        Self::TlsFailed,
        Self::WrongPassword,
        Self::UserRequired,
        Self::TokenExpired,
        Self::PermissionDenied,
        Self::NoLeader,
        Self::Unavailable,
        Self::Compacted,
        Self::TooLarge,
        Self::RequestTooLarge,
        Self::NoSpace,
        Self::Corrupt,
        Self::LeaseNotFound,
        Self::LeaseExists,
        Self::KeyNotFound,
        Self::Conflict,
        Self::OutcomeUnknown,
        Self::ReadOnly,
        Self::Unimplemented,
        Self::File,
        Self::DiskFull,
        Self::EtcdMissing,
        Self::Keyring,
        Self::NoNotifications,
        Self::Invalid,
        Self::Cancelled,
        Self::Other,
    ];
}

/// A failure: its cause and the detail as the system or the server gave it (English, not shown
/// alone).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", .kind.name().replace('_', " "))]
pub struct Fault {
    /// The cause.
    pub kind: FaultKind,
    /// The server's or system's own words, with what they were about.
    pub detail: String,
}

impl Fault {
    /// A fault of this kind with this detail, in which nothing can mislead (see [`neutral`]).
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        // A server or a file may say anything: on a screen, in a terminal and in a log it stays text.
        let detail = match neutral(&detail) {
            std::borrow::Cow::Owned(neutral) => neutral,
            std::borrow::Cow::Borrowed(_) => detail,
        };
        Self { kind, detail }
    }
}
