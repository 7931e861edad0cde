use super::super::testing::*;
use crate::model::coordination::{ClaimKind, Confidence, InstanceStatus, Layout, Role};

const CERTAIN: Confidence = Confidence::Certain;
const LIKELY: Confidence = Confidence::Likely;

fn election(
    key: &str,
    layout: Layout,
    confidence: Confidence,
    owner: Option<&str>,
) -> (String, ClaimKind, Layout, Confidence, Option<String>) {
    (key.to_owned(), ClaimKind::Election, layout, confidence, owner.map(str::to_owned))
}

#[test]
fn a_kubernetes_lease_tells_who_leads_and_when_it_runs_out() {
    let key = "/registry/leases/kube-system/kube-scheduler";
    let value = kubernetes_lease("kube-system", "kube-scheduler", "node-1_0b5c", 1_700_000_000);
    let finding = found(key, &value, 0);
    let Some(Role::Claim { told: Some(told), .. }) = finding.clone().map(|finding| finding.role) else {
        panic!("{finding:?}")
    };
    assert_eq!(claim(finding), election(key, Layout::Kubernetes, CERTAIN, Some("node-1_0b5c")));
    assert_eq!(told.renewed_at, Some(1_700_000_000_250));
    assert_eq!(told.acquired_at, Some(1_699_999_940_000));
    assert_eq!(told.expires_at, Some(1_700_000_015_250), "renewed and 15 s");
    assert!(told.details.contains(&("leaseTransitions".into(), "3".into())), "{told:?}");
    assert_eq!(claim(unloaded(key, 0)), election(key, Layout::Kubernetes, LIKELY, None));
}

#[test]
fn a_kubernetes_lease_that_was_given_up_has_no_leader() {
    let value = kubernetes_lease("kube-system", "kube-scheduler", "", 1_700_000_000);
    assert_eq!(found("/registry/leases/kube-system/kube-scheduler", value, 0), None);
}

#[test]
fn heartbeats_of_nodes_and_api_servers_are_no_elections() {
    let value = kubernetes_lease("kube-node-lease", "node-1", "node-1", 1_700_000_000);
    let (folder, name, node) = instance(found("/registry/leases/kube-node-lease/node-1", &value, 0));
    assert_eq!((folder.as_str(), name.as_str()), ("/registry/leases/kube-node-lease/", "kube-node-lease"));
    assert_eq!((node.id.as_str(), metadata(&node, "leaseDurationSeconds")), ("node-1", Some("15")));
    assert_eq!(metadata(&node, "holderIdentity"), None, "it is the instance itself");
    assert_eq!(instance(unloaded("/registry/leases/kube-node-lease/node-1", 0)).2.id, "node-1");
    let value = kubernetes_lease("kube-system", "apiserver-x7", "apiserver-x7_9c", 1_700_000_000);
    let (_, name, _) = instance(found("/registry/leases/kube-system/apiserver-x7", value, 0));
    assert_eq!(name, "kube-apiserver");
}

#[test]
fn a_kubernetes_lease_cut_anywhere_is_never_a_wrong_leader() {
    let key = "/registry/leases/kube-system/kube-scheduler";
    let value = kubernetes_lease("kube-system", "kube-scheduler", "node-1_0b5c", 1_700_000_000);
    for length in 0..value.len() {
        if let Some(finding) = found(key, &value[..length], 0) {
            let (_, _, _, confidence, owner) = claim(Some(finding));
            assert_eq!((confidence, owner), (LIKELY, None), "cut after {length}");
        }
    }
}

#[test]
fn other_keys_of_kubernetes_are_nothing() {
    let nothing = |key: &str, value: &[u8], lease: i64| assert_eq!(found(key, value, lease), None, "{key}");
    nothing("/registry/masterleases/10.0.0.1", b"k8s\0\x0a\x0f", 7);
    nothing("/registry/events/default/web.17a1", b"k8s\0\x0a\x0f", 7);
    nothing("/registry/services/endpoints/default/web", b"k8s\0\x0a\x0f", 0);
    let object = br#"{"apiVersion":"traefik.io/v1","kind":"IngressRoute","host":"a","port":80}"#;
    nothing("/registry/traefik.io/services/default/web", object, 0);
    for key in [
        "/registry/masterleases/10.0.0.1",
        "/registry/events/default/web.17a1",
        "/registry/x.io/y/10.0.0.1:80",
    ] {
        assert_eq!(unloaded(key, 7), None, "{key}");
    }
    // Somebody else's registry.
    assert_eq!(instance(found("/registry/user/10.0.0.1:80", "10.0.0.1:80", 7)).1, "user");
}

#[test]
fn patroni() {
    let key = "/service/batman/leader";
    assert_eq!(
        claim(found(key, "postgresql0", 7)),
        election(key, Layout::Patroni, CERTAIN, Some("postgresql0"))
    );
    assert_eq!(claim(unloaded(key, 7)), election(key, Layout::Patroni, LIKELY, None));
    let group = "/service/batman/0/leader";
    assert_eq!(claim(found(group, "pg1", 7)).0, group);
    let value = br#"{"conn_url":"postgres://10.0.0.1:5432/postgres","api_url":"http://10.0.0.1:8008/patroni",
        "state":"running","role":"primary","version":"3.2.1","xlog_location":67108960,"timeline":1}"#;
    let (folder, name, member) = instance(found("/service/batman/members/postgresql0", value, 7));
    assert_eq!((folder.as_str(), name.as_str()), ("/service/batman/members/", "batman"));
    assert_eq!(member.layout, Layout::Patroni);
    assert_eq!(member.address.as_deref(), Some("10.0.0.1:5432"));
    assert_eq!((member.version.as_deref(), member.status.clone()), (Some("3.2.1"), Some(InstanceStatus::Up)));
    assert_eq!(metadata(&member, "role"), Some("primary"));
    for (leaf, value) in [
        ("config", r#"{"ttl":30,"loop_wait":10}"#),
        ("status", r#"{"optime":67108960}"#),
        ("sync", r#"{"leader":"postgresql0","sync_standby":"postgresql1"}"#),
        ("failover", r#"{"leader":"postgresql0","member":"postgresql1"}"#),
        ("history", "[[1,67108960,\"no recovery target specified\"]]"),
        ("initialize", "7340123456789012345"),
    ] {
        assert_eq!(found(&format!("/service/batman/{leaf}"), value, 0), None, "{leaf}");
    }
}

#[test]
fn tikv_pd() {
    // name = "pd1", member_id = 130, peer_urls, client_urls
    let member = b"\x0a\x03pd1\x10\x82\x01\x1a\x0fhttp://a:2380/x\x22\x0fhttp://a:2379/x";
    let key = "/pd/7340123456789012345/leader";
    assert_eq!(claim(found(key, member, 7)), election(key, Layout::TikvPd, CERTAIN, Some("pd1")));
    assert_eq!(claim(found(key, b"\xff\xff", 7)), election(key, Layout::TikvPd, LIKELY, None));
    let key = "/ms/7340123456789012345/tso/00000/primary";
    assert_eq!(claim(found(key, b"\x0a\x04tso0", 7)), election(key, Layout::TikvPd, CERTAIN, Some("tso0")));
    let key = "/ms/7340123456789012345/tso/registry/http://10.0.0.1:3379";
    assert_eq!(found(key, "{}", 0), None, "not leased");
    let entry = br#"{"name":"tso-0","service-addr":"http://10.0.0.1:3379","version":"v8.1.0"}"#;
    for registered in ["10.0.0.1:3379", "http://10.0.0.1:3379"] {
        let key = format!("/ms/734/tso/registry/{registered}");
        let (folder, name, tso) = instance(found(&key, entry, 7));
        assert_eq!((folder.as_str(), name.as_str()), ("/ms/734/tso/registry/", "tso"));
        assert_eq!((tso.id.as_str(), tso.address.as_deref()), (registered, Some("http://10.0.0.1:3379")));
        assert_eq!(instance(unloaded(&key, 7)).0, "/ms/734/tso/registry/");
    }
    let group = "/ms/7340123456789012345/tso/keyspace_groups/election/00001/primary";
    assert_eq!(
        claim(found(group, b"\x0a\x04tso1", 7)),
        election(group, Layout::TikvPd, CERTAIN, Some("tso1"))
    );
    let scheduling = "/ms/7340123456789012345/scheduling/primary";
    assert_eq!(claim(found(scheduling, b"\x0a\x02s0", 7)).0, scheduling);
    // Who is wanted next is on a lease, too, and leads nobody.
    for wanted in [group, scheduling] {
        assert_eq!(found(&format!("{wanted}/expected_primary"), "http://10.0.0.1:3379", 7), None);
    }
    for other in ["timestamp", "alloc_id", "raft/s/00000000000000000001", "member/130/binary_version"] {
        assert_eq!(found(&format!("/pd/7340123456789012345/{other}"), "x", 0), None, "{other}");
    }
    assert_eq!(found("/pd/7340123456789012345/leader", member, 0), None, "a leader's key is leased");
}

#[test]
fn vitess() {
    let key = format!("/vitess/global/keyspaces/commerce/locks/{LEASE}");
    let value =
        br#"{"Action":"PlannedReparentShard","HostName":"a.example.com","UserName":"vt","Time":"now"}"#;
    let finding = found(&key, value, LEASE);
    let Some(Role::Claim { told: Some(told), .. }) = finding.clone().map(|finding| finding.role) else {
        panic!("{finding:?}")
    };
    assert!(told.details.contains(&("HostName".into(), "a.example.com".into())), "{told:?}");
    let queue = "/vitess/global/keyspaces/commerce/locks".to_owned();
    assert_eq!(claim(finding), (queue, ClaimKind::Lock, Layout::Vitess, CERTAIN, None));
    let key = format!("/vitess/global/elections/vtctl/locks/{LEASE}");
    assert_eq!(claim(found(&key, "vtctl-1", LEASE)).1, ClaimKind::Election);
}

#[test]
fn grpc() {
    let value = br#"{"Op":0,"Addr":"10.0.0.7:9000","Metadata":{"weight":5,"zone":"a"}}"#;
    let (folder, name, one) = instance(found("shop/user/10.0.0.7:9000", value, 7));
    assert_eq!((folder.as_str(), name.as_str(), one.layout), ("shop/user/", "shop/user", Layout::Grpc));
    assert_eq!((one.address.as_deref(), one.weight), (Some("10.0.0.7:9000"), Some(5.0)));
    assert_eq!(metadata(&one, "zone"), Some("a"));
    let bare = br#"{"Op":0,"Addr":"10.0.0.7:9000","Metadata":null}"#;
    assert_eq!(instance(found("user/1f", bare, 0x1f)).2.layout, Layout::Grpc, "whatever its key ends with");
    let told = br#"{"Op":0,"Addr":"127.0.0.1:1234","Metadata":"metadata1"}"#;
    let (folder, _, one) = instance(found("foo/bar/my-service/e1", told, 0));
    assert_eq!(
        (folder.as_str(), one.id.as_str(), one.address.as_deref()),
        ("foo/bar/my-service/", "e1", Some("127.0.0.1:1234"))
    );
    assert_eq!(found("user/x", br#"{"Op":"add","value":3}"#, 0), None);
}

#[test]
fn go_micro_and_kratos() {
    let value = br#"{"name":"user","version":"1.4","metadata":null,"endpoints":[{"name":"User.Get"}],
        "nodes":[{"id":"user-1","address":"10.0.0.7:9000","metadata":{"protocol":"grpc","weight":"3"}}]}"#;
    let (folder, name, one) = instance(found("/micro/registry/user/user-1", value, 7));
    assert_eq!(
        (folder.as_str(), name.as_str(), one.layout),
        ("/micro/registry/user/", "user", Layout::GoMicro)
    );
    assert_eq!((one.address.as_deref(), one.version.as_deref()), (Some("10.0.0.7:9000"), Some("1.4")));
    assert_eq!((one.weight, metadata(&one, "protocol")), (Some(3.0), Some("grpc")));
    assert!(one.nodes.is_empty(), "one node is one instance");
    let two = value
        .iter()
        .map(|byte| char::from(*byte))
        .collect::<String>()
        .replace("\"nodes\":[", "\"nodes\":[{\"id\":\"user-0\",\"address\":\"10.0.0.6:9000\"},");
    assert_eq!(instance(found("/micro/registry/user/user-1", two, 7)).2.nodes.len(), 2);

    let value = br#"{"id":"u-1","name":"user","version":"v2","metadata":{"weight":"10","label":"canary"},
        "endpoints":["grpc://10.0.0.7:9000?isSecure=false","http://10.0.0.7:8000"]}"#;
    let (folder, name, one) = instance(found("/microservices/user/u-1", value, 7));
    assert_eq!(
        (folder.as_str(), name.as_str(), one.layout),
        ("/microservices/user/", "user", Layout::Kratos)
    );
    assert_eq!(one.address.as_deref(), Some("grpc://10.0.0.7:9000?isSecure=false"));
    assert_eq!((one.weight, one.label.as_deref()), (Some(10.0), Some("canary")));
    assert!(one.nodes.is_empty() && metadata(&one, "endpoints").is_some_and(|all| all.contains("8000")));
    assert_eq!(instance(unloaded("/microservices/user/u-1", 7)).2.confidence, LIKELY);
}

#[test]
fn dubbo() {
    let url = "dubbo%3A%2F%2F10.0.0.7%3A20880%2Fcom.example.User%3Fapplication%3Dshop%26version%3D1.0.0%26weight%3D200%26side%3Dprovider";
    let key = format!("/dubbo/com.example.User/providers/{url}");
    let (folder, name, one) = instance(found(&key, "", 7));
    assert_eq!((folder.as_str(), name.as_str()), ("/dubbo/com.example.User/providers/", "com.example.User"));
    assert_eq!((one.id.as_str(), one.address.as_deref()), ("10.0.0.7:20880", Some("10.0.0.7:20880")));
    assert_eq!((one.weight, one.version.as_deref()), (Some(200.0), Some("1.0.0")));
    assert_eq!((metadata(&one, "application"), metadata(&one, "side")), (Some("shop"), Some("provider")));
    assert_eq!(instance(unloaded(&key, 7)).2.confidence, CERTAIN, "all of it is in the key");
    for other in ["consumers", "routers", "configurators"] {
        assert_eq!(found(&format!("/dubbo/com.example.User/{other}/{url}"), "", 7), None, "{other}");
    }
    for broken in ["", "%", "%zz", "dubbo%3A%2F%2F", "empty%3A%2F%2F10.0.0.7%3Fx%3Dy", "%ff%fe"] {
        assert_eq!(found(&format!("/dubbo/com.example.User/providers/{broken}"), "", 7), None, "{broken}");
    }
}

#[test]
fn apisix_registers_several_nodes_in_one_key() {
    let value = br#"{"name":"orders","type":"roundrobin","nodes":{"10.0.0.7:80":3,"10.0.0.8:80":1}}"#;
    let (folder, name, one) = instance(found("/apisix/upstreams/1", value, 0));
    assert_eq!(
        (folder.as_str(), name.as_str(), one.layout),
        ("/apisix/upstreams/1/", "orders", Layout::Apisix)
    );
    let nodes: Vec<_> = one.nodes.iter().map(|node| (node.address.as_str(), node.weight)).collect();
    assert_eq!(nodes, [("10.0.0.7:80", Some(3.0)), ("10.0.0.8:80", Some(1.0))]);
    let route = br#"{"uri":"/user/*","upstream":{"nodes":[{"host":"10.0.0.7","port":80,"weight":1}]}}"#;
    let (_, name, one) = instance(found("/apisix/routes/7", route, 0));
    assert_eq!(
        (name.as_str(), one.address.as_deref(), one.weight),
        ("routes/7", Some("10.0.0.7:80"), Some(1.0))
    );
    assert!(one.nodes.is_empty());
    for (key, value) in [
        ("/apisix/routes/8", r#"{"uri":"/x","upstream_id":"1"}"#),
        ("/apisix/routes/", "init_dir"),
        ("/apisix/routes", "init_dir"),
        ("/apisix/upstreams/9", "init_dir"),
        ("/apisix/consumers/jack", r#"{"username":"jack"}"#),
        ("/apisix/plugin_metadata/x", r#"{"host":"a","port":80}"#),
    ] {
        assert_eq!(found(key, value, 0), None, "{key}");
    }
    let info = br#"{"hostname":"gw-1","version":"3.8.0","boot_time":1700000000,"id":"x"}"#;
    let (_, name, gateway) = instance(found("/apisix/data_plane/server_info/x", info, 7));
    assert_eq!((name.as_str(), gateway.version.as_deref()), ("apisix", Some("3.8.0")));
}

#[test]
fn coredns_reads_labels_backwards() {
    let value = br#"{"host":"10.0.0.7","port":8081,"priority":10,"weight":20,"ttl":30}"#;
    let (folder, name, one) = instance(found("/skydns/local/cluster/user/a", value, 0));
    assert_eq!((folder.as_str(), name.as_str()), ("/skydns/local/cluster/user/", "user.cluster.local"));
    assert_eq!(
        (one.id.as_str(), one.address.as_deref(), one.weight),
        ("a", Some("10.0.0.7:8081"), Some(20.0))
    );
    assert_eq!((metadata(&one, "priority"), metadata(&one, "ttl")), (Some("10"), Some("30")));
    let six = instance(found("/skydns/local/user/a", br#"{"host":"::1","port":53}"#, 0)).2;
    assert_eq!(six.address.as_deref(), Some("[::1]:53"));
    assert_eq!(found("/skydns/local/cluster/txt", br#"{"text":"hello"}"#, 0), None);
    assert_eq!(found("/skydns/local/cluster/txt", "10.0.0.1", 0), None);
}

#[test]
fn traefik() {
    let key = "traefik/http/services/shop/loadbalancer/servers/0/url";
    let (folder, name, one) = instance(found(key, "http://10.0.0.7:8080", 0));
    assert_eq!(
        (folder.as_str(), name.as_str()),
        ("traefik/http/services/shop/loadbalancer/servers/", "shop")
    );
    assert_eq!((one.id.as_str(), one.address.as_deref()), ("0", Some("http://10.0.0.7:8080")));
    let tcp = "traefik/tcp/services/db/loadBalancer/servers/1/address";
    assert_eq!(instance(found(tcp, "10.0.0.7:5432", 0)).1, "db");
    assert_eq!(instance(found("/traefik/backends/b1/servers/s1/url", "http://10.0.0.7:80", 0)).1, "b1");
    for (key, value) in [
        ("traefik/http/routers/shop/rule", "Host(`shop.example.com`)"),
        ("traefik/http/routers/shop/service", "shop"),
        ("traefik/http/services/shop/loadbalancer/healthcheck/path", "/health"),
        ("traefik/http/services/shop/loadbalancer/servers/0/weight", "1"),
        ("traefik/http/middlewares/auth/forwardauth/address", "http://10.0.0.9:80"),
    ] {
        assert_eq!(found(key, value, 0), None, "{key}");
    }
}

#[test]
fn go_zero() {
    let (folder, name, one) = instance(found(&format!("user.rpc/{LEASE}"), "10.0.0.7:8081", LEASE));
    assert_eq!((folder.as_str(), name.as_str(), one.layout), ("user.rpc/", "user.rpc", Layout::GoZero));
    assert_eq!((one.address.as_deref(), one.confidence), (Some("10.0.0.7:8081"), CERTAIN));
    let (.., one) = instance(unloaded(&format!("user.rpc/{LEASE}"), LEASE));
    assert_eq!((one.layout, one.confidence), (Layout::GoZero, LIKELY));
}

#[test]
fn the_servers_of_a_traefik_service_are_in_one_service() {
    let folder = |at: u8| {
        let key = format!("traefik/http/services/shop/loadbalancer/servers/{at}/url");
        instance(found(&key, "http://10.0.0.7:8080", 0)).0
    };
    assert_eq!(folder(0), folder(1));
}
