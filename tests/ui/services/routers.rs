//! What points to a service of Traefik.

use etcdscope::action::Action;
use etcdscope::model::coordination::{Instance, Layout, Service};
use etcdscope::model::record::KeyMeta;

use super::fixture::*;
use crate::support::{Setting, key, value};

#[test]
fn the_routers_of_a_traefik_service_are_told_with_their_rules() {
    let folder = "traefik/http/services/shop/loadbalancer/servers/";
    let server = |at: u8| Instance {
        layout: Layout::Traefik,
        address: Some(format!("http://10.0.0.{at}:8080")),
        ..instance(folder, &at.to_string(), None)
    };
    let shop = Service {
        folder: key(folder),
        layout: Layout::Traefik,
        ..service("shop", vec![server(0), server(1)])
    };
    let mut world = with(vec![shop]);
    for (name, text) in [
        ("traefik/http/routers/web/rule", "Host(`shop.example.com`)"),
        ("traefik/http/routers/web/entrypoints/0", "websecure"),
        ("traefik/http/routers/web/service", "shop"),
        ("traefik/http/routers/other/service", "blog"),
    ] {
        world.sessions[0].keyspace.put(name.as_bytes(), KeyMeta::default(), Some(value(text)));
    }
    let mut scene = play(Setting::default(), world);
    scene.picture("services-traefik");
    assert!(scene.sees("Host(`shop.example.com`) at websecure") && !scene.sees("other"));
    scene.actions();
    scene.press("web");
    assert!(scene.actions().contains(&Action::OpenKey(key("traefik/http/routers/web/service"))));
}
