use super::*;
use crate::model::bytes::Value;

const LEASE: i64 = 0x694d_8b0c_3e4a_1f02;

fn leased(key: &str, value: &[u8], lease: i64, created: i64) -> Claim {
    let meta = KeyMeta { create_revision: created, mod_revision: created, version: 1, lease };
    Claim::found(Key::from(key.as_bytes()), meta, Some(Value::from(value)))
}

fn found(claims: &[Claim]) -> Vec<ClaimQueue> {
    let found = recognise(claims.iter().cloned(), b'/');
    for queue in &found {
        for claim in &queue.claims {
            assert!(
                may_claim(&claim.key, &claim.meta, claim.value.as_deref(), b'/'),
                "{:?} was recognised, but is not a candidate",
                claim.key
            );
        }
    }
    found
}

fn only(claims: &[Claim]) -> (String, ClaimKind, ClaimForm, Confidence) {
    let found = found(claims);
    assert_eq!(found.len(), 1, "{found:?}");
    let queue = &found[0];
    (String::from_utf8_lossy(&queue.name).into_owned(), queue.kind, queue.form, queue.confidence)
}

fn lock(name: &str) -> (String, ClaimKind, ClaimForm, Confidence) {
    (name.into(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain)
}

fn election(name: &str) -> (String, ClaimKind, ClaimForm, Confidence) {
    (name.into(), ClaimKind::Election, ClaimForm::Queue, Confidence::Certain)
}

fn likely(name: &str, kind: ClaimKind) -> (String, ClaimKind, ClaimForm, Confidence) {
    (name.into(), kind, ClaimForm::SingleKey, Confidence::Likely)
}

fn no_claim(key: &str, value: &[u8], lease: i64) {
    assert_eq!(found(&[leased(key, value, lease, 5)]), vec![], "{key}");
}

#[test]
fn a_mutex_is_a_queue_in_order_of_creation() {
    let key = |lease: i64| format!("/locks/stock_lock:1001/{lease:x}");
    let claims = [
        leased(&key(0x11), b"", 0x11, 9),
        leased(&key(0x12), b"", 0x12, 7),
        leased(&key(0xab), b"", 0xab, 8),
    ];
    assert_eq!(only(&claims), lock("/locks/stock_lock:1001"));
    let found = found(&claims);
    let order: Vec<i64> = found[0].claims.iter().map(|claim| claim.meta.lease).collect();
    assert_eq!(order, [0x12, 0xab, 0x11]);
    assert_eq!(found[0].holder().map(|claim| claim.meta.lease), Some(0x12));
    assert_eq!(found[0].waiting().len(), 2);
}

#[test]
fn claims_without_a_telling_name_are_judged_by_their_values() {
    assert_eq!(only(&[leased("jobs/nightly/1f", b"", 0x1f, 5)]), lock("jobs/nightly"));
    assert_eq!(only(&[leased("jobs/nightly/1f", b"node-1", 0x1f, 5)]), election("jobs/nightly"));
    let unknown = Claim { value: None, ..leased("jobs/nightly/1f", b"", 0x1f, 5) };
    assert_eq!(only(&[unknown]), lock("jobs/nightly"));
}

#[test]
fn a_name_says_more_than_the_values() {
    let key = format!("/elections/scheduler/{LEASE:x}");
    assert_eq!(only(&[leased(&key, b"scheduler-1", LEASE, 5)]), election("/elections/scheduler"));
    assert_eq!(only(&[leased("/elections/x/1f", b"", 0x1f, 5)]), election("/elections/x"));
    assert_eq!(only(&[leased("/my/locks/x/1f", b"owner-7", 0x1f, 5)]), lock("/my/locks/x"));
    assert_eq!(only(&[leased("/campaign/x/1f", b"10.0.0.1:80", 0x1f, 5)]), election("/campaign/x"));
    assert_eq!(only(&[leased("/clock/x/1f", b"node", 0x1f, 5)]), election("/clock/x"));
}

#[test]
fn an_election_may_carry_an_address() {
    assert_eq!(only(&[leased("scheduler/1f", b"10.0.0.1:8080", 0x1f, 5)]), election("scheduler"));
}

#[test]
fn vitess_locks_end_with_the_lease_in_decimal() {
    let key = format!("/vitess/global/keyspaces/commerce/locks/{LEASE}");
    let value = br#"{"Action":"PlannedReparentShard","HostName":"a.example.com","UserName":"vt"}"#;
    assert_eq!(only(&[leased(&key, value, LEASE, 5)]), lock("/vitess/global/keyspaces/commerce/locks"));
}

#[test]
fn the_read_write_lock_of_the_recipes_is_one_lock() {
    let claims = [
        leased("/rw/stock/read/1711965600000000001", b"", 7, 5),
        leased("/rw/stock/write/1711965600000000002", b"", 8, 6),
    ];
    let expected = ("/rw/stock".to_owned(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Likely);
    assert_eq!(only(&claims), expected);
    assert_eq!(found(&claims)[0].claims.len(), 2);
}

#[test]
fn single_keys_are_taken_by_their_names() {
    let uuid = [0xd4, 1, 2, 3, 4, 5, 0x11, 7, 0x88, 9, 10, 11, 12, 13, 14, 255];
    assert_eq!(only(&[leased("/locks/report", &uuid, 7, 5)]), likely("/locks/report", ClaimKind::Lock));
    assert_eq!(only(&[leased("guards/report", &uuid, 7, 5)]), likely("guards/report", ClaimKind::Lock));
    assert_eq!(only(&[leased("/leader", b"node-2", 7, 5)]), likely("/leader", ClaimKind::Election));
    assert_eq!(only(&[leased("leader", b"node-2", 7, 5)]), likely("leader", ClaimKind::Election));
    assert_eq!(only(&[leased("stock_lock:1001", b"held", 7, 5)]), likely("stock_lock:1001", ClaimKind::Lock));
    assert_eq!(only(&[leased("/jobs/orderLock", b"held", 7, 5)]), likely("/jobs/orderLock", ClaimKind::Lock));
    assert_eq!(only(&[leased("/mutex/a", b"", 7, 5)]), likely("/mutex/a", ClaimKind::Lock));
    assert_eq!(
        only(&[leased("/elections/cron", b"10.0.0.1:80", 7, 5)]),
        likely("/elections/cron", ClaimKind::Election)
    );
}

#[test]
fn patroni_and_pd_leaders_are_found() {
    let name = "/service/batman/leader";
    assert_eq!(only(&[leased(name, b"postgresql0", 7, 5)]), likely(name, ClaimKind::Election));
    let name = "/pd/7340123456789012345/leader";
    assert_eq!(only(&[leased(name, b"\x0a\x03pd1\x10\x82\x01", 7, 5)]), likely(name, ClaimKind::Election));
    let name = "/ms/7340123456789012345/tso/00000/primary";
    assert_eq!(only(&[leased(name, b"\x0a\x03tso", 7, 5)]), likely(name, ClaimKind::Election));
    no_claim(
        "/service/batman/members/postgresql0",
        br#"{"conn_url":"postgres://10.0.0.1:5432/postgres"}"#,
        7,
    );
}

#[test]
fn registrations_are_no_claims() {
    no_claim("/services/user/10.0.0.7:8081", b"10.0.0.7:8081", 7);
    no_claim("/services/api-gateway/192.168.1.10:8080", br#"{"weight": 100}"#, 7);
    no_claim("/services/lock-service/10.0.0.7:8081", br#"{"weight": 100}"#, 7);
    no_claim("/services/lock/10.0.0.7:8081", b"10.0.0.7:8081", 7);
    no_claim("/services/user/lock-manager-1", br#"{"ip":"10.0.0.1","port":8081}"#, 7);
    let json = br#"{"serviceName":"u","instanceId":"u:8081","ip":"192.168.1.10","port":8081,"status":"UP"}"#;
    no_claim("/services/user-service/user-service:8081", json, 7);
    no_claim("/services/user-service/1f", json, 0x1f);
    no_claim("/health/user-service/192.168.1.10:8080", br#"{"status":"UP"}"#, 7);
}

#[test]
fn well_known_registries_are_no_claims() {
    // go-zero
    no_claim(&format!("user.rpc/{LEASE}"), b"10.0.0.7:8081", LEASE);
    // Kratos
    let kratos = br#"{"id":"u-1","name":"user","version":"1","endpoints":["grpc://10.0.0.7:9000"]}"#;
    no_claim("/microservices/user/u-1", kratos, 7);
    // go-micro
    let micro = br#"{"name":"user","version":"1","nodes":[{"id":"user-1","address":"10.0.0.7:9000"}]}"#;
    no_claim("/micro/registry/user/user-1", micro, 7);
    // dubbo
    no_claim("/dubbo/com.example.User/providers/dubbo%3A%2F%2F10.0.0.7%3A20880", b"", 7);
    // gRPC resolver
    no_claim("user/10.0.0.7:8081", br#"{"Op":0,"Addr":"10.0.0.7:8081","Metadata":null}"#, 7);
    // CoreDNS
    no_claim("/skydns/local/cluster/user/a", br#"{"host":"10.0.0.7","port":8081,"ttl":30}"#, 7);
    // Traefik
    no_claim("traefik/http/routers/user/rule", b"Host(`user.example.com`)", 7);
    // APISIX
    no_claim("/apisix/routes/1", br#"{"uri":"/user/*","upstream":{"nodes":{"10.0.0.7:80":1}}}"#, 7);
}

#[test]
fn keys_without_a_lease_are_no_claims() {
    no_claim("/registry/leases/kube-system/kube-scheduler", b"k8s\0", 0);
    no_claim("/leader", b"node-1", 0);
    no_claim("/locks/a/0", b"", 0);
}

#[test]
fn a_key_that_is_written_again_and_again_is_no_single_claim() {
    let mut busy = leased("/leader", b"node-1", 7, 5);
    busy.meta.version = 500;
    assert_eq!(found(&[busy]), vec![]);
}

#[test]
fn a_foreign_lease_in_the_name_makes_no_queue() {
    no_claim("jobs/nightly/1f", b"", 0x20);
    no_claim("jobs/nightly/01f", b"", 0x1f);
    no_claim("jobs/nightly/1F", b"", 0x1f);
    no_claim("/1f", b"", 0x1f);
}

#[test]
fn the_profiles_separator_counts_beside_the_slash() {
    let claims = [leased("app.jobs.1f", b"", 0x1f, 5)];
    assert_eq!(found(&claims), vec![]);
    let found = recognise(claims.into_iter(), b'.');
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].name, b"app.jobs");
}

#[test]
fn several_queues_come_by_name() {
    let claims = [
        leased("b/1", b"", 1, 5),
        leased("/leader", b"n", 7, 6),
        leased("a/2", b"x", 2, 7),
        leased("a/3", b"y", 3, 8),
    ];
    let names: Vec<_> =
        found(&claims).iter().map(|queue| String::from_utf8_lossy(&queue.name).into_owned()).collect();
    assert_eq!(names, ["/leader", "a", "b"]);
}
