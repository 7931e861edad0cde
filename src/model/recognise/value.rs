//! What a value says: an address, a registration, an owner.

/// Longer texts are no addresses.
const LONGEST_ADDRESS: usize = 2_048;

/// `host:port`, `[::1]:port`, an IP address, or such a thing behind `scheme://`.
pub(super) fn is_address(text: &[u8]) -> bool {
    if text.len() > LONGEST_ADDRESS {
        return false;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?']).next().unwrap_or_default();
    if text.len() > 300 {
        return false;
    }
    if text.parse::<std::net::IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok() {
        return true;
    }
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    // `stock_lock:1001` looks the same as a host and its port, but the name speaks of a lock.
    is_host(host)
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && super::name::telling(host.as_bytes()).is_none()
}

/// A UUID as its 16 raw bytes, as Python's etcd3 writes the owner of a lock: the bits that name
/// version and variant must fit.
pub(super) fn is_raw_uuid(value: &[u8]) -> bool {
    value.len() == 16 && matches!(value[6] >> 4, 1 | 4) && value[8] & 0xc0 == 0x80
}

/// A UUID as it is written.
pub(super) fn uuid_text(value: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(36);
    for (at, byte) in value.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a text can not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

/// An address that can be nothing else: an IP address and a port, or a host of several labels and a port.
/// (`user:1001` may be many things.)
pub(super) fn is_host_and_port(text: &[u8]) -> bool {
    if text.len() > LONGEST_ADDRESS {
        return false;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?']).next().unwrap_or_default();
    if text.parse::<std::net::SocketAddr>().is_ok() {
        return true;
    }
    let Some((host, _)) = text.rsplit_once(':') else { return false };
    (host.contains('.') || host == "localhost") && is_address(text.as_bytes())
}
