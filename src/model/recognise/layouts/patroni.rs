//! Patroni: `/service/<scope>/[<group>/]{leader,members/<name>,…}`.

use serde_json::Value as Json;

use crate::model::coordination::{ClaimKind, Confidence, Finding, InstanceStatus, Layout};
use crate::model::recognise::fields::{self, text};
use crate::model::recognise::seen::{Claimed, Seen, registered};
use crate::model::recognise::value::is_address;

/// What a key below the folder of services is, if Patroni writes such.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    if !path.is(root, "service") || !seen.leased() {
        return None;
    }
    // `/service/<scope>` and in Citus the number of a group.
    let scope = root + 1;
    let group = usize::from(
        path.len() > scope + 2
            && !path.get(scope + 1).is_empty()
            && path.get(scope + 1).iter().all(u8::is_ascii_digit),
    );
    let leaf = scope + 1 + group;
    let name = path.text(scope, leaf);
    if path.len() == leaf + 1 && path.get(leaf) == b"leader" {
        return leader(seen);
    }
    if path.len() == leaf + 2 && path.get(leaf) == b"members" && !path.last().is_empty() {
        return member(seen, leaf + 1, name);
    }
    None
}

/// The value is the name of the member that leads.
fn leader(seen: &Seen<'_>) -> Option<Finding> {
    let name = match seen.value {
        None => None,
        Some(_) => Some(seen.text().filter(|name| is_name(name))?.to_owned()),
    };
    let confidence = if name.is_some() { Confidence::Certain } else { Confidence::Likely };
    let claim = Claimed::single(seen.key, ClaimKind::Election, Layout::Patroni, confidence);
    Some(Claimed { owner: name, ..claim }.finding())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('{') && !is_address(name.as_bytes())
}

fn member(seen: &Seen<'_>, at: usize, scope: String) -> Option<Finding> {
    let id = seen.path.text(at, at + 1);
    let mut instance = seen.instance(id, Layout::Patroni, Confidence::Likely);
    if seen.value.is_some() {
        let json = seen.json()?.as_object()?;
        let url = text(json, &["connurl"]).or_else(|| text(json, &["apiurl"]))?;
        instance.confidence = Confidence::Certain;
        instance.address = Some(authority(&url).to_owned());
        instance.version = text(json, &["version"]);
        instance.status = text(json, &["state"]).map(|state| status(&state));
        let others = json.iter().filter(|(field, _)| {
            !["connurl", "version", "state"].iter().any(|name| fields::is_field(field, name))
        });
        instance
            .metadata
            .extend(others.filter_map(|(field, value)| Some((field.clone(), shown(value)?))).take(64));
    }
    Some(registered(seen.path.folder(at), scope, instance))
}

fn shown(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        value => fields::scalar(value).or_else(|| Some(fields::cut(&value.to_string()))),
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn status(state: &str) -> InstanceStatus {
    match state {
        "running" | "streaming" | "in archive recovery" => InstanceStatus::Up,
        "starting"
        | "creating replica"
        | "initializing new cluster"
        | "running custom bootstrap script"
        | "restarting" => InstanceStatus::Starting,
        "stopped" | "crashed" | "start failed" | "stop failed" | "restart failed" | "initdb failed" => {
            InstanceStatus::Down
        }
        other => InstanceStatus::Other(fields::cut(other)),
    }
}
