//! Registrations by the shape of their keys and values, and what their fields say.

use serde_json::{Map, Value as Json};

use super::fields::{self, named, number, text};
use super::name;
use super::path::{Path, Root};
use super::reports;
use super::seen::{Seen, registered};
use super::value::{is_address, is_host_and_port};
use crate::model::coordination::{Confidence, Finding, Instance, Layout, Node};

/// At most so many nodes of one key, and so many other fields, are kept.
const MOST_NODES: usize = 1_000;
const MOST_METADATA: usize = 64;

const ADDRESS: &[&str] = &["addr", "address", "endpoint", "url", "serviceaddress", "hostport"];
const HOST: &[&str] = &["ip", "host", "hostname", "ipaddr", "serviceip"];
const PORT: &[&str] = &["port", "serviceport"];
const VERSION: &[&str] = &["version", "serviceversion", "appversion"];
const STATUS: &[&str] = &["status", "state"];
const INSTANCE_ID: &[&str] = &["instanceid", "nodeid", "id"];
const SERVICE: &[&str] = &["servicename", "serviceid", "service", "appname"];
const SEVERAL: &[&str] = &["nodes", "endpoints", "addresses", "instances"];

/// Last segments that are no instances although they lie beside some.
const NO_INSTANCES: &[&str] = &[
    "config",
    "configs",
    "configuration",
    "settings",
    "version",
    "schema",
    "meta",
    "metadata",
    "database",
    "db",
    "cache",
    "secret",
    "secrets",
    "session",
    "counter",
    "sequence",
    "owner",
    "description",
];
/// Last segments under which an instance reports about itself.
const REPORTS: &[&str] = &["health", "status", "heartbeat", "metrics"];

/// What a key registers, if it has the shape of a registration.
pub(super) fn find(seen: &Seen<'_>, root: Option<(usize, Root)>) -> Option<Finding> {
    let path = &seen.path;
    let last = path.len() - 1;
    if last == 0 || path.last().is_empty() {
        return None;
    }
    match root {
        Some((at, Root::Registry)) => below_registry(seen, at, last),
        None if seen.leased() => anywhere(seen, last),
        _ => None,
    }
}

/// `…/services/<service>/<instance>`.
fn below_registry(seen: &Seen<'_>, root: usize, last: usize) -> Option<Finding> {
    let path = &seen.path;
    // A container's name before the instance is no service of its own.
    let service = root + 1;
    if last > service + 1 && name::is_any(path.last(), REPORTS) {
        return reports::find(seen, service, last - 1).filter(|_| seen.value.is_some());
    }
    if name::is_any(path.last(), NO_INSTANCES) {
        return None;
    }
    let proof = proof(seen, true);
    let direct = last == service + 1;
    let confidence = match proof {
        Proof::None if !(seen.leased() && direct) => return None,
        Proof::Named if seen.leased() && direct => Confidence::Certain,
        Proof::Addressed if seen.leased() => Confidence::Certain,
        Proof::Identified => Confidence::Certain,
        Proof::None | Proof::Named => Confidence::Likely,
        // A static one: an address alone may be anything that the service is told.
        Proof::Addressed => {
            let like_a_node = path.last().iter().any(u8::is_ascii_digit);
            let plain = seen.value.is_some_and(is_address);
            if !(is_address(path.last()) || (plain && like_a_node)) {
                return None;
            }
            Confidence::Likely
        }
    };
    Some(found(seen, service.min(last), last, confidence))
}

/// A leased key that is not below a folder of services: it must look like a registration by itself.
fn anywhere(seen: &Seen<'_>, last: usize) -> Option<Finding> {
    if name::is_any(seen.path.last(), NO_INSTANCES) {
        return None;
    }
    let fits = match proof(seen, false) {
        Proof::Identified => true,
        Proof::Named => is_host_and_port(seen.path.last()),
        Proof::Addressed => {
            let node = || {
                seen.value.is_some_and(is_host_and_port) && seen.path.last().iter().any(u8::is_ascii_digit)
            };
            is_address(seen.path.last()) || node()
        }
        Proof::None => false,
    };
    fits.then(|| found(seen, 0, last, Confidence::Likely))
}

fn found(seen: &Seen<'_>, service: usize, last: usize, confidence: Confidence) -> Finding {
    let mut instance = seen.instance(seen.path.text(last, last + 1), Layout::Plain, confidence);
    fill(seen, &mut instance);
    registered(seen.path.folder(last), service_name(&seen.path, service, last), instance)
}

/// The service that an instance at a place belongs to: the segments before it, without the folder of services
/// in front and without words for what lies in the folder (`instances`) behind.
pub(super) fn service_name(path: &Path<'_>, from: usize, last: usize) -> String {
    let from = (0..last)
        .rev()
        .find(|at| name::is_registry(path.get(*at)) && *at + 1 < last)
        .map_or(from, |at| at + 1);
    let container = |at: usize| {
        name::is_registry(path.get(at)) || name::is_any(path.get(at), &["nodes", "members", "addresses"])
    };
    let mut end = last;
    while end > from + 1 && container(end - 1) {
        end -= 1;
    }
    path.text(from.min(end.saturating_sub(1)), end)
}

/// What speaks for a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nothing.
    None,
    /// The last segment is an address.
    Named,
    /// The value is an address, or has one.
    Addressed,
    /// The value names service or instance, and where it is.
    Identified,
}

fn proof(seen: &Seen<'_>, registry: bool) -> Proof {
    let address = if registry { is_address(seen.path.last()) } else { is_host_and_port(seen.path.last()) };
    let named = if address { Proof::Named } else { Proof::None };
    let Some(value) = seen.value else { return named };
    if is_address(value) {
        return Proof::Addressed;
    }
    match seen.json() {
        Some(json) if names_address(json) => {
            let identified = json
                .as_object()
                .is_some_and(|fields| named_any(fields, SERVICE) || named_any(fields, &["instanceid"]));
            if identified { Proof::Identified } else { Proof::Addressed }
        }
        // Something else than what registrations say, where nothing but the key speaks for one.
        None if !registry && !value.is_empty() => Proof::None,
        _ => named,
    }
}

/// Whether JSON names an address as registrations do: one, or a host and a port, or nodes that have them.
fn names_address(json: &Json) -> bool {
    let text = |value: &Json| value.as_str().is_some_and(|text| is_address(text.as_bytes()));
    let one = |fields: &Map<String, Json>| {
        let port = || {
            named(fields, PORT).is_some_and(|(_, port)| match port {
                Json::String(port) => port.parse::<u16>().is_ok(),
                port => port.is_u64(),
            })
        };
        ADDRESS.iter().any(|name| named(fields, &[name]).is_some_and(|(_, value)| text(value)))
            || (named(fields, HOST).is_some_and(|(_, host)| host.is_string()) && port())
    };
    let Some(fields) = json.as_object() else { return false };
    let item = |item: &Json| text(item) || item.as_object().is_some_and(one);
    let several = |name: &&str| named(fields, &[name]).and_then(|(_, items)| items.as_array());
    one(fields) || SEVERAL.iter().filter_map(several).flatten().any(item)
}

fn named_any(fields: &Map<String, Json>, names: &[&str]) -> bool {
    named(fields, names).is_some()
}

/// Whether the value is one that registrations have: an address, or JSON with one, or with a weight.
pub(super) fn registers(seen: &Seen<'_>) -> bool {
    let Some(value) = seen.value else { return false };
    is_address(value)
        || seen.json().is_some_and(|json| {
            names_address(json) || json.as_object().is_some_and(|fields| named_any(fields, fields::WEIGHT))
        })
}

/// Adds what key and value say.
pub(super) fn fill(seen: &Seen<'_>, instance: &mut Instance) {
    if let Some(json) = seen.json().and_then(Json::as_object) {
        from_fields(json, instance);
    } else if let Some(value) = seen.value.filter(|value| is_address(value)) {
        instance.address = Some(String::from_utf8_lossy(value).trim().to_owned());
    } else if let Some(status) = seen.text().and_then(reports::plain_status) {
        instance.status = Some(status);
    }
    if instance.address.is_none() && instance.nodes.is_empty() && is_address(seen.path.last()) {
        instance.address = Some(instance.id.clone());
    }
}

/// Adds what the fields of a JSON object say.
pub(super) fn from_fields(json: &Map<String, Json>, instance: &mut Instance) {
    let mut used = Vec::new();
    instance.address = address(json, &mut used).or(instance.address.take());
    several(json, instance, &mut used);
    let mut take = |names: &[&'static str]| {
        let (field, value) = named(json, names)?;
        let text = fields::scalar(value).filter(|text| !text.is_empty())?;
        used.push(field.to_owned());
        Some(text)
    };
    instance.version = take(VERSION).or(instance.version.take());
    instance.label = take(fields::LABEL).or(instance.label.take());
    instance.weight = take(fields::WEIGHT).and_then(|text| number(&Json::from(text))).or(instance.weight);
    instance.status = take(STATUS).map(|text| reports::status(&text)).or(instance.status.take());
    let report = reports::metrics(json);
    if let Some(report) = report {
        used.extend(json.keys().filter(|field| reports::is_of_report(field)).cloned());
        instance.report = Some(std::sync::Arc::new(report));
    } else {
        instance.report = reports::heartbeat(json).map(std::sync::Arc::new);
    }
    for (field, value) in json.iter().filter(|(field, _)| !used.contains(field)) {
        match value {
            Json::Object(inner) => {
                inner.iter().for_each(|(field, value)| of_metadata(field, value, instance));
            }
            value => of_metadata(field, value, instance),
        }
    }
    // What names the key once more says nothing.
    let Instance { id, metadata, .. } = instance;
    metadata.retain(|(field, text)| {
        !(INSTANCE_ID.iter().any(|name| fields::is_field(field, name)) && text == id)
    });
}

/// What one entry of the metadata says: what is looked for elsewhere too, or something of its own.
fn of_metadata(field: &str, value: &Json, instance: &mut Instance) {
    let is = |names: &[&str]| names.iter().any(|name| fields::is_field(field, name));
    let text = match fields::scalar(value) {
        Some(text) if text.is_empty() => return,
        Some(text) => text,
        None if value.is_null() => return,
        None => fields::cut(&value.to_string()),
    };
    if instance.weight.is_none() && is(fields::WEIGHT) && number(value).is_some() {
        instance.weight = number(value);
    } else if instance.version.is_none() && is(VERSION) {
        instance.version = Some(text);
    } else if instance.label.is_none() && is(fields::LABEL) {
        instance.label = Some(text);
    } else if instance.metadata.len() < MOST_METADATA {
        instance.metadata.push((field.to_owned(), text));
    }
}

/// The address that the fields give.
fn address(json: &Map<String, Json>, used: &mut Vec<String>) -> Option<String> {
    for name in ADDRESS {
        if let Some((field, Json::String(address))) = named(json, &[name])
            && is_address(address.as_bytes())
        {
            // A bare host may have its port beside it.
            let port = named(json, PORT).filter(|_| address.parse::<std::net::IpAddr>().is_ok());
            let port = port.and_then(|(field, port)| Some((field, fields::scalar(port)?)));
            used.push(field.to_owned());
            return Some(match port {
                Some((field, port)) => {
                    used.push(field.to_owned());
                    host_and_port(address, &port)
                }
                None => address.clone(),
            });
        }
    }
    let (host_field, host) = named(json, HOST)?;
    let host = host.as_str().filter(|host| !host.is_empty() && host.len() <= 300)?;
    used.push(host_field.to_owned());
    let Some((port_field, port)) = named(json, PORT) else { return Some(host.to_owned()) };
    let port = fields::scalar(port)?;
    used.push(port_field.to_owned());
    Some(host_and_port(host, &port))
}

/// A host and its port; an IPv6 address in brackets.
pub(super) fn host_and_port(host: &str, port: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Several addresses in one registration: nodes where each is one to go to.
fn several(json: &Map<String, Json>, instance: &mut Instance, used: &mut Vec<String>) {
    let Some((field, Json::Array(items))) = named(json, SEVERAL) else { return };
    let node = |item: &Json| match item {
        Json::String(text) if is_address(text.as_bytes()) => {
            Some(Node { address: text.clone(), weight: None })
        }
        Json::Object(inner) => {
            let weight = named(inner, fields::WEIGHT).and_then(|(_, weight)| number(weight));
            Some(Node { address: address(inner, &mut Vec::new())?, weight })
        }
        _ => None,
    };
    let mut nodes: Vec<Node> = items.iter().take(MOST_NODES).filter_map(node).collect();
    if nodes.is_empty() {
        return;
    }
    used.push(field.to_owned());
    if nodes.len() == 1 {
        let only = nodes.remove(0);
        instance.address = Some(only.address);
        instance.weight = only.weight.or(instance.weight);
    } else {
        instance.address.get_or_insert_with(|| nodes[0].address.clone());
        instance.nodes = nodes;
    }
    // What the only item says beside its address belongs to the instance.
    if let [Json::Object(inner)] = items.as_slice() {
        for (field, value) in inner {
            match value {
                Json::Object(metadata) => {
                    metadata.iter().for_each(|(field, value)| of_metadata(field, value, instance));
                }
                _ if named(inner, ADDRESS).is_some_and(|(address, _)| address == field) => {}
                value => of_metadata(field, value, instance),
            }
        }
    }
}

/// The name that the value gives its service.
pub(super) fn service_of(json: &Map<String, Json>) -> Option<String> {
    text(json, SERVICE)
}
