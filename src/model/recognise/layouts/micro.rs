//! go-micro: `/micro/registry/<service>/<node>`, and Kratos: `/microservices/<service>/<id>`.

use serde_json::Value as Json;

use crate::model::coordination::{Confidence, Finding, Instance, Layout};
use crate::model::recognise::registrations;
use crate::model::recognise::seen::{Seen, registered};

/// What a key of go-micro is.
pub(in crate::model::recognise) fn go_micro(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let micro = root.checked_sub(1)?;
    if !seen.path.is(root, "registry") || !seen.path.is(micro, "micro") {
        return None;
    }
    below(seen, root, Layout::GoMicro, &["nodes"])
}

/// What a key of Kratos is.
pub(in crate::model::recognise) fn kratos(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    if !seen.path.is(root, "microservices") {
        return None;
    }
    below(seen, root, Layout::Kratos, &["id", "endpoints"])
}

/// `…/<service>/<instance>`; the value is JSON with a name and these fields.
fn below(seen: &Seen<'_>, root: usize, layout: Layout, wanted: &[&str]) -> Option<Finding> {
    let path = &seen.path;
    if path.len() != root + 3 || path.last().is_empty() {
        return None;
    }
    let service = path.text(root + 1, root + 2);
    let mut instance = seen.instance(path.text(root + 2, root + 3), layout, Confidence::Likely);
    match (seen.value, seen.leased()) {
        (None, true) => {}
        (None, false) => return None,
        (Some(_), _) => {
            let json = seen.json()?.as_object()?;
            if !json.get("name")?.is_string() || !wanted.iter().all(|field| json.contains_key(*field)) {
                return None;
            }
            instance.confidence = Confidence::Certain;
            let mut rest = json.clone();
            rest.shift_remove("name");
            match layout {
                Layout::Kratos => of_kratos(&mut rest, &mut instance),
                // Its endpoints are the methods that it has.
                _ => drop(rest.shift_remove("endpoints")),
            }
            registrations::from_fields(&rest, &mut instance);
        }
    }
    Some(registered(path.folder(root + 2), service, instance))
}

/// One instance may listen on several endpoints (gRPC and HTTP): it is one all the same.
fn of_kratos(json: &mut serde_json::Map<String, Json>, instance: &mut Instance) {
    let endpoints = json.shift_remove("endpoints");
    let all: Vec<String> = endpoints
        .as_ref()
        .and_then(Json::as_array)
        .map(|all| all.iter().filter_map(|endpoint| Some(endpoint.as_str()?.to_owned())).collect())
        .unwrap_or_default();
    if all.len() > 1 {
        instance.metadata.push(("endpoints".to_owned(), all.join(", ")));
    }
    instance.address = all.into_iter().next();
}
