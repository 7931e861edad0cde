//! Endpoints as people write them.

/// The part of an endpoint behind a user (`https://user:password@host` has `host`); `None` where
/// there is no user in it. Such an endpoint is refused everywhere, and never shown whole: it would
/// bring a password onto the screen, into messages and into files.
#[must_use]
pub fn behind_user(endpoint: &str) -> Option<&str> {
    let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    // The password may hold anything, also a slash or a question mark.
    authority.rsplit_once('@').map(|(_, host)| host)
}

/// The host and the port, where one is given, of `host`, `host:port`, `[v6]`, `[v6]:port` or an IPv6
/// address without a port. `None`: a bracket that is not closed, or something else behind it.
#[must_use]
pub fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        return match bracketed.split_once(']')? {
            (host, "") => Some((host, None)),
            (host, rest) => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    Some(match text.rsplit_once(':') {
        // Several colons without brackets: an address of IPv6 without a port.
        Some((host, _)) if host.contains(':') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_taken_apart() {
        assert_eq!(host_and_port("a"), Some(("a", None)));
        assert_eq!(host_and_port("a:1"), Some(("a", Some("1"))));
        assert_eq!(host_and_port("::1"), Some(("::1", None)));
        assert_eq!(host_and_port("[::1]"), Some(("::1", None)));
        assert_eq!(host_and_port("[::1]:2"), Some(("::1", Some("2"))));
        for broken in ["[::1", "[::1]2379", "[::1]x:1"] {
            assert_eq!(host_and_port(broken), None, "{broken}");
        }
        assert_eq!(behind_user("https://root:a@b/c@host:1"), Some("host:1"));
        assert_eq!(behind_user("https://host:1"), None);
    }
}
