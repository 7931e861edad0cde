//! Endpoints as people type them: `host`, `host:port`, `[v6]:port`, or a URL of http or https.

use crate::model::endpoint::host_and_port;

/// What is wrong with an endpoint, as the name of its words in the catalogue.
pub(super) fn problem(written: &str) -> Option<&'static str> {
    let written = written.trim();
    let rest = match written.split_once("://") {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
        {
            rest
        }
        Some(_) => return Some("connect.endpoint_scheme"),
        None => written,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '@']) || rest.contains(char::is_whitespace) {
        return Some("connect.endpoint_rest");
    }
    let Some((host, port)) = host_and_port(rest) else { return Some("connect.endpoint_bracket") };
    if host.is_empty() {
        return Some("connect.endpoint_host");
    }
    match port {
        Some(port) if !port.parse::<u16>().is_ok_and(|port| port > 0) => Some("connect.endpoint_port"),
        _ => None,
    }
}

/// Whether the endpoint asks for TLS by its scheme.
pub(super) fn asks_for_tls(written: &str) -> bool {
    written.trim().get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_taken() {
        for good in [
            "localhost",
            "etcd-1:2379",
            " 10.0.0.1:2380/ ",
            "https://etcd.example.com",
            "HTTP://a:1",
            "[::1]:2379",
            "[::1]",
            "fe80::1",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
    }

    #[test]
    fn what_cannot_be_reached_is_told() {
        for (bad, words) in [
            ("", "connect.endpoint_host"),
            (":2379", "connect.endpoint_host"),
            ("host:", "connect.endpoint_port"),
            ("host:0", "connect.endpoint_port"),
            ("host:70000", "connect.endpoint_port"),
            ("host:port", "connect.endpoint_port"),
            ("unix:///run/etcd", "connect.endpoint_scheme"),
            ("a, b", "connect.endpoint_rest"),
            ("http://host/v3", "connect.endpoint_rest"),
            ("user@host:1", "connect.endpoint_rest"),
            ("[::1", "connect.endpoint_bracket"),
            ("[::1]2379", "connect.endpoint_bracket"),
        ] {
            assert_eq!(problem(bad), Some(words), "{bad}");
        }
    }

    #[test]
    fn the_scheme_asks_for_tls() {
        assert!(asks_for_tls(" https://a") && asks_for_tls("HTTPS://a"));
        assert!(!asks_for_tls("http://a") && !asks_for_tls("a:2379") && !asks_for_tls("ü"));
    }
}
