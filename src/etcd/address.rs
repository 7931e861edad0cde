//! Endpoints as operators write them, and how to speak to them.

use std::path::Path;
use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, TlsOptions};

use crate::model::endpoint::{behind_user, host_and_port};
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::{Profile, TlsSettings};

/// Longest wait for a TCP connection, and again for a TLS handshake.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(2_500);
/// etcd closes connections that are pinged more often than every 5 s.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_PORT: u16 = 2379;

/// One endpoint, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// As it was written.
    pub written: String,
    /// `http://host:port` or `https://host:port`.
    pub url: String,
    /// Host name or address, an IPv6 one without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

impl Address {
    /// Takes `host`, `host:port`, `[v6]:port` or a URL of http or https apart.
    pub(super) fn parse(written: &str, tls_by_default: bool) -> Result<Self, Fault> {
        if let Some(host) = behind_user(written) {
            let detail = format!("the endpoint at {host} contains a user; user and password are given apart");
            return Err(Fault::new(FaultKind::BadEndpoint, detail));
        }
        let bad = |why: &str| Fault::new(FaultKind::BadEndpoint, format!("{written}: {why}"));
        let trimmed = written.trim().trim_end_matches('/');
        let (tls, rest) = match trimmed.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) => return Err(bad(&format!("unknown scheme {scheme}"))),
            None => (tls_by_default, trimmed),
        };
        if rest.contains(['/', '?', '#', ' ']) {
            return Err(bad("only a host and a port are expected"));
        }
        let (host, port) = host_and_port(rest)
            .ok_or_else(|| bad("an IPv6 address stands in brackets, such as [::1]:2379"))?;
        if host.is_empty() {
            return Err(bad("the host is missing"));
        }
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "-._:%".contains(sign);
        if let Some(sign) = host.chars().find(|sign| !is_part(*sign)) {
            return Err(bad(&format!("no host has the sign {sign:?} in its name")));
        }
        let port = match port {
            Some(port) => port.parse().map_err(|_| bad("the port is not a number below 65536"))?,
            None => DEFAULT_PORT,
        };
        let scheme = if tls { "https" } else { "http" };
        let shown_host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Ok(Self {
            written: written.trim().to_owned(),
            url: format!("{scheme}://{shown_host}:{port}"),
            host: host.to_owned(),
            port,
            tls,
        })
    }

    /// How to connect to it; the user is added where the connection is made.
    pub(super) fn options(&self, tls: Option<&TlsFiles>) -> ConnectOptions {
        let mut options = ConnectOptions::new()
            .with_keep_alive(KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT)
            // etcd counts pings without a stream as abuse.
            .with_keep_alive_while_idle(false)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_tcp_keepalive(KEEP_ALIVE_INTERVAL)
            .with_require_leader(true);
        if let (true, Some(files)) = (self.tls, tls) {
            options = options.with_tls(files.options(&self.host));
        }
        options
    }
}

/// The endpoints of a profile.
pub(super) fn addresses(profile: &Profile) -> Result<Vec<Address>, Fault> {
    let mut addresses: Vec<Address> = Vec::new();
    for written in profile.endpoints.iter().filter(|written| !written.trim().is_empty()) {
        let address = Address::parse(written, profile.tls.enabled)?;
        if !addresses.iter().any(|known| known.url == address.url) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(Fault::new(FaultKind::BadEndpoint, "no endpoint is given"));
    }
    Ok(addresses)
}

/// The certificates of a profile, read from their files.
#[derive(Clone)]
pub(super) struct TlsFiles {
    authority: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
    server_name: Option<String>,
}

impl TlsFiles {
    /// Reads the files that the settings name.
    pub(super) fn read(settings: &TlsSettings) -> Result<Self, Fault> {
        let authority = settings.ca_file.as_deref().map(|path| read_pem(path, "CERTIFICATE")).transpose()?;
        let identity = match (settings.cert_file.as_deref(), settings.key_file.as_deref()) {
            (Some(cert), Some(key)) => Some((read_pem(cert, "CERTIFICATE")?, read_pem(key, "PRIVATE KEY")?)),
            (None, None) => None,
            _ => {
                let detail = "a client certificate needs both its certificate and its key file";
                return Err(Fault::new(FaultKind::BadCertificateFile, detail));
            }
        };
        let server_name = settings.server_name.clone().filter(|name| !name.trim().is_empty());
        Ok(Self { authority, identity, server_name })
    }

    fn options(&self, host: &str) -> TlsOptions {
        let mut options = TlsOptions::new()
            .timeout(CONNECT_TIMEOUT)
            .domain_name(self.server_name.clone().unwrap_or_else(|| host.to_owned()));
        options = match &self.authority {
            Some(pem) => options.ca_certificate(Certificate::from_pem(pem)),
            None => options.with_native_roots(),
        };
        if let Some((cert, key)) = &self.identity {
            options = options.identity(Identity::from_pem(cert, key));
        }
        options
    }
}

fn read_pem(path: &Path, what: &str) -> Result<Vec<u8>, Fault> {
    let fault = |why: String| Fault::new(FaultKind::BadCertificateFile, format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    let has_block = text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(what));
    if !has_block {
        return Err(fault(format!("there is no PEM block of a {} in it", what.to_lowercase())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(written: &str) -> Result<(String, bool), FaultKind> {
        Address::parse(written, false).map(|address| (address.url, address.tls)).map_err(|fault| fault.kind)
    }

    #[test]
    fn endpoints_are_taken_as_people_write_them() {
        assert_eq!(parse("localhost"), Ok(("http://localhost:2379".into(), false)));
        assert_eq!(parse(" 10.0.0.1:2380/ "), Ok(("http://10.0.0.1:2380".into(), false)));
        assert_eq!(parse("https://etcd.example:443"), Ok(("https://etcd.example:443".into(), true)));
        assert_eq!(parse("[::1]:2379"), Ok(("http://[::1]:2379".into(), false)));
        assert_eq!(parse("::1"), Ok(("http://[::1]:2379".into(), false)));
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for written in
            ["", "ftp://a:1", "a:b", "a:70000", "http://", "a/b", "[::1:2379", "[::1]2379", "u@a:1"]
        {
            assert_eq!(parse(written), Err(FaultKind::BadEndpoint), "{written}");
        }
    }

    #[test]
    fn a_password_in_an_endpoint_is_refused_without_being_told() {
        for written in ["https://root:hush@a:1", "root:hush@a", "http://root:hu/sh@a:1", "ftp://x:hush@a"] {
            let fault = Address::parse(written, false).expect_err("refused");
            assert!(fault.detail.contains("at a") && !fault.detail.contains("hu"), "{fault}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_endpoint_or_refused(
            written in proptest::prelude::any::<String>(),
            likely in "(https?://)?[a-z0-9.:@/?# \\[\\]%-]{0,20}",
            tls in proptest::prelude::any::<bool>(),
        ) {
            for written in [written, likely] {
                match Address::parse(&written, tls) {
                    Err(fault) => proptest::prop_assert_eq!(fault.kind, FaultKind::BadEndpoint),
                    Ok(address) => {
                        // Its URL means the same again, and nothing of it could end the host.
                        let again = Address::parse(&address.url, !tls);
                        let again = again.map(|again| (again.url, again.host, again.port, again.tls));
                        let same = (address.url, address.host.clone(), address.port, address.tls);
                        proptest::prop_assert_eq!(again, Ok(same));
                        proptest::prop_assert!(address.host.chars().all(|sign| sign.is_ascii_graphic()));
                    }
                }
            }
        }
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let settings = TlsSettings { cert_file: Some("a.pem".into()), ..TlsSettings::default() };
        let kind = TlsFiles::read(&settings).err().map(|fault| fault.kind);
        assert_eq!(kind, Some(FaultKind::BadCertificateFile));
    }
}
