//! Traefik: `traefik/{http,tcp,udp}/services/<service>/loadbalancer/servers/<n>/{url,address}`, and in its first
//! version `traefik/backends/<backend>/servers/<name>/url`.

use crate::model::coordination::{Confidence, Finding, Layout};
use crate::model::recognise::seen::{Seen, registered};

/// What a key of Traefik is; its routers, middlewares and options are nothing of ours.
pub(in crate::model::recognise) fn find(seen: &Seen<'_>, root: usize) -> Option<Finding> {
    let path = &seen.path;
    let last = path.len() - 1;
    let address = path.is(last, "url") || path.is(last, "address");
    let servers = last.checked_sub(2).filter(|at| address && path.is(*at, "servers"))?;
    let service = if path.is(root + 1, "backends") {
        (servers == root + 3).then_some(root + 2)?
    } else {
        let fits =
            path.is(root + 2, "services") && path.is(servers - 1, "loadbalancer") && servers == root + 5;
        fits.then_some(root + 3)?
    };
    let id = path.text(last - 1, last);
    let mut instance = seen.instance(id, Layout::Traefik, Confidence::Likely);
    if seen.value.is_some() {
        instance.address = Some(seen.text().filter(|address| !address.is_empty())?.to_owned());
        instance.confidence = Confidence::Certain;
    }
    let folder = path.folder(last - 1);
    Some(registered(folder, path.text(service, service + 1), instance))
}
