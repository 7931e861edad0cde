//! What points to a service of Traefik: its routers, each of several keys. One key alone does not say it, so
//! they are looked up for the one service that is shown.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::fields;
use super::path::Path;
use crate::model::bytes::Key;
use crate::model::keyspace::Keyspace;

/// At most so many keys of routers are looked at.
const MOST_KEYS: usize = 4_000;
/// What Traefik appends to the name of a service that is in etcd, where it is named from elsewhere.
const IN_ETCD: &str = "@etcd";

/// A router that sends requests to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// The key that names the service.
    pub key: Key,
    /// Which requests it takes; empty where it is not known.
    pub rule: String,
    /// Where it listens.
    pub entry_points: Vec<String>,
}

/// Where routers lie, and what they say of a service.
struct Place {
    /// Before their names.
    prefix: Vec<u8>,
    /// Which segment is a router's name.
    name: usize,
    /// The last segment of the key that names the service.
    points: &'static str,
    service: String,
}

/// The routers that point to the service whose servers are in this folder, by name. (In Traefik's first version
/// they are frontends that point to a backend.)
#[must_use]
pub fn routers(keyspace: &Keyspace, folder: &[u8]) -> Vec<Router> {
    let Some(place) = place(folder) else { return Vec::new() };
    let mut found: BTreeMap<String, Router> = BTreeMap::new();
    let mut seen = 0;
    let _flow = keyspace.for_each_prefix(&place.prefix, &mut |key, view| {
        seen += 1;
        if let (Some(path), Some(value)) = (Path::new(key, b'/'), view.value) {
            let name = path.text(place.name, place.name + 1);
            let text = || fields::cut(String::from_utf8_lossy(value).trim());
            let last = path.len() - 1;
            let is_own = last == place.name + 1;
            if is_own && path.is(last, place.points) {
                if points_to(&text(), &place.service) {
                    found.entry(name).or_default().key = Key::from(key);
                }
            } else if path.is(last, "rule") && (is_own || path.is(place.name + 1, "routes")) {
                found.entry(name).or_default().rule = text();
            } else if path.is(place.name + 1, "entrypoints") {
                found.entry(name).or_default().entry_points.push(text());
            }
        }
        if seen < MOST_KEYS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let named = found.into_iter().map(|(name, router)| Router { name, ..router });
    named.filter(|router| !router.key.is_empty()).collect()
}

fn points_to(named: &str, service: &str) -> bool {
    named.strip_suffix(IN_ETCD).unwrap_or(named) == service
}

/// `traefik/<protocol>/services/<service>/…`, or `traefik/backends/<backend>/…`.
fn place(folder: &[u8]) -> Option<Place> {
    let path = Path::new(folder, b'/')?;
    let root = (0..path.len()).find(|at| path.is(*at, "traefik"))?;
    let below = |folder: &[u8], name: &str| [folder, name.as_bytes(), b"/"].concat();
    if path.is(root + 1, "backends") {
        return Some(Place {
            prefix: below(path.folder(root + 1), "frontends"),
            name: root + 2,
            points: "backend",
            service: path.text(root + 2, root + 3),
        });
    }
    path.is(root + 2, "services").then(|| Place {
        prefix: below(path.folder(root + 2), "routers"),
        name: root + 3,
        points: "service",
        service: path.text(root + 3, root + 4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::KeyMeta;

    fn keyspace(entries: &[(&str, &str)]) -> Keyspace {
        let mut keyspace = Keyspace::new(b'/');
        for (key, value) in entries {
            keyspace.put(key.as_bytes(), KeyMeta::default(), Some(value.as_bytes().into()));
        }
        keyspace
    }

    /// As Traefik's own documentation writes them.
    #[test]
    fn routers_that_point_to_a_service_are_found_with_their_rules() {
        let keys = keyspace(&[
            ("traefik/http/routers/shop/rule", "Host(`shop.example.com`)"),
            ("traefik/http/routers/shop/entrypoints/0", "web"),
            ("traefik/http/routers/shop/entrypoints/1", "websecure"),
            ("traefik/http/routers/shop/middlewares/0", "auth"),
            ("traefik/http/routers/shop/service", "myservice"),
            ("traefik/http/routers/shop/tls/domains/0/main", "example.org"),
            ("traefik/http/routers/admin/service", "myservice@etcd"),
            ("traefik/http/routers/other/rule", "Path(`/x`)"),
            ("traefik/http/routers/other/service", "myservice2"),
            ("traefik/http/routers/there/service", "myservice@docker"),
            ("traefik/tcp/routers/db/service", "myservice"),
            ("traefik/http/services/myservice/loadbalancer/servers/0/url", "http://10.0.0.7:8080"),
        ]);
        let found = routers(&keys, b"traefik/http/services/myservice/loadbalancer/servers/");
        let names: Vec<&str> = found.iter().map(|router| router.name.as_str()).collect();
        assert_eq!(names, ["admin", "shop"]);
        assert_eq!((found[1].rule.as_str(), found[0].rule.as_str()), ("Host(`shop.example.com`)", ""));
        assert_eq!(found[1].entry_points, ["web", "websecure"]);
        assert_eq!(&*found[1].key, b"traefik/http/routers/shop/service");
        assert_eq!(routers(&keys, b"traefik/tcp/services/myservice/loadbalancer/servers/")[0].name, "db");
        assert_eq!(routers(&keys, b"/services/myservice/"), []);
    }

    #[test]
    fn frontends_of_the_first_version_point_to_backends() {
        let keys = keyspace(&[
            ("/traefik/frontends/frontend1/backend", "backend1"),
            ("/traefik/frontends/frontend1/routes/test_1/rule", "Host:test.localhost"),
            ("/traefik/frontends/frontend2/backend", "backend2"),
        ]);
        let found = routers(&keys, b"/traefik/backends/backend1/servers/");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].rule.as_str()), ("frontend1", "Host:test.localhost"));
    }

    #[test]
    fn only_so_many_keys_are_looked_at() {
        let mut keys = Keyspace::new(b'/');
        for at in 0..MOST_KEYS + 500 {
            let key = format!("traefik/http/routers/r{at:05}/service");
            keys.put(key.as_bytes(), KeyMeta::default(), Some(b"s".as_slice().into()));
        }
        assert_eq!(routers(&keys, b"traefik/http/services/s/loadbalancer/servers/").len(), MOST_KEYS);
    }
}
