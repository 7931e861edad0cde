//! Keys as well-known systems write them, kept alive as those systems do.

use std::time::Duration;

use serde_json::json;

use super::super::Fleet;
use super::super::actor::{Actor, Lost, Role, timestamp};
use super::super::queue::{enqueue, wait_for_older};
use super::super::single::Single;
use super::kubernetes;
use super::wire::Message;

type Entry = (String, Vec<u8>);

/// Starts all of them.
pub(super) fn start(fleet: &mut Fleet) {
    fleet.start_all(registered(), |registered| registered.name.to_owned());
    fleet.start_all(singles(), |single| single.name.clone());
    fleet.start_all((1..=3).map(|number| Tablet { number }).collect(), |tablet| {
        format!("vttablet-{number}", number = tablet.number)
    });
    fleet.start_all(kubernetes::leases(), |lease| lease.name.to_owned());
}

/// Keys that are written at once, again and again where the system does so, and that live as long
/// as their lease.
struct Registered {
    name: &'static str,
    /// TTL of their lease in seconds; 0: without a lease.
    ttl_secs: u32,
    /// They are written anew so often.
    every: Option<Duration>,
    /// The keys, given their lease.
    keys: fn(i64) -> Vec<Entry>,
}

impl Role for Registered {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = match self.ttl_secs {
            0 => None,
            ttl => Some(actor.lease(ttl).await?),
        };
        loop {
            let id = lease.as_ref().map(super::super::actor::Lease::id);
            for (key, value) in (self.keys)(id.unwrap_or(0)) {
                actor.put(key, value, id).await?;
            }
            tokio::select! {
                lost = async { match &mut lease {
                    Some(lease) => lease.gone().await,
                    None => std::future::pending().await,
                } } => return Err(lost),
                () = async { match self.every {
                    Some(every) => tokio::time::sleep(every).await,
                    None => std::future::pending().await,
                } } => {}
            }
        }
    }
}

fn registered() -> Vec<Registered> {
    let once = |name, ttl_secs, keys| Registered { name, ttl_secs, every: None, keys };
    vec![
        once("grpc resolver 1", 10, |_| vec![grpc("10.8.0.11:50051")]),
        once("grpc resolver 2", 10, |_| vec![grpc("10.8.0.12:50051")]),
        once("go-zero 1", 10, |lease| vec![(format!("user.rpc/{lease}"), b"10.8.0.21:8081".into())]),
        once("go-zero 2", 10, |lease| vec![(format!("user.rpc/{lease}"), b"10.8.0.22:8081".into())]),
        once("kratos 1", 15, |_| vec![kratos("3f0c8f4e-0f8a-4a55-9a43-6e1c3a1f0b01", "10.8.0.31")]),
        once("kratos 2", 15, |_| vec![kratos("5b7d21aa-94d1-4ef0-8a0d-2a0d5a9c7f02", "10.8.0.32")]),
        Registered {
            every: Some(Duration::from_secs(15)),
            ..once("go-micro 1", 30, |_| {
                vec![micro("7c9e6679-7425-40de-944b-e07fc1f90ae7", "10.8.0.41:34561")]
            })
        },
        Registered {
            every: Some(Duration::from_secs(15)),
            ..once("go-micro 2", 30, |_| {
                vec![micro("e2c4a1d0-3b1f-4c44-b6a5-0f5d9a4b8c21", "10.8.0.42:34562")]
            })
        },
        once("dubbo provider 1", 10, |_| vec![dubbo("10.8.0.51", 20)]),
        once("dubbo provider 2", 10, |_| vec![dubbo("10.8.0.52", 80)]),
        once("apisix", 0, |_| apisix()),
        Registered {
            every: Some(Duration::from_secs(36)),
            ..once("apisix server", 60, |_| vec![apisix_server()])
        },
        once("traefik", 0, |_| traefik()),
        once("coredns", 0, |_| coredns()),
        patroni_member("patroni pg-0", |_| vec![patroni("pg-0", "10.8.0.90", "master")]),
        patroni_member("patroni pg-1", |_| vec![patroni("pg-1", "10.8.0.91", "replica")]),
        Registered { every: Some(Duration::from_secs(10)), ..once("patroni", 0, |_| patroni_cluster()) },
        Registered { every: Some(Duration::from_secs(3)), ..once("pd", 0, |_| pd_timestamp()) },
    ]
}

fn grpc(address: &str) -> Entry {
    let value = json!({"Op": 0, "Addr": address, "Metadata": null});
    (format!("grpc/helloworld.Greeter/{address}"), value.to_string().into())
}

fn kratos(id: &str, ip: &str) -> Entry {
    let value = json!({
        "id": id,
        "name": "helloworld",
        "version": "v1.4.2",
        "metadata": {"zone": "eu-west-1a"},
        "endpoints": [format!("http://{ip}:8000"), format!("grpc://{ip}:9000")],
    });
    (format!("/microservices/helloworld/{id}"), value.to_string().into())
}

fn micro(id: &str, address: &str) -> Entry {
    let node = format!("go.micro.srv.greeter-{id}");
    let value = json!({
        "name": "go.micro.srv.greeter",
        "version": "2021.03.1",
        "metadata": null,
        "endpoints": [],
        "nodes": [{
            "id": node,
            "address": address,
            "metadata": {"protocol": "grpc", "registry": "etcd", "server": "grpc", "transport": "grpc"},
        }],
    });
    (format!("/micro/registry/go.micro.srv.greeter/{node}"), value.to_string().into())
}

fn dubbo(ip: &str, weight: u32) -> Entry {
    let interface = "org.apache.dubbo.demo.DemoService";
    let url = format!(
        "dubbo://{ip}:20880/{interface}?anyhost=true&application=demo-provider&interface={interface}&\
         methods=sayHello&release=3.2.0&side=provider&weight={weight}"
    );
    (format!("/dubbo/{interface}/providers/{}", percent_encoded(&url)), Vec::new())
}

/// As `URLEncoder.encode` of Java writes it.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn apisix() -> Vec<Entry> {
    let folders = ["routes", "services", "upstreams", "consumers", "ssls", "global_rules", "plugin_configs"];
    let placeholder = |folder| (format!("/apisix/{folder}/"), b"init_dir".to_vec());
    let mut all: Vec<_> = folders.into_iter().map(placeholder).collect();
    let documents = [
        (
            "/apisix/upstreams/1",
            json!({
                "id": "1", "name": "orders", "type": "roundrobin", "scheme": "http", "pass_host": "pass",
                "nodes": {"10.8.0.61:8080": 3, "10.8.0.62:8080": 1},
                "create_time": 1_712_000_000, "update_time": 1_712_000_000,
            }),
        ),
        (
            "/apisix/services/1",
            json!({"id": "1", "name": "orders", "upstream_id": "1", "enable_websocket": false}),
        ),
        (
            "/apisix/routes/1",
            json!({
                "id": "1", "name": "orders", "uri": "/api/orders/*", "methods": ["GET", "POST"],
                "service_id": "1", "status": 1, "priority": 0,
                "plugins": {"limit-count": {"count": 200, "time_window": 60, "key": "remote_addr"}},
            }),
        ),
        (
            "/apisix/consumers/mobile",
            json!({"username": "mobile", "plugins": {"key-auth": {"key": "demo-key"}}}),
        ),
    ];
    all.extend(documents.map(|(key, value)| (key.to_owned(), value.to_string().into())));
    all
}

fn apisix_server() -> Entry {
    let id = "3b6a7c1e-52d0-4b6c-8a3f-9e0f1d2c3b4a";
    let value = json!({
        "id": id, "hostname": "apisix-0", "version": "3.9.0", "boot_time": 1_712_000_000, "etcd_version": "3.5.0",
    });
    (format!("/apisix/data_plane/server_info/{id}"), value.to_string().into())
}

fn traefik() -> Vec<Entry> {
    [
        ("traefik/http/routers/shop/rule", "Host(`shop.example.com`)"),
        ("traefik/http/routers/shop/entrypoints/0", "websecure"),
        ("traefik/http/routers/shop/service", "shop"),
        ("traefik/http/routers/shop/middlewares/0", "compress"),
        ("traefik/http/middlewares/compress/compress", "true"),
        ("traefik/http/services/shop/loadbalancer/servers/0/url", "http://10.8.0.71:8080/"),
        ("traefik/http/services/shop/loadbalancer/servers/1/url", "http://10.8.0.72:8080/"),
    ]
    .map(|(key, value)| (key.to_owned(), value.into()))
    .into()
}

fn coredns() -> Vec<Entry> {
    let record = |name: &str, host: &str, weight: u32| {
        let value = json!({"host": host, "port": 8080, "priority": 10, "weight": weight, "ttl": 60});
        (format!("/skydns/local/example/web/{name}"), value.to_string().into())
    };
    let text = json!({"text": "v=demo1", "ttl": 300, "group": "web"});
    vec![
        record("x1", "10.8.0.81", 20),
        record("x2", "10.8.0.82", 80),
        ("/skydns/local/example/txt".to_owned(), text.to_string().into()),
    ]
}

fn patroni_member(name: &'static str, keys: fn(i64) -> Vec<Entry>) -> Registered {
    Registered { name, ttl_secs: 30, every: Some(Duration::from_secs(10)), keys }
}

/// How far the write-ahead log has come: it grows with the time.
fn log_position() -> i64 {
    67_108_864 + jiff::Timestamp::now().as_second() % 10_000_000 * 128
}

fn patroni(name: &str, ip: &str, role: &str) -> Entry {
    let value = json!({
        "conn_url": format!("postgres://{ip}:5432/postgres"),
        "api_url": format!("http://{ip}:8008/patroni"),
        "state": "running",
        "role": role,
        "version": "3.3.0",
        "xlog_location": log_position(),
        "timeline": 3,
    });
    (format!("/service/pg-main/members/{name}"), value.to_string().into())
}

fn patroni_cluster() -> Vec<Entry> {
    let config = json!({
        "ttl": 30, "loop_wait": 10, "retry_timeout": 10, "maximum_lag_on_failover": 1_048_576,
        "postgresql": {"use_pg_rewind": true},
    });
    let history =
        json!([[1, 25_165_984, "no recovery target specified", "2024-04-01T10:00:00+00:00", "pg-1"]]);
    let key = |name: &str, value: String| (format!("/service/pg-main/{name}"), value.into_bytes());
    vec![
        key("config", config.to_string()),
        key("initialize", "7352341189512052765".to_owned()),
        key("history", history.to_string()),
        key("status", json!({"optime": log_position(), "slots": {"pg_1": log_position()}}).to_string()),
        key("sync", json!({"leader": "pg-0", "sync_standby": "pg-1"}).to_string()),
    ]
}

const PD: &str = "/pd/7352341189512052765";
const TSO: &str = "/ms/7352341189512052765/tso/00000/primary";

/// When the timestamps that PD has given out end: eight bytes.
fn pd_timestamp() -> Vec<Entry> {
    let nanos = jiff::Timestamp::now().as_nanosecond() + 3_000_000_000;
    let nanos = u64::try_from(nanos).unwrap_or_default();
    vec![(format!("{PD}/timestamp"), nanos.to_be_bytes().into())]
}

/// A member of PD, as its leader's key has it.
fn pd_member(number: u64) -> Vec<u8> {
    Message::default()
        .bytes(1, format!("pd-{number}"))
        .number(2, 0x8d1f_03c6_77a1_0000 + number)
        .bytes(3, format!("http://10.8.1.{number}:2380"))
        .bytes(4, format!("http://10.8.1.{number}:2379"))
        .bytes(6, "/opt/pd/bin")
        .bytes(7, "v7.5.1")
        .into_bytes()
}

/// A participant of the election of the timestamp service.
fn tso_participant(number: u64) -> Vec<u8> {
    let url = format!("http://10.8.1.{number}:3379");
    Message::default()
        .bytes(1, url.as_str())
        .number(2, 0x51a7_0000 + number)
        .bytes(3, url.as_str())
        .into_bytes()
}

/// Locks and leaders of which one key tells everything.
fn singles() -> Vec<Single> {
    let single = |name: String, key: &str, value: Vec<u8>, ttl_secs, keeps| Single {
        name,
        key: key.to_owned(),
        value,
        ttl_secs,
        keeps,
        rests: 3_000..6_000,
        crashes_one_in: 3,
    };
    let mut all = Vec::new();
    for number in 1..=3 {
        let name = format!("pd-{number}");
        all.push(single(name, &format!("{PD}/leader"), pd_member(number), 3, 40_000..90_000));
    }
    for number in 1..=2 {
        all.push(single(format!("tso-{number}"), TSO, tso_participant(number), 3, 60_000..120_000));
        let name = format!("pg-{}", number - 1);
        all.push(single(name.clone(), "/service/pg-main/leader", name.into(), 30, 90_000..180_000));
    }
    // Python's etcd3: the value is an UUID's sixteen bytes.
    for node in [0x11_u8, 0x12, 0x13] {
        let mut uuid = *b"\x6f\x0c\x1e\xd0\x8a\x31\x11\xef\x9b\x27\x02\x42\xac\x11\x00\x00";
        uuid[15] = node;
        let name = format!("python {node:x}");
        all.push(single(name, "/locks/invoice-run", uuid.into(), 5, 4_000..9_000));
    }
    all
}

/// A tablet of Vitess, which locks its shard for a while.
struct Tablet {
    number: u32,
}

impl Role for Tablet {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        const FOLDER: &str = "/vitess/global/keyspaces/commerce/shards/0/locks/";
        let lease = actor.lease(10).await?;
        let content = json!({
            "Action": "PlannedReparentShard",
            "HostName": format!("vttablet-{}", self.number),
            "UserName": "vitess",
            "Time": timestamp(),
            "Status": "Running",
        });
        let claim = vec![(format!("{FOLDER}{}", lease.id()), content.to_string().into())];
        let revision = enqueue(actor, claim, lease.id()).await?;
        wait_for_older(actor, FOLDER, revision).await?;
        tokio::time::sleep(actor.random.millis(5_000..9_000)).await;
        actor.revoke(lease).await?;
        tokio::time::sleep(actor.random.millis(1_000..4_000)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_dubbo_is_one_segment() {
        let (key, _) = dubbo("10.8.0.51", 20);
        assert!(key.starts_with(
            "/dubbo/org.apache.dubbo.demo.DemoService/providers/dubbo%3A%2F%2F10.8.0.51%3A20880%2Forg.apache"
        ));
        assert!(key.ends_with("%26weight%3D20"));
    }
}
