use proptest::prelude::*;

use super::super::testing::*;
use super::*;
use crate::model::coordination::rules::{Rule, RuleKind};
use crate::model::coordination::{
    Breaker, ClaimForm, ClaimKind, ClaimMode, Confidence, InstanceStatus, Layout, Role,
};

const UUID: [u8; 16] = [0xd4, 1, 2, 3, 4, 5, 0x11, 7, 0x88, 9, 10, 11, 12, 13, 14, 255];

fn brief(finding: Option<Finding>) -> (String, ClaimKind, Layout, Confidence) {
    let (queue, kind, layout, confidence, _) = claim(finding);
    (queue, kind, layout, confidence)
}

fn queued(name: &str, kind: ClaimKind) -> (String, ClaimKind, Layout, Confidence) {
    (name.to_owned(), kind, Layout::Etcd, Confidence::Certain)
}

fn likely(name: &str, kind: ClaimKind) -> (String, ClaimKind, Layout, Confidence) {
    (name.to_owned(), kind, Layout::Plain, Confidence::Likely)
}

fn nothing(key: &str, value: impl AsRef<[u8]>, lease: i64) {
    assert_eq!(found(key, &value, lease), None, "{key} {:?}", String::from_utf8_lossy(value.as_ref()));
}

#[test]
fn queues_of_the_lock_and_election_services() {
    let lock = format!("/locks/stock_lock:1001/{LEASE:x}");
    assert_eq!(brief(found(&lock, "", LEASE)), queued("/locks/stock_lock:1001", ClaimKind::Lock));
    assert_eq!(brief(unloaded(&lock, LEASE)), queued("/locks/stock_lock:1001", ClaimKind::Lock));
    let election = format!("/elections/scheduler/{LEASE:x}");
    assert_eq!(brief(found(&election, "node-1", LEASE)), queued("/elections/scheduler", ClaimKind::Election));
    assert_eq!(brief(found("jobs/nightly/1f", "", 0x1f)), queued("jobs/nightly", ClaimKind::Lock));
    assert_eq!(brief(found("jobs/nightly/1f", "node-1", 0x1f)), queued("jobs/nightly", ClaimKind::Election));
    assert_eq!(brief(found("/my/locks/x/1f", "owner-7", 0x1f)), queued("/my/locks/x", ClaimKind::Lock));
    assert_eq!(brief(found("scheduler/1f", "10.0.0.1:80", 0x1f)), queued("scheduler", ClaimKind::Election));
    assert_eq!(brief(found("/config/locks/x/1f", "", 0x1f)), queued("/config/locks/x", ClaimKind::Lock));
    let long = format!("{}/1f", "x".repeat(60_000));
    assert_eq!(claim(found(&long, "", 0x1f)).1, ClaimKind::Lock, "only the end of a long key is looked at");
}

#[test]
fn the_read_write_lock_of_the_recipes() {
    for (key, mode) in [
        ("/rw/stock/read/1711965600000000001", ClaimMode::Read),
        ("/rw/stock/write/1711965600000000002", ClaimMode::Write),
    ] {
        let finding = found(key, "", 7).expect("a claim");
        assert_eq!((finding.layout, finding.confidence), (Layout::Recipe, Confidence::Certain));
        let Role::Claim { queue, form, mode: found, .. } = finding.role else { panic!("{finding:?}") };
        assert_eq!((&*queue, form, found), (b"/rw/stock".as_slice(), ClaimForm::ReadWrite, mode));
    }
}

#[test]
fn single_keys() {
    let python = claim(found("/locks/report", UUID, 7));
    assert_eq!((python.2, python.3), (Layout::PythonEtcd3, Confidence::Certain));
    assert_eq!(python.4.as_deref(), Some("d4010203-0405-1107-8809-0a0b0c0d0eff"));
    assert_eq!(claim(found("guards/report", UUID, 7)).3, Confidence::Likely);
    for (key, value) in [
        ("/locks/report", "held"),
        ("stock_lock:1001", "held"),
        ("/locks/order:1001", "held"),
        ("/jobs/orderLock", "held"),
        ("/mutex/a", ""),
        ("/config/locks/publish", "host-7"),
    ] {
        assert_eq!(brief(found(key, value, 7)), likely(key, ClaimKind::Lock));
    }
    for (key, value) in [
        ("/leader", "node-2"),
        ("leader", "node-2"),
        ("/app/primary", "db-1"),
        ("/elections/cron", "10.0.0.1:80"),
        ("/services/scheduler/leader", "node-1"),
    ] {
        assert_eq!(brief(found(key, value, 7)), likely(key, ClaimKind::Election));
        assert_eq!(brief(unloaded(key, 7)), likely(key, ClaimKind::Election));
    }
}

#[test]
fn what_has_no_lease_claims_nothing() {
    for key in ["/leader", "/locks/a", "/locks/a/0", "/config/db/primary", "/app/master", "stock_lock:1001"] {
        nothing(key, "node-1", 0);
        nothing(key, UUID, 0);
        assert_eq!(unloaded(key, 0), None, "{key}");
    }
}

#[test]
fn what_lives_on_leases_but_is_nothing_of_the_kind() {
    for key in [
        "/sessions/7f3a",
        "/sessions/primary",
        "/cache/user/primary",
        "/cache/leader",
        "/tokens/master",
        "/config/db/primary",
        "/ratelimit/orders/10.0.0.1:80",
        "/cache/dns/10.0.0.1:80",
        "/heartbeat-stats",
        "/clock/a",
        "/blocks/8",
        "/unlock",
        "/jobs/42/progress",
        "/users/42/last-ip",
        "cache:user:1001",
        "user:1001",
        "",
        "/",
    ] {
        nothing(key, "10.0.0.5", 7);
        nothing(key, "some text", 7);
        assert_eq!(unloaded(key, 7), None, "{key}");
    }
    nothing("/sessions/1f", "user 7", 0x1f);
    nothing("/cache/pages/1f", "<html>", 0x1f);
    nothing("/jobs/nightly/01f", "", 0x1f);
    nothing("/1f", "", 0x20);
}

#[test]
fn what_lies_among_services_but_is_no_instance() {
    for (key, value) in [
        ("/services/user/config", r#"{"host":"db.local","port":5432}"#),
        ("/services/user/database", r#"{"host":"db.local","port":5432}"#),
        ("/services/user/mysql", r#"{"host":"db.local","port":5432}"#),
        ("/services/user/upstream", "10.0.0.1:80"),
        ("/services/user/timeout", "30"),
        ("/services/user/weight", r#"{"weight":100}"#),
        ("/services/user/", "10.0.0.1:80"),
        ("/services", "10.0.0.1:80"),
    ] {
        nothing(key, value, 0);
    }
    nothing("/services/user/config", r#"{"weight":100}"#, 7);
    nothing("/services/user/cache/entries/x", "some text", 7);
}

#[test]
fn configuration_is_nothing() {
    let report = r#"{"node":"192.168.1.10","version":"v20240401","md5":"d41d","status":"UP"}"#;
    nothing("/config/status/order-service/192.168.1.10", report, 0);
    nothing("/config/status/order-service/192.168.1.10:80", report, 7);
    let route = r#"{"route_id":"user-service-v2","path":"/api/user/*","target":"10.0.1.20:8080"}"#;
    nothing("/config/production/gateway/routes/user-service-v2", route, 0);
    nothing("/config/services/user/10.0.0.1:80", r#"{"weight":1}"#, 0);
    nothing("/app/settings/primary", "blue", 7);
    nothing("application.yaml", "server:\n  port: 80\n", 0);
}

#[test]
fn registrations_of_the_usual_kind() {
    let (folder, name, one) =
        instance(found("/services/api-gateway/192.168.1.10:8080", r#"{"weight": 100}"#, 7));
    assert_eq!((folder.as_str(), name.as_str()), ("/services/api-gateway/", "api-gateway"));
    assert_eq!((one.id.as_str(), one.weight), ("192.168.1.10:8080", Some(100.0)));
    assert_eq!((one.address.as_deref(), one.confidence), (Some("192.168.1.10:8080"), Confidence::Certain));

    let json = r#"{"serviceName":"user-service","instanceId":"user-service:8081","ip":"192.168.1.10","port":8081,
        "status":"UP","metadata":{"version":"1.2.0","label":"canary","zone":"a"}}"#;
    let (folder, name, one) = instance(found("/services/user-service/user-service:8081", json, 7));
    assert_eq!((folder.as_str(), name.as_str()), ("/services/user-service/", "user-service"));
    assert_eq!((one.id.as_str(), one.address.as_deref()), ("user-service:8081", Some("192.168.1.10:8081")));
    assert_eq!((one.version.as_deref(), one.label.as_deref()), (Some("1.2.0"), Some("canary")));
    assert_eq!((one.status.clone(), one.confidence), (Some(InstanceStatus::Up), Confidence::Certain));
    assert_eq!((metadata(&one, "zone"), metadata(&one, "instanceId")), (Some("a"), None));
    assert_eq!(one.report, None, "a status alone is no report");

    let (_, name, one) = instance(found("/services/user/node-7", "10.0.0.7:8081", 7));
    assert_eq!((name.as_str(), one.address.as_deref()), ("user", Some("10.0.0.7:8081")));
    assert_eq!(instance(found("/services/user/node-7", "10.0.0.7:8081", 0)).2.confidence, Confidence::Likely);
    assert_eq!(instance(found("/services/user/10.0.0.7:80", "", 0)).2.confidence, Confidence::Likely);
    assert_eq!(instance(found("/services/user/web", "", 7)).2.confidence, Confidence::Likely);
    assert_eq!(instance(found("/services/user/web", "UP", 7)).2.status, Some(InstanceStatus::Up));
    assert_eq!(instance(unloaded("/services/user/web", 7)).2.confidence, Confidence::Likely);
    assert_eq!(instance(found("/services/lock-service/10.0.0.7:8081", "{}", 7)).1, "lock-service");
    assert_eq!(
        instance(found("/services/user/1f", json, 0x1f)).1,
        "user",
        "its own lease, but a registration"
    );
    assert_eq!(instance(found("nodes/node-1", "10.0.0.1:2380", 7)).1, "nodes");
}

#[test]
fn a_services_name_has_no_words_for_what_lies_there() {
    let name = |key: &str| instance(found(key, "10.0.0.7:8081", 7)).1;
    assert_eq!(name("/prod/services/user/instances/i-1"), "user");
    assert_eq!(name("/services/shop/user/10.0.0.7:8081"), "shop/user");
    assert_eq!(name("/services/user/v1/providers/10.0.0.7:8081"), "user/v1");
    assert_eq!(name("/services/10.0.0.7:8081"), "services");
    assert_eq!(name("user/10.0.0.7:8081"), "user");
}

#[test]
fn reports() {
    let json = r#"{"serviceId":"user-service-v1","instanceId":"192.168.1.10:8080","status":"UP",
        "metrics":{"cpuUsage":0.65,"memoryUsage":0.72,"requestLatencyMs":45},"circuitBreaker":"half-open",
        "timestamp":"2023-10-01T12:00:00Z"}"#;
    let finding = found("/health/user-service/192.168.1.10:8080", json, 7);
    assert_eq!(finding.as_ref().map(|finding| finding.confidence), Some(Confidence::Certain));
    let (service, name, told) = report(finding);
    assert_eq!((service.as_str(), name.as_str()), ("user-service", "192.168.1.10:8080"));
    assert_eq!((told.cpu, told.memory, told.latency_ms), (Some(0.65), Some(0.72), Some(45.0)));
    assert_eq!((told.status, told.breaker), (Some(InstanceStatus::Up), Some(Breaker::HalfOpen)));
    assert_eq!(told.told_at.as_deref(), Some("2023-10-01T12:00:00Z"));
    assert_eq!(told.key.as_deref(), Some(b"/health/user-service/192.168.1.10:8080".as_slice()));

    assert_eq!(report(found("/health/user/1", "DOWN", 7)).2.status, Some(InstanceStatus::Down));
    assert_eq!(report(unloaded("/health/user/1", 7)).2.status, None);
    assert_eq!(report(found("/health/services/user/1", json, 7)).0, "user");
    assert_eq!(report(found("/services/user/i-1/health", json, 7)).1, "i-1");
    nothing("/health/user/1", r#"{"note":"nothing of the kind"}"#, 7);
    nothing("/health/user/1", "text", 7);
    nothing("/health", "UP", 7);
}

#[test]
fn metrics_are_shares_or_percent_or_nothing() {
    let told = |metrics: &str| report(found("/health/a/1", format!(r#"{{"status":"UP",{metrics}}}"#), 7)).2;
    assert_eq!(told(r#""cpu":65"#).cpu, Some(0.65));
    assert_eq!(told(r#""cpu":"65%""#).cpu, Some(0.65));
    assert_eq!(told(r#""cpu_percent":0.5"#).cpu, Some(0.005));
    assert_eq!(told(r#""cpu":650"#).cpu, None, "nobody knows what is meant");
    assert_eq!(told(r#""cpu":-1"#).cpu, None);
    assert_eq!(told(r#""latency":1e300"#).latency_ms, None);
    assert_eq!(told(r#""active_connections":12"#).connections, Some(12.0));
    assert_eq!(told(r#""circuitBreaker":{"state":"OPEN"}"#).breaker, Some(Breaker::Open));
    assert_eq!(told(r#""circuitBreaker":"broken""#).breaker, None);
}

#[test]
fn a_registration_may_hold_its_report() {
    let json =
        r#"{"ip":"10.0.0.7","port":80,"status":"STARTING","metrics":{"cpuUsage":0.5},"timestamp":"now"}"#;
    let one = instance(found("/services/user/i-1", json, 7)).2;
    let told = one.report.clone().expect("a report");
    assert_eq!((told.key.clone(), told.cpu, told.told_at.as_deref()), (None, Some(0.5), Some("now")));
    assert_eq!((one.status.clone(), metadata(&one, "cpuUsage")), (Some(InstanceStatus::Starting), None));
}

#[test]
fn the_profiles_separator_counts_beside_the_slash() {
    let find =
        |key: &str, separator| find(key.as_bytes(), &meta(0x1f), Some(b""), &Rules::default(), separator);
    assert_eq!(find("app.jobs.1f", b'/'), None);
    assert_eq!(brief(find("app.jobs.1f", b'.')), queued("app.jobs", ClaimKind::Lock));
    let dubbo = "/dubbo/com.example.User/providers/dubbo%3A%2F%2F10.0.0.7%3A20880";
    assert_eq!(instance(find(dubbo, b'.')).1, "com.example.User", "a known layout has slashes");
}

fn by_rule(kind: RuleKind, prefix: &str, key: &str, value: &str, lease: i64) -> Option<Finding> {
    let rule = Rule { prefix: prefix.to_owned(), kind, owner: Some(r"host=(\S+)".into()) };
    find(key.as_bytes(), &meta(lease), Some(value.as_bytes()), &Rules::new(&[rule]), b'/')
}

#[test]
fn rules_go_before_shapes() {
    let (name, kind, _, confidence, owner) =
        claim(by_rule(RuleKind::Lock, "/gates/", "/gates/a", "host=h-1 pid=3", 0));
    assert_eq!((name.as_str(), kind, confidence), ("/gates/a", ClaimKind::Lock, Confidence::Ruled));
    assert_eq!(owner.as_deref(), Some("h-1"));
    let queue = claim(by_rule(RuleKind::Election, "/gates/", "/gates/a/1f", "x", 0x1f));
    assert_eq!((queue.0.as_str(), queue.1, queue.4), ("/gates/a", ClaimKind::Election, None));
    assert_eq!(claim(by_rule(RuleKind::Lock, "/gates/", "/gates/a/0000000012", "", 0)).0, "/gates/a");
    assert_eq!(claim(by_rule(RuleKind::Lock, "/gates/", "/gates/a/1001", "", 0)).0, "/gates/a/1001");
    assert_eq!(by_rule(RuleKind::Nothing, "/locks/", "/locks/a/1f", "", 0x1f), None);
    let (folder, name, one) =
        instance(by_rule(RuleKind::Service, "/fleet", "/fleet/user/a", r#"{"weight":3}"#, 0));
    assert_eq!((folder.as_str(), name.as_str(), one.weight), ("/fleet/user/", "user", Some(3.0)));
    assert_eq!(one.confidence, Confidence::Ruled);
    let (folder, name, _) = instance(by_rule(RuleKind::Service, "/fleet/user/", "/fleet/user/a", "", 0));
    assert_eq!(
        (folder.as_str(), name.as_str()),
        ("/fleet/user/", "user"),
        "the prefix is the service's folder"
    );
    let (service, name, told) = report(by_rule(RuleKind::Report, "/beats", "/beats/user/a", "UP", 0));
    assert_eq!((service.as_str(), name.as_str(), told.status), ("user", "a", Some(InstanceStatus::Up)));
    assert_eq!(by_rule(RuleKind::Service, "/fleet", "/fleet", "", 0), None);
    assert_eq!(by_rule(RuleKind::Service, "/fleet/", "/fleet/", "", 0), None);
}

#[test]
fn what_is_nasty_is_read_in_bounded_time() {
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let wide = format!("{{{}\"z\":1}}", "\"a\":1,".repeat(100_000));
    let key = "k".repeat(65_536);
    let slashes = "/".repeat(65_536);
    for key in [
        "/services/user/10.0.0.1:80",
        "/health/user/1",
        "/apisix/upstreams/1",
        "/skydns/a/b/c",
        "a/1f",
        &key,
        &slashes,
    ] {
        for value in [deep.as_bytes(), wide.as_bytes(), b"\xff\xfe", b"{", b"{\"Op\":", b"k8s\0\xff\xff", b""]
        {
            for lease in [0, 0x1f] {
                let started = std::time::Instant::now();
                let finding = find(key.as_bytes(), &meta(lease), Some(value), &Rules::default(), b'/');
                assert!(started.elapsed().as_secs() < 5, "{finding:?}");
            }
        }
    }
}

fn any_segment() -> impl Strategy<Value = String> {
    let words: Vec<&str> = vec![
        "services",
        "service",
        "registry",
        "leases",
        "locks",
        "leader",
        "elections",
        "health",
        "config",
        "apisix",
        "upstreams",
        "skydns",
        "traefik",
        "http",
        "loadbalancer",
        "servers",
        "url",
        "dubbo",
        "providers",
        "pd",
        "ms",
        "micro",
        "microservices",
        "members",
        "read",
        "write",
        "1f",
        "31",
        "10.0.0.1:80",
        "primary",
        "user",
        "",
        "%3A",
        "dubbo%3A%2F%2Fa%3A1%3Fweight%3D2",
        "1711965600000000001",
        "registry",
        "kube-system",
        "é",
        "7340123456",
    ];
    prop_oneof![prop::sample::select(words).prop_map(str::to_owned), "[a-z0-9.:%-]{0,12}"]
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let json = prop::sample::select(vec![
        r#"{"ip":"a","port":"80","nodes":[{"host":"b","port":1,"weight":"x"},3,null],"metadata":{"weight":[]}}"#,
        r#"{"Op":0,"Addr":"a:1","Metadata":[1]}"#,
        r#"{"nodes":{"a:1":"x","b":null},"upstream":{"nodes":[]},"name":7}"#,
        r#"{"status":["UP"],"metrics":{"cpu":"99999999999999999999%"},"timestamp":{}}"#,
        r#"{"id":"u","name":"n","endpoints":[{},"http://a:1",[]]}"#,
        r#"{"host":"::::","port":-1,"weight":1e999}"#,
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        json,
        prop::collection::vec(any::<u8>(), 0..100).prop_map(|rest| [b"k8s\0".as_slice(), &rest].concat()),
    ]
}

proptest! {
    #[test]
    fn whatever_a_key_and_value_are_nothing_breaks(
        segments in prop::collection::vec(any_segment(), 0..9),
        value in prop::option::of(any_value()),
        lease in prop::sample::select(vec![0, 0x1f, 7, i64::MAX, -1]),
        version in 0_i64..40,
        separator in prop::sample::select(vec![b'/', b'.', b':']),
    ) {
        let key = segments.join("/");
        let meta = KeyMeta { version, ..meta(lease) };
        let finding = find(key.as_bytes(), &meta, value.as_deref(), &Rules::default(), separator);
        prop_assert_eq!(&finding, &find(key.as_bytes(), &meta, value.as_deref(), &Rules::default(), separator));
        match finding.map(|finding| finding.role) {
            Some(Role::Claim { queue, .. }) => prop_assert!(key.as_bytes().starts_with(&queue)),
            Some(Role::Instance { service, name, instance }) => {
                prop_assert!(service.len() > 1 && !instance.id.is_empty(), "{} {:?}", key, instance);
                prop_assert_eq!(&*instance.key, key.as_bytes());
                prop_assert!(instance.weight.is_none_or(f64::is_finite) && instance.nodes.len() != 1);
                let empty = key.split(['/', char::from(separator)]).any(str::is_empty);
                prop_assert!(!name.is_empty() || empty, "{}", key);
            }
            Some(Role::Report { report, .. }) => prop_assert!(report.cpu.is_none_or(|cpu| (0.0..=1.0).contains(&cpu))),
            None => {}
        }
    }

    #[test]
    fn any_bytes_are_a_key(key in prop::collection::vec(any::<u8>(), 0..300), lease in any::<i64>()) {
        let finding = find(&key, &meta(lease), Some(&key), &Rules::default(), b'/');
        prop_assert!(finding.is_none() || !key.is_empty());
    }
}
