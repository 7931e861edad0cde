//! CoreDNS (SkyDNS): `/skydns/<labels, the last one first>` with a record as JSON.

use crate::model::coordination::{Confidence, Finding, Layout};
use crate::model::recognise::fields::{number, text};
use crate::model::recognise::registrations::host_and_port;
use crate::model::recognise::seen::{Seen, registered};

/// What a key of CoreDNS is: the name's last label is the instance, the rest the service.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    let last = path.len() - 1;
    // At least a domain and a label in it.
    if last < root + 2 || path.last().is_empty() {
        return None;
    }
    let mut instance = seen.instance(path.text(last, last + 1), Layout::CoreDns, Confidence::Likely);
    if seen.value.is_some() {
        let json = seen.json()?.as_object()?;
        // Records of text alone have no place to go to.
        let host = text(json, &["host"])?;
        instance.confidence = Confidence::Certain;
        instance.address = Some(match text(json, &["port"]).filter(|port| port != "0") {
            Some(port) => host_and_port(&host, &port),
            None => host,
        });
        instance.weight = json.get("weight").and_then(number);
        let told = ["priority", "ttl", "text", "group"].into_iter();
        instance.metadata.extend(told.filter_map(|name| Some((name.to_owned(), text(json, &[name])?))));
    }
    let labels: Vec<String> = (root + 1..last).rev().map(|at| path.text(at, at + 1)).collect();
    Some(registered(path.folder(last), labels.join("."), instance))
}
