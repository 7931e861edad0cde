//! The gRPC resolver of etcd's Go client: `<target>/<address>` with `{"Op":0,"Addr":…,"Metadata":…}`.

use crate::model::coordination::{Confidence, Finding, Layout};
use crate::model::recognise::registrations;
use crate::model::recognise::seen::{Seen, registered};

/// What a key with such a value is.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>) -> Option<Finding> {
    if !seen.value?.starts_with(b"{\"Op\":") || seen.path.len() < 2 || seen.path.last().is_empty() {
        return None;
    }
    let json = seen.json()?.as_object()?;
    let address = json.get("Addr")?.as_str().filter(|address| !address.is_empty())?;
    json.get("Op")?.as_u64()?;
    let last = seen.path.len() - 1;
    let mut instance = seen.instance(seen.path.text(last, last + 1), Layout::Grpc, Confidence::Certain);
    let mut rest = json.clone();
    rest.shift_remove("Op");
    rest.shift_remove("Addr");
    registrations::from_fields(&rest, &mut instance);
    instance.address = Some(address.to_owned());
    let name = registrations::service_name(&seen.path, 0, last);
    Some(registered(seen.path.folder(last), name, instance))
}
