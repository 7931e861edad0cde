//! APISIX: `/apisix/{upstreams,services,routes,…}/<id>`. What has nodes is a service of its own, and the one
//! key registers all of them.

use serde_json::Value as Json;

use crate::model::coordination::{Confidence, Finding, Instance, Layout, Node};
use crate::model::recognise::fields::{self, number, text};
use crate::model::recognise::registrations::host_and_port;
use crate::model::recognise::seen::{Seen, registered};

/// At most so many nodes are kept.
const MOST_NODES: usize = 1_000;

/// What a key of APISIX is; routes and services without nodes of their own, consumers, plugins and the bare
/// placeholders of folders are nothing of ours.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    if path.len() < root + 3 || path.last().is_empty() {
        return None;
    }
    let kind = path.get(root + 1);
    if kind == b"data_plane" {
        return data_plane(seen, root);
    }
    let (kind, upstream) = match kind {
        b"upstreams" => ("upstreams", true),
        b"services" => ("services", false),
        b"routes" => ("routes", false),
        b"stream_routes" => ("stream_routes", false),
        _ => return None,
    };
    if path.len() != root + 3 {
        return None;
    }
    let id = path.text(root + 2, root + 3);
    let mut instance = seen.instance(id.clone(), Layout::Apisix, Confidence::Likely);
    let mut name = None;
    match seen.value {
        None if upstream => {}
        None => return None,
        Some(_) => {
            let json = seen.json()?;
            let balanced = if upstream { json } else { json.get("upstream")? };
            instance.confidence = Confidence::Certain;
            instance.nodes = balanced.get("nodes").map(nodes).unwrap_or_default();
            let discovered = balanced.get("service_name").is_some();
            if instance.nodes.is_empty() && !discovered {
                return None;
            }
            name = json.as_object().and_then(|fields| text(fields, &["name"]));
            describe(json, balanced, &mut instance);
        }
    }
    if instance.nodes.len() == 1 {
        let only = instance.nodes.remove(0);
        instance.address = Some(only.address);
        instance.weight = only.weight;
    } else {
        instance.address = instance.nodes.first().map(|node| node.address.clone());
    }
    let folder = [seen.key, b"/"].concat();
    Some(registered(&folder, name.unwrap_or_else(|| format!("{kind}/{id}")), instance))
}

/// Nodes are an object of weights by address, or a list.
fn nodes(nodes: &Json) -> Vec<Node> {
    match nodes {
        Json::Object(by_address) => by_address
            .iter()
            .take(MOST_NODES)
            .map(|(address, weight)| Node { address: fields::cut(address), weight: number(weight) })
            .collect(),
        Json::Array(items) => items.iter().take(MOST_NODES).filter_map(node).collect(),
        _ => Vec::new(),
    }
}

fn node(node: &Json) -> Option<Node> {
    let node = node.as_object()?;
    let host = text(node, &["host"])?;
    let address = match text(node, &["port"]) {
        Some(port) => host_and_port(&host, &port),
        None => host,
    };
    Some(Node { address, weight: node.get("weight").and_then(number) })
}

/// What else is worth knowing: how it balances, what it is for.
fn describe(json: &Json, balanced: &Json, instance: &mut Instance) {
    let told = [
        ("type", balanced.get("type")),
        ("scheme", balanced.get("scheme")),
        ("service_name", balanced.get("service_name")),
        ("discovery_type", balanced.get("discovery_type")),
        ("uri", json.get("uri")),
        ("uris", json.get("uris")),
        ("host", json.get("host")),
        ("desc", json.get("desc")),
        ("status", json.get("status")),
    ];
    let shown = |value: &Json| fields::scalar(value).unwrap_or_else(|| fields::cut(&value.to_string()));
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), shown(value?))));
    instance.metadata.extend(told);
}

/// `/apisix/data_plane/server_info/<id>`: a gateway itself, on a lease.
fn data_plane(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    if path.len() != root + 4 || !path.is(root + 2, "server_info") || !seen.leased() {
        return None;
    }
    let mut instance = seen.instance(path.text(root + 3, root + 4), Layout::Apisix, Confidence::Likely);
    if seen.value.is_some() {
        let json = seen.json()?.as_object()?;
        instance.confidence = Confidence::Certain;
        instance.version = text(json, &["version"]);
        let told = ["hostname", "boottime", "etcdversion"].into_iter();
        instance.metadata.extend(told.filter_map(|name| Some((name.to_owned(), text(json, &[name])?))));
    }
    Some(registered(path.folder(root + 3), path.text(root, root + 1), instance))
}
