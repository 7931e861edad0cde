//! What the console makes of the keys that well-known systems write.

use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions, KeyValue};
use etcdscope::model::coordination::{Confidence, Finding, Layout, Role};
use etcdscope::model::recognise::{Rules, find};
use etcdscope::model::record::KeyMeta;

/// What keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Claim,
    Instance,
    Report,
    Nothing,
}

use Is::{Claim, Instance, Nothing, Report};

/// What each key below a prefix is, and who writes so; the first that fits counts.
const EXPECTED: [(&str, Is, Layout); 24] = [
    ("grpc/", Instance, Layout::Grpc),
    ("user.rpc/", Instance, Layout::GoZero),
    ("/microservices/", Instance, Layout::Kratos),
    ("/micro/registry/", Instance, Layout::GoMicro),
    ("/dubbo/org.apache.dubbo.demo.DemoService/providers/", Instance, Layout::Dubbo),
    ("/apisix/upstreams/1", Instance, Layout::Apisix),
    ("/apisix/data_plane/server_info/", Instance, Layout::Apisix),
    ("/apisix/", Nothing, Layout::Apisix),
    ("traefik/http/services/", Instance, Layout::Traefik),
    ("traefik/", Nothing, Layout::Traefik),
    ("/skydns/local/example/web/", Instance, Layout::CoreDns),
    ("/skydns/", Nothing, Layout::CoreDns),
    ("/service/pg-main/members/", Instance, Layout::Patroni),
    ("/service/pg-main/leader", Claim, Layout::Patroni),
    ("/service/", Nothing, Layout::Patroni),
    ("/registry/leases/kube-system/", Claim, Layout::Kubernetes),
    ("/registry/leases/kube-node-lease/", Instance, Layout::Kubernetes),
    ("/pd/7352341189512052765/leader", Claim, Layout::TikvPd),
    ("/pd/", Nothing, Layout::TikvPd),
    ("/ms/", Claim, Layout::TikvPd),
    ("/vitess/", Claim, Layout::Vitess),
    ("/locks/invoice-run", Claim, Layout::PythonEtcd3),
    ("/health/", Report, Layout::Plain),
    ("/config/", Nothing, Layout::Plain),
];

/// Every key that is there is what it is, for certain, until each line of the table has had one: claims come
/// and go.
pub(super) async fn layouts(client: &Client) {
    let begun = Instant::now();
    let mut seen = [0; EXPECTED.len()];
    while seen.contains(&0) {
        assert!(begun.elapsed() < Duration::from_secs(150), "{seen:?} keys of {EXPECTED:?}");
        let answer = client.clone().get("", Some(GetOptions::new().with_all_keys())).await.expect("a range");
        for kv in answer.kvs() {
            let key = String::from_utf8_lossy(kv.key());
            if let Some(at) = EXPECTED.iter().position(|(prefix, ..)| key.starts_with(prefix)) {
                seen[at] += 1;
                check(kv, &key, EXPECTED[at].1, EXPECTED[at].2);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn is(found: Option<&Finding>) -> Is {
    found.map_or(Nothing, |finding| match finding.role {
        Role::Claim { .. } => Claim,
        Role::Instance { .. } => Instance,
        Role::Report { .. } => Report,
    })
}

fn check(kv: &KeyValue, key: &str, expected: Is, layout: Layout) {
    let meta = KeyMeta {
        create_revision: kv.create_revision(),
        mod_revision: kv.mod_revision(),
        version: kv.version(),
        lease: kv.lease(),
    };
    let found = find(kv.key(), &meta, Some(kv.value()), &Rules::default(), b'/');
    assert_eq!(is(found.as_ref()), expected, "{key}: {found:?}");
    if let Some(found) = found {
        assert_eq!((found.layout, found.confidence), (layout, Confidence::Certain), "{key}: {found:?}");
        if let Role::Instance { instance, .. } = &found.role {
            let nameless = layout == Layout::Kubernetes || key.contains("server_info");
            assert!(instance.address.is_some() || nameless, "{key}: {instance:?}");
        }
        // Known from the key alone, or not at all; never something else.
        let unloaded = find(kv.key(), &meta, None, &Rules::default(), b'/');
        assert!([Nothing, expected].contains(&is(unloaded.as_ref())), "{key}: {unloaded:?}");
    }
}
