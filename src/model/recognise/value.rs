//! What a value says: an address, a registration, an owner.

use serde_json::Value as Json;

use super::fields::MAX_LOOKED_AT;

/// Whether the value is an address or JSON that names one.
pub(super) fn has_address(value: &[u8]) -> bool {
    is_address(value) || (value.len() <= MAX_LOOKED_AT && is_registration(value))
}

/// `host:port`, `[::1]:port`, an IP address, or such a thing behind `scheme://`.
pub(super) fn is_address(text: &[u8]) -> bool {
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

/// JSON as registrations are written: with an address, or a host and a port, or nodes that have
/// them.
fn is_registration(value: &[u8]) -> bool {
    if value.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return false;
    }
    serde_json::from_slice::<Json>(value).is_ok_and(|json| names_address(&json, 0))
}

pub(super) fn names_address(json: &Json, depth: usize) -> bool {
    let Json::Object(fields) = json else { return false };
    let text = |name: &str| fields.iter().any(|(field, value)| is_field(field, name) && value.is_string());
    let port = fields.iter().any(|(field, value)| {
        is_field(field, "port")
            && (value.is_u64() || value.as_str().is_some_and(|port| port.parse::<u16>().is_ok()))
    });
    let addressed = fields.iter().any(|(field, value)| {
        ["addr", "address", "endpoint", "url", "serviceAddress"].iter().any(|name| is_field(field, name))
            && value.as_str().is_some_and(is_address_text)
    });
    let nested = || {
        fields.iter().any(|(field, value)| {
            let several = ["nodes", "endpoints", "instances", "addresses"];
            several.iter().any(|name| is_field(field, name))
                && value.as_array().is_some_and(|items| {
                    items.iter().any(|item| {
                        item.as_str().is_some_and(is_address_text)
                            || (depth < 2 && names_address(item, depth + 1))
                    })
                })
        })
    };
    addressed || (port && (text("ip") || text("host") || text("hostname"))) || nested()
}

fn is_address_text(text: &str) -> bool {
    is_address(text.as_bytes())
}

fn is_field(field: &str, name: &str) -> bool {
    field.eq_ignore_ascii_case(name)
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
